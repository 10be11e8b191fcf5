"""`linkback fetch` as a process: what a person sees of it, and what an interrupt leaves."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING

import pytest

from fake_bridge import DOMAIN, FakeBridge, Serving, following, raw, serving
from linkback_cli.mentions_file import Mentions
from loopback import Server
from serving import environment, wait_for
from terminal import COLOUR, talk

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator
    from pathlib import Path

ENTRY = {"wm-id": 5, "wm-claim": "s a", "wm-page": "example.com/old"}
ONE = {"children": [ENTRY], "deleted": [], "since_id": 5}


@pytest.fixture
def served() -> Iterator[Serving]:
    with serving(FakeBridge()) as running:
        yield running


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "mentions.json"


def command(base: str, out: Path, *options: str) -> list[str]:
    given = ["--base", base, "--domain", DOMAIN, "--out", str(out), *options]
    return [sys.executable, "-m", "linkback_cli", "fetch", *given]


def surroundings() -> dict[str, str]:
    return environment() | {"NO_PROXY": "127.0.0.1", "TERM": "xterm"}


def at_terminal(base: str, out: Path) -> str:
    code, said = talk(command(base, out), COLOUR, str, env=surroundings())
    assert code == 0, said
    return said


def test_a_person_is_told_what_is_new(served: Serving, out: Path) -> None:
    claims = [served.bridge.publish(f"s{number}", f"example.com/{number % 3}") for number in range(1234)]
    assert at_terminal(served.url, out).endswith(f"{out}: 1,234 mentions of 3 pages (1,234 new or changed)\n")
    served.bridge.remove(claims[0])
    served.bridge.publish("s1", "example.com/1")
    served.bridge.move(claims[2], "example.com/1")
    served.bridge.publish("new", "example.com/new")
    assert at_terminal(served.url, out).endswith(f"{out}: 1,234 mentions of 4 pages (3 new or changed, 1 gone)\n")
    assert at_terminal(served.url, out).endswith(f"{out}: 1,234 mentions of 4 pages (nothing new)\n")


def slowly(last: bytes) -> Server:
    """Two answers, of which the second takes its time."""

    def answer(connection: socket.socket) -> None:
        if len(server.requests) == 1:
            connection.sendall(raw(ONE, following("?page=2")))
        else:
            time.sleep(0.5)
            connection.sendall(last)

    server = Server(answer)
    return server


def test_a_person_sees_how_far_it_is(out: Path) -> None:
    with slowly(raw(ONE)) as server:
        said = at_terminal(str(server.url("")), out)
    assert "1 mentions read\x1b[K" in said
    assert said.endswith(f"\x1b[K{out}: 1 mention of 1 page (1 new or changed)\n")


def test_an_error_takes_the_place_of_how_far_it_is(out: Path) -> None:
    told = {"error": "unknown-domain", "error_description": "No site."}
    with slowly(raw(told, status="404 Not Found")) as server:
        code, said = talk(command(str(server.url("")), out), COLOUR, str, env=surroundings())
    assert code == 1
    assert said.endswith(
        "1 mentions read\x1b[KError: The bridge answers 404: No site. Nothing was written. See --domain\n"
    )


def test_an_interrupted_run_leaves_the_old_file(out: Path) -> None:
    waiting = threading.Event()

    def silent(_: socket.socket) -> None:
        waiting.wait(20)

    with Server(silent) as server:
        base = str(server.url("")).rstrip("/")
        data = Mentions(base, DOMAIN, 5, entries={"s a": ENTRY}).render()
        out.write_bytes(data)
        process = subprocess.Popen(command(base, out), env=surroundings(), stderr=subprocess.PIPE, text=True)
        wait_for(lambda: server.requests)
        process.send_signal(signal.SIGINT)
        words = process.communicate(timeout=10)[1]
        waiting.set()
    assert process.returncode == 1
    assert "Traceback" not in words
    assert out.read_bytes() == data
