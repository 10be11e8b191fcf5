"""The visit to a server that talks nonsense, breaks off or takes its time: the network's weather, and one deadline."""

from __future__ import annotations

import gzip
import socket
import threading
import time
from typing import TYPE_CHECKING

import pytest

from linkback import urls
from linkback.ping import Reason, TryLater
from loopback import HTML, OK, PAGE, Server, drip, fetch, redirect, weather

if TYPE_CHECKING:
    from collections.abc import Sequence


# Nonsense and broken connections are weather


NONSENSE = {
    "nothing": b"",
    "no status line": b"<html>hello</html>",
    "another protocol": b"SSH-2.0-OpenSSH_9.6\r\n\r\n",
    "TLS on a plain port": b"\x15\x03\x01\x00\x02\x02\x50",
    "NUL in a header": OK + b"X: a\0b\r\n\r\n",
    "NUL in the status line": b"HTTP/1.1 200 O\0K\r\n\r\n",
    "status of two digits": b"HTTP/1.1 20 OK\r\n\r\n",
    "status 000": b"HTTP/1.1 000 No\r\n\r\n",
    "a switch of protocols": b"HTTP/1.1 101 Switch\r\nUpgrade: x\r\n\r\n",
    "negative length": HTML + b"Content-Length: -1\r\n\r\n" + PAGE,
    "two lengths": HTML + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n" + PAGE,
    "length of 30 digits": HTML + b"Content-Length: " + b"9" * 30 + b"\r\n\r\n",
    "head cut short": HTML,
    "body cut short": HTML + b"Content-Length: 99\r\n\r\n" + PAGE,
    "chunk cut short": HTML + b"Transfer-Encoding: chunked\r\n\r\n99\r\n" + PAGE,
    "chunk size that is none": HTML + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
    "unknown transfer coding": HTML + b"Transfer-Encoding: gzip\r\n\r\n",
    "a header of 100 KB": OK + b"X: " + b"a" * 100_000 + b"\r\n\r\n",
    "headers of 100 KB": OK + b"X: a\r\n" * 20_000 + b"\r\n",
    "chunk extensions without end": HTML + b"Transfer-Encoding: chunked\r\n\r\n1;" + b"a" * 100_000,
    "trailers without end": HTML + b"Transfer-Encoding: chunked\r\n\r\n0\r\n" + b"X: a\r\n" * 20_000,
    "interim answers without end": b"HTTP/1.1 100 Continue\r\n\r\n" * 1000 + HTML + b"\r\n" + PAGE,
    "gzip that is none": HTML + b"Content-Encoding: gzip\r\n\r\n" + PAGE,
    "gzip cut short": HTML + b"Content-Encoding: gzip\r\n\r\n" + gzip.compress(PAGE)[:-9],
    "gzip with a wrong sum": HTML + b"Content-Encoding: gzip\r\n\r\n" + gzip.compress(PAGE)[:-8] + bytes(8),
    "deflate that is none": HTML + b"Content-Encoding: deflate\r\n\r\n" + b"\xff" * 99,
    "a second member that is none": HTML + b"Content-Encoding: gzip\r\n\r\n" + gzip.compress(PAGE) + b"\x1f\x8b\xff",
}


@pytest.mark.parametrize("kind", NONSENSE)
def test_what_is_not_whole_valid_http_is_unreachable(kind: str) -> None:
    assert weather(NONSENSE[kind]) is Reason.UNREACHABLE


QUADRATIC = {
    "in a header": OK + b"X:" + b" " * 60_000 + b"\0\r\n\r\n",
    "in a folded header": OK + b"X:" + b"\r\n " * 20_000 + b"\0\r\n\r\n",
    "before a chunk": HTML + b"Transfer-Encoding: chunked\r\n\r\n1;" + b" " * 60_000 + b"\nx\r\n",
    "in a trailer": HTML + b"Transfer-Encoding: chunked\r\n\r\n0\r\nX:" + b" " * 60_000 + b"\0\r\n\r\n",
}


@pytest.mark.parametrize("place", QUADRATIC)
def test_a_run_of_blanks_cannot_burn_the_processor(place: str) -> None:
    """The parser's expressions are quadratic in it: 10 s for each of these, were they handed over as they come."""
    before = time.thread_time()
    assert weather(QUADRATIC[place]) is Reason.UNREACHABLE
    assert time.thread_time() - before < 1


def test_a_reset_is_unreachable() -> None:
    def reset(connection: socket.socket) -> None:
        connection.sendall(HTML + b"Content-Length: 99\r\n\r\n")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")

    assert weather(reset) is Reason.UNREACHABLE


def test_nobody_listening_is_unreachable() -> None:
    with Server(b"") as server:
        url = server.url()
    with pytest.raises(TryLater) as later:
        fetch(url)
    assert later.value.reason is Reason.UNREACHABLE


# Bounds in time: one deadline for everything


DRIPS = {
    "a status line": drip(b"", b"H"),
    "headers": drip(OK, b"X: a\r\n"),
    "interim answers": drip(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "a body": drip(HTML + b"\r\n", b"a"),
    "chunks": drip(HTML + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\na\r\n"),
    "trailers": drip(HTML + b"Transfer-Encoding: chunked\r\n\r\n0\r\n", b"X: a\r\n"),
    "nothing": drip(b"", b""),
}


@pytest.mark.parametrize("what", DRIPS)
def test_a_drip_ends_at_the_deadline(what: str) -> None:
    assert weather(DRIPS[what], seconds=0.35) is Reason.TIMEOUT


def test_redirects_share_the_deadline() -> None:
    def slow(connection: socket.socket) -> None:
        time.sleep(0.2)
        connection.sendall(redirect(f"/{time.monotonic_ns()}"))

    with Server(slow) as server:
        with pytest.raises(TryLater) as later:
            fetch(server.url(), seconds=0.5)
        assert len(server.requests) <= 3
    assert later.value.reason is Reason.TIMEOUT


def test_a_name_server_that_never_answers_is_bounded_by_the_deadline() -> None:
    release = threading.Event()

    def hang(_host: str) -> Sequence[str]:
        release.wait(30)
        return ()

    with pytest.raises(TryLater) as later:
        fetch(urls.parse("http://blog.example/"), resolve=hang, seconds=0.2)
    release.set()
    assert later.value.reason is Reason.TIMEOUT


def test_a_server_that_never_accepts_is_bounded_by_the_deadline() -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full:
        port = full.getsockname()[1]
        queued = [socket.socket() for _ in range(4)]  # the backlog is full: what comes next is not answered at all
        for connection in queued:
            connection.settimeout(0)
            connection.connect_ex(("127.0.0.1", port))
        with pytest.raises(TryLater) as later:
            fetch(urls.parse(f"http://127.0.0.1:{port}/"), seconds=0.3)
        for connection in queued:
            connection.close()
    assert later.value.reason is Reason.TIMEOUT
