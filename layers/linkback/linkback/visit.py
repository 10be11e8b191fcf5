"""One visit: fetch the source, find the link, read what is around it, decide, and write down what became of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from linkback import __version__, page, record, urls
from linkback.impressions import Impressions, Permitted, Seen, unasked
from linkback.ping import Declined, Ping, Reason, Status, TryLater
from linkback.record import Record, State
from linkback.rules import Looked
from linkback.table import Conflict
from linkback.target import MISSING, Targets

if TYPE_CHECKING:
    from linkback.page import Reading
    from linkback.policy import Claim, Policy
    from linkback.rules import Look
    from linkback.table import Table
    from linkback.urls import Url
    from linkback.web import Answer

Fetch = Callable[..., "Answer"]

# A second look at a 404 is worth taking after a day, and not before (see record.lost).
A_DAY = 86_400
ATTEMPTS = 5

_ENDS = {State.PUBLIC: Status.PUBLISHED, State.GONE: Status.GONE}
_GONE = 410
_PAGES = (200, 203)


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of a ping: what its status page says, and when to look again (seconds), if at all.

    `again` if its page said what it had said before; `claim` is the claim as it was settled, if it could be read.
    `decided` is what its owner alone hears: spam or deleted.
    """

    status: Status
    reason: Reason | None = None
    detail: str = ""
    links_found: tuple[str, ...] = ()
    retry_at: int | None = None
    again: bool = False
    claim: Claim | None = None
    decided: str = ""


class Visitor:
    """Visits for one bridge. `fetch` is web.get with its permit bound: fetch(url, admit=, agent=, seconds=).

    `clock` tells the time (seconds since 1970) at which something is published, which is later than the visit began.
    """

    def __init__(
        self, policy: Policy, table: Table, fetch: Fetch, clock: Callable[[], float], permitted: Permitted = unasked
    ) -> None:
        self._policy, self._table, self._fetch, self._clock = policy, table, fetch, clock
        self._targets = Targets(policy, table, fetch)
        self._impressions = Impressions(table, permitted)

    def visit(self, ping: Ping, base: str, now: float) -> Fate:
        """See for ourselves, and write it down. `now` is the time at which the visit begins, in seconds."""
        fate = self._fate(ping, base, now)
        told: dict[str, Any] = {"status": str(fate.status), "checked": _iso(now), "detail": fate.detail}
        told["reason"] = str(fate.reason) if fate.reason else ""
        told["links_found"] = json.dumps(fate.links_found) if fate.links_found else ""
        told["retry_at"] = _iso(fate.retry_at) if fate.retry_at else ""
        told |= {"claim": fate.claim.id if fate.claim else "", "decided": fate.decided}
        self._table.finish_ping(ping.id, told, fate.retry_at, again=fate.again)
        if fate.claim:
            self._table.count(fate.claim.site, _iso(now)[:10], ping.protocol, fate.status)
        return fate

    def _fate(self, ping: Ping, base: str, now: float) -> Fate:
        try:
            claim = self._policy.claim(ping)
        except Declined as refusal:
            return _declined(refusal)
        claim = self._targets.known(claim)
        look, old = self._look(claim), self._table.mention(claim.page, claim.id)
        agent = f"Linkback/{__version__} (verifying a {ping.protocol} to {claim.site}; +{base}/pings/{ping.id})"
        try:
            seen = self._see(_places(ping, claim, old), claim, look, agent)
            settled = self._targets.check(claim, base, int(now))
            if settled.page != claim.page:  # what its page is was learned just now
                claim, look = settled, self._look(settled)
                old = self._table.mention(claim.page, claim.id)
                for url in (claim.source, seen.place):
                    self._policy.admit(url, claim, look)
            return self._keep(ping, claim, old, seen, look, now)
        except Declined as refusal:
            return replace(self._lose(claim, old, refusal, now), claim=claim)
        except TryLater as weather:
            retry_at = int(now) + weather.after
            return Fate(Status.WAITING, weather.reason, weather.detail, retry_at=retry_at, claim=claim)

    def _look(self, claim: Claim) -> Look:
        return Looked(partial(self._table.look, claim.site))

    def _see(self, places: list[str], claim: Claim, look_up: Look, agent: str) -> Seen:
        """What the first place with the link says. Raises what the very first place was refused for."""

        def admit(url: Url) -> None:
            self._policy.admit(url, claim, look_up)

        def look(source: str) -> Seen:
            answer = self._fetch(urls.parse(source), admit=admit, agent=agent)
            _refuse_status(answer)
            return Seen(source, answer.url, *_mention(answer, claim))

        try:
            return look(places[0])
        except (Declined, TryLater) as refusal:
            for other in places[1:]:
                if _may_have_moved(refusal, places[0], other):
                    with suppress(Declined, TryLater):
                        return look(other)
            raise

    def _keep(self, ping: Ping, claim: Claim, old: Record | None, seen: Seen, look: Look, now: float) -> Fate:
        impression = self._impressions.of(ping, claim, seen, look, old, now)
        # A redirect does not launder where a page is from.
        author, doubt = seen.mention.author.url, impression.doubt
        held = [self._policy.holds(url, claim, look, author, doubt) for url in (claim.source, seen.place)]
        told, visited = replace(ping, source=seen.source), int(now * 1000)

        def settle(old: Record | None) -> Record:
            new = record.found(old, claim, told, seen.mention, held=any(held), visited=visited)
            return record.impressed(new, impression, visited)

        kept = self._settle(claim, old, settle)
        # Of what was deleted it cannot be told; its sender shall not see that by being visited less often.
        told_again = old is not None and (kept.seen, kept.state) == (old.seen, old.state)
        again = told_again and kept.state is not State.DELETED
        decided = str(kept.state) if kept.state in record.STICKY else ""
        return Fate(_ENDS.get(kept.state, Status.HELD), again=again, claim=claim, decided=decided)

    def _lose(self, claim: Claim, old: Record | None, refusal: Declined, now: float) -> Fate:
        if old is None or refusal.reason not in record.LOSING:
            return _declined(refusal)
        visited = int(now * 1000)
        kept = self._settle(claim, old, lambda again: record.lost(again or old, refusal, visited))
        if kept.visited > visited:
            return Fate(_ENDS.get(kept.state, Status.HELD))  # a later visit has seen more than this one
        # Of what the owner calls spam the same, so that its sender does not learn that it is more than held.
        gone = refusal.gone or kept.state is State.GONE or visited - kept.missing_since >= record.DAY
        if refusal.reason is Reason.SOURCE_MISSING and not gone:
            return Fate(Status.WAITING, refusal.reason, refusal.detail, retry_at=int(now) + A_DAY)
        status = Status.GONE if refusal.reason is Reason.SOURCE_MISSING else Status.HIDDEN
        return Fate(status, refusal.reason, refusal.detail, refusal.links_found)

    def _settle(self, claim: Claim, old: Record | None, settle: Callable[[Record | None], Record]) -> Record:
        """Decide and write; and read and decide again if somebody else wrote since `old` was read."""
        for _ in range(ATTEMPTS):
            try:
                return self._table.save(old, settle(old), self._clock())
            except Conflict:
                old = self._table.mention(claim.page, claim.id)
        message = f"the record of {claim.id} changed {ATTEMPTS} times while it was being written"
        raise RuntimeError(message)


