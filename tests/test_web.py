"""The visit to a stranger's server: real sockets on loopback, and servers that send exactly the bytes written here."""

from __future__ import annotations

import gzip
import socket
import ssl
import threading
import time
import tracemalloc
import zlib
from contextlib import suppress
from typing import TYPE_CHECKING, Self

import pytest
import trustme
from hypothesis import given, settings
from hypothesis import strategies as st

from linkback import address, urls, web
from linkback.ping import Declined, Reason, TryLater

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

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


def loopback(_host: str) -> Sequence[str]:
    return ("127.0.0.1",)


def fetch(
    url: Url,
    *,
    permit: Permit = anywhere,
    admit: Callable[[Url], None] = anyone,
    seconds: float = 5.0,
    resolve: Callable[[str], Sequence[str]] = loopback,
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


def drip(before: bytes, crumb: bytes) -> Callable[[socket.socket], None]:
    def send(connection: socket.socket) -> None:
        connection.sendall(before)
        while True:
            connection.sendall(crumb)
            time.sleep(0.1)

    return send


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


# Names and addresses


def test_a_name_that_does_not_exist_is_unreachable() -> None:
    def unknown(_host: str) -> Sequence[str]:
        raise socket.gaierror(socket.EAI_NONAME, "no such name")

    with pytest.raises(TryLater) as later:
        fetch(urls.parse("http://blog.example/"), resolve=unknown)
    assert later.value.reason is Reason.UNREACHABLE


@pytest.mark.parametrize("found", [(), UnicodeError("label too long")])
def test_a_name_without_an_address_is_unreachable(found: Sequence[str] | UnicodeError) -> None:
    def resolve(_host: str) -> Sequence[str]:
        if isinstance(found, UnicodeError):
            raise found
        return found

    with pytest.raises(TryLater) as later:
        fetch(urls.parse("http://blog.example/"), resolve=resolve)
    assert later.value.reason is Reason.UNREACHABLE


def test_the_systems_resolver_knows_this_machine() -> None:
    assert "127.0.0.1" in web.look_up("localhost")


def only(*permitted: str) -> Permit:
    def permit(_url: Url, ip: str | None = None) -> None:
        if ip is not None and ip not in permitted:
            raise Declined(Reason.FORBIDDEN_ADDRESS, f"{ip} is not permitted.")

    return permit


def test_one_forbidden_address_among_good_ones_refuses_the_name_and_nothing_is_dialled() -> None:
    with Server(HTML + b"\r\n") as server:
        with pytest.raises(Declined) as refused:
            fetch(
                server.url(host="blog.example"), permit=only("127.0.0.1"), resolve=lambda _: ("127.0.0.1", "127.0.0.2")
            )
        assert server.requests == []
    assert refused.value.reason is Reason.FORBIDDEN_ADDRESS


@pytest.mark.parametrize(
    "private", ["10.0.0.1", "169.254.169.254", "::1", "::ffff:127.0.0.1", "fd00:ec2::254", "127.0.0.1"]
)
def test_a_public_name_with_a_private_address_is_refused(private: str) -> None:
    with pytest.raises(Declined) as refused:
        fetch(urls.parse("http://blog.example/"), permit=address.public, resolve=lambda _: ("93.184.216.34", private))
    assert refused.value.reason is Reason.FORBIDDEN_ADDRESS


def test_a_name_is_looked_up_once_and_the_address_looked_at_is_dialled() -> None:
    """A name server that rebinds gives its second answer to nobody."""
    answers = iter([("127.0.0.1",), ("127.0.0.2",)])
    looked_at: list[str | None] = []
    with Server(HTML + b"\r\n" + PAGE) as server:
        answer = fetch(
            server.url(host="blog.example"),
            permit=lambda _url, ip=None: looked_at.append(ip),
            resolve=lambda _: next(answers),
        )
        assert answer.body == PAGE
    assert looked_at == [None, "127.0.0.1"]
    assert next(answers) == ("127.0.0.2",)


def test_a_host_that_is_an_address_is_looked_at_and_never_looked_up() -> None:
    looked_up: list[str] = []

    def resolve(host: str) -> Sequence[str]:
        looked_up.append(host)
        return ("127.0.0.1",)

    with pytest.raises(Declined):
        fetch(urls.parse("http://[::ffff:7f00:1]/"), permit=only(), resolve=resolve)
    with pytest.raises(Declined):
        fetch(urls.parse("http://127.0.0.1/"), permit=only(), resolve=resolve)
    assert looked_up == []


def test_further_addresses_are_tried_when_one_refuses() -> None:
    with Server(HTML + b"\r\n" + PAGE) as server:
        found = ("127.0.0.3", "127.0.0.2", "127.0.0.1")
        assert fetch(server.url(host="blog.example"), resolve=lambda _: found).body == PAGE


def test_a_name_with_many_addresses_does_not_make_us_knock_at_all_of_them() -> None:
    with Server(HTML + b"\r\n" + PAGE) as server:
        found = (*(f"127.0.0.{n}" for n in range(2, 6)), "127.0.0.1")
        with pytest.raises(TryLater):
            fetch(server.url(host="blog.example"), resolve=lambda _: found)
        assert server.requests == []


# Redirects


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_followed_and_remembered(status: int) -> None:
    def by_path(connection: socket.socket) -> None:
        first = len(server.requests) == 1
        connection.sendall(redirect("b?c#d", status) if first else HTML + b"\r\n" + PAGE)

    with Server(by_path) as server:
        answer = fetch(server.url("/x/a"))
        assert [request.split()[1] for request in server.requests] == [b"/x/a", b"/x/b?c"]
    assert (str(answer.url), answer.body) == (str(server.url("/x/b?c#d")), PAGE)
    assert answer.hops == (server.url("/x/a"),)


@pytest.mark.parametrize("status", [300, 304, 305, 306])
def test_other_statuses_of_the_300s_are_answers(status: int) -> None:
    assert answered(redirect("/elsewhere", status)).status == status


@pytest.mark.parametrize("location", [b"", b"Location:\r\n"])
def test_a_redirect_to_nowhere_is_an_answer(location: bytes) -> None:
    assert answered(b"HTTP/1.1 302 Found\r\n" + location + b"Content-Length: 0\r\n\r\n").status == 302


def chain(length: int) -> Callable[[socket.socket], None]:
    answers = iter([*(redirect(f"/{hop}") for hop in range(length)), HTML + b"\r\n" + PAGE])
    return lambda connection: connection.sendall(next(answers))


def test_eight_redirects_are_followed() -> None:
    with Server(chain(8)) as server:
        answer = fetch(server.url("/start"))
    assert (len(answer.hops), answer.body) == (8, PAGE)


def test_a_ninth_redirect_is_one_too_many() -> None:
    with Server(chain(9)) as server:
        with pytest.raises(Declined) as refused:
            fetch(server.url("/start"))
        assert len(server.requests) == 9
    assert refused.value.reason is Reason.TOO_MANY


@pytest.mark.parametrize("location", ["/", "/#there", "?"])
def test_a_circle_is_seen_at_once(location: str) -> None:
    with Server(redirect(location)) as server:
        with pytest.raises(Declined) as refused:
            fetch(server.url())
        assert len(server.requests) == 1
    assert refused.value.reason is Reason.TOO_MANY


FORBIDDEN = [
    "file:///etc/passwd",
    "gopher://127.0.0.1:11211/_stats",
    "ftp://example.com/",
    "javascript:alert(1)",
    "data:text/html,hello",
    "http://user:secret@example.com/",
    "//user@example.com/",
    "http://2130706433/",
    "http://0x7f.1/",
    "http://[fe80::1%25eth0]/",
    "http://example.com:0/",
    "http://example.com:99999/",
    "http://[",
    "http:\\\\127.0.0.1\\",
    "/" + "a" * 3000,
]


@pytest.mark.parametrize("location", FORBIDDEN)
def test_a_redirect_to_what_is_no_page_of_the_web_is_forbidden(location: str) -> None:
    assert declined(redirect(location)).reason is Reason.FORBIDDEN_ADDRESS


@pytest.mark.parametrize(
    "location", ["http://169.254.169.254/latest/meta-data/", "http://localhost/", "http://127.0.0.1:9001/"]
)
def test_a_redirect_goes_through_the_same_door(location: str) -> None:
    def permit(url: Url, ip: str | None = None) -> None:
        if url.port != server.port:
            address.public(url, ip)

    with Server(redirect(location)) as server, pytest.raises(Declined) as refused:
        fetch(server.url(), permit=permit)
    assert refused.value.reason is Reason.FORBIDDEN_ADDRESS


def test_every_hop_is_admitted_before_its_name_is_looked_up() -> None:
    asked: list[str] = []

    def admit(url: Url) -> None:
        asked.append(f"admit {url.host}")
        if url.host == "blocked.example":
            raise Declined(Reason.BLOCKED, "The owner does not want to hear from blocked.example.")

    def resolve(host: str) -> Sequence[str]:
        asked.append(f"look up {host}")
        return ("127.0.0.1",)

    with Server(redirect("http://blocked.example/")) as server, pytest.raises(Declined) as refused:
        fetch(server.url(host="blog.example"), admit=admit, resolve=resolve)
    assert refused.value.reason is Reason.BLOCKED
    assert asked == ["admit blog.example", "look up blog.example", "admit blocked.example"]


def test_a_location_in_utf8_is_read_as_utf8() -> None:
    def by_path(connection: socket.socket) -> None:
        connection.sendall(redirect("/café") if len(server.requests) == 1 else HTML + b"\r\n" + PAGE)

    with Server(by_path) as server:
        assert fetch(server.url()).url.path == "/caf%C3%A9"


def test_cookies_are_not_carried_from_hop_to_hop() -> None:
    def by_path(connection: socket.socket) -> None:
        first = redirect("/b").replace(b"Location", b"Set-Cookie: a=b\r\nLocation")
        connection.sendall(first if len(server.requests) == 1 else HTML + b"\r\n" + PAGE)

    with Server(by_path) as server:
        fetch(server.url())
        assert b"cookie" not in server.requests[1].lower()


# TLS


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


def certified(authority: trustme.CA, *names: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*names).configure_cert(context)
    return context


def trusting(authority: trustme.CA) -> Callable[[], ssl.SSLContext]:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return lambda: context


def test_tls_keeps_the_name_while_the_looked_at_address_is_dialled(authority: trustme.CA) -> None:
    named: list[str | None] = []
    context = certified(authority, "blog.example")
    context.sni_callback = lambda _socket, name, _context: named.append(name)
    with Server(HTML + b"\r\n" + PAGE, context) as server:
        answer = fetch(server.url(host="blog.example"), permit=only("127.0.0.1"), tls=trusting(authority))
        assert f"\r\nHost: blog.example:{server.port}\r\n".encode() in server.requests[0]
    assert (answer.body, named) == (PAGE, ["blog.example"])


def test_a_certificate_for_another_name_is_unreachable(authority: trustme.CA) -> None:
    with (
        Server(HTML + b"\r\n", certified(authority, "other.example")) as server,
        pytest.raises(TryLater, match="certificate") as later,
    ):
        fetch(server.url(host="blog.example"), tls=trusting(authority))
    assert later.value.reason is Reason.UNREACHABLE


def test_a_certificate_nobody_vouches_for_is_unreachable(authority: trustme.CA) -> None:
    with (
        Server(HTML + b"\r\n", certified(authority, "blog.example")) as server,
        pytest.raises(TryLater, match="certificate") as later,
    ):
        fetch(server.url(host="blog.example"))
    assert later.value.reason is Reason.UNREACHABLE


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        (lambda connection: connection.sendall(b"HTTP/1.1 400 Plain HTTP\r\n\r\n"), Reason.UNREACHABLE),
        (lambda connection: connection.close(), Reason.UNREACHABLE),
        (drip(b"\x16\x03\x03\x40\x00", b"\2"), Reason.TIMEOUT),
    ],
    ids=["plain", "closed", "drip"],
)
def test_a_handshake_that_fails_or_drips_is_weather(script: Callable[[socket.socket], None], reason: Reason) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            connection = listener.accept()[0]
            with connection, suppress(OSError):
                connection.recv(4096)
                script(connection)

        threading.Thread(target=serve, daemon=True).start()
        with pytest.raises(TryLater) as later:
            fetch(urls.parse(f"https://127.0.0.1:{listener.getsockname()[1]}/"), seconds=0.5)
    assert later.value.reason is reason


