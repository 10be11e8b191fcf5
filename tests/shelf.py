"""Mentions put straight into the table, as visits put them there: what the tests of reads begin with."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from linkback.mention import Mention, Relation
from linkback.ping import Ping, Protocol
from linkback.policy import Policy, SelfMentions
from linkback.record import Record, State, moment
from linkback.site import Sites

if TYPE_CHECKING:
    from collections.abc import Callable

    from linkback.table import Table

SITES = Sites(("example.com", "example.org"))
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
POST = "https://example.com/post"


class Shelf:
    """The mentions of example.com and example.org. Number n comes from a page of its own, n seconds after noon."""

    def __init__(self, table: Table) -> None:
        self.table = table

    def put(self, number: int, target: str = POST, state: State = State.PUBLIC, **seen: Any) -> Record:
        return self.table.save(None, self.record(number, target, state, **seen), self.at(number))

    def record(self, number: int, target: str = POST, state: State = State.PUBLIC, **seen: Any) -> Record:
        """What a visit saw, not yet written."""
        at = NOON + timedelta(seconds=number)
        source = f"https://blog.example.net/{number}"
        ping = Ping(source, target, Protocol.WEBMENTION, at)
        claim = Policy(SITES, SelfMentions.REFUSE).claim(ping)
        members: dict[str, Any] = {"relation": Relation.MENTION, "url": source, "text": f"Words {number}"} | seen
        return Record(
            claim=claim.id,
            page=claim.page,
            site=claim.site,
            source=source,
            target=target,
            protocols=("webmention",),
            received=moment(ping),
            visited=int(at.timestamp() * 1000),
            state=state,
            seen=Mention(**members).to_json(),
        )

    def change(self, old: Record, at: float, **members: Any) -> Record:
        """Write it otherwise, so many seconds after noon; `text` is what its page says now."""
        if "text" in members:
            members["seen"] = Mention(Relation.MENTION, old.source, text=members.pop("text")).to_json()
        return self.table.save(old, replace(old, visited=old.visited + 1, **members), self.at(at))

    @classmethod
    def clock(cls, seconds: float) -> Callable[[], float]:
        """One that stands at this time."""
        return lambda: cls.at(seconds)

    @staticmethod
    def at(seconds: float) -> float:
        """A time as clocks have it."""
        return NOON.timestamp() + seconds


def sources(children: list[dict[str, Any]]) -> list[int]:
    """The numbers of these mentions."""
    return [int(child["wm-source"].rpartition("/")[2]) for child in children]
