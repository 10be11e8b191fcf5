"""`/api/mentions` and `/api/links`: the shape that webmention.io had before JF2, which jekyll-webmention_io reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from linkback.feed import seen
from linkback.feed.format import Members, json_list
from linkback.feed.when import moment

if TYPE_CHECKING:
    from linkback.published import Published

_TYPES = {
    "in-reply-to": "reply",
    "like-of": "like",
    "repost-of": "repost",
    "bookmark-of": "bookmark",
    "mention-of": "link",
    "rsvp": "rsvp",
}
_DID = {
    "reply": "replied to",
    "like": "liked",
    "repost": "reposted",
    "bookmark": "bookmarked",
    "link": "linked to",
    "rsvp": "answered the invitation at",
}


def members(mention: Published) -> Members:
    """One link. `data.content` is markup, whatever the page gave; `data.published_ts` is a number in any case."""
    said = seen.read(mention)
    type_, author = _TYPES[said["relation"]], seen.author(said)
    target = seen.url(mention.target)
    data: Members = {
        "author": {"name": author["name"], "url": author["url"], "photo": author["photo"]},
        "url": seen.url(said["url"]) or seen.url(mention.source),
        "name": said.get("name"),
        "content": seen.as_html(said) or None,
        "published": said.get("published"),
        "published_ts": moment(said.get("published", ""), mention.received),
    }
    if type_ == "rsvp":
        data["rsvp"] = said.get("rsvp", "")
    return {
        "source": seen.url(mention.source),
        "verified": True,
        "verified_date": mention.received.replace("Z", "+00:00"),
        "id": mention.id,
        "private": False,
        "data": data,
        "activity": {"type": type_} | _sentence(author, type_, data["url"], target),
        "rels": {"canonical": canonical} if (canonical := seen.url(said.get("canonical", ""))) else {},
        "target": target,
    }


def _sentence(author: Members, type_: str, url: str, target: str) -> Members:
    """In words: who did what to which page, plain and as markup."""
    who = author["name"] or url.partition("://")[2].partition("/")[0]
    marked = " ".join((seen.linked(who, author["url"]), seen.linked(_DID[type_], url), seen.linked(target, target)))
    return {"sentence": f"{who} {_DID[type_]} {target}", "sentence_html": marked}


FORMAT = json_list(b'{"links":[', members)
