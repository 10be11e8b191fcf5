"""What the software of an old blog sends in each dialect. All it knows of the bridge is what the page's tags say."""

from __future__ import annotations

import re
import urllib.error
import urllib.request
import xmlrpc.client
from dataclasses import dataclass
from html import unescape
from typing import IO, TYPE_CHECKING
from urllib.parse import urlencode

if TYPE_CHECKING:
    from collections.abc import Callable

_PINGBACK = re.compile(r'<link rel="pingback" href="([^"]+)" ?/?>')  # the Pingback 1.0 specification's own
_WEBMENTION = re.compile(r'<link rel="webmention" href="([^"]+)"')
_TRACKBACK = re.compile(r'dc:identifier="([^"]+)".*?trackback:ping="([^"]+)"', re.DOTALL)
_FORM = "application/x-www-form-urlencoded; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Sent:
    """One call as text to show: where to, what, and what came back."""

    endpoint: str
    asked: str
    answered: str


def webmention(source: str, target: str, *_: str) -> Sent:
    """W3C Webmention: a form with source and target."""
    endpoint = _found(_WEBMENTION, _read(target))
    return _posted(endpoint, urlencode({"source": source, "target": target}))


def trackback(source: str, target: str, title: str, excerpt: str, blog: str = "Harbour Log") -> Sent:
    """TrackBack 1.2: a form with url, title, excerpt and blog_name, to the address in the page's RDF."""
    pairs = dict(_TRACKBACK.findall(_read(target)))
    endpoint = unescape(pairs.get(target, ""))
    fields = {"url": source, "title": title, "excerpt": excerpt, "blog_name": blog}
    return _posted(endpoint, urlencode(fields))


def pingback(source: str, target: str, *_: str) -> Sent:
    """Pingback 1.0: an XML-RPC call."""
    call = xmlrpc.client.dumps((source, target), "pingback.ping")
    return _posted(_found(_PINGBACK, _read(target)), call, "text/xml")


# Each takes source, target, title and excerpt, and the name of another blog than this one.
SENDERS: dict[str, Callable[..., Sent]] = {
    "webmention": webmention,
    "pingback": pingback,
    "trackback": trackback,
}


def opener() -> urllib.request.OpenerDirector:
    """Asks directly: the demo is on this machine, whatever proxy the shell is set to."""
    return urllib.request.build_opener(urllib.request.ProxyHandler({}))


def _read(target: str) -> str:
    with opener().open(target, timeout=10) as answer:
        page: str = answer.read(500_000).decode("utf-8", "replace")
    return page


def _found(pattern: re.Pattern[str], text: str) -> str:
    match = pattern.search(text)
    return unescape(match[1]) if match else ""


def _text(answer: IO[bytes]) -> str:
    return answer.read(20_000).decode("utf-8", "replace")


def _posted(endpoint: str, body: str, content_type: str = _FORM) -> Sent:
    if not endpoint:
        return Sent("", "(nothing: the page names no address for this dialect)", "")
    asked = f"POST {endpoint}\nContent-Type: {content_type}\n\n{body}"
    headers = {"Content-Type": content_type}
    request = urllib.request.Request(endpoint, body.encode(), headers)  # noqa: S310 - http, from the demo site's page
    try:
        with opener().open(request, timeout=10) as answer:
            location = answer.headers.get("Location")
            heading = f"{answer.status} {answer.reason}" + (f"\nLocation: {location}" if location else "")
            return Sent(endpoint, asked, f"{heading}\n\n{_text(answer)}")
    except urllib.error.HTTPError as error:
        with error:
            return Sent(endpoint, asked, f"{error.code} {error.reason}\n\n{_text(error)}")
    except OSError as error:
        return Sent(endpoint, asked, f"No answer: {error}")
