"""The visit to a stranger's server: what is asked, the forms a body has, how many bytes of it are taken."""

from __future__ import annotations

import gzip
import socket
import tracemalloc
import zlib
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linkback import web
from linkback.ping import Declined, Reason, TryLater
from loopback import HTML, OK, PAGE, Server, answered, declined, fetch, only

if TYPE_CHECKING:
    from collections.abc import Iterator


# What is sent, and what comes back


def test_the_request_names_host_and_agent_and_carries_nothing_else() -> None:
    with Server(HTML + b"Content-Length: 0\r\n\r\n") as server:
        fetch(server.url("/a%20b?c=d", host="blog.example"))
    line, *headers = server.requests[0].decode().removesuffix("\r\n\r\n").split("\r\n")
    assert line == "GET /a%20b?c=d HTTP/1.1"
    assert headers == [
        f"Host: blog.example:{server.port}",
        "User-Agent: linkback-test",
        "Accept: text/html, application/xhtml+xml, application/json;q=0.9, text/*;q=0.8",
        "Accept-Encoding: gzip, deflate",
        "Connection: close",
    ]


BODIES = {
    "content-length": HTML + b"Content-Length: %d\r\n\r\n" % len(PAGE) + PAGE,
    "chunked": HTML
    + b"Transfer-Encoding: chunked\r\n\r\n3;x=y\r\n"
    + PAGE[:3]
    + b"\r\n%x\r\n" % len(PAGE[3:])
    + PAGE[3:]
    + b"\r\n0\r\nTrailer: x\r\n\r\n",
    "until the end": HTML + b"\r\n" + PAGE,
    "http/1.0": b"HTTP/1.0 200 OK\r\nContent-Type: text/html\r\n\r\n" + PAGE,
    "no reason phrase": b"HTTP/1.1 200\r\n\r\n" + PAGE,
    "bare line feeds": b"HTTP/1.1 200 OK\nContent-Type: text/html\n\n" + PAGE,
    "interim answers first": b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\nHTTP/1.1 100 Go\r\n\r\n"
    + HTML
    + b"\r\n"
    + PAGE,
    "no content type": OK + b"\r\n" + PAGE,
    "octet-stream": OK + b"Content-Type: application/octet-stream\r\n\r\n" + PAGE,
    "a body that begins with blanks": HTML + b"Content-Length: 900\r\n\r\n" + PAGE.rjust(900),
    "gzip": HTML + b"Content-Encoding: gzip\r\n\r\n" + gzip.compress(PAGE),
    "x-gzip": HTML + b"Content-Encoding: X-GZip\r\n\r\n" + gzip.compress(PAGE),
    "gzip of two members": HTML + b"Content-Encoding: gzip\r\n\r\n" + gzip.compress(PAGE[:9]) + gzip.compress(PAGE[9:]),
    "gzip with padding": HTML + b"Content-Encoding: gzip\r\n\r\n" + gzip.compress(PAGE) + bytes(99),
    "deflate in zlib's wrapper": HTML + b"Content-Encoding: deflate\r\n\r\n" + zlib.compress(PAGE),
    "deflate bare": HTML + b"Content-Encoding: deflate\r\n\r\n" + zlib.compress(PAGE, wbits=-15),
    "identity": HTML + b"Content-Encoding: identity\r\n\r\n" + PAGE,
}


@pytest.mark.parametrize("form", BODIES)
def test_the_body_is_read_in_every_form_that_it_may_have(form: str) -> None:
    answer = answered(BODIES[form])
    assert (answer.status, answer.body.lstrip(), answer.truncated, answer.hops) == (200, PAGE, False, ())


@pytest.mark.parametrize("form", ["gzip", "gzip of two members", "deflate bare", "chunked", "interim answers first"])
def test_the_body_is_the_same_when_it_comes_byte_by_byte(form: str) -> None:
    def byte_by_byte(connection: socket.socket) -> None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in BODIES[form]:
            connection.sendall(bytes([byte]))

    assert answered(byte_by_byte).body == PAGE


def test_header_names_are_lower_case_and_values_total() -> None:
    answer = answered(OK + b"CONTENT-Type: Text/HTML; Charset='utf-8'\r\nX-A: \xff\xe9\r\nx-a: b\r\n\r\n")
    assert answer.headers["x-a"] == "ÿé, b"
    assert (answer.media_type, answer.charset) == ("text/html", "utf-8")


def test_the_first_content_type_counts() -> None:
    assert answered(HTML + b"Content-Type: image/png\r\n\r\n" + PAGE).media_type == "text/html"


@pytest.mark.parametrize("status", [204, 206, 304, 404, 410, 429, 500, 503, 999])
def test_any_status_is_an_answer(status: int) -> None:
    assert answered(b"HTTP/1.1 %d Because\r\nContent-Length: 0\r\n\r\n" % status).status == status


@pytest.mark.parametrize(
    "head", [b"HTTP/1.1 404 No\r\n", OK + b"Content-Type: video/mp4\r\n", OK + b"Content-Type: image/png\r\n"]
)
def test_a_body_that_nobody_would_read_is_not_waited_for(head: bytes) -> None:
    def and_then_nothing(connection: socket.socket) -> None:
        connection.sendall(head + b"Content-Length: 99999999999\r\n\r\n")
        connection.recv(1)  # until the visitor hangs up

    answer = answered(and_then_nothing)
    assert (answer.body, answer.truncated) == (b"", False)


