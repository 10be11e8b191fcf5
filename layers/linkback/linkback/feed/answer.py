"""A feed's answer as HTTP has it: whether the client has it already, where it goes on, how long it may be kept."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from linkback.dialect import Request, Response
from linkback.feed.format import Members, as_json, json_headers
from linkback.feed.sheet import Sheet
from linkback.trouble import CORS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from linkback.feed.freshness import Freshness

# A build survives a week's outage of ours on what its cache holds; a moderator's click is seen within seconds.
CACHING = "public, max-age=5, stale-while-revalidate=60, stale-if-error=604800"
_EXPOSED = "Link, ETag, Last-Modified"
_LONG_AGO = "2020-01-01T00:00:00Z"


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to one request. Without `fresh` it is for its reader alone and not kept; by `accept` it may vary."""

    request: Request
    fresh: Freshness | None
    accept: bool = False

    @property
    def here(self) -> str:
        """The address that was asked for, without its query."""
        return self.request.base + self.request.path

    @property
    def changed(self) -> str:
        """When what is told last changed, as feeds write it."""
        when = self.fresh.numbered if self.fresh else None
        return when.strftime("%Y-%m-%dT%H:%M:%SZ") if when else _LONG_AGO

    @property
    def known_unread(self) -> bool:
        """Whether the client has it already, as the number of the last change tells."""
        return bool(self.fresh and self.fresh.settled and self.fresh.known(self._offered))

    def not_modified(self) -> Response:
        """304, and the headers of the answer that the client has."""
        return Response(304, "", self._headers(b"", {}))

    def whole(self, sheet: Sheet, headers: Mapping[str, str], links: Mapping[str, str]) -> Response:
        """What the sheet has, or 304 where these are the very bytes that the client has."""
        digest = sheet.digest.digest()
        told = self._headers(digest, links)
        if self.fresh and self.fresh.known(self._offered, digest):
            return Response(304, "", told)
        body, encoding = sheet.body()
        return Response(200, "", {**told, **headers, **encoding}, sheet.entries, body)

    def json(self, told: Members, callback: str) -> Response:
        """A small answer."""
        body, headers = as_json(told), json_headers()
        if callback:
            from linkback.feed.script import MEDIA_TYPE, call  # noqa: PLC0415 - few ask for scripts any more

            body, headers = call(callback, body), {"content-type": MEDIA_TYPE}
        sheet = Sheet(zips=False)
        sheet.add(body)
        return replace(self.whole(sheet, headers, {}), mentions=None)

    @property
    def _offered(self) -> str:
        return self.request.headers.get("if-none-match", "")

    def _headers(self, digest: bytes, links: Mapping[str, str]) -> dict[str, str]:
        told = CORS | {"access-control-expose-headers": _EXPOSED}
        if link := ", ".join(f'<{address}>; rel="{name}"' for name, address in links.items() if address):
            told["link"] = link
        if self.fresh is None:
            return told | {"cache-control": "no-store"}
        told |= {"cache-control": CACHING, "etag": self.fresh.tag(digest)}
        told["vary"] = "Accept, Accept-Encoding" if self.accept else "Accept-Encoding"
        if when := self.fresh.when:
            told["last-modified"] = when.strftime("%a, %d %b %Y %H:%M:%S GMT")
        return told
