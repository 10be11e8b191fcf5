"""`linkback fetch` when its bridge cannot be read: the build has its file, and its owner a word, all within a bound."""

from __future__ import annotations

import gzip
import io
import itertools
import json
import ssl
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
import trustme

from fake_bridge import DOMAIN, following, raw
from linkback_cli import fetch
from linkback_cli.console import Console
from linkback_cli.fetch import Options
from linkback_cli.mentions_file import Mentions
from linkback_cli.trouble import Trouble
from loopback import OK, Server, drip, redirect

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable
    from pathlib import Path

    Script = Callable[[socket.socket], None] | bytes

ENTRY = {"wm-id": 5, "wm-claim": "s a", "wm-page": "example.com/old"}
FEED = {"type": "feed", "name": "Changes", "children": [], "deleted": [], "since_id": 6}


def coded(coding: str, body: bytes) -> bytes:
    return raw(body, f"Content-Encoding: {coding}")


def status(line: str, body: bytes = b"") -> bytes:
    return raw(body, "Retry-After: 0", status=line)


def more(reference: str) -> bytes:
    return raw(FEED, following(reference))


def in_turn(*answers: bytes) -> Script:
    """One answer after the other, then again from the first."""
    turns = itertools.cycle(answers)
    return lambda connection: connection.sendall(next(turns))


def endless() -> Script:
    """Answers of which each names another one."""
    numbers = itertools.count()
    return lambda connection: connection.sendall(more(f"?page={next(numbers)}"))


def silent(connection: socket.socket) -> None:
    connection.recv(1)


# What the bridge does (or an address where it is not), and what is said of it.
WEATHER: dict[str, tuple[Script | str, str]] = {
    "refused": ("http://127.0.0.1:1", "cannot be reached (Connection refused)"),
    "no such host": ("http://bridge.invalid", "cannot be reached ("),
    "TLS of nobody known": (raw(FEED), "cannot be reached ([SSL: CERTIFICATE_VERIFY_FAILED]"),
    "silent": (silent, "within 1 s"),
    "slow headers": (drip(OK, b"X: y\r\n"), "within 1 s"),
    "slow answer": (drip(OK + b"\r\n", b" "), "within 1 s"),
    "500": (status("500 Internal Server Error"), "answers 500"),
    "503": (status("503 Service Unavailable", b'{"error": "x", "error_description": "y"}'), "answers 503"),
    "429": (status("429 Too Many Requests"), "answers 429"),
    "401": (status("401 Unauthorized", b"no"), "answers 401"),
    "404": (status("404 Not Found", b"<h1>Not found</h1>"), "answers 404"),
    "404 in others' JSON": (status("404 Not Found", b'{"message": "Not Found"}'), "answers 404"),
    "204": (status("204 No Content"), "answers 204"),
    "304 unasked": (status("304 Not Modified"), "answers 304"),
    "captive portal": (
        raw(b"<!DOCTYPE html><title>Log in</title>", "Content-Type: text/html"),
        "no list of changes (it is a web page)",
    ),
    "another feed": (raw({"type": "feed", "children": []}), "no list of changes (since_id is no whole number)"),
    "a number": (raw(b"1"), "no list of changes (it is no JSON object)"),
    "cut off": (raw(FEED)[:-9], "cannot be reached (peer closed connection"),
    "cut off without a length": (OK + b'\r\n{"children": [', "no list of changes"),
    "second answer cut off": (in_turn(more("?2"), *[raw(FEED)[:-9]] * 3), "cannot be reached"),
    "no HTTP": (b"SSH-2.0-OpenSSH_9.9\r\n", "cannot be reached"),
    "nothing": (b"", "cannot be reached"),
    "redirect to itself": (redirect("?again"), "redirects more than 5 times"),
    "redirect to another scheme": (redirect("ftp://bridge.example/"), "redirects to an address that is none"),
    "redirect to no host": (redirect("http://a..b/"), "redirects to an address that is none"),
    "coding of its own": (coded("br", b"x"), "a coding that was not asked for (br)"),
    "two codings": (coded("gzip, gzip", b"x"), "not asked for (gzip, gzip)"),
    "no gzip": (coded("gzip", b"no gzip at all"), "sends what cannot be read"),
    "bomb": (coded("gzip", gzip.compress(bytes(65_000_000))), "more than 16 MB"),
    "pages in a circle": (more("?x"), "answer after answer"),
    "number that does not go on": (more("http://else.invalid/"), "answer after answer"),
    "link to nowhere": (more("http://["), "answer after answer"),
    "answers without an end": (endless(), "answer after answer"),
}


