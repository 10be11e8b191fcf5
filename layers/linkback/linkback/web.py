"""The only module that touches the open internet: one GET, its redirects, and every bound on both.

A stranger is at the other end, so there is a bound on the time (one deadline over names, connections, reads and hops),
the bytes (of a head, of a body as sent and as decoded), their pieces and the hops. The address that is dialled is the
very one that was looked at; SNI and Host keep the name. An answer broken or cut short is TryLater (unreachable), never
an Answer nor Declined: servers get repaired, and half a page must not look like a page that lost its link.
"""

from __future__ import annotations

import re
import socket
import ssl
import time
import zlib
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field, replace
from functools import cache
from queue import Empty, SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING

import h11

from linkback import form, urls
from linkback.ping import Declined, Reason, TryLater

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from linkback.address import Permit
    from linkback.urls import Url

LARGEST_BODY = 1_048_576
LARGEST_HEAD = 65_536
MOST_HOPS = 8

_MOST_SENT = LARGEST_BODY + LARGEST_BODY // 16  # empty gzip members decode to nothing, for ever
_MOST_PIECES = 32_768  # chunks of one byte would cost 5 s of CPU per megabyte
_MOST_HEADS = 8  # 100, 102 and 103 come before the answer proper, once or twice
_MOST_DIALLED = 4
_LONGEST_LOOK_UP = 3.0
_REDIRECTS, _LASTING = frozenset({301, 302, 303, 307, 308}), frozenset({301, 308})
_HEADERS = (
    ("Accept", "text/html, application/xhtml+xml, application/json;q=0.9, text/*;q=0.8"),
    ("Accept-Encoding", "gzip, deflate"),
    ("Connection", "close"),
)
_SINGLE = frozenset({"content-type", "location"})  # said twice, the first counts; others are lists (RFC 9110, 5.3)

# h11 reads headers, chunk heads and trailers with expressions that are quadratic in a run of blanks: 32 KB of them cost
# 3.5 s, and nothing interrupts it. So a head with such a run (or folded into one) is refused before h11 sees it, and
# the framing of a body is fed in pieces so small that their square does not matter.
_PADDING = re.compile(rb"[ \t\r\n]{1024}")
_PIECE = 4096
_BLANK_LINE = re.compile(rb"\n\r?\n")


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server answered at the end of the redirects.

    `url` is the address that answered, `headers` has lower-case names, `body` is decoded (gzip, deflate) but still
    bytes, at most LARGEST_BODY of them; `truncated` if there was more. `hops` lists the URLs that redirected,
    `lasting` says whether all did for good. The body is left unread (empty) where the status is not 2xx or the media
    type is neither text, JSON or XML nor unknown.
    """

    url: Url
    status: int
    headers: Mapping[str, str]
    body: bytes
    truncated: bool = False
    hops: tuple[Url, ...] = field(default=())
    lasting: bool = True

    @property
    def media_type(self) -> str:
        """`text/html` of `Text/HTML; charset=utf-8`; empty where the server did not say."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    @property
    def charset(self) -> str:
        """The charset parameter of the content type as sent; empty where there is none."""
        return form.charset(self.headers.get("content-type", ""))


def look_up(host: str) -> tuple[str, ...]:
    """Every address of a name, in the system's order: those without a route from here come last (RFC 6724)."""
    found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return tuple(dict.fromkeys(str(address[0]) for *_, address in found))


@cache
def trusted() -> ssl.SSLContext:
    """The certificates of the public web, read once: 31 ms."""
    import certifi  # noqa: PLC0415 - with its file's 300 KB, only where a page is on https

    return ssl.create_default_context(cafile=certifi.where())


def get(  # noqa: PLR0913 - two of them are the rules, three the seams
    url: Url,
    *,
    permit: Permit,
    admit: Callable[[Url], None],
    agent: str,
    seconds: float = 10.0,
    resolve: Callable[[str], Sequence[str]] = look_up,
    tls: Callable[[], ssl.SSLContext] = trusted,
) -> Answer:
    """What the web has at this URL, redirects followed, within `seconds` altogether.

    `admit` and then `permit` see every URL before anything is done for it, and `permit` every address of its host
    before it is dialled. Raises Declined, TryLater and what those two raise, nothing else.
    """
    visit = _Visit(permit, agent, time.monotonic() + seconds, resolve, tls)
    hops: tuple[Url, ...] = ()
    lasting = True
    while True:
        admit(url)
        permit(url)
        answer = visit.ask(url)
        onward = _onward(answer, hops)
        if onward is None:
            return replace(answer, hops=hops, lasting=lasting)
        url, hops, lasting = onward, (*hops, url), lasting and answer.status in _LASTING


