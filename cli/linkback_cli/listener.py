"""A small HTTP server for strangers: every read has an end, threads are counted, and errors are JSON."""

from __future__ import annotations

import contextlib
import json
import re
import socket
import threading
import time
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import quote

from linkback_cli.events import HttpAnswer, HttpRequest

if TYPE_CHECKING:
    from collections.abc import Callable

# API Gateway refuses what is longer than 10 KB by itself; here the functions say in their own words what is too much.
LONGEST_LINE = 1_048_576
LARGEST_BODY = 4_500_000  # in base64 the six megabytes that Lambda takes
# Request line and header values together, as an HTTP API's quota has it.
LARGEST_HEAD = 10_240
THREADS = 64
SECONDS_TO_SEND = 20.0
SECONDS_IDLE = 10.0

_BUSY = b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
_AS_IT_IS = "".join(map(chr, range(0x21, 0x7F)))
_HOST = re.compile(r"[A-Za-z0-9._-]{1,253}(:\d{1,5})?|\[[0-9A-Fa-f:.]{2,45}\](:\d{1,5})?")


class Refused(Exception):  # noqa: N818 - an outcome, not a bug
    """The request cannot be read; `status` is the answer, after which the connection is closed."""

    def __init__(self, status: HTTPStatus, message: str) -> None:
        super().__init__(message)
        self.status = status


class Listener(ThreadingHTTPServer):
    """Answers every request with `respond(HttpRequest) -> HttpAnswer` on 127.0.0.1; set it before `start`.

    The port is taken at once (0: any), OSError if it cannot be.
    """

    respond: Callable[[HttpRequest], HttpAnswer]

    daemon_threads = True
    # Waiting for a thread that a slow sender holds would make stopping as slow as he is.
    block_on_close = False
    request_queue_size = 128
    # SO_REUSEADDR: a restart must not wait for the last run's connections to time out.
    allow_reuse_address = True

    def __init__(self, port: int) -> None:
        self.answering = _Count()
        self._room = threading.BoundedSemaphore(THREADS)
        self._deadlines: dict[socket.socket, float] = {}
        self._lock = threading.Lock()
        super().__init__(("127.0.0.1", port), _Connection)

    @property
    def port(self) -> int:
        """The port that the system gave, where 0 was asked for."""
        return int(self.server_address[1])

    @property
    def address(self) -> str:
        """Host and port."""
        return f"127.0.0.1:{self.port}"

    def start(self) -> None:
        """Take requests, in threads that do not keep the process alive."""
        threading.Thread(target=self.serve_forever, args=(0.1,), daemon=True, name=f"listen {self.port}").start()

    def stop(self, seconds: float = 3.0) -> None:
        """Take no more requests, and give those in work this long to be answered."""
        self.shutdown()
        self.server_close()
        self.answering.wait_for_none(seconds)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Give the connection a thread. When none is free, who has been slowest to send makes room for it."""
        if not self._room.acquire(blocking=False) and not self._make_room():
            with contextlib.suppress(OSError):
                request.sendall(_BUSY)
            self.shutdown_request(request)
            return
        super().process_request(request, client_address)

    def _make_room(self) -> bool:
        with self._lock:
            oldest = min(self._deadlines, key=self._deadlines.__getitem__, default=None)
        if oldest:
            self._cut(oldest)
        return self._room.acquire(timeout=2)

    def _cut(self, connection: socket.socket) -> None:
        self.allow(connection, None)
        with contextlib.suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Serve one connection to its end."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self.allow(request, None)
            self._room.release()

    def allow(self, connection: socket.socket, seconds: float | None) -> None:
        """Let this connection send until so many seconds from now; None: no limit."""
        with self._lock:
            if seconds is None:
                self._deadlines.pop(connection, None)
            else:
                self._deadlines[connection] = time.monotonic() + seconds

    @property
    def waiting_for(self) -> list[socket.socket]:
        """The connections that are to send something."""
        with self._lock:
            return list(self._deadlines)

    def service_actions(self) -> None:
        """Cut off who drips a byte now and then: each read is in time, the request never is."""
        now = time.monotonic()
        with self._lock:
            late = [connection for connection, deadline in self._deadlines.items() if deadline < now]
        for connection in late:
            self._cut(connection)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A connection that breaks off is the network's weather, nothing to print."""


class _Count:
    """How many requests are in work."""

    def __init__(self) -> None:
        self._none = threading.Condition()
        self._now = 0

    def __enter__(self) -> None:
        with self._none:
            self._now += 1

    def __exit__(self, *_: object) -> None:
        with self._none:
            self._now -= 1
            self._none.notify_all()

    def wait_for_none(self, seconds: float) -> bool:
        """Whether all were done in time."""
        with self._none:
            return self._none.wait_for(lambda: self._now == 0, seconds)


