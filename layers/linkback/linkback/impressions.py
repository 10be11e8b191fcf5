"""What a visit tells the owner of a source beside its mention: the signals, from what the page and the table know."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from linkback import rules, signals
from linkback.record import Impression
from linkback.rules import Action
from linkback.signals import Context
from linkback.table import KEPT

if TYPE_CHECKING:
    from linkback.mention import Mention
    from linkback.ping import Ping
    from linkback.policy import Claim
    from linkback.record import Record
    from linkback.rules import Look
    from linkback.surroundings import Surroundings
    from linkback.table import Table
    from linkback.urls import Url

# Whether a blog's PPF record names the address that a Pingback came from; None where none tells (ppf.permitted).
Permitted = Callable[[str, str], bool | None]


def unasked(*_: str) -> bool | None:
    """Nobody is asked."""
    return None


class Seen(NamedTuple):
    """What a visit saw: the `source` that was asked for, the `place` where redirects ended, and what stands there."""

    source: str
    place: Url
    mention: Mention
    surroundings: Surroundings
    sentence: str


class Impressions:
    """Those of one bridge. `permitted` is asked for Pingbacks of sources that the owner does not know."""

    def __init__(self, table: Table, permitted: Permitted) -> None:
        self._table, self._permitted = table, permitted

    def of(self, ping: Ping, claim: Claim, seen: Seen, look: Look, old: Record | None, now: float) -> Impression:
        """The signals of one visit. Of a source that the owner knows nothing more is looked up.

        Of a mention that is there already what rests on its sender stays: else anybody could tell of somebody's page
        what makes it look like spam.
        """
        context = self._context(ping if old is None else replace(ping, claimed={}, sender=""), claim, seen, look, now)
        found = signals.of(seen.surroundings, seen.mention, claim, context)
        if old:
            kept = [signal for signal in signals.from_json(old.signals) if signal.name in signals.OF_SENDER]
            found = (*kept, *(signal for signal in found if signal.name not in signals.OF_SENDER))
        claimed = json.dumps(dict(ping.claimed), ensure_ascii=False) if ping.claimed else ""
        return Impression(signals.to_json(found), claimed, seen.sentence, signals.doubt(found))

    def _context(self, ping: Ping, claim: Claim, seen: Seen, look: Look, now: float) -> Context:
        author = seen.mention.author.url
        allowed = rules.strongest(look, claim.source, claim.protocol, author) is Action.ALLOW
        if allowed or rules.known(look, claim.source, author):
            return Context(known=True, claimed=ping.claimed)
        return Context(
            known=False,
            claimed=ping.claimed,
            elsewhere=self._elsewhere(claim, seen, now),
            site_language=self._language(claim, seen),
            permitted=self._asked(ping, claim),
        )

    def _elsewhere(self, claim: Claim, seen: Seen, now: float) -> tuple[str, ...]:
        text = signals.fingerprint(seen.mention)
        expires = int(now + KEPT.total_seconds())
        # Where it stands, not where a redirect began: whoever redirects to a page does not have its text.
        return self._table.seen_elsewhere(claim.site, text, rules.authority(seen.place), expires) if text else ()

    def _language(self, claim: Claim, seen: Seen) -> str:
        """That of the target's page, where the source has one to compare with it."""
        checked = self._table.page_checked(claim.page) if seen.surroundings.language else None
        return str(checked.get("language", "")) if checked else ""

    def _asked(self, ping: Ping, claim: Claim) -> bool | None:
        return self._permitted(claim.source.host, ping.sender) if ping.sender else None
