"""A mention is what *we saw* when we visited the source of a ping: the thing that is published. Pure values."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from enum import StrEnum


class Relation(StrEnum):
    """How the source relates to the target: the value is JF2's `wm-property`."""

    REPLY = "in-reply-to"
    LIKE = "like-of"
    REPOST = "repost-of"
    BOOKMARK = "bookmark-of"
    RSVP = "rsvp"
    MENTION = "mention-of"


@dataclass(frozen=True, slots=True)
class Author:
    """Who wrote the source, by the authorship algorithm; `""` where the page does not say. URLs are http(s)."""

    name: str = ""
    photo: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Mention:
    """What the source page says of itself, cleaned. Unknown words are `""`, unknown lists `()`, every URL is http(s).

    `published` is ISO 8601 and has an offset only where the page gave one. `html` is sanitised; `text` is plain.
    `rsvp` is yes, no, maybe or interested when `relation` is RSVP.
    """

    relation: Relation
    url: str
    author: Author = field(default_factory=Author)
    published: str = ""
    name: str = ""
    summary: str = ""
    text: str = ""
    html: str = ""
    photo: tuple[str, ...] = ()
    video: tuple[str, ...] = ()
    audio: tuple[str, ...] = ()
    syndication: tuple[str, ...] = ()
    rsvp: str = ""
    canonical: str = ""

    def to_json(self) -> str:
        """The same mention gives the same string: a changed string is a changed mention. Empty options are left out."""
        return json.dumps(
            {k: v for k, v in asdict(self).items() if v or k == "url"}, ensure_ascii=False, separators=(",", ":")
        )

    @classmethod
    def from_json(cls, text: str) -> Mention:
        """The inverse of to_json."""
        members = json.loads(text)
        members["author"] = Author(**members.get("author", {}))
        members["relation"] = Relation(members["relation"])
        lists = {k: tuple(v) for k, v in members.items() if isinstance(v, list)}
        return cls(**{**members, **lists})
