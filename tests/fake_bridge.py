"""A bridge in memory that speaks /api/changes, pure or on loopback: what is public is known without any client."""

from __future__ import annotations

import json
import zlib
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlencode, urlsplit

from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Iterator

Members = dict[str, Any]
Step = tuple[str, int, int]
DOMAIN = "example.com"

# What happens to a bridge, and when it is read: one answer of a reading ("answer"), or all of them ("sync").
STEPS = st.sampled_from("publish edit remove comeback move move answer answer sync".split())
SCRIPTS = st.lists(st.tuples(STEPS, st.integers(0, 20), st.integers(0, 20)), max_size=60)


@dataclass
class FakeBridge:
    """`public` and `gone` map a claim to (sequence of its last change, what is told of it).

    An answer has at most `most` changes, and begins `back` numbers before what was asked for.
    """

    most: int = 10_000
    back: int = 0
    sequence: int = 0
    public: dict[str, tuple[int, Members]] = field(default_factory=dict)
    gone: dict[str, tuple[int, Members]] = field(default_factory=dict)

    def publish(self, source: str, page: str, number: int = 0) -> str:
        """A new mention, one that comes back, or a public one with new words, which keeps its number; its claim."""
        self.sequence += 1
        claim = f"{source} {page}"
        known = self.public.get(claim, (0, {"wm-id": number or self.sequence}))[1]["wm-id"]
        self.gone.pop(claim, None)
        self.public[claim] = (
            self.sequence,
            {
                "type": "entry",
                "wm-id": known,
                "wm-claim": claim,
                "wm-page": page,
                "wm-source": f"https://{source}/",
                "wm-target": f"https://www.{page}/",
                "content": {"text": f"{self.sequence} <é>"},
            },
        )
        return claim

    def remove(self, claim: str) -> Members:
        """A public mention is public no more; what was told of it."""
        self.sequence += 1
        told = self.public.pop(claim)[1]
        kept = {name: told[name] for name in ("wm-id", "wm-claim", "wm-source", "wm-target")}
        self.gone[claim] = self.sequence, kept | {"wm-deleted": "2026-11-22T12:00:00Z"}
        return told

    def move(self, claim: str, page: str) -> None:
        """The mention leaves its page, and is on another one under the same number, if it is not there already."""
        source, number = claim.partition(" ")[0], self.remove(claim)["wm-id"]
        if f"{source} {page}" not in self.public:
            self.publish(source, page, number)

    def happen(self, what: str, one: int, other: int) -> None:
        """A step of a script, if there is anything that it can be done to."""
        page = ("example.com", "example.com/a", "example.com/b?c", "example.com/d")[other % 4]
        known = sorted(self.gone if what == "comeback" else self.public)
        if what == "publish":
            self.publish(f"s{one % 5}", page)
        elif known:
            claim = known[one % len(known)]
            if what == "remove":
                self.remove(claim)
            elif what == "move":
                self.move(claim, page)
            else:
                source, _, at = claim.partition(" ")
                self.publish(source, at)

    def pages(self) -> dict[str, list[Members]]:
        """What a client's file must have."""
        pages: dict[str, list[Members]] = {}
        for _, entry in sorted(self.public.values(), key=lambda one: -one[1]["wm-id"]):
            pages.setdefault("/" + entry["wm-page"].partition("/")[2], []).append(entry)
        return pages

    def answer(self, since: int, after: int = 0) -> tuple[Members, int]:
        """The changes since a number, or after where the page before ended; and where this one ends if more follow."""
        told = sorted((*self.public.values(), *self.gone.values()), key=lambda one: one[0])
        left = [one for one in told if one[0] > (after or since - self.back)]
        taken = left[: self.most]
        end = taken[-1][0] if taken else since
        children = [entry for _, entry in taken if "wm-deleted" not in entry]
        deleted = [entry for _, entry in taken if "wm-deleted" in entry]
        feed = {"type": "feed", "name": "Changes", "children": children, "deleted": deleted}
        return feed | {"since_id": max(end, since)}, end if len(left) > len(taken) else 0


@dataclass
class Serving:
    """A FakeBridge at an address. `asked` has the query and the headers of every request that came."""

    bridge: FakeBridge
    url: str = ""
    asked: list[tuple[dict[str, str], dict[str, str]]] = field(default_factory=list)
    links_to: str = ""  # what its Link headers begin with, where it is not its own address


def raw(body: bytes | Members, *headers: str, status: str = "200 OK") -> bytes:
    """An answer as it goes over the wire, the only one of its connection."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    lines = [f"HTTP/1.1 {status}", *headers, "Connection: close", f"Content-Length: {len(content)}", "", ""]
    return "\r\n".join(lines).encode() + content


def following(reference: str) -> str:
    """The header that names the next answer."""
    return f'Link: <{reference}>; rel="next"'


@contextmanager
def serving(bridge: FakeBridge) -> Iterator[Serving]:
    """The bridge on a loopback port, with ETags, 304, and Link headers."""
    served = Serving(bridge)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
            served.asked.append((asked, {name.lower(): value for name, value in self.headers.items()}))
            if parts.path != "/api/changes" or asked["domain"] != DOMAIN:
                words = f"This bridge does not listen for {asked.get('domain')}."
                self.send(404, json.dumps({"error": "unknown-domain", "error_description": words}).encode())
                return
            feed, end = served.bridge.answer(int(asked["since_id"]), int(asked.get("after", 0)))
            body = json.dumps(feed).encode()
            headers = {"etag": f'"{zlib.crc32(body)}"'}
            if end:
                more = urlencode({**asked, "after": end})
                headers["link"] = f'<{served.links_to or served.url}/api/changes?{more}>; rel="next"'
            known = self.headers["if-none-match"] == headers["etag"]
            self.send(304 if known else 200, b"" if known else body, **headers)

        def send(self, status: int, body: bytes, **headers: str) -> None:
            self.send_response(status)
            for name, value in {**headers, "content-length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    served.url = f"http://127.0.0.1:{server.server_address[1]}"
    Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield served
    finally:
        server.shutdown()
        server.server_close()
