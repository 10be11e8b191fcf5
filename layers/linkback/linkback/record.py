"""What is kept of a mention, and how one visit changes it. Pure; the newest visit wins in any order of arrival."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from linkback.ping import Declined, Ping, Reason

if TYPE_CHECKING:
    from linkback.mention import Mention
    from linkback.policy import Claim
    from linkback.urls import Url

DAY = 86_400_000  # milliseconds


class State(StrEnum):
    """Where a mention stands. SPAM and DELETED are the owner's word and outlast any ping."""

    PUBLIC = "public"
    HELD = "held"
    SPAM = "spam"
    GONE = "gone"
    DELETED = "deleted"


STICKY = frozenset({State.SPAM, State.DELETED})
# What can be listed; what was deleted is with the gone.
LISTED = (State.HELD, State.PUBLIC, State.SPAM, State.GONE)
# The greatest doubt that a record can have (signals.doubt).
MOST_DOUBT = 2

# The ends of a visit that say something of the link; all others (blocked, too large) leave a known mention as it is.
LOSING = frozenset({Reason.NO_LINK, Reason.NOT_TEXT, Reason.SOURCE_MISSING})


class Impression(NamedTuple):
    """What a visit and its ping tell the owner beside the mention, and nobody else.

    `signals` is signals.to_json, `claimed` what a TrackBack's sender asserted (Ping.claimed, as JSON), `sentence` the
    words around the link, each "" for nothing. `doubt` is signals.doubt, 0 to MOST_DOUBT.
    """

    signals: str = ""
    claimed: str = ""
    sentence: str = ""
    doubt: int = 0


@dataclass(frozen=True, slots=True)
class Record:
    """One mention as stored.

    `protocols` lists the dialects in which the claim was told, first one first; `received` is the ISO 8601 time of the
    first telling; `visited` is when the newest visit began and `missing_since` when the source first answered 404
    (milliseconds since 1970, 0 for never); `seen` is Mention.to_json(). `id` is JF2's wm-id, 0 if never public, and
    `shown` when it became public (seconds); `number` is the sequence number that put the record into its partition;
    `version` counts writes, for optimistic locking. `signals`, `claimed`, `sentence` and `doubt` are its Impression.
    `held_back` is 1 where its owner said last that it shall wait.
    """

    claim: str
    page: str
    site: str
    source: str
    target: str
    protocols: tuple[str, ...]
    received: str
    visited: int
    state: State
    seen: str
    id: int = 0
    shown: int = 0
    number: int = 0
    missing_since: int = 0
    version: int = 0
    signals: str = ""
    claimed: str = ""
    sentence: str = ""
    doubt: int = 0
    held_back: int = 0

    @property
    def partition(self) -> str:
        """Where the index `feed` has it, or "". A tombstone is shown only for what was shown before.

        What waits is in the order of doubt, so that an owner's queue begins with the likely ham and costs one page.
        """
        state = State.GONE if self.state is State.DELETED else self.state
        if state is State.HELD:
            return held(self.site, self.doubt)
        if state is State.GONE and not self.id:  # no cache must hear of it, but its owner may want it back
            return f"{self.site}#{State.DELETED}" if self.state is State.DELETED else ""
        return f"{self.site}#{state}"

    @property
    def face(self) -> tuple[object, ...] | None:
        """What feeds show of it, to be compared; None where it is in none."""
        shown = (self.id, self.page, self.source, self.target, self.protocols, self.seen)
        return shown if self.state is State.PUBLIC else None

    @property
    def thread(self) -> str:
        """Where the index `thread` has it: with the other public mentions of its page, or ""."""
        return self.page if self.state is State.PUBLIC else ""


def held(site: str, doubt: int) -> str:
    """The partition of what waits on a site with so much doubt."""
    return f"{site}#{State.HELD}-{doubt}" if doubt else f"{site}#{State.HELD}"


def partitions(site: str, state: State) -> list[str]:
    """Where the index `feed` has the mentions of a site in this state, the likely ham first; deleted ones are gone."""
    if state is State.HELD:
        return [held(site, doubt) for doubt in range(MOST_DOUBT + 1)]
    if state in (State.GONE, State.DELETED):
        return [f"{site}#{State.GONE}", f"{site}#{State.DELETED}"]
    return [f"{site}#{state}"]


def found(old: Record | None, claim: Claim, ping: Ping, mention: Mention, *, held: bool, visited: int) -> Record:
    """The link was there, at the ping's source. The public stays public; what waited or came back is judged anew."""
    if old is None:
        return _first(claim, ping, mention, held=held, visited=visited)
    told = old.protocols if ping.protocol in old.protocols else (*old.protocols, str(ping.protocol))
    if visited <= old.visited:
        return replace(old, protocols=told)
    state = old.state
    if state not in STICKY and state is not State.PUBLIC:
        # What its owner holds back waits for him, also after its link was gone for a while.
        state = State.HELD if held or old.held_back else State.PUBLIC
    # What its owner deleted is not stored again.
    seen, source = old.seen if state is State.DELETED else mention.to_json(), ping.source
    return replace(old, source=source, protocols=told, visited=visited, state=state, seen=seen, missing_since=0)


def impressed(record: Record, impression: Impression, visited: int) -> Record:
    """With what the visit tells the owner beside, if it is this visit that the record speaks of."""
    if record.visited != visited or record.state is State.DELETED:
        return record
    # What one dialect tells and the others do not; and what was told first, for anybody may tell it otherwise.
    claimed = record.claimed or impression.claimed
    return replace(record, **impression._replace(claimed=claimed)._asdict())


def _first(claim: Claim, ping: Ping, mention: Mention, *, held: bool, visited: int) -> Record:
    return Record(
        claim=claim.id,
        page=claim.page,
        site=claim.site,
        source=ping.source,
        target=address(ping.target, claim.target),
        protocols=(str(ping.protocol),),
        received=moment(ping),
        visited=visited,
        state=State.HELD if held else State.PUBLIC,
        seen=mention.to_json(),
    )


def address(told: str, read: Url, *, fragment: bool = True) -> str:
    """The address as told, unless it has what only serves to write words into a feed: dot segments, a fragment."""
    kept = told if fragment else told.partition("#")[0]
    return kept if "/." not in kept and "%2e" not in kept.lower() else str(read).partition("#")[0]


def lost(old: Record, refusal: Declined, visited: int) -> Record:
    """The visit ended without the link. 410 and a page without it hide at once; 404 when seen twice, a day apart."""
    if visited <= old.visited or refusal.reason not in LOSING:
        return old
    if old.state in STICKY:
        told = refusal.reason is Reason.SOURCE_MISSING and not refusal.gone
        return replace(old, missing_since=old.missing_since or visited) if told else old
    if old.state is State.GONE:
        return replace(old, visited=visited)  # so that an older visit, told late, does not bring it back
    if refusal.reason is not Reason.SOURCE_MISSING or refusal.gone:
        return replace(old, visited=visited, state=State.GONE)
    since = old.missing_since or visited
    state = State.GONE if visited - since >= DAY else old.state
    return replace(old, visited=visited, state=state, missing_since=since)


def moment(ping: Ping) -> str:
    """The time of receipt as feeds write it: UTC, seconds, `Z` (a `+` would be lost in a client's query)."""
    return ping.received.strftime("%Y-%m-%dT%H:%M:%SZ")