def test_the_trusted_certificates_are_read_once() -> None:
    assert web.trusted() is web.trusted()


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


@settings(max_examples=150, deadline=None)
@given(
    sent=st.binary(max_size=300)
    | st.lists(FRAGMENTS, max_size=25).map(b"".join)
    | st.lists(FRAGMENTS).map(lambda f: OK + b"".join(f))
)
def test_any_bytes_are_an_answer_or_a_reason(echo: Server, sent: bytes) -> None:
    echo.script = sent
    with suppress(Declined, TryLater):
        assert isinstance(fetch(echo.url(), permit=only("127.0.0.1")), web.Answer)


@settings(max_examples=100, deadline=None)
@given(
    coding=st.sampled_from([b"gzip", b"deflate"]),
    body=st.binary(max_size=200),
    lead=st.sampled_from([b"", b"\x1f\x8b\x08\0\0\0\0\0\0\3", b"\x78\x9c"]),
)
def test_any_compressed_bytes_are_an_answer_or_weather(echo: Server, coding: bytes, body: bytes, lead: bytes) -> None:
    echo.script = HTML + b"Content-Encoding: " + coding + b"\r\n\r\n" + lead + body
    with suppress(TryLater):
        assert len(fetch(echo.url()).body) <= web.LARGEST_BODY
