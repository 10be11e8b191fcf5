"""One visit: fetch the source, find the link, read what is around it, decide, and write down what became of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from linkback import __version__, page, record
from linkback.ping import Declined, Ping, Reason, Status, TryLater
from linkback.record import STICKY, Record, State
from linkback.table import Conflict

if TYPE_CHECKING:
    from linkback.mention import Mention
    from linkback.policy import Claim, Policy, Rule
    from linkback.table import Table
    from linkback.urls import Url
    from linkback.web import Answer

Admit = Callable[["Url"], None]
Fetch = Callable[..., "Answer"]

# A second look at a 404 is worth taking after a day, and not before (see record.lost).
A_DAY, HOUR = 86_400, 3_600
TARGET_SECONDS = 3.0
ATTEMPTS = 5

_ENDS = {State.PUBLIC: Status.PUBLISHED, State.GONE: Status.GONE}
_OK, _NOT_FOUND, _GONE, _TOO_MANY, _SERVER_ERROR = 200, 404, 410, 429, 500


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of a ping: what its status page says, and when to look again (seconds), if at all."""

    status: Status
    reason: Reason | None = None
    detail: str = ""
    links_found: tuple[str, ...] = ()
    retry_at: int | None = None


class Visitor:
    """Visits for one bridge. `fetch` is web.get with its permit bound: fetch(url, admit=, agent=, seconds=)."""

    def __init__(self, policy: Policy, table: Table, fetch: Fetch) -> None:
        self._policy, self._table, self._fetch = policy, table, fetch

    def visit(self, ping: Ping, base: str, now: float) -> Fate:
        """See for ourselves, and write it down. `now` is the time at which the visit begins, in seconds."""
        fate = self._fate(ping, base, now)
        told: dict[str, Any] = {"status": str(fate.status), "checked": _iso(now), "detail": fate.detail}
        told["reason"] = str(fate.reason) if fate.reason else ""
        told["links_found"] = json.dumps(fate.links_found) if fate.links_found else ""
        told["retry_at"] = _iso(fate.retry_at) if fate.retry_at else ""
        self._table.finish_ping(ping.id, told, fate.retry_at)
        return fate

    def _fate(self, ping: Ping, base: str, now: float) -> Fate:
        try:
            claim = self._policy.claim(ping)
        except Declined as refusal:
            return _declined(refusal)
        rules = self._table.rules(claim.site)
        try:
            mention, place = self._look(ping, claim, rules, base)
            self._check_target(claim, base, int(now))
        except Declined as refusal:
            return self._lose(ping, claim, refusal, base, now)
        except TryLater as weather:
            return Fate(Status.WAITING, weather.reason, weather.detail, retry_at=int(now) + weather.after)
        held = any(self._policy.holds(replace(claim, source=url), rules) for url in (claim.source, place))
        kept = self._keep(ping, claim, mention, held=held, now=now)
        return Fate(_ENDS.get(kept.state, Status.HELD))

    def _look(self, ping: Ping, claim: Claim, rules: list[Rule], base: str) -> tuple[Mention, Url]:
        """What the source says, and where it was found at last: a redirect does not launder where a page is from."""

        def admit(url: Url) -> None:
            self._policy.admit(url, claim, rules)

        agent = f"Linkback/{__version__} (verifying a {ping.protocol} to {claim.site}; +{base}/pings/{ping.id})"
        answer = self._fetch(claim.source, admit=admit, agent=agent)
        _refuse_status(answer)
        return page.read(answer, claim.target), answer.url

    def _check_target(self, claim: Claim, base: str, now: int) -> None:
        """A page that is surely not there gets no mentions. Asked once a page; no answer counts in its favour."""
        known = self._table.page_checked(claim.page)
        if known is None or (known["status"] == 0 and known["checked"] < now - HOUR):
            status = self._target_status(claim, base)
            if status in (_NOT_FOUND, _GONE):
                raise Declined(Reason.TARGET_MISSING, f"{claim.target} does not exist (HTTP {status}).")
            self._table.put_page_checked(claim.page, status, now)

    def _target_status(self, claim: Claim, base: str) -> int:
        def admit(url: Url) -> None:
            if self._policy.sites.of(url) is None:
                raise Declined(Reason.TARGET_UNKNOWN, f"{url} is not on a site of this bridge.")

        agent = f"Linkback/{__version__} (looking whether the page exists; +{base}/)"
        try:
            return int(self._fetch(claim.target, admit=admit, agent=agent, seconds=TARGET_SECONDS).status)
        except (Declined, TryLater):
            return 0

    def _keep(self, ping: Ping, claim: Claim, mention: Mention, *, held: bool, now: float) -> Record:
        def settle(old: Record | None) -> Record:
            return record.found(old, claim, ping, mention, held=held, visited=int(now * 1000))

        return self._settle(claim, settle, now)

    def _lose(self, ping: Ping, claim: Claim, refusal: Declined, base: str, now: float) -> Fate:
        old = self._table.mention(claim.page, claim.id)
        if old is None or old.state in STICKY or refusal.reason not in record.LOSING:
            return _declined(refusal)
        if old.source != ping.source:
            # Another spelling of the address (http, www, a slash) may be missing, and anybody can tell us so: a mention
            # is lost only where it was found.
            return self._fate(replace(ping, source=old.source), base, now)
        kept = self._settle(claim, lambda again: record.lost(again or old, refusal, int(now * 1000)), now)
        if kept.state is State.GONE:
            status = Status.GONE if refusal.reason is Reason.SOURCE_MISSING else Status.HIDDEN
            return Fate(status, refusal.reason, refusal.detail, refusal.links_found)
        if kept.visited > int(now * 1000):
            return Fate(_ENDS.get(kept.state, Status.HELD))  # a later visit has seen more than this one
        return Fate(Status.WAITING, refusal.reason, refusal.detail, retry_at=int(now) + A_DAY)

    def _settle(self, claim: Claim, settle: Callable[[Record | None], Record], now: float) -> Record:
        """Read, decide, write; and again if somebody else wrote in between."""
        for _ in range(ATTEMPTS):
            old = self._table.mention(claim.page, claim.id)
            try:
                return self._table.save(old, settle(old), now)
            except Conflict:
                continue
        message = f"the record of {claim.id} changed {ATTEMPTS} times while it was being written"
        raise RuntimeError(message)


def _refuse_status(answer: Answer) -> None:
    """Which answers are a page, a missing page, or the weather (a captcha answers 403)."""
    if answer.status in (_NOT_FOUND, _GONE):
        detail = f"{answer.url} does not exist (HTTP {answer.status})."
        raise Declined(Reason.SOURCE_MISSING, detail, gone=answer.status == _GONE)
    if answer.status != _OK:
        raise TryLater(Reason.SERVER_TROUBLE, f"{answer.url} answered HTTP {answer.status} instead of a page.")


def _declined(refusal: Declined) -> Fate:
    return Fate(Status.DECLINED, refusal.reason, refusal.detail, refusal.links_found)


def _iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
