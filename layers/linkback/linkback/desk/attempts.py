"""The attempt log: every ping of a site, its fate and why, and visiting one again now."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from linkback import queue
from linkback.desk.refused import Refused
from linkback.ping import Declined, Ping, Protocol, Status

if TYPE_CHECKING:
    from linkback.desk.ledger import Ledger, Page
    from linkback.dynamodb import Item
    from linkback.policy import Policy
    from linkback.table import Table
    from linkback.tokens import Owner

Send = Callable[[dict[str, str]], None]

DAYS = 14
_LONGEST_ID = 22
LONGEST_SEARCH = 200
_TOLD = (
    "status",
    "reason",
    "detail",
    "source",
    "target",
    "protocol",
    "received",
    "checked",
    "retry_at",
    "claim",
    "decided",
)


class Attempts:
    """The attempts of one bridge. `send` takes a queue.entry to the queue."""

    def __init__(self, policy: Policy, table: Table, ledger: Ledger, send: Send) -> None:
        self._policy, self._table, self._ledger, self._send = policy, table, ledger, send

    def page(self, site: str, status: str, words: str, cursor: str) -> Page[Item]:
        """The newest attempts of a site: of this status, and with these words in an address, a reason or a claim.

        Either may be "". Raises Refused and BadCursor.
        """
        if status and status not in set(Status):
            raise Refused(400, "bad-status", f"status must be one of {', '.join(Status)}.")
        searched = words[:LONGEST_SEARCH].casefold().split()

        def wanted(item: Item) -> bool:
            told = "\n".join(str(item.get(name, "")) for name in (*_TOLD, "claimed")).casefold()
            return status in ("", item.get("status")) and all(word in told for word in searched)

        return self._ledger.pings(site, cursor, wanted=wanted)

    def retry(self, ping_id: str, owner: Owner, base: str, now: datetime) -> dict[str, Any]:
        """Visit again, now: the record as it is then. Raises Refused."""
        item = self._ledger.ping(ping_id) if len(ping_id) <= _LONGEST_ID else None
        ping = _ping(item) if item and owner.may(str(item.get("site"))) else None
        if not item or not ping:
            raise Refused(404, "unknown-ping", "There is no ping of this name, or it is older than 90 days.")
        try:
            claim = self._policy.read(ping)
        except Declined as refusal:
            raise Refused(409, str(refusal.reason), refusal.detail) from None
        came = str(item.get("base") or base)
        self._table.put_ping(ping, claim, came)
        try:
            self._send(queue.entry(ping, came, now))
        except (BotoCoreError, ClientError) as trouble:
            with suppress(BotoCoreError, ClientError):
                self._ledger.put(item)  # as it was
            told = "The bridge's queue does not answer, so the page is not visited: try again in a minute."
            raise Refused(503, "server-trouble", told, 60) from trouble
        return members({**item, "status": str(Status.QUEUED), "reason": "", "detail": ""})

    def chart(self, site: str, today: datetime) -> list[tuple[str, dict[str, int]]]:
        """The last DAYS days, the oldest first: each with the visits of each dialect."""
        dates = [(today - timedelta(days=back)).strftime("%Y-%m-%d") for back in range(DAYS - 1, -1, -1)]
        counted = self._ledger.days(site, dates[0])
        return [(date, by_dialect(counted.get(date, {}))) for date in dates]


def by_dialect(day: Mapping[str, Any]) -> dict[str, int]:
    """The visits of one day for each dialect, whatever came of them."""
    told = {name.partition(" ")[0]: 0 for name in Protocol}
    for name, count in day.items():
        protocol, mark, _ = name.partition(" ")
        if mark and protocol in told and isinstance(count, int):
            told[protocol] += count
    return told


def members(item: Mapping[str, Any]) -> dict[str, Any]:
    """One attempt as JSON has it; what is unknown is left out. `claimed` is what its sender said of itself."""
    told: dict[str, Any] = {"id": item.get("id", "")}
    told |= {name: item[name] for name in _TOLD if item.get(name)}
    for name, kind in (("links_found", list), ("claimed", dict)):
        with suppress(KeyError, ValueError):
            value = json.loads(item[name])
            if isinstance(value, kind):
                told[name] = value
    return told


def _ping(item: Mapping[str, Any]) -> Ping | None:
    """The ping of a record; None where a hand has made it unreadable."""
    with suppress(KeyError, ValueError, TypeError):
        received = datetime.fromisoformat(item["received"]).astimezone(UTC)
        claimed = members(item).get("claimed", {})
        words = {str(name): str(value) for name, value in claimed.items()}
        return Ping(item["source"], item["target"], Protocol(item["protocol"]), received, words)
    return None
