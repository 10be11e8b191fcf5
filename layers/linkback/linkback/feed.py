"""Public mentions as JF2 (webmention.io's shapes, key by key), as counts, and as JSON Feed 1.1. Pure."""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING, Any

from linkback.mention import Author, Mention, Relation

if TYPE_CHECKING:
    from collections.abc import Iterable

    from linkback.record import Record

Members = dict[str, Any]

_KINDS = {
    Relation.REPLY: "reply",
    Relation.LIKE: "like",
    Relation.REPOST: "repost",
    Relation.BOOKMARK: "bookmark",
    Relation.MENTION: "mention",
}
_WITH_OFFSET = re.compile(r"T\d\d:\d\d:\d\d(\.\d+)?[+-]\d\d:\d\d$")
_LISTS = ("photo", "video", "audio")


def jf2(records: Iterable[Record]) -> Members:
    """`/api/mentions.jf2`: a feed whose `children` is always there."""
    return {"type": "feed", "name": "Webmentions", "children": [entry(record) for record in records]}


def entry(record: Record) -> Members:
    """One child. Unknown words about the author are `""`, `published` is null; other unknowns are left out."""
    seen = Mention.from_json(record.seen)
    members: Members = {
        "type": "entry",
        "author": {"type": "card", "name": seen.author.name, "photo": seen.author.photo, "url": seen.author.url},
        "url": seen.url,
        "published": seen.published or None,
        "wm-received": record.received,
        "wm-id": record.id,
        "wm-source": record.source,
        "wm-target": record.target,
        "wm-protocol": record.protocols[0],
        "wm-protocols": list(record.protocols),
    }
    return members | _words(seen) | _relation(seen, record.target) | {"wm-private": False} | _rels(seen)


def _words(seen: Mention) -> Members:
    members: Members = {"name": seen.name} if seen.name else {}
    if seen.syndication:
        members["syndication"] = list(seen.syndication)
    if seen.summary:
        members["summary"] = {"content-type": "text/plain", "value": seen.summary}
    members |= {name: list(value) for name in _LISTS if (value := getattr(seen, name))}
    if seen.html:
        members["content"] = {"html": seen.html, "text": seen.text}
    elif seen.text:
        members["content"] = {"text": seen.text}
    return members


def _relation(seen: Mention, target: str) -> Members:
    if seen.relation is Relation.RSVP:
        return {"rsvp": seen.rsvp, "in-reply-to": target, "wm-property": "rsvp"}
    return {str(seen.relation): target, "wm-property": str(seen.relation)}


def _rels(seen: Mention) -> Members:
    return {"rels": {"canonical": seen.canonical}} if seen.canonical else {}


def counts(records: Iterable[Record]) -> Members:
    """`/api/count`: how many, and how many of each type (`rsvp-yes` and so on for answers to an invitation)."""
    types: dict[str, int] = {}
    for record in records:
        seen = Mention.from_json(record.seen)
        kind = _KINDS.get(seen.relation, f"rsvp-{seen.rsvp}")
        types[kind] = types.get(kind, 0) + 1
    return {"count": sum(types.values()), "type": types}


def json_feed(records: Iterable[Record], title: str, home: str, here: str, following: str) -> Members:
    """JSON Feed 1.1: `here` is the feed's own address, `following` that of its next page, or ""."""
    feed: Members = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": title,
        "home_page_url": home,
        "feed_url": here,
        "items": [item(record) for record in records],
    }
    return feed | ({"next_url": following} if following else {})


def item(record: Record) -> Members:
    """One item: `url` is the mention's page, `external_url` ours; the time of receipt stands in for a missing date."""
    seen = Mention.from_json(record.seen)
    members: Members = {
        "id": record.claim,
        "url": seen.url,
        "external_url": record.target,
        "date_published": _rfc3339(seen.published) or record.received,
        "tags": [_KINDS.get(seen.relation, "rsvp")],
        "_linkback": {
            "source": record.source,
            "target": record.target,
            "property": str(seen.relation),
            "protocols": list(record.protocols),
            "received": record.received,
            "id": record.id,
        },
    }
    members |= {"title": seen.name} if seen.name else {}
    members |= {"summary": seen.summary} if seen.summary else {}
    members |= {"image": seen.photo[0]} if seen.photo else {}
    return members | _content(seen) | _authors(seen.author)


def _content(seen: Mention) -> Members:
    # One of the two is required, and an empty text is how a like says nothing.
    return {"content_html": seen.html, "content_text": seen.text} if seen.html else {"content_text": seen.text}


def _authors(author: Author) -> Members:
    known = {"name": author.name, "url": author.url, "avatar": author.photo}
    members = {name: value for name, value in known.items() if value}
    return {"authors": [members]} if members else {}


def _rfc3339(published: str) -> str:
    """JSON Feed wants a whole time with an offset, which many pages do not give: then it is left to the caller."""
    try:
        whole = datetime.fromisoformat(published).isoformat()
    except ValueError:
        return ""
    return whole if _WITH_OFFSET.search(whole) else ""
