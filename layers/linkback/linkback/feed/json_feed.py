"""`/feed.json`: JSON Feed 1.1 (https://www.jsonfeed.org/version/1.1/)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from linkback.feed import seen
from linkback.feed.counts import KINDS
from linkback.feed.format import Channel, Format, Members, as_json, json_headers
from linkback.feed.when import rfc3339

if TYPE_CHECKING:
    from linkback.published import Published


def opening(channel: Channel) -> bytes:
    """All that a feed has before its items; `hubs` only where there is one."""
    told: Members = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": f"Mentions of {channel.subject}",
        "home_page_url": channel.home,
        "feed_url": channel.here,
    }
    if channel.hub:
        told["hubs"] = [{"type": "WebSub", "url": channel.hub}]
    return as_json(told)[:-1] + b',"items":['


def closing(_: Channel, following: str) -> bytes:
    """The end of the items, and `next_url` while there is more."""
    return b"]," + as_json({"next_url": following})[1:] if following else b"]}"


def item(mention: Published) -> Members:
    """One item: `url` is the mention's page, `external_url` ours; the time of receipt stands in for a missing date."""
    said = seen.read(mention)
    told: Members = {
        "id": mention.claim,
        "url": seen.url(said["url"]) or seen.url(mention.source),
        "external_url": seen.url(mention.target),
        "date_published": rfc3339(said.get("published", "")) or mention.received,
        "tags": [KINDS.get(said["relation"], "rsvp")],
        "_linkback": {
            "source": seen.url(mention.source),
            "target": seen.url(mention.target),
            "property": said["relation"],
            "protocols": mention.protocols,
            "received": mention.received,
            "id": mention.id,
        },
    }
    told |= {"title": said["name"]} if "name" in said else {}
    told |= {"summary": said["summary"]} if "summary" in said else {}
    if photos := seen.addresses(said.get("photo", [])):
        told["image"] = photos[0]
    return told | _content(said) | _authors(said)


def _content(said: Members) -> Members:
    # One of the two is required, and an empty text is how a like says nothing.
    html, text = seen.html(said), said.get("text", "")
    return {"content_html": html, "content_text": text} if html else {"content_text": text}


def _authors(said: Members) -> Members:
    author = seen.author(said)
    known = {"name": author["name"], "url": author["url"], "avatar": author["photo"]}
    members = {name: value for name, value in known.items() if value}
    return {"authors": [members]} if members else {}


FORMAT: Format[Published] = Format(
    headers=lambda _: json_headers("application/feed+json"),  # section "Suggestions for Publishers"
    opening=opening,
    entry=lambda mention, _: as_json(item(mention)),
    closing=closing,
    between=b",",
)
