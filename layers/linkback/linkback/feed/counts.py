"""`/api/count`: how many mentions there are, and how many of each type."""

from __future__ import annotations

from typing import TYPE_CHECKING

from linkback.feed import seen
from linkback.mention import Relation

if TYPE_CHECKING:
    from collections.abc import Iterable

    from linkback.feed.format import Members

# webmention.io's words; its `link` is told as a mention.
KINDS = {
    Relation.REPLY: "reply",
    Relation.LIKE: "like",
    Relation.REPOST: "repost",
    Relation.BOOKMARK: "bookmark",
    Relation.MENTION: "mention",
}


def counts(stored: Iterable[str]) -> Members:
    """The number of all, and of each type that there is (`rsvp-yes` and so on for answers to an invitation)."""
    types: dict[str, int] = {}
    for one in stored:
        said = seen.parse(one)
        kind = KINDS.get(said["relation"], f"rsvp-{said.get('rsvp', '')}")
        types[kind] = types.get(kind, 0) + 1
    return {"count": sum(types.values()), "type": types}
