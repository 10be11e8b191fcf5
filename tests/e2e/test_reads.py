"""The feeds from outside: every path, what a build keeps of them, and what it hears of what came, changed and went."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from e2e.bridge import Bridge

pytestmark = pytest.mark.deployed

JSON_PATHS = (
    *("/api/mentions", "/api/mentions.jf2", "/api/mentions.json", "/api/links", "/api/links.jf2"),
    *("/api/count", "/api/count.json", "/api/deleted", "/feed.json"),
)


def published(bridge: Bridge) -> tuple[str, str]:
    """A target, and a source that is in its feed."""
    target = bridge.new_target()
    source = bridge.new_source(target)
    assert bridge.fate(bridge.webmention(source, target))["status"] == "published"
    bridge.until(lambda: bridge.children(target), lambda children: len(children) == 1)
    return target, source


def test_every_path_of_the_feeds_answers(bridge: Bridge) -> None:
    target, source = published(bridge)
    query = urlencode({"target": target})
    for path in (*JSON_PATHS, "/api/mentions.atom", "/api/mentions.html"):
        answer = bridge.get(f"{path}?{query}", accept_encoding="gzip")
        assert (answer.status, answer.headers["access-control-allow-origin"]) == (200, "*"), path
        body = gzip.decompress(answer.body) if answer.headers.get("content-encoding") == "gzip" else answer.body
        if path not in ("/api/count", "/api/count.json", "/api/deleted"):
            assert source.encode() in body, path
        assert bridge.get(f"{path}?{query}", if_none_match=answer.headers["etag"]).status == 304, path


def test_a_script_and_glued_parameters_are_answered(bridge: Bridge) -> None:
    target, _ = published(bridge)
    script = bridge.get(f"/api/mentions?jsonp=show.it&target[]={quote(target, safe='')}").body.decode()
    assert script.startswith("/**/show.it(")
    assert json.loads(script[len("/**/show.it(") : -2])["links"]
    assert bridge.get("/api/mentions.jf2&per-page=1&page=0").json()["type"] == "feed"
    for bad in ("jsonp=alert(1)//", "per-page=-1", "sort-by=size"):
        refused = bridge.get(f"/api/mentions?{bad}")
        assert (refused.status, refused.json()["links"]) == (400, []), bad


def test_what_ends_is_told_and_what_is_the_owners_is_not(bridge: Bridge) -> None:
    target, source = published(bridge)
    before = bridge.get(f"/api/changes?domain={bridge.site}").json()["since_id"]
    bridge.put(source.removeprefix(bridge.pages), "it is gone", 410)
    assert bridge.fate(bridge.webmention(source, target))["status"] == "gone"
    query = urlencode({"target": target})
    told = bridge.until(lambda: bridge.get(f"/api/deleted?{query}").json()["children"], lambda children: children)
    assert [one["wm-source"] for one in told] == [source]
    changed = bridge.get(f"/api/changes?domain={bridge.site}&since_id={before}").json()
    assert source in {one["wm-source"] for one in changed["deleted"]}
    assert source not in {one["wm-source"] for one in changed["children"]}
    refused = bridge.get(f"/api/export?domain={bridge.site}")
    assert (refused.status, refused.json()["error"]) == (401, "forbidden")


def test_a_build_fetches_what_is_there(bridge: Bridge, tmp_path: Path) -> None:
    _, source = published(bridge)
    out = tmp_path / "mentions.json"
    command = [sys.executable, "-m", "linkback_cli", "fetch", "--base", bridge.url, "--domain", bridge.site]
    for _ in range(2):
        done = subprocess.run([*command, "--out", str(out), "--strict"], capture_output=True, text=True, check=False)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    entries = [entry for page in json.loads(out.read_text("utf-8"))["pages"].values() for entry in page]
    assert source in {entry["wm-source"] for entry in entries}
