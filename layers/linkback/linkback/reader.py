"""Everything that is read: feeds, counts, the fate of a ping, pages. Only public mentions, and no writes."""

from __future__ import annotations

import hashlib
import heapq
import json
from dataclasses import replace
from datetime import UTC, datetime
from html import escape
from itertools import islice
from typing import TYPE_CHECKING, Any

from linkback import feed, human, query, urls
from linkback.dialect import Request, Response, as_json
from linkback.ping import Status
from linkback.site import scheme
from linkback.table import WHOLE, Span, number_at

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from linkback.query import BadQuery, Query
    from linkback.record import Record
    from linkback.site import Sites
    from linkback.table import Table

CORS = {"access-control-allow-origin": "*", "x-content-type-options": "nosniff"}
PREFLIGHT = {"access-control-allow-methods": "GET, HEAD, OPTIONS", "access-control-allow-headers": "*"}

# A build survives a week's outage of ours on what its cache holds; a moderator's click is seen within seconds.
CACHING = "public, max-age=5, stale-while-revalidate=60, stale-if-error=604800"

# Bytes of one feed: Lambda takes six megabytes, and base64, in which large answers go, makes four of three. ENVELOPE is
# what an entry has beside the words of its page and its addresses.
LARGEST_ANSWER, ENVELOPE = 4_000_000, 700

_NOT_FOUND = 404
_UNKNOWN_PING = "There is no ping of this name, or it is older than 90 days."


class Reader:
    """The reads of one bridge."""

    def __init__(self, table: Table, sites: Sites) -> None:
        self._table, self._sites = table, sites

    def mentions(self, request: Request) -> Response:
        """`/api/mentions.jf2`."""
        asked = query.read(request.query)
        records, following = self._page(request, asked)
        return _feed(request, feed.jf2(records), _type("application/json"), records, following)

    def json_feed(self, request: Request) -> Response:
        """`/feed.json`: JSON Feed 1.1 of a target, a domain or the whole bridge."""
        asked = query.read(request.query)
        records, following = self._page(request, asked)
        name = str(asked.targets[0]) if asked.targets else asked.domain or ", ".join(self._sites.names)
        site = asked.domain or self._sites.names[0]
        home = str(asked.targets[0]) if asked.targets else f"{scheme(site)}://{site}/"
        here = f"{request.base}{request.path}" + (f"?{request.query}" if request.query else "")
        told = feed.json_feed(records, f"Mentions of {name}", home, here, following)
        return _feed(request, told, _type("application/feed+json"), records, following)

    def count(self, request: Request) -> Response:
        """`/api/count`: of all that is public, however many pages that would be."""
        newest = 0

        def passing() -> Iterator[Record]:
            nonlocal newest
            for record in self._matching(query.read(request.query)):
                newest = max(newest, record.shown)
                yield record

        told = feed.counts(passing())
        return _fresh(request, told, _type("application/json"), newest, "")

    def ping(self, request: Request) -> Response:
        """`/pings/<id>`: what became of one ping, for its sender."""
        item = self._table.ping(request.path.removeprefix("/pings/")[:100])
        if item is None:
            return _trouble(404, "unknown-ping", _UNKNOWN_PING, request)
        told = _fate(item)
        headers = CORS | {"cache-control": "no-store", "vary": "Accept"}
        if human.wanted(request):
            refresh = 2 if told["status"] == "queued" else 0
            title, words = "What became of a mention", human.fate(told)
            return human.page(200, title, words, headers, base=request.base, refresh=refresh)
        return Response(200, as_json(told), headers | _type("application/json"))

    def home(self, request: Request) -> Response:
        """`/`: what this bridge is and the tags to paste."""
        headers = {"cache-control": "public, max-age=300"}
        words = human.home(request.base, self._sites.names)
        return human.page(200, "A bridge for mentions", words, headers, base=request.base)

    def health(self, request: Request) -> Response:  # noqa: ARG002 - the same for whoever asks
        """`/healthz`: 200 when the table answers."""
        self._table.ask()
        return Response(200, '{"status":"ok"}', _type("application/json") | {"cache-control": "no-store"})

    def _page(self, request: Request, asked: Query) -> tuple[list[Record], str]:
        """The records of one answer, and the address of what is older, if there is more than fits."""
        start, size = asked.page * asked.per_page, 0
        records: list[Record] = []
        for record in islice(self._matching(asked, start + asked.per_page + 1), start, None):
            size += _size(record)
            if len(records) == asked.per_page or (records and size > LARGEST_ANSWER):
                return records, f"{request.base}{request.path}?{asked.older(records[-1].id)}"
            records.append(record)
        return records, ""

    def _matching(self, asked: Query, limit: int | None = None) -> Iterable[Record]:
        """What is asked for, newest first, read page by page as it is taken."""
        since = int(asked.since.timestamp()) if asked.since else 0
        # In a burst numbers run ahead of the clock, never behind it: by number there may be more than by time.
        span = Span(max(number_at(since), WHOLE.first), asked.before - 1 if asked.before else WHOLE.last)
        if asked.targets:
            keys = dict.fromkeys(urls.page_key(target) for target in asked.targets if self._sites.of(target))
            each = limit // len(keys) + 1 if limit and keys else limit  # read on where one page has more than its share
            found = [self._table.page_mentions(key, span, each) for key in keys]
        else:
            found = [self._table.site_mentions(name, span, limit) for name in self._names(asked.domain)]
        merged = heapq.merge(*found, key=lambda record: -record.id)
        return (record for record in merged if record.shown >= since)

    def _names(self, domain: str) -> tuple[str, ...]:
        if not domain:
            return self._sites.names
        return tuple(name for name in self._sites.names if domain in (name, name.partition(":")[0]))


