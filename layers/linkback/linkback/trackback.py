"""TrackBack 1.2 (Six Apart, 2004): the receiver of a ping, and its two answers.

A ping URL belongs to one target page, which here stands in the path (`/trackback/example.com/post`) or in the query
(`/trackback?target=https://example.com/post`). Title, excerpt and blog name are claims for the moderator, no more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

from linkback import form
from linkback.dialect import Request, Response
from linkback.ping import Declined, Ping, Protocol, Reason, TryLater
from linkback.site import scheme

if TYPE_CHECKING:
    from datetime import datetime

# Longer than WordPress's 252, which cuts in the middle of a thought; the specification lets the receiver crop.
LONGEST_CLAIM = 500
CLAIMS = ("title", "excerpt", "blog_name")

# PEAR's sender insists on a message that is not empty and has no "<" in it.
MESSAGES = {
    Reason.MALFORMED: "The ping cannot be read. Send your page's whole address, with https://, as the form field url.",
    Reason.TARGET_UNKNOWN: "The TrackBack address names no page of a site that this bridge listens for.",
    Reason.TARGET_MISSING: "The page that this TrackBack address belongs to does not exist.",
    Reason.SOURCE_IS_TARGET: "A page cannot send a TrackBack to itself.",
    Reason.SELF: "This site does not take TrackBacks from itself.",
    Reason.BLOCKED: "The owner of this site does not take TrackBacks from there.",
    Reason.FORBIDDEN_ADDRESS: "The address of your page is not on the public internet.",
    Reason.TOO_MANY: "Too many pings in a short time. Try again later.",
    Reason.SOURCE_MISSING: "Your page does not exist.",
    Reason.NO_LINK: "Your page does not link to this page.",
    Reason.NOT_TEXT: "Your page is neither HTML nor JSON nor text.",
    Reason.TOO_LARGE: "Your page is too large to find the link in.",
    Reason.TIMEOUT: "Your page took too long to answer.",
    Reason.UNREACHABLE: "Your page cannot be reached.",
    Reason.SERVER_TROUBLE: "The ping cannot be taken at the moment. Try again later.",
    Reason.GAVE_UP: "Your page could not be reached for days.",
}

_DOOR = "/trackback/"
_IN_PATH = "/%:@!$&'()*+,;=~"
_HEADERS = {"content-type": "text/xml; charset=utf-8", "x-content-type-options": "nosniff", "cache-control": "no-store"}


def read(request: Request, now: datetime) -> Ping:
    """The ping: `url` is required, `title`, `excerpt` and `blog_name` are claims, in whatever charset they come."""
    given = form.fields(request.body)
    header = form.charset(request.headers.get("content-type", ""))
    field = given.get("charset", b"").decode("latin-1")
    # One sender writes in one charset: a title of a few letters alone would not tell which.
    raw = {name: given[name] for name in ("url", *CLAIMS) if name in given}
    charset = form.detect(b" ".join(raw.values()), header, field)
    words = {name: form.decoded(value, charset) for name, value in raw.items()}
    if not words.get("url"):
        raise Declined(
            Reason.MALFORMED, "The form field url is missing: it is the address of the page that links here."
        )
    claimed = {name: words[name][:LONGEST_CLAIM] for name in CLAIMS if words.get(name)}
    return Ping(words["url"], target_of(request), Protocol.TRACKBACK, now, claimed)


def target_of(request: Request) -> str:
    """The page that the ping URL belongs to: named in its path, which tells no scheme, or in its query."""
    page = request.path.removeprefix(_DOOR) if request.path.startswith(_DOOR) else ""
    host, slash, path = page.partition("/")
    if not host:
        if given := form.fields(request.query.encode("utf-8", "replace")).get("target"):
            return form.text(given)
        raise Declined(
            Reason.TARGET_UNKNOWN, "The address names no page: POST to /trackback/<host>/<path> of the target."
        )
    host = unquote(host)
    # API Gateway may hand over a path decoded; an escape that is still there stands for itself.
    path = quote(path, safe=_IN_PATH, errors="replace")
    query = quote(request.query, safe=f"{_IN_PATH}?", errors="replace")
    return f"{scheme(host)}://{host}{slash}{path}" + (f"?{query}" if query else "")


def accept(request: Request, ping: Ping, *, again: bool) -> Response:  # noqa: ARG001 - the specification knows one success
    """Success, in the specification's own bytes."""
    return Response(200, '<?xml version="1.0" encoding="utf-8"?>\n<response><error>0</error></response>', _HEADERS)


def decline(request: Request, refusal: Declined | TryLater) -> Response:  # noqa: ARG001 - the same for whoever asks
    """An error with a fixed message, HTTP 200 all the same: senders read the body alone."""
    told = f"<response><error>1</error><message>{MESSAGES[refusal.reason]}</message></response>"
    return Response(200, f'<?xml version="1.0" encoding="utf-8"?>\n{told}', _HEADERS)