def _left(end: float) -> float:
    """Seconds until `end` (monotonic), more than none. Raises TimeoutError when they are over."""
    if (seconds := end - time.monotonic()) <= 0:
        raise TimeoutError
    return seconds


@dataclass(frozen=True, slots=True)
class _Visit:
    permit: Permit
    agent: str
    end: float
    resolve: Callable[[str], Sequence[str]]
    tls: Callable[[], ssl.SSLContext]

    def ask(self, url: Url) -> Answer:
        """One request and its answer, on a connection of its own."""
        with _weather(url.host), closing(_Wire(self._dialled(url), self.end)) as wire:
            if url.scheme == "https":
                wire.secure(self.tls(), url.host)
            http = h11.Connection(h11.CLIENT, max_incomplete_event_size=_PIECE)
            wire.send(self._request(http, url))
            head = _read_head(wire, http)
            answer = Answer(url, head.status_code, _headers(head), b"")
            if not _worth_reading(answer):
                return answer
            body, truncated = _read_body(_pieces(wire, http), _decoder(answer))
            return replace(answer, body=body, truncated=truncated)

    def _dialled(self, url: Url) -> socket.socket:
        """A connection to the first address that takes one; each gets a fair share of the time that is left."""
        addresses = self._addresses(url.host)
        for ip in addresses:
            self.permit(url, ip)
        port, failure = url.port or urls.DEFAULT_PORTS[url.scheme], OSError()
        untried = min(len(addresses), _MOST_DIALLED)
        for position, ip in enumerate(addresses[:untried]):
            try:
                return socket.create_connection((ip, port), timeout=_left(self.end) / (untried - position))
            except OSError as error:
                failure = error
        raise failure

    def _addresses(self, host: str) -> Sequence[str]:
        """All addresses of the host, looked up beside us: the system's resolver cannot be told when to stop."""
        if ":" in host or host.replace(".", "").isdigit():
            return (host,)
        found: SimpleQueue[Sequence[str]] = SimpleQueue()
        Thread(target=_look_up_into, args=(found, self.resolve, host), daemon=True).start()
        addresses = found.get(timeout=min(_left(self.end), _LONGEST_LOOK_UP))
        if not addresses:
            raise TryLater(Reason.UNREACHABLE, f"The name {host} has no address: check its DNS.")
        return addresses

    def _request(self, http: h11.Connection, url: Url) -> bytes:
        headers = [("Host", url.authority), ("User-Agent", self.agent), *_HEADERS]
        request = h11.Request(method="GET", target=url.request_target, headers=headers)
        return (http.send(request) or b"") + (http.send(h11.EndOfMessage()) or b"")


class _Wire:
    """A connection whose every wait ends at the deadline."""

    def __init__(self, connection: socket.socket, end: float) -> None:
        self._connection, self._end = connection, end

    def secure(self, tls: ssl.SSLContext, host: str) -> None:
        """Speak TLS from here on. A handshake counts its timeout down; it does not start anew with each read."""
        self._connection.settimeout(_left(self._end))
        self._connection = tls.wrap_socket(self._connection, server_hostname=host)

    def send(self, data: bytes) -> None:
        self._connection.settimeout(_left(self._end))
        self._connection.sendall(data)

    def receive(self) -> bytes:  # some; none at the end
        self._connection.settimeout(_left(self._end))
        return self._connection.recv(_PIECE)

    def close(self) -> None:
        self._connection.close()


@contextmanager
def _weather(host: str) -> Iterator[None]:
    """Whatever the network or the other end does wrong is TryLater."""
    try:
        yield
    except (TimeoutError, Empty):
        raise TryLater(Reason.TIMEOUT, f"{host} took too long to answer.") from None
    except ssl.SSLCertVerificationError:
        raise TryLater(Reason.UNREACHABLE, f"The certificate of {host} is not valid for it.") from None
    except (OSError, UnicodeError) as error:
        raise TryLater(Reason.UNREACHABLE, f"{host} cannot be reached ({type(error).__name__}).") from None
    except (h11.RemoteProtocolError, zlib.error):
        raise TryLater(Reason.UNREACHABLE, f"The answer of {host} is not complete, valid HTTP.") from None


def _look_up_into(found: SimpleQueue[Sequence[str]], resolve: Callable[[str], Sequence[str]], host: str) -> None:
    try:
        found.put(resolve(host))
    except (OSError, ValueError):  # no such name; or one that the resolver's codec refuses
        found.put(())