def options(request: Request) -> Response:  # noqa: ARG001 - the same for whoever asks
    """A browser's question before it asks across origins."""
    return Response(204, "", CORS | PREFLIGHT | {"access-control-max-age": "86400"})


def elsewhere(request: Request) -> Response:
    """There is nothing at this address: said so that a feed reader does not break on it."""
    return _trouble(
        404, "not-found", "There is nothing at this address. The bridge's front page lists its addresses.", request
    )


def method_not_allowed(request: Request) -> Response:
    """A page that can only be read was asked to be changed."""
    answer = _trouble(405, "method-not-allowed", "This address can only be read: use GET.", request)
    return Response(405, answer.body, {**answer.headers, "allow": "GET, HEAD, OPTIONS"})


def unavailable(request: Request) -> Response:
    """The table does not answer: said in the shape of a feed, so that a build keeps what it has."""
    answer = _trouble(503, "server-trouble", "The bridge's store does not answer. Ask again in a minute.", request)
    return Response(503, answer.body, {**answer.headers, "retry-after": "60"})


def failed(request: Request) -> Response:
    """A bug of ours: said in the shape of a feed, too, and as one of ours, so that a cache may answer instead."""
    return _trouble(500, "server-trouble", "The bridge failed at this, which is its own fault.", request)


def bad_query(request: Request, bad: BadQuery) -> Response:
    """A parameter cannot be read: a clear 400 that every feed reader survives."""
    return _trouble(400, "invalid_input", str(bad), request)


def _trouble(status: int, error: str, description: str, request: Request) -> Response:
    headers = CORS | {"cache-control": "no-store"}
    if human.wanted(request):
        title = "Not found" if status == _NOT_FOUND else "Not possible"
        return human.page(status, title, f"<p>{escape(description)}</p>", headers, base=request.base)
    told: dict[str, Any] = {"error": error, "error_description": description}
    if request.path.startswith(("/api/", "/feed")):
        told |= {"type": "feed", "children": [], "links": []}  # for clients that look no further
    return Response(status, as_json(told), headers | _type("application/json"))


def _feed(
    request: Request, told: dict[str, Any], type_: dict[str, str], records: list[Record], following: str
) -> Response:
    newest = max((record.shown for record in records), default=0)
    return replace(_fresh(request, told, type_, newest, following), mentions=len(records))


def _fresh(request: Request, told: dict[str, Any], type_: dict[str, str], newest: int, following: str) -> Response:
    body = as_json(told)
    tag = f'"{hashlib.sha256(body.encode()).hexdigest()[:32]}"'
    headers = CORS | {"cache-control": CACHING, "vary": "Accept-Encoding", "etag": tag}
    headers["access-control-expose-headers"] = "Link, ETag, Last-Modified"
    if newest:
        headers["last-modified"] = datetime.fromtimestamp(newest, UTC).strftime("%a, %d %b %Y %H:%M:%S GMT")
    if following:
        headers["link"] = f'<{following}>; rel="next"'
    if _known(tag, request.headers.get("if-none-match", "")):
        return Response(304, "", headers)
    return Response(200, body, headers | type_)


def _size(record: Record) -> int:
    """Bytes in a feed, in which a `<` is written as six."""
    return (
        len(record.seen.encode()) + 5 * record.seen.count("<") + len(record.source) + 2 * len(record.target) + ENVELOPE
    )


def _known(tag: str, offered: str) -> bool:
    return any(one.strip().removeprefix("W/") in (tag, "*") for one in offered.split(","))


def _type(media_type: str) -> dict[str, str]:
    return {"content-type": f"{media_type}; charset=utf-8"}


def _fate(item: dict[str, Any]) -> dict[str, Any]:
    told = {"status": item["status"], "reason": item.get("reason")}
    told["detail"] = item.get("detail") or human.WORDS[Status(item["status"])]
    names = ("source", "target", "protocol", "received", "checked", "retry_at")
    told |= {name: item[name] for name in names if name in item}
    if "links_found" in item:
        told["links_found"] = json.loads(item["links_found"])
    return told
