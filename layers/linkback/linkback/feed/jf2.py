"""`/api/mentions.jf2`: webmention.io's JF2, key by key, with four keys more.

`wm-protocols` lists the dialects in which a mention was told, `wm-claim` is its name for good, `wm-page` the page that
all spellings of its target mean, `wm-fragment` the part of it that was named.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from linkback.feed import seen
from linkback.feed.format import Members, json_list

if TYPE_CHECKING:
    from linkback.published import Published

_LISTS = ("photo", "video", "audio")


def members(mention: Published) -> Members:
    """One child. Unknown words about the author are `""`, `published` is null; other unknowns are left out."""
    said = seen.read(mention)
    told: Members = {
        "type": "entry",
        "author": {"type": "card", **seen.author(said)},
        "url": seen.url(said["url"]),
        "published": said.get("published"),
        "wm-received": mention.received,
        "wm-id": mention.id,
        "wm-source": seen.url(mention.source),
        "wm-target": seen.url(mention.target),
        "wm-protocol": mention.protocols[0],
        "wm-protocols": mention.protocols,
        "wm-claim": mention.claim,
        "wm-page": mention.page,
    }
    if fragment := mention.target.partition("#")[2]:
        told["wm-fragment"] = fragment
    _words(told, said)
    _relation(told, said, told["wm-target"])
    told["wm-private"] = False
    if "canonical" in said and (canonical := seen.url(said["canonical"])):
        told["rels"] = {"canonical": canonical}
    return told


def _words(told: Members, said: Members) -> None:
    if "name" in said:
        told["name"] = said["name"]
    if "syndication" in said and (places := seen.addresses(said["syndication"])):
        told["syndication"] = places
    if "summary" in said:
        told["summary"] = {"content-type": "text/plain", "value": said["summary"]}
    for name in _LISTS:
        if name in said and (places := seen.addresses(said[name])):
            told[name] = places
    if html := seen.html(said):
        told["content"] = {"html": html, "text": said.get("text", "")}
    elif "text" in said:
        told["content"] = {"text": said["text"]}


def _relation(told: Members, said: Members, target: str) -> None:
    if said["relation"] == "rsvp":
        told |= {"rsvp": said.get("rsvp", ""), "in-reply-to": target, "wm-property": "rsvp"}
    else:
        told[said["relation"]] = target
        told["wm-property"] = said["relation"]


FORMAT = json_list(b'{"type":"feed","name":"Webmentions","children":[', members)
