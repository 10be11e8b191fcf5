"""The table as its owner reads it: what waits, the attempt log, rules, and counts, a page of each at a time.

A page costs what it shows, however much there is: every order is a key's. What is searched for is looked for in a
bounded number of items, and the cursor goes on from there.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import islice
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar

from linkback import keys
from linkback.dynamodb import LONGEST_KEY, Items, pack, unpack
from linkback.record import Record, State, partitions
from linkback.table import record_of, rule_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from linkback.dynamodb import Item
    from linkback.rules import Rule

T = TypeVar("T")
Wanted = Callable[[T], bool]

# Of a page: what an answer of 6 MB holds in any case, and what an owner reads at once.
PER_PAGE, MOST_CHARACTERS = 50, 2_000_000
# What one search looks through; the cursor goes on.
MOST_SEARCHED = 1_000
MOST_RULES = 500
# A claim has a ping for each dialect and each spelling of its addresses. An honest one has two or three.
MOST_TOLD = 25

_MENTIONS_CURSOR = re.compile(r"([0-9])\.([0-9]{1,10})", re.ASCII)
_PINGS_CURSOR = re.compile(r"([0-9]{1,10})\.([A-Za-z0-9_-]{22})", re.ASCII)


class BadCursor(ValueError):  # noqa: N818 - reads as what it is
    """A cursor that no page of ours gave."""


class Page(NamedTuple, Generic[T]):
    """Some of a list, and the cursor of what follows, "" at its end."""

    items: list[T]
    cursor: str


class Found(NamedTuple):
    """Where the index `claim` has what belongs to a claim: the mention's own key, and the ids of its pings."""

    mention: Item | None
    pings: list[str]


