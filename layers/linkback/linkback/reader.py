"""What people and senders read: the front page, the fate of a ping, whether the bridge is well. No writes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from linkback import human
from linkback.dialect import Request, Response, as_json
from linkback.ping import Status
from linkback.trouble import CORS, trouble

if TYPE_CHECKING:
    from linkback.index import Index
    from linkback.site import Sites

_JSON = {"content-type": "application/json; charset=utf-8"}
_UNKNOWN_PING = "There is no ping of this name, or it is older than 90 days."


class Reader:
    """The reads of one bridge that are no feeds."""

    def __init__(self, index: Index, sites: Sites) -> None:
        self._index, self._sites = index, sites

    def ping(self, request: Request) -> Response:
        """`/pings/<id>`: what became of one ping, for its sender."""
        item = self._index.ping(request.path.removeprefix("/pings/")[:100])
        if item is None:
            return trouble(404, "unknown-ping", _UNKNOWN_PING, request)
        told = _fate(item)
        headers = CORS | {"cache-control": "no-store", "vary": "Accept"}
        if human.wanted(request):
            refresh = 2 if told["status"] == "queued" else 0
            title, words = "What became of a mention", human.fate(told)
            return human.page(200, title, words, headers, base=request.base, refresh=refresh)
        return Response(200, as_json(told), headers | _JSON)

    def home(self, request: Request) -> Response:
        """`/`: what this bridge is and the tags to paste."""
        headers = {"cache-control": "public, max-age=300"}
        words = human.home(request.base, self._sites.names)
        return human.page(200, "A bridge for mentions", words, headers, base=request.base)

    def health(self, request: Request) -> Response:  # noqa: ARG002 - the same for whoever asks
        """`/healthz`: 200 when the table answers."""
        self._index.changes(())
        return Response(200, '{"status":"ok"}', _JSON | {"cache-control": "no-store"})


def _fate(item: dict[str, Any]) -> dict[str, Any]:
    told = {"status": item["status"], "reason": item.get("reason")}
    told["detail"] = item.get("detail") or human.WORDS[Status(item["status"])]
    names = ("source", "target", "protocol", "received", "checked", "retry_at")
    told |= {name: item[name] for name in names if name in item}
    if "links_found" in item:
        told["links_found"] = json.loads(item["links_found"])
    return told
