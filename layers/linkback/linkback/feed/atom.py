"""`/api/mentions.atom`: Atom (RFC 4287), with the links of paged feeds (RFC 5005) and of WebSub."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from xml.etree.ElementTree import Element, SubElement, tostring

from linkback.feed import seen
from linkback.feed.format import Format
from linkback.feed.when import rfc3339

if TYPE_CHECKING:
    from linkback.feed.format import Channel, Members
    from linkback.published import Published


# What XML 1.0 has no way to write.
_UNWRITABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_VERBS = {
    "in-reply-to": "replied to",
    "like-of": "liked",
    "repost-of": "reposted",
    "bookmark-of": "bookmarked",
    "mention-of": "mentioned",
    "rsvp": "answered",
}


def opening(channel: Channel) -> bytes:
    """All that a feed has before its entries. Its author is the bridge: a page may not say who wrote it (4.1.1)."""
    feed = Element("feed", xmlns="http://www.w3.org/2005/Atom")
    _text(feed, "id", channel.here)
    _text(feed, "title", f"Mentions of {channel.subject}")
    _text(feed, "updated", channel.changed)
    SubElement(feed, "link", rel="self", type="application/atom+xml", href=_writable(channel.here))
    SubElement(feed, "link", rel="alternate", type="text/html", href=_writable(channel.home))
    if channel.hub:
        SubElement(feed, "link", rel="hub", href=channel.hub)
    _text(SubElement(feed, "author"), "name", "Linkback")
    _text(feed, "generator", "Linkback")
    return b'<?xml version="1.0" encoding="utf-8"?>\n' + _bytes(feed).removesuffix(b"</feed>") + b"\n"


def closing(_: Channel, following: str) -> bytes:
    """The address of the next answer while there is more, and the end."""
    link = _bytes(Element("link", rel="next", href=_writable(following))) if following else b""
    return b"\n" + link + b"</feed>\n"


def entry(mention: Published, channel: Channel) -> bytes:
    """One entry: the permalink is the source's, `via` the page that was mentioned."""
    said = seen.read(mention)
    source, target = seen.url(mention.source), seen.url(mention.target)
    one = Element("entry")
    _text(one, "id", f"{channel.base}/api/mention/{mention.id}")
    path = urlsplit(target).path or "/"
    _text(one, "title", f"{urlsplit(source).netloc} {_VERBS[said['relation']]} {path}")
    when = rfc3339(said.get("published", "")) or mention.received
    _text(one, "published", when)
    _text(one, "updated", mention.received)
    SubElement(one, "link", rel="alternate", type="text/html", href=seen.url(said["url"]) or source)
    SubElement(one, "link", rel="related", href=target)
    _author(one, said, urlsplit(source).netloc)
    if "summary" in said:
        _text(one, "summary", said["summary"])
    _text(one, "content", seen.as_html(said), type="html")
    return _bytes(one)


def _author(one: Element, said: Members, host: str) -> None:
    known = seen.author(said)
    author = SubElement(one, "author")
    _text(author, "name", known["name"] or host)
    if known["url"]:
        _text(author, "uri", known["url"])


def _text(parent: Element, tag: str, text: str, **attributes: str) -> None:
    SubElement(parent, tag, attributes).text = _writable(text)


def _writable(text: str) -> str:
    return _UNWRITABLE.sub("", text)


def _bytes(element: Element) -> bytes:
    return tostring(element, encoding="unicode").encode()


FORMAT = Format(
    headers=lambda _: {"content-type": "application/atom+xml; charset=utf-8"},  # RFC 4287, section 7
    opening=opening,
    entry=entry,
    closing=closing,
    between=b"\n",
)
