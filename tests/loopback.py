"""A visit to a server on loopback that sends exactly the bytes a test wrote, or sends them slowly."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Self

import pytest

from linkback import urls, web
from linkback.ping import Declined, Reason, TryLater

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Sequence

    from linkback.address import Permit
    from linkback.urls import Url

OK = b"HTTP/1.1 200 OK\r\n"
HTML = OK + b"Content-Type: text/html; charset=utf-8\r\n"
PAGE = b"<a href=https://me.example/>me</a>"


class Server:
    """A server on loopback that answers every connection with the same bytes, or lets a function have it."""

    def __init__(self, script: Callable[[socket.socket], None] | bytes, tls: ssl.SSLContext | None = None) -> None:
        self.script, self.tls, self.requests = script, tls, list[bytes]()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                threading.Thread(target=self._answer, args=self.listener.accept()[:1], daemon=True).start()

    def _answer(self, plain: socket.socket) -> None:
        with (
            plain,
            suppress(OSError),
            self.tls.wrap_socket(plain, server_side=True) if self.tls else plain as connection,
        ):
            self.requests.append(_request(connection))
            if callable(self.script):
                self.script(connection)
            else:
                connection.sendall(self.script)

    def url(self, path: str = "/", host: str = "127.0.0.1") -> Url:
        return urls.parse(f"{'https' if self.tls else 'http'}://{host}:{self.port}{path}")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)  # wakes accept
        self.listener.close()


def _request(connection: socket.socket) -> bytes:
    request = b""
    while b"\r\n\r\n" not in request:
        piece = connection.recv(4096)
        if not piece:
            break
        request += piece
    return request


def anywhere(_url: Url, _ip: str | None = None) -> None:
    """A permit for everything: the servers here are on loopback."""


def anyone(_url: Url) -> None:
    """Admit everybody."""


def this_machine(_host: str) -> Sequence[str]:
    return ("127.0.0.1",)


def fetch(
    url: Url,
    *,
    permit: Permit = anywhere,
    admit: Callable[[Url], None] = anyone,
    seconds: float = 5.0,
    resolve: Callable[[str], Sequence[str]] = this_machine,
    tls: Callable[[], ssl.SSLContext] = web.trusted,
) -> web.Answer:
    return web.get(url, permit=permit, admit=admit, agent="linkback-test", seconds=seconds, resolve=resolve, tls=tls)


def answered(script: Callable[[socket.socket], None] | bytes, seconds: float = 5.0) -> web.Answer:
    with Server(script) as server:
        return fetch(server.url(), seconds=seconds)


def declined(script: Callable[[socket.socket], None] | bytes) -> Declined:
    with pytest.raises(Declined) as refused:
        answered(script)
    return refused.value


def weather(script: Callable[[socket.socket], None] | bytes, seconds: float = 5.0) -> Reason:
    with pytest.raises(TryLater) as later:
        answered(script, seconds)
    return later.value.reason


def redirect(location: str, status: int = 302) -> bytes:
    return f"HTTP/1.1 {status} Over There\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n".encode()


def drip(before: bytes, crumb: bytes) -> Callable[[socket.socket], None]:
    def send(connection: socket.socket) -> None:
        connection.sendall(before)
        while True:
            connection.sendall(crumb)
            time.sleep(0.1)

    return send


def only(*permitted: str) -> Permit:
    def permit(_url: Url, ip: str | None = None) -> None:
        if ip is not None and ip not in permitted:
            raise Declined(Reason.FORBIDDEN_ADDRESS, f"{ip} is not permitted.")

    return permit