def _onward(answer: Answer, hops: Sequence[Url]) -> Url | None:
    """Where the answer redirects to, if it does. Raises Declined for what we do not visit, circles and long chains."""
    location = answer.headers.get("location")
    if answer.status not in _REDIRECTS or not location:
        return None
    with suppress(UnicodeDecodeError):
        location = location.encode("latin-1").decode()  # many servers send UTF-8 as it is
    try:
        onward = urls.resolve(str(answer.url), location)
    except urls.BadUrl as bad:
        raise Declined(Reason.FORBIDDEN_ADDRESS, f"The page redirects to what cannot be visited: {bad}.") from None
    seen = {replace(url, fragment="") for url in (*hops, answer.url)}
    if len(seen) > MOST_HOPS or replace(onward, fragment="") in seen:
        raise Declined(Reason.TOO_MANY, f"The page redirects in a circle, or more than {MOST_HOPS} times.")
    return onward


def _read_head(wire: _Wire, http: h11.Connection) -> h11.Response:
    unread = bytearray()
    for _ in range(_MOST_HEADS):
        end = _end_of_head(wire, unread)
        http.receive_data(bytes(unread[:end]))
        del unread[:end]
        event = http.next_event()
        if isinstance(event, h11.Response):
            if unread:
                http.receive_data(bytes(unread))
            return event
    raise h11.RemoteProtocolError("only interim answers")


def _end_of_head(wire: _Wire, unread: bytearray) -> int:
    """Read on until `unread` holds a whole head: where that ends."""
    seen = 0
    while not (blank := _BLANK_LINE.search(unread, max(0, seen - 2))):
        seen = len(unread)
        piece = wire.receive()
        if not piece or seen > LARGEST_HEAD:
            raise h11.RemoteProtocolError("the head does not end")
        unread += piece
    if _PADDING.search(unread, 0, blank.end()):
        raise h11.RemoteProtocolError("the head is padded")
    return blank.end()


def _headers(head: h11.Response) -> dict[str, str]:
    found: dict[str, list[str]] = {}
    for name, value in head.headers:
        found.setdefault(name.decode("latin-1"), []).append(value.decode("latin-1"))
    return {name: values[0] if name in _SINGLE else ", ".join(values) for name, values in found.items()}


def _worth_reading(answer: Answer) -> bool:
    kind = answer.media_type
    text = kind.startswith("text/") or kind.endswith(("json", "xml")) or kind in ("", "application/octet-stream")
    return text and 200 <= answer.status < 300  # noqa: PLR2004 - RFC 9110, 15.3


def _pieces(wire: _Wire, http: h11.Connection) -> Iterator[bytes]:
    """The body without its framing. Ends where the body ends as it said it would; raises where the connection does."""
    while True:
        event = http.next_event()
        if event is h11.NEED_DATA:
            http.receive_data(wire.receive())
        elif isinstance(event, h11.Data):
            yield bytes(event.data)
        else:
            return


def _read_body(pieces: Iterator[bytes], decoder: _Inflate | None) -> tuple[bytes, bool]:
    body, sent = bytearray(), 0
    for count, piece in enumerate(pieces):
        sent += len(piece)
        body += decoder.feed(piece, LARGEST_BODY + 1 - len(body)) if decoder else piece
        if len(body) > LARGEST_BODY or sent > _MOST_SENT or count > _MOST_PIECES:
            return bytes(body[:LARGEST_BODY]), True
    if decoder and decoder.running:
        raise zlib.error
    return bytes(body), False


def _decoder(answer: Answer) -> _Inflate | None:
    """What undoes the answer's Content-Encoding, if it has one. Raises Declined for one that we did not ask for."""
    coding = answer.headers.get("content-encoding", "").strip().lower()
    if coding in ("", "identity"):
        return None
    if coding not in ("gzip", "x-gzip", "deflate"):
        raise Declined(Reason.NOT_TEXT, "The page is compressed in a way that this bridge did not ask for.")
    return _Inflate(gzip=coding != "deflate")


class _Inflate:
    """Undoes gzip (any number of members) or deflate (wrapped by zlib or bare); `running` until a member has ended."""

    def __init__(self, *, gzip: bool) -> None:
        self._gzip, self._members, self.running = gzip, 0, False
        self._stream = zlib.decompressobj()

    def feed(self, data: bytes, room: int) -> bytes:
        """At most `room` bytes (one or more); what does not fit is lost. Raises zlib.error."""
        out = bytearray()
        while data and len(out) < room and (self.running or self._starts(data[0])):
            out += self._stream.decompress(data, room - len(out))
            data, self.running = self._stream.unused_data, not self._stream.eof
        return bytes(out)

    def _starts(self, first: int) -> bool:
        """Whether a member starts here. What else follows the last one is padding, which browsers forgive as well."""
        if self._members and not (self._gzip and first == 0x1F):  # noqa: PLR2004 - RFC 1952, 2.3.1
            return False
        wrapped = first & 15 == zlib.DEFLATED  # RFC 1950, 2.2; bare deflate never begins so (RFC 1951, 3.2.4)
        self._stream = zlib.decompressobj(31 if self._gzip else 15 if wrapped else -15)
        self._members, self.running = self._members + 1, True
        return True