@dataclass
class Run:
    """What came of a run: its words, what is in the file, and the exit code."""

    words: str
    left: bytes | None
    code: int = 0


@dataclass
class Runs:
    """With the file of an earlier run, with one and `--strict`, and without."""

    old: bytes
    kept: Run
    strict: Run
    none: Run
    none_strict: Run


def run(base: str, out: Path, *, strict: bool = False) -> Run:
    said = io.StringIO()
    timeout = 1 if out.parent.name.startswith(("silent", "slow")) else 60
    try:
        fetch.run(Options(base, DOMAIN, out, timeout, strict), Console(said))
    except Trouble as trouble:
        return Run(said.getvalue() + trouble.message, out.read_bytes() if out.exists() else None, trouble.exit_code)
    return Run(said.getvalue(), out.read_bytes())


def weather(base: str, folder: Path) -> Runs:
    folder.mkdir()
    kept, strict, none = (folder / f"{name}.json" for name in ("kept", "strict", "none"))
    old = Mentions(base, DOMAIN, 5, entries={"s a": ENTRY}).render()
    for place in (kept, strict):
        place.write_bytes(old)
    none_strict = run(base, none, strict=True)
    return Runs(old, run(base, kept), run(base, strict, strict=True), run(base, none), none_strict)


def base(name: str, script: Script | str, stack: ExitStack) -> str:
    """The address of a bridge that does this."""
    if isinstance(script, str):
        return script
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(tls)
    server = stack.enter_context(Server(script, tls if name == "TLS of nobody known" else None))
    return f"{'https' if 'TLS' in name else 'http'}://127.0.0.1:{server.port}"


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Runs]:
    """All weather at the same time: most of it is waiting."""
    folder = tmp_path_factory.mktemp("weather")
    with pytest.MonkeyPatch.context() as patch, ExitStack() as stack, ThreadPoolExecutor(len(WEATHER)) as pool:
        patch.setenv("NO_PROXY", "*")
        bases = {name: base(name, script, stack) for name, (script, _) in WEATHER.items()}
        found = {name: pool.submit(weather, address, folder / name) for name, address in bases.items()}
        return {name: one.result() for name, one in found.items()}


@pytest.mark.parametrize("name", WEATHER)
def test_the_old_file_stays_and_the_build_goes_on_with_a_warning(name: str, runs: dict[str, Runs]) -> None:
    kept = runs[name].kept
    assert kept.code == 0
    assert kept.left == runs[name].old
    assert kept.words.startswith("Warning: The bridge http")
    assert WEATHER[name][1] in kept.words
    assert "kept.json stays as it was, with 1 mention of 1 page; the next run asks again." in kept.words
    assert kept.words.count("\n") == 1


@pytest.mark.parametrize("name", WEATHER)
def test_a_build_that_wants_to_fail_fails_and_the_old_file_stays(name: str, runs: dict[str, Runs]) -> None:
    strict, none = runs[name].strict, runs[name].none_strict
    assert (strict.code, none.code) == (1, 1)
    assert (strict.left, none.left) == (runs[name].old, None)
    assert WEATHER[name][1] in strict.words
    assert "strict.json was not changed" in strict.words
    assert "none.json was not written" in none.words


@pytest.mark.parametrize("name", WEATHER)
def test_a_first_build_finds_a_file_without_mentions(name: str, runs: dict[str, Runs]) -> None:
    none = runs[name].none
    assert none.code == 0
    assert json.loads(none.left or b"")["pages"] == {}
    assert "none.json is new and has no mentions" in none.words