class _Connection(BaseHTTPRequestHandler):
    """One connection: HTTP/1.1 with keep-alive, and HTTP/1.0 as old senders speak it."""

    server: Listener
    protocol_version = "HTTP/1.1"
    timeout = SECONDS_IDLE
    # An answer is one write: no waiting for the sender's acknowledgement between header and body.
    wbufsize = -1
    disable_nagle_algorithm = True
    # The answer to what is not even a request line, which has no version yet, is plain HTTP/1.0.
    default_request_version = "HTTP/1.0"
    error_content_type = "application/json"
    names: ClassVar[dict[int, str]] = {status.value: status.phrase for status in HTTPStatus}

    def handle_one_request(self) -> None:
        """Read one request, whatever its method, and answer it."""
        self.server.allow(self.connection, SECONDS_IDLE + SECONDS_TO_SEND)
        try:
            self.raw_requestline = self.rfile.readline(LONGEST_LINE)
            if not self.raw_requestline:
                self.close_connection = True
                return
            with self.server.answering:
                self._answer()
        except (OSError, TimeoutError):
            self.close_connection = True

    def _answer(self) -> None:
        if not self.raw_requestline.endswith(b"\n"):
            self.requestline = self.request_version = self.command = ""
            self.send_error(HTTPStatus.REQUEST_URI_TOO_LONG)
        elif self.parse_request():
            if sum(map(len, self.headers.values())) > LARGEST_HEAD:
                self.send_error(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
                return
            try:
                request = self._request()
            except Refused as refused:
                self.send_error(refused.status, str(refused))
            else:
                self.server.allow(self.connection, None)
                self._send(self.server.respond(request))

    def _request(self) -> HttpRequest:
        body = self._body()
        # The request line was read as latin-1: its raw bytes, percent-encoded, are what the sender meant.
        sent = quote(self.path.encode("latin-1"), safe=_AS_IT_IS)
        target = sent if sent.startswith("/") else "/" + sent.partition("://")[2].partition("/")[2]
        path, _, query = target.partition("?")
        return HttpRequest(
            method=self.command,
            path=path.partition("#")[0],
            query=query.partition("#")[0],
            protocol=self.request_version,
            headers=self.headers.items(),
            body=body,
            host=self._host(self.headers.get("host", "").strip()),
            source_ip=str(self.client_address[0]),
        )

    def _host(self, told: str) -> str:
        """What the sender called us; old ones leave out the port, without which our answer would lead nowhere."""
        if not _HOST.fullmatch(told) or told in ("localhost", self.server.address.rpartition(":")[0]):
            return self.server.address
        return told

    def _body(self) -> bytes:
        lengths = set(self.headers.get_all("content-length", []))
        if codings := self.headers.get_all("transfer-encoding"):
            if lengths or [coding.strip().lower() for coding in codings] != ["chunked"]:
                raise Refused(HTTPStatus.BAD_REQUEST, "Send the body with a Content-Length, or in chunks, but not both")
            return self._chunks()
        if not lengths:
            return b""
        length = lengths.pop()
        if lengths or not re.fullmatch(r"[0-9]{1,15}", length):
            raise Refused(HTTPStatus.BAD_REQUEST, "Content-Length is not a number")
        if int(length) > LARGEST_BODY:
            self._discard(int(length))
            raise Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "Request Entity Too Large")
        body = self.rfile.read(int(length))
        if len(body) < int(length):
            raise TimeoutError
        return body

    def _chunks(self) -> bytes:
        """RFC 9112, 7.1; what stands behind a chunk's size and behind the last chunk is passed over."""
        body = bytearray()
        while True:
            size = self.rfile.readline(1024).partition(b";")[0].strip()
            if not re.fullmatch(rb"[0-9A-Fa-f]{1,8}", size):
                raise Refused(HTTPStatus.BAD_REQUEST, "A chunk of the body has no size")
            if len(body) + int(size, 16) > LARGEST_BODY:
                self._discard(int(size, 16))
                raise Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "Request Entity Too Large")
            if int(size, 16) == 0:
                break
            piece = self.rfile.read(int(size, 16))
            if len(piece) < int(size, 16):
                raise TimeoutError
            body += piece
            self.rfile.readline(1024)
        while self.rfile.readline(1024).strip():
            pass
        return bytes(body)

    def _discard(self, length: int) -> None:
        """Read on for a little: who is still sending when we hang up never sees our answer."""
        self.connection.settimeout(1)
        left = min(length, 8 * LARGEST_BODY)
        with contextlib.suppress(OSError):
            while left > 0 and (read := self.rfile.read1(min(left, 65_536))):
                left -= len(read)

    def _send(self, answer: HttpAnswer) -> None:
        self.send_response(answer.status)
        for name, value in answer.headers:
            if name.lower() not in ("content-length", "connection", "transfer-encoding", "date", "server"):
                self.send_header(name, value)
        bodiless = self.command == "HEAD" or answer.status in (HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED)
        if answer.body or not bodiless:
            self.send_header("content-length", str(len(answer.body)))
        self.send_header("connection", "close" if self.close_connection else "keep-alive")
        self.end_headers()
        if not bodiless:
            self.wfile.write(answer.body)
        self.wfile.flush()

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:  # noqa: ARG002 - stdlib
        """What cannot be read is answered in JSON and ends the connection; nothing of it is echoed."""
        self.close_connection = True
        known = message if message and code in (411, 400, 413) and not message.startswith("Bad ") else None
        body = json.dumps({"message": known or self.names.get(code, "Bad Request")}).encode()
        self.requestline = getattr(self, "requestline", "")
        self._send(HttpAnswer(code, body, (("content-type", self.error_content_type),)))

    def version_string(self) -> str:
        """Who answers; not which Python."""
        return "linkback"

    def send_header(self, keyword: str, value: str) -> None:
        """UTF-8 in a header, should there be any, goes as the bytes it is."""
        super().send_header(keyword, value.encode().decode("latin-1"))

    def log_message(self, *_: object) -> None:
        """The bridge has its own line for each ping; a line for each request would bury it."""
