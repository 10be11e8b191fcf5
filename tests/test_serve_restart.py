"""What `linkback serve` keeps when it is stopped, in any way, and started again on the same data."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import time
from html import unescape
from typing import TYPE_CHECKING

import pytest

from serving import SECONDS, Serve, ask, published, settled, wait_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from internet import Web


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Serve]]:
    """Starts bridges on this test's own data; what a failed test leaves running is ended."""
    started: list[Serve] = []

    def make(*options: str) -> Serve:
        started.append(Serve(tmp_path / "data", "--port", "0", *options))
        return started[-1].ready()

    yield make
    for bridge in started:
        if bridge.process.poll() is None:
            bridge.end(signal.SIGKILL)


def publish(bridge: Serve, internet: Web, name: str) -> str:
    """The target of a mention that is published now."""
    target = internet.put(f"/about/{name}", "<p>A page of the site</p>")
    source = internet.put(f"/post/{name}", f'<p>See <a href="{target}">this</a></p>')
    _, body, headers = ask(f"{bridge.url}/webmention", {"source": source, "target": target})
    assert settled(headers["Location"])["status"] == "published", body
    return target


def on_loopback(internet: Web) -> tuple[str, ...]:
    """Options for a bridge whose one site is this small internet, which a restart finds where it was."""
    return "--no-demo", "--allow-private", "--self", "allow", "--site", internet.origin.removeprefix("http://")


def test_what_was_accepted_survives_sigterm_and_kill_9_and_no_process_is_left(
    start: Callable[..., Serve], internet: Web
) -> None:
    options = on_loopback(internet)
    bridge = start(*options, "--token", "a-secret")
    first = publish(bridge, internet, "first")
    began = time.monotonic()
    assert bridge.end(signal.SIGTERM) == 0, bridge.stderr
    assert time.monotonic() - began < 8

    bridge = start(*options)
    assert len(bridge.feed(first)) == 1, "SIGTERM loses nothing"
    second = publish(bridge, internet, "second")
    state = bridge.data / "state.jsonl"
    wait_for(lambda: second in state.read_text(), 5)
    children = bridge.children()
    assert children
    bridge.end(signal.SIGKILL)
    wait_for(lambda: not any(_alive(pid) for pid in children), 5)
    assert "a-secret" not in state.read_text()

    _unvisit(state)
    bridge = start(*options)
    wait_for(lambda: len(bridge.feed(second)) == len(bridge.feed(first)) == 1)
    assert bridge.end(signal.SIGINT) == 0, bridge.stderr


def test_two_addresses_of_a_page_are_one_and_stay_so(start: Callable[..., Serve], internet: Web) -> None:
    options = on_loopback(internet)
    bridge = start(*options)
    old, new = publish(bridge, internet, "old"), publish(bridge, internet, "new")
    assert [len(bridge.feed(page)) for page in (old, new)] == [1, 1]
    bridge.end()
    bridge = start(*options, "--alias", f"{old}={new}")
    assert [len(bridge.feed(page)) for page in (old, new)] == [2, 2]
    bridge.end()
    bridge = start(*options)
    assert [len(bridge.feed(page)) for page in (old, new)] == [2, 2]


def test_a_restart_finds_the_demo_as_it_was_left(start: Callable[..., Serve]) -> None:
    bridge = start()
    blog, site = bridge.demo("demo blog"), bridge.demo("demo site")
    for change in ("edit", "unlink"):
        ask(f"{blog}/re-blue/{change}", {})
    ask(f"{blog}/liked-seeds/ping", {"dialect": "trackback"})
    published(f"{blog}/sent/1")
    ask(f"{blog}/liked-seeds/delete", {})
    bridge.end(signal.SIGKILL)

    bridge = start()
    assert (bridge.demo("demo blog"), bridge.demo("demo site")) == (blog, site)
    post = ask(f"{blog}/re-blue/")[1]
    assert "Edited at" in post
    assert f"{site}/bees-like-blue/" not in post
    assert ask(f"{blog}/liked-seeds/")[0] == 410
    assert "/sent/1" in ask(blog)[1]
    assert "<error>0</error>" in unescape(ask(f"{blog}/sent/1")[1])


def test_pings_in_work_are_visited_before_the_demo_is_closed(start: Callable[..., Serve]) -> None:
    bridge = start("--site", "WWW.Example.com")
    blog, site = bridge.demo("demo blog"), bridge.demo("demo site").removeprefix("http://")
    assert f"Listening for   example.com, {site}" in bridge.stderr
    for feed in ("?domain=example.com", f"?domain={site}", "  (all of them)"):
        assert f"{bridge.url}/api/mentions.jf2{feed}" in bridge.stderr
    for number in range(12):
        target = f"http://{site}/barrel-pond/"
        ask(f"{bridge.url}/webmention", {"source": f"{blog}/my-own-pond/?{number}", "target": target})
    assert bridge.end(signal.SIGTERM) == 0, bridge.stderr
    lines = (bridge.data / "state.jsonl").read_text("utf-8").splitlines()
    pings = [item for item in map(json.loads, lines) if item.get("sk") == {"S": "PING"}]
    assert len(pings) == 12
    assert {item["status"]["S"] for item in pings} <= {"queued", "published"}


def test_a_visit_that_hangs_does_not_keep_it_from_stopping(start: Callable[..., Serve], internet: Web) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        source = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        bridge = start(*on_loopback(internet))
        target = internet.put("/page", "<p>A page of the site</p>")
        status, body, _ = ask(f"{bridge.url}/webmention", {"source": source, "target": target})
        assert status == 201, body
        silent.settimeout(SECONDS)
        visit, _ = silent.accept()  # it is in work, and will get no answer
        with visit:
            began = time.monotonic()
            assert bridge.end(signal.SIGINT) == 0, bridge.stderr
            assert time.monotonic() - began < 8
        assert '"queued"' in (bridge.data / "state.jsonl").read_text("utf-8")


def _unvisit(state: Path) -> None:
    """Make the state what it was between the door and the visit: every ping queued, no mention."""
    head, *lines, _ = state.read_text("utf-8").splitlines()
    items = [json.loads(line) for line in lines]
    kept = [item for item in items if not item["sk"]["S"].startswith("MENTION#")]
    for item in kept:
        if item["sk"]["S"] == "PING":
            item["status"] = {"S": "queued"}
    tail = json.dumps({"items": len(kept)})
    state.write_text("\n".join((head, *map(json.dumps, kept), tail)) + "\n", "utf-8")


def _alive(pid: int) -> bool:
    listed = subprocess.run(["ps", "-p", str(pid), "-o", "stat="], capture_output=True, text=True, check=False).stdout
    return bool(listed.strip()) and not listed.startswith("Z")
