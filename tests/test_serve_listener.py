"""The local HTTP server against senders that are slow, many, or gone."""

from __future__ import annotations

import contextlib
import socket
import time
from typing import TYPE_CHECKING

import pytest

from linkback_cli.events import HttpAnswer, HttpRequest
from linkback_cli.listener import THREADS, Listener

if TYPE_CHECKING:
    from collections.abc import Iterator


def echo(request: HttpRequest) -> HttpAnswer:
    told = f"{request.method} {request.path} {request.query} {request.host} {request.body.decode()}"
    return HttpAnswer(200, told.encode(), (("content-type", "text/plain"),))


@pytest.fixture
def listener() -> Iterator[Listener]:
    made = Listener(0)
    made.respond = echo
    made.start()
    yield made
    made.stop()


def connect(listener: Listener) -> socket.socket:
    return socket.create_connection(("127.0.0.1", listener.port), timeout=10)


def read(connection: socket.socket) -> bytes:
    received = b""
    with contextlib.suppress(ConnectionResetError):
        while chunk := connection.recv(65_536):
            received += chunk
    return received


def test_a_request_is_handed_on_as_it_was_sent(listener: Listener) -> None:
    with connect(listener) as connection:
        connection.sendall(b"POST /a%20b?c=d%20e HTTP/1.0\r\nHost: x:1\r\nContent-Length: 2\r\n\r\nhi")
        assert read(connection).endswith(b"\r\n\r\nPOST /a%20b c=d%20e x:1 hi")


@pytest.mark.parametrize("host", [b"a b", b"<x>", b"a/b", b"user@a", b"", b"a:999999"])
def test_a_host_that_is_none_is_not_believed(listener: Listener, host: bytes) -> None:
    with connect(listener) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: " + host + b"\r\nConnection: close\r\n\r\n")
        assert f" 127.0.0.1:{listener.port} ".encode() in read(connection)


def test_raw_bytes_in_an_address_are_kept_as_escapes(listener: Listener) -> None:
    with connect(listener) as connection:
        connection.sendall("GET /é HTTP/1.0\r\n\r\n".encode())
        assert b"GET /%C3%A9 " in read(connection)


def test_a_whole_address_in_the_request_line_is_read_as_its_path(listener: Listener) -> None:
    with connect(listener) as connection:
        connection.sendall(b"GET http://x/a?b HTTP/1.0\r\n\r\n")
        assert b"GET /a b " in read(connection)


def test_two_requests_in_one_packet_get_two_answers(listener: Listener) -> None:
    with connect(listener) as connection:
        one = b"GET /1 HTTP/1.1\r\nHost: x\r\n\r\n"
        connection.sendall(one + one.replace(b"\r\nHost", b"\r\nConnection: close\r\nHost"))
        assert read(connection).count(b"HTTP/1.1 200") == 2


def test_head_has_the_header_and_no_body(listener: Listener) -> None:
    with connect(listener) as connection:
        connection.sendall(b"HEAD / HTTP/1.0\r\n\r\n")
        head, _, body = read(connection).partition(b"\r\n\r\n")
        assert b"content-length: " in head
        assert body == b""


def test_who_drips_a_byte_at_a_time_is_cut_off_when_his_time_is_up(listener: Listener) -> None:
    with connect(listener) as slow:
        slow.sendall(b"GET / HTTP/1.1\r\nX: ")
        while not listener.waiting_for:
            time.sleep(0.01)
        listener.allow(listener.waiting_for[0], -1)
        assert read(slow) == b""


def test_a_sender_that_sends_nothing_does_not_keep_others_waiting(listener: Listener) -> None:
    with contextlib.ExitStack() as idle:
        for _ in range(THREADS + 20):
            idle.enter_context(connect(listener))
        with connect(listener) as connection:
            connection.sendall(b"GET / HTTP/1.0\r\n\r\n")
            assert b"200" in read(connection)


def test_a_port_that_is_taken_is_an_error_at_once(listener: Listener) -> None:
    with pytest.raises(OSError, match="in use"):
        Listener(listener.port)


def test_headers_together_have_a_limit(listener: Listener) -> None:
    for size, status in ((10_240, b"200"), (10_241, b"431")):
        with connect(listener) as connection:
            connection.sendall(b"GET / HTTP/1.0\r\nX: " + b"a" * (size - 5) + b"\r\nY: " + b"b" * 5 + b"\r\n\r\n")
            assert read(connection).split(b" ")[1] == status


def test_a_line_has_a_limit_beyond_that_of_api_gateway(listener: Listener) -> None:
    """Whoever asks too much shall hear of it from the functions, in the shape of a feed."""
    for size, status in ((1_000_000, b"200"), (1_100_000, b"414")):
        with connect(listener) as connection, contextlib.suppress(ConnectionError):
            connection.sendall(b"GET /" + b"a" * size + b" HTTP/1.0\r\n\r\n")
            assert read(connection).split(b" ")[1] == status