class Ledger:
    """One table, behind a low-level DynamoDB client. Errors of the service pass through as botocore's."""

    def __init__(self, client: Any, name: str) -> None:
        self._items = Items(client, name)

    def find(self, claim: str) -> Found:
        """What is known by the name of a claim; of its pings MOST_TOLD, for anybody can send any number."""
        mention = next(self._claimed(claim, f"MENTION#{claim}", 1), None)
        key = {"pk": mention["pk"], "sk": mention["sk"]} if mention else None
        pings = islice(self._claimed(claim, "PING", MOST_TOLD), MOST_TOLD)
        return Found(key, [one["pk"].removeprefix("PING#") for one in pings])

    def _claimed(self, claim: str, sign: str, most: int) -> Iterator[Item]:
        return self._items.query(
            IndexName="claim",
            KeyConditionExpression="#claim = :claim AND sk = :sign",
            ExpressionAttributeNames={"#claim": "claim"},
            ExpressionAttributeValues=pack({":claim": claim, ":sign": sign}),
            Limit=most,
        )

    def record(self, key: Item) -> Record | None:
        """The newest state of the mention at this key."""
        found = self._items.get(key, ConsistentRead=True)
        return record_of(found) if found else None

    def mentions(
        self, site: str, state: State, cursor: str = "", most: int = PER_PAGE, wanted: Wanted[Record] | None = None
    ) -> Page[Record]:
        """The mentions of a site in a state, newest first; what waits begins with the likely ham. Raises BadCursor."""
        first, before = _mentions_cursor(cursor)
        found: list[Record] = []
        searched = characters = 0
        for place, partition in list(enumerate(partitions(site, state)))[first:]:
            for item in self._newest(partition, before, most):
                if len(found) == most or searched == MOST_SEARCHED or characters > MOST_CHARACTERS:
                    return Page(found, f"{place}.{before}")
                before, searched = item["seq"], searched + 1
                record = _readable(item)
                if record and (wanted is None or wanted(record)):
                    found.append(record)
                    characters += len(record.seen)
            before = 0
        return Page(found, "")

    def _newest(self, partition: str, before: int, most: int) -> Iterator[Item]:
        upper = {":before": before - 1} if before else {":before": 2**31 - 1}
        return self._items.query(
            IndexName="feed",
            KeyConditionExpression="feed = :feed AND seq <= :before",
            ExpressionAttributeValues=pack({":feed": partition, **upper}),
            ScanIndexForward=False,
            Limit=most + 1,
        )

    def ping(self, ping_id: str) -> Item | None:
        """The record of a ping, or None."""
        return self._items.get(keys.ping(ping_id), ConsistentRead=True)

    def pings(
        self, site: str, cursor: str = "", most: int = PER_PAGE, wanted: Wanted[Item] | None = None
    ) -> Page[Item]:
        """The attempt log of a site, newest first. Raises BadCursor."""
        partition = f"{site}#pings"
        start = _pings_start(cursor, partition)
        query: dict[str, Any] = {
            "IndexName": "feed",
            "KeyConditionExpression": "feed = :feed",
            "ExpressionAttributeValues": pack({":feed": partition}),
            "ScanIndexForward": False,
            "Limit": most + 1,
        }
        found: list[Item] = []
        last: Item = {}
        for searched, item in enumerate(self._from(query, start)):
            if len(found) == most or searched == MOST_SEARCHED:
                return Page(found, f"{last['seq']}.{last['pk'].removeprefix('PING#')}")
            last = item
            if wanted is None or wanted(item):
                found.append(item)
        return Page(found, "")

    def _from(self, query: dict[str, Any], start: Item | None) -> Iterator[Item]:
        first = {"ExclusiveStartKey": pack(start)} if start else {}
        for answer in self._items.pages(**query, **first):
            yield from map(unpack, answer["Items"])

    def rules(self, site: str, cursor: str = "", *, known: bool = False) -> Page[Rule]:
        """The rules of a site, by kind and value; with `known` instead whom approvals made known. Raises BadCursor."""
        sign = "KNOWN#" if known else "RULE#"
        if cursor and (not cursor.startswith(sign) or len(cursor) > LONGEST_KEY):
            raise BadCursor(cursor)
        query: dict[str, Any] = {
            "KeyConditionExpression": "pk = :pk AND begins_with(sk, :sign)",
            "ExpressionAttributeValues": pack({":pk": f"SITE#{site}", ":sign": sign}),
            "Limit": MOST_RULES,
        }
        start = {"ExclusiveStartKey": pack({"pk": f"SITE#{site}", "sk": cursor})} if cursor else {}
        answer = next(self._items.pages(**query, **start))
        found = [rule for item in map(unpack, answer["Items"]) if (rule := rule_of(site, item))]
        return Page(found, unpack(answer.get("LastEvaluatedKey", {})).get("sk", ""))

    def days(self, site: str, first: str) -> dict[str, Item]:
        """The counts of each day (YYYY-MM-DD) from `first` on that had visits: `<protocol> <status>` to a number."""
        found = self._items.query(
            KeyConditionExpression="pk = :pk AND sk >= :first",
            ExpressionAttributeValues=pack({":pk": f"DAY#{site}", ":first": f"DAY#{first}"}),
        )
        return {str(item["sk"]).removeprefix("DAY#"): item for item in found}

    def told(self, pings: Sequence[str], status: str, decided: str, *, forget: bool = False) -> None:
        """What the status pages of these pings say from now on, where their visit has ended well.

        `decided` is for the log of their owner alone. `forget` what their senders claimed, whatever came of them.
        """
        for ping in pings:
            if forget:
                self._items.update(
                    keys.ping(ping), "REMOVE #claimed", {"#claimed": "claimed"}, {}, "attribute_exists(pk)"
                )
            self._items.update(
                keys.ping(ping),
                "SET #status = :status, #decided = :decided",
                {"#status": "status", "#decided": "decided"},
                {":status": status, ":decided": decided, ":published": "published", ":held": "held"},
                "#status IN (:published, :held)",
            )

    def put(self, item: Item) -> None:
        """Write an item of the desk's own."""
        self._items.put(item, {})

    def get(self, key: Item) -> Item | None:
        """An item of the desk's own."""
        return self._items.get(key, ConsistentRead=True)

    def delete(self, key: Item) -> None:
        """Take an item of the desk's own away."""
        self._items.delete(key)

    def newest(self, pk: str, sign: str) -> Item | None:
        """Of the items of a partition whose sort keys begin so, the one with the greatest."""
        found = self._items.query(
            KeyConditionExpression="pk = :pk AND begins_with(sk, :sign)",
            ExpressionAttributeValues=pack({":pk": pk, ":sign": sign}),
            ScanIndexForward=False,
            ConsistentRead=True,
            Limit=1,
        )
        return next(found, None)


def _readable(item: Item) -> Record | None:
    """The mention that an item is. None for a tombstone, and for what a hand has spoilt: it must hide no other."""
    if "seen" not in item:
        return None
    try:
        return record_of(item)
    except (KeyError, TypeError, ValueError, AttributeError):
        return None


def _mentions_cursor(cursor: str) -> tuple[int, int]:
    read = _MENTIONS_CURSOR.fullmatch(cursor or "0.0")
    if not read or int(read[2]) >= 2**31:
        raise BadCursor(cursor)
    return int(read[1]), int(read[2])


def _pings_start(cursor: str, partition: str) -> Item | None:
    read = _PINGS_CURSOR.fullmatch(cursor) if cursor else None
    if cursor and not read:
        raise BadCursor(cursor)
    return {**keys.ping(read[2]), "feed": partition, "seq": int(read[1])} if read else None