def _mention(answer: Answer, claim: Claim) -> Reading:
    """What the page says of the target; if it has no link to the address that was told, of the page that is meant."""
    try:
        return page.read(answer, claim.target)
    except Declined as refusal:
        if refusal.reason is Reason.NO_LINK and claim.alias_of:
            with suppress(Declined, urls.BadUrl):  # of the longest addresses https is one letter too much
                return page.read(answer, urls.parse(f"https://{claim.alias_of}"))
        raise


def _places(ping: Ping, claim: Claim, old: Record | None) -> list[str]:
    """Where to look: first where the mention was found, then at the address that is told now.

    They differ in http, www or a slash, and anybody can tell us another spelling of somebody's address: so a mention is
    neither changed nor lost for what stands at another one, while the one where it was found still has it.
    """
    told = record.address(ping.source, claim.source, fragment=False)
    return list(dict.fromkeys([old.source, told] if old else [told]))


def _may_have_moved(refusal: Declined | TryLater, found: str, told: str) -> bool:
    """Whether what is told now may stand for where the mention was found: in bad weather only for http gone https."""
    if isinstance(refusal, Declined):
        return refusal.reason in record.LOSING
    return found.startswith("http:") and told.startswith("https:")


def _refuse_status(answer: Answer) -> None:
    """Which answers are a page, a missing page, or the weather (a captcha answers 403)."""
    if answer.status in MISSING:
        detail = f"{answer.url} does not exist (HTTP {answer.status})."
        raise Declined(Reason.SOURCE_MISSING, detail, gone=answer.status == _GONE)
    if answer.status not in _PAGES or answer.headers.get("cf-mitigated") == "challenge":
        raise TryLater(Reason.SERVER_TROUBLE, f"{answer.url} answered HTTP {answer.status} instead of a page.")


def _declined(refusal: Declined) -> Fate:
    return Fate(Status.DECLINED, refusal.reason, refusal.detail, refusal.links_found)


def _iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
