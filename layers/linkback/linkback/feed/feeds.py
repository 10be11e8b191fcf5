"""The addresses of webmention.io, and ours beside them: every read of mentions."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from linkback import __version__, human, query
from linkback.feed.answer import Answer
from linkback.feed.counts import counts
from linkback.feed.format import Channel, json_headers
from linkback.feed.freshness import Freshness
from linkback.feed.selection import Selection, names
from linkback.feed.sheet import Sheet, fill
from linkback.gateway import reads_gzip
from linkback.query import BadQuery
from linkback.site import scheme
from linkback.trouble import trouble, unauthorized

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from linkback.dialect import Request, Response
    from linkback.feed.format import Format
    from linkback.index import Index
    from linkback.query import Query
    from linkback.site import Sites
    from linkback.tokens import Owner

# Each is a module of this package, imported when it is asked for.
_FORMATS = {
    "/api/mentions.jf2": "jf2",
    "/api/links.jf2": "jf2",
    "/api/mentions": "legacy",
    "/api/mentions.json": "legacy",
    "/api/links": "legacy",
    "/api/mentions.atom": "atom",
    "/api/mentions.html": "h_feed",
    **{f"/api/links.{suffix}": name for suffix, name in (("json", "legacy"), ("atom", "atom"), ("html", "h_feed"))},
    "/api/deleted": "tombstones",
    "/feed.json": "json_feed",
}
_FOR_PEOPLE_TOO = ("/api/mentions", "/api/links")
_NOT_JSON = ("atom", "h_feed")


class Feeds:
    """The feeds of one bridge. `hub` is the address of a WebSub hub, or ""; `clock` tells seconds since 1970."""

    def __init__(self, index: Index, sites: Sites, clock: Callable[[], float], hub: str = "") -> None:
        self._index, self._sites, self._clock, self._hub = index, sites, clock, hub

    @property
    def routes(self) -> dict[str, Callable[[Request], Response]]:
        """Every path of a feed, and what answers it. Those raise BadQuery."""
        return {
            **{path: partial(self._feed, name) for path, name in _FORMATS.items()},
            **dict.fromkeys(("/api/count", "/api/count.json"), self._count),
            "/api/changes": self._changes,
            **dict.fromkeys(("/api/export", "/api/export.jf2"), self._export),
        }

    def _feed(self, name: str, request: Request) -> Response:
        asked, by_hand = query.read(request.query), request.path in _FOR_PEOPLE_TOO
        name = "h_feed" if by_hand and human.wanted(request) else name
        changes, fresh = self._freshness(request, asked, name)
        answer = Answer(request, fresh, accept=by_hand)
        if answer.known_unread:
            return answer.not_modified()
        selection = Selection(self._index, self._sites, asked, changes)
        found: Iterable[Any] = selection.gone() if name == "tombstones" else selection.mentions()
        return self._filled(answer, name, asked, found, selection.following)

    def _filled(
        self, answer: Answer, name: str, asked: Query, found: Iterable[Any], following: Callable[[Any, int], str]
    ) -> Response:
        form, channel = _form(name, asked), self._channel(answer, asked)
        sheet = Sheet(reads_gzip(answer.request))
        filled = fill(sheet, form, channel, found, asked.per_page)
        onward = following(filled.last, sheet.entries) if filled.more else ""
        address = f"{answer.here}?{onward}" if onward else ""
        sheet.add(form.closing(channel, address))
        links = {"next": address, "hub": self._hub, "self": channel.here if self._hub else ""}
        return answer.whole(sheet, form.headers(channel), links)

    def _count(self, request: Request) -> Response:
        """Of all that is public, however many pages that would be."""
        asked = query.read(request.query)
        changes, fresh = self._freshness(request, asked, "count")
        answer = Answer(request, fresh)
        if answer.known_unread:
            return answer.not_modified()
        selection = Selection(self._index, self._sites, asked, changes)
        return answer.json(counts(one.seen for one in selection.counted()), asked.callback)

    def _changes(self, request: Request) -> Response:
        """Not of a page: what is told to have gone must be known by whoever hears of it."""
        from linkback.feed import changes as telling  # noqa: PLC0415 - for builds alone

        asked = query.read(request.query)
        if asked.targets:
            raise BadQuery("Changes are told of whole sites: ask with domain instead of target.")
        if not names(self._sites, asked.domain):
            return self._unknown(asked, request)
        # Whoever has been told up to the last change has the tag of that change, wherever he began.
        sites, fresh = self._freshness(replace(request, query=asked.domain), asked, "changes")
        answer = Answer(request, fresh)
        if answer.known_unread:
            return answer.not_modified()
        told = telling.Changes()
        told.fill(telling.since(self._index, sites, asked.since_id), asked.per_page)
        since_id = telling.asked_next(told, asked.since_id, fresh.changed, fresh.now)
        following = f"{answer.here}?{asked.onward('since_id', since_id)}" if told.more else ""
        sheet = Sheet(zips=False, entries=len(told.children))
        sheet.add(told.body(since_id))
        if told.more:
            answer = Answer(request, replace(fresh, changed=None))
        return answer.whole(sheet, json_headers(), {"next": following})

    def _export(self, request: Request) -> Response:
        from linkback.feed import export  # noqa: PLC0415 - once in a bridge's life

        asked = replace(query.read(request.query), targets=())
        kind, _, told = request.headers.get("authorization", "").partition(" ")
        token = told.strip() if kind.lower() == "bearer" else asked.token
        owner = self._index.owner(token)
        if not owner:
            return unauthorized(request)
        known = names(self._sites, asked.domain)
        if not known:
            return self._unknown(asked, request)
        sites = tuple(filter(owner.may, known))
        if not sites:
            return _of_others(owner, request)
        found = export.everything(self._index, sites, asked.since_id)
        kept = f"&{urlencode({'token': asked.token})}" if asked.token else ""
        answer = Answer(request, None)
        return self._filled(
            answer, "export", asked, found, lambda last, _: asked.onward("since_id", last.number) + kept
        )

    def _unknown(self, asked: Query, request: Request) -> Response:
        known = ", ".join(self._sites.names)
        return trouble(404, "unknown-domain", f"{asked.domain} is no site of this bridge. It has {known}.", request)

    def _freshness(self, request: Request, asked: Query, name: str) -> tuple[dict[str, int | None], Freshness]:
        """The last changes that the answer depends on. A page may be an alias of one on any site of the bridge."""
        sites = self._sites.names if asked.targets else names(self._sites, asked.domain)
        changes = self._index.changes(sites)
        noted = changes if asked.order != "updated" else {}  # a visit that changes nothing takes no number
        question = (__version__, name, request.base, request.path, request.query, self._hub, *self._sites.names)
        return changes, Freshness.of(question, noted, self._clock())

    def _channel(self, answer: Answer, asked: Query) -> Channel:
        """About the page or the site that is asked for, if it is ours: a stranger's is not called by its name."""
        target = next((str(target) for target in asked.targets if self._sites.of(target)), "")
        site = next(iter(names(self._sites, asked.domain)), self._sites.names[0])
        whole = asked.domain if asked.domain and names(self._sites, asked.domain) else ", ".join(self._sites.names)
        return Channel(
            subject=target or whole,
            home=target or f"{scheme(site)}://{site}/",
            here=answer.here + (f"?{asked.again}" if asked.again else ""),
            base=answer.request.base,
            changed=answer.changed,
            hub=self._hub,
        )


def _of_others(owner: Owner, request: Request) -> Response:
    told = f"This token is for {', '.join(owner.sites)} only: ask for that domain, or with another token."
    return trouble(403, "forbidden", told, request)


def _form(name: str, asked: Query) -> Format[Any]:
    form: Format[Any] = import_module(f"linkback.feed.{name}").FORMAT
    if asked.callback and name not in _NOT_JSON:
        from linkback.feed.script import as_script  # noqa: PLC0415 - few ask for scripts any more

        return as_script(form, asked.callback)
    return form


def unglued(request: Request) -> Request:
    """The request with what a client glued to its path: eleventy-cache-webmentions appends `&page=0` to any address."""
    path, glue, glued = request.path.partition("&")
    if not glue or not path.startswith(("/api/", "/feed")):
        return request
    # Of the path the escapes were read already.
    return replace(request, path=path, query="&".join(filter(None, (quote(glued, safe="=&"), request.query))))
