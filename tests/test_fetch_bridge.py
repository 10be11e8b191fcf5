"""`linkback fetch` against a real bridge: pages of a blog come, change, go, and the file of the site follows."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from serving import Serve, ask, environment, get, settled

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from internet import Web


@pytest.fixture
def bridge(tmp_path: Path, internet: Web) -> Iterator[Serve]:
    site = internet.origin.removeprefix("http://")
    serving = Serve(tmp_path / "data", "--port", "0", "--no-demo", "--allow-private", "--self", "allow", "--site", site)
    yield serving.ready()
    if serving.process.poll() is None:
        serving.end()


def fetch(bridge: Serve, internet: Web, out: Path, *options: str) -> tuple[int, str]:
    domain = internet.origin.removeprefix("http://")
    command = [
        sys.executable,
        "-m",
        "linkback_cli",
        "fetch",
        "--base",
        bridge.url,
        "--domain",
        domain,
        "--out",
        str(out),
    ]
    done = subprocess.run(
        [*command, *options], env=environment() | {"NO_PROXY": "*"}, capture_output=True, text=True, check=False
    )
    assert done.stdout == ""
    return done.returncode, done.stderr


def ping(bridge: Serve, internet: Web, name: str, words: str, status: int = 200, target: str = "/post/") -> str:
    """A page that links to the post, or does not exist any more; what became of it."""
    source = internet.put(f"/blog/{name}", f'<p>{words} <a href="{internet.origin}{target}">this</a></p>', status)
    _, _, headers = ask(f"{bridge.url}/webmention", {"source": source, "target": f"{internet.origin}{target}"})
    return str(settled(headers["Location"])["status"])


def pages(out: Path) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = json.loads(out.read_text("utf-8"))["pages"]
    return found


def test_the_file_of_a_site_follows_what_happens(bridge: Serve, internet: Web, tmp_path: Path) -> None:
    out = tmp_path / "site/data/mentions.json"
    internet.put("/post/", "<title>The post</title>")
    internet.put("/old", "", 301, location="/post/")
    assert fetch(bridge, internet, out) == (0, "")
    assert pages(out) == {}
    assert ping(bridge, internet, "one", "First words") == "published"
    assert ping(bridge, internet, "two", "Of the old address", target="/old") == "published"
    assert fetch(bridge, internet, out) == (0, "")
    [(path, entries)] = pages(out).items()
    assert path == "/post"
    assert [entry["wm-target"] for entry in entries] == [f"{internet.origin}/old", f"{internet.origin}/post/"]
    before = out.stat()
    assert fetch(bridge, internet, out) == (0, "")
    assert (out.stat().st_mtime_ns, out.stat().st_ino) == (before.st_mtime_ns, before.st_ino)
    assert ping(bridge, internet, "one", "Other words") == "published"
    assert ping(bridge, internet, "two", "", 410) == "gone"
    assert fetch(bridge, internet, out) == (0, "")
    [entry] = pages(out)["/post"]
    assert entry["content"]["text"].startswith("Other words")
    domain = internet.origin.removeprefix("http://")
    assert pages(out)["/post"] == get(f"{bridge.url}/api/mentions.jf2?domain={domain}")["children"]


def test_a_build_goes_on_without_its_bridge(bridge: Serve, internet: Web, tmp_path: Path) -> None:
    out = tmp_path / "mentions.json"
    internet.put("/post/", "<title>The post</title>")
    assert ping(bridge, internet, "one", "Words") == "published"
    assert fetch(bridge, internet, out) == (0, "")
    kept = out.read_bytes()
    bridge.end()
    code, warning = fetch(bridge, internet, out)
    assert code == 0
    assert warning.startswith("Warning: ")
    assert fetch(bridge, internet, out, "--strict")[0] == 1
    assert out.read_bytes() == kept
