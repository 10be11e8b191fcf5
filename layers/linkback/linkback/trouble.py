"""Reads that come to nothing, and what every read tells a browser: in the shape of a feed, so that no client breaks."""

from __future__ import annotations

from dataclasses import replace
from html import escape
from typing import TYPE_CHECKING, Any

from linkback import human
from linkback.dialect import Request, Response, as_json

if TYPE_CHECKING:
    from linkback.query import BadQuery

CORS = {"access-control-allow-origin": "*", "x-content-type-options": "nosniff"}
# The asterisk does not mean Authorization (Fetch Standard, CORS-unsafe request-header names).
PREFLIGHT = {
    "access-control-allow-methods": "GET, HEAD, OPTIONS",
    "access-control-allow-headers": "*, Authorization",
    "access-control-max-age": "86400",
}
_NOT_FOUND = 404
_NOWHERE = (
    "There is nothing at this address. Webmentions go to /webmention, mentions are read at /api/mentions.jf2, and the "
    "bridge's front page says more."
)


def options(request: Request) -> Response:  # noqa: ARG001 - the same for whoever asks
    """A browser's question before it asks across origins."""
    return Response(204, "", CORS | PREFLIGHT)


def elsewhere(request: Request) -> Response:
    """There is nothing at this address: said so that a feed reader does not break on it."""
    return trouble(404, "not-found", _NOWHERE, request)


def method_not_allowed(request: Request) -> Response:
    """A page that can only be read was asked to be changed."""
    answer = trouble(405, "method-not-allowed", "This address can only be read: use GET.", request)
    return _with(answer, allow="GET, HEAD, OPTIONS")


def unavailable(request: Request) -> Response:
    """The table does not answer: said in the shape of a feed, so that a build keeps what it has."""
    answer = trouble(503, "server-trouble", "The bridge's store does not answer. Ask again in a minute.", request)
    return _with(answer, retry_after="60")


def failed(request: Request) -> Response:
    """A bug of ours: said in the shape of a feed, too, and as one of ours, so that a cache may answer instead."""
    return trouble(500, "server-trouble", "The bridge failed at this, which is its own fault.", request)


def bad_query(request: Request, bad: BadQuery) -> Response:
    """A parameter cannot be read: a clear 400 that every feed reader survives."""
    return trouble(400, "invalid_input", str(bad), request)


def unauthorized(request: Request) -> Response:
    """What only the owner may read was asked for by somebody else, or by nobody: webmention.io's word and status."""
    told = "This needs the token of the bridge's owner: send it as `Authorization: Bearer`, or as the parameter token."
    return _with(trouble(401, "forbidden", told, request), www_authenticate='Bearer realm="Linkback"')


def trouble(status: int, error: str, description: str, request: Request) -> Response:
    """A sentence as JSON, or as a page for people."""
    headers = CORS | {"cache-control": "no-store"}
    if human.wanted(request):
        title = "Not found" if status == _NOT_FOUND else "Not possible"
        return human.page(status, title, f"<p>{escape(description)}</p>", headers, base=request.base)
    told: dict[str, Any] = {"error": error, "error_description": description}
    if request.path.startswith(("/api/", "/feed")):
        told |= {"type": "feed", "children": [], "links": []}  # for clients that look no further
    return Response(status, as_json(told), {**headers, "content-type": "application/json; charset=utf-8"})


def _with(answer: Response, **headers: str) -> Response:
    told = {name.replace("_", "-"): value for name, value in headers.items()}
    return replace(answer, headers={**answer.headers, **told})