# Bounds in bytes


def test_a_body_of_exactly_the_cap_is_whole() -> None:
    answer = answered(HTML + b"\r\n" + b"a" * web.LARGEST_BODY)
    assert (len(answer.body), answer.truncated) == (web.LARGEST_BODY, False)


def test_a_longer_body_is_cut_and_says_so() -> None:
    answer = answered(HTML + b"Content-Length: 99999999999\r\n\r\n" + b"a" * (web.LARGEST_BODY + 1))
    assert (len(answer.body), answer.truncated) == (web.LARGEST_BODY, True)


def test_an_endless_body_is_left() -> None:
    def endless(connection: socket.socket) -> None:
        connection.sendall(HTML + b"\r\n")
        while True:
            connection.sendall(b"a" * 65536)

    assert answered(endless).truncated


def bomb() -> bytes:
    """A gzip stream of 1 GB of zeroes; each block after the first is the same 1 KB."""
    squeeze = zlib.compressobj(9, wbits=31)
    blocks = [squeeze.compress(bytes(1 << 20)) + squeeze.flush(zlib.Z_FULL_FLUSH) for _ in range(2)]
    return blocks[0] + blocks[1] * 1023


@pytest.mark.parametrize("coding", [b"gzip", b"deflate"])
def test_a_bomb_costs_the_cap_at_most(coding: bytes) -> None:
    sent = bomb() if coding == b"gzip" else b"\x78\x9c" + bomb()[10:]
    with Server(HTML + b"Content-Encoding: " + coding + b"\r\n\r\n" + sent) as server:
        tracemalloc.start()
        answer = fetch(server.url())
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert (answer.body, answer.truncated) == (bytes(web.LARGEST_BODY), True)
    assert peak < 8 * web.LARGEST_BODY


def test_compressed_bytes_that_decode_to_nothing_are_counted_too() -> None:
    def empty_members(connection: socket.socket) -> None:
        connection.sendall(HTML + b"Content-Encoding: gzip\r\n\r\n")
        while True:
            connection.sendall(gzip.compress(b"") * 1000)

    answer = answered(empty_members)
    assert (answer.body, answer.truncated) == (b"", True)


def test_chunks_of_a_byte_are_counted() -> None:
    def crumbs(connection: socket.socket) -> None:
        connection.sendall(HTML + b"Transfer-Encoding: chunked\r\n\r\n")
        while True:
            connection.sendall(b"1\r\na\r\n" * 1000)

    answer = answered(crumbs)
    assert answer.truncated
    assert len(answer.body) < web.LARGEST_BODY // 8


@pytest.mark.parametrize("coding", ["br", "zstd", "gzip, gzip", "gzip, br", "compress", "\xff", "identity, gzip"])
def test_an_encoding_we_did_not_ask_for_is_not_text(coding: str) -> None:
    refused = declined(HTML + b"Content-Encoding: " + coding.encode("latin-1") + b"\r\n\r\n" + b"\x28\xb5\x2f\xfd" * 9)
    assert refused.reason is Reason.NOT_TEXT


def test_a_repeated_content_encoding_is_a_stacked_one() -> None:
    assert declined(HTML + b"Content-Encoding: gzip\r\n" * 2 + b"\r\n").reason is Reason.NOT_TEXT


# Whatever a server sends


FRAGMENTS = st.sampled_from(
    [
        *(b"HTTP/1.1 200 OK", b"HTTP/1.0 301 X", b"HTTP/1.1 100 C", b"HTTP/9.9 999", b"Location: ", b"/a", b"http://["),
        *(b"Content-Length: ", b"Transfer-Encoding: chunked", b"Content-Encoding: ", b"gzip", b"deflate", b"br"),
        *(
            b"Content-Type: text/html",
            b"\r\n",
            b"\n",
            b"\r\n\r\n",
            b" ",
            b"\0",
            b":",
            b"0",
            b"5",
            b"-1",
            b"ff",
            b";",
            b"\xff",
        ),
        *(gzip.compress(b"hello"), zlib.compress(b"hello"), b"hello"),
    ]
)


@pytest.fixture(scope="module")
def echo() -> Iterator[Server]:
    with Server(b"") as server:
        yield server


@settings(max_examples=150)
@given(
    sent=st.binary(max_size=300)
    | st.lists(FRAGMENTS, max_size=25).map(b"".join)
    | st.lists(FRAGMENTS).map(lambda f: OK + b"".join(f))
)
def test_any_bytes_are_an_answer_or_a_reason(echo: Server, sent: bytes) -> None:
    echo.script = sent
    with suppress(Declined, TryLater):
        assert isinstance(fetch(echo.url(), permit=only("127.0.0.1")), web.Answer)


@settings(max_examples=100)
@given(
    coding=st.sampled_from([b"gzip", b"deflate"]),
    body=st.binary(max_size=200),
    lead=st.sampled_from([b"", b"\x1f\x8b\x08\0\0\0\0\0\0\3", b"\x78\x9c"]),
)
def test_any_compressed_bytes_are_an_answer_or_weather(echo: Server, coding: bytes, body: bytes, lead: bytes) -> None:
    echo.script = HTML + b"Content-Encoding: " + coding + b"\r\n\r\n" + lead + body
    with suppress(TryLater):
        assert len(fetch(echo.url()).body) <= web.LARGEST_BODY
