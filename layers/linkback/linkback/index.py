"""The table as feeds read it: the indexes `feed` and `thread`, the last change of each site, aliases.

Nothing that is not public is in a partition that a feed reads, and every order is a key's: what is not asked for is not
read, but for what `page`, kinds and fragments pass over.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from linkback import keys
from linkback.dynamodb import Items, pack, short, unpack
from linkback.published import Counted, Kept, Published, Tombstone
from linkback.record import State

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from linkback.dynamodb import Item
    from linkback.tokens import Owner

T = TypeVar("T", Published, Counted)

_DEAD = ("claim", "page", "source", "target", "id", "seq")


class Span(NamedTuple):
    """The numbers from `first` to `last`, both included."""

    first: int
    last: int


WHOLE = Span(1, 2**31 - 1)


class Partition(NamedTuple):
    """A partition of an index: its items are in the order of their numbers."""

    name: str
    key: str


class Index:
    """What one table's indexes hold, behind a low-level DynamoDB client. Errors of the service pass through."""

    def __init__(self, client: Any, name: str) -> None:
        self._items = Items(client, name)

    def changes(self, sites: Iterable[str]) -> dict[str, int | None]:
        """The number of each site's last change that a feed shows, None where none was ever noted. One small read."""
        noted = self._items.get(keys.SEQUENCE) or {}
        return {site: noted.get(keys.mark(site), noted.get("marked_from")) for site in sites}

    def ping(self, ping_id: str) -> Item | None:
        """The record of a ping, or None when there is none (any more)."""
        return self._items.get(keys.ping(ping_id))

    def owner(self, token: str) -> Owner | None:
        """Who shows this token, or None for nobody that we know."""
        from linkback import tokens  # noqa: PLC0415 - feeds are for everybody

        return tokens.shown(self._items, token)

    def resolve(self, pages: Iterable[str]) -> dict[str, str]:
        """The key of the page that each is an alias of, or its own. One read of as many small items."""
        found = {page: page for page in pages}
        asked = set(found)
        for _ in range(keys.MOST_ALIASES):
            if not asked:
                break
            moved = {item["old"]: item["page"] for item in self._items.get_many(map(keys.alias, asked))}
            found = {page: moved.get(now, now) for page, now in found.items()}
            asked = set(moved.values())
        return found

    def read(self, kind: type[T], partition: Partition, span: Span = WHOLE, **cut: Any) -> Iterator[T]:
        """The public mentions of a partition with a number in the span, newest first, read as they are asked for.

        `kind` is Published, or Counted, which is read three times as fast. `limit`: no more are read in one go than a
        client wants. `skip`: so many are counted, which is paid for like reading, and not sent. `rising`: oldest first.
        """
        return map(kind.of, self._range(partition, span, kind.members(), **cut))

    def edited(self, site: str, after: int) -> Iterator[tuple[int, Published | None]]:
        """The mentions of a site that were edited after this number and published before it: order, mention.

        Each costs a read of its own. None is for one that is not public any more.
        """
        edits = Partition("feed", f"{site}#edited")
        for pointer in self._range(edits, Span(after + 1, WHOLE.last), ("seq", "id"), rising=True):
            if pointer["id"] <= after:
                found = self.read(Published, public(site), Span(pointer["id"], pointer["id"]))
                yield pointer["seq"], next(found, None)

    def gone(self, site: str, span: Span, *, rising: bool) -> Iterator[Tombstone]:
        """What was public on a site and ended within these numbers."""
        return self._ended(f"{site}#{State.GONE}", span, rising=rising)

    def moved(self, site: str, span: Span) -> Iterator[Tombstone]:
        """The claims by which mentions of a site are not known any more, since their page got another key."""
        return self._ended(f"{site}#moved", span, rising=True)

    def _ended(self, key: str, span: Span, *, rising: bool) -> Iterator[Tombstone]:
        for item in self._range(Partition("feed", key), span, _DEAD, rising=rising):
            yield Tombstone(*(item[name] for name in _DEAD))

    def kept(self, partition: str, after: int) -> Iterator[Kept]:
        """Every mention in a partition of the index `feed` (record.partitions), oldest first."""
        items = self._range(Partition("feed", partition), Span(after + 1, WHOLE.last), (), rising=True)
        return (Kept(Published.of(item), item["state"], item["seq"]) for item in items if "seen" in item)

    def _range(
        self, partition: Partition, span: Span, members: Sequence[str],
        *, rising: bool = False, limit: int | None = None, skip: int = 0,
    ) -> Iterator[Item]:  # fmt: skip
        if span.first > span.last:
            return
        range_ = _asked(partition, span) | {"ScanIndexForward": rising}
        start = self._passed(range_, skip)
        if start is None:
            return
        wanted = _only(range_, members) | ({"Limit": limit} if limit else {})
        for answer in self._items.pages(**wanted, **start):
            yield from map(unpack, answer["Items"])

    def _passed(self, range_: Mapping[str, Any], skip: int) -> dict[str, Any] | None:
        """Where the reading begins after so many items, which are counted and not sent; None behind the last."""
        start: dict[str, Any] = {}
        while skip:
            answer = next(self._items.pages(**range_, **start, Select="COUNT", Limit=skip))
            skip -= answer["Count"]
            if "LastEvaluatedKey" not in answer:
                return None
            start = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}
        return start


def thread(page: str) -> Partition:
    """Where the public mentions of one page are."""
    return Partition("thread", short(page))


def public(site: str) -> Partition:
    """Where those of a whole site are."""
    return Partition("feed", f"{site}#{State.PUBLIC}")


def _asked(partition: Partition, span: Span) -> dict[str, Any]:
    return {
        "IndexName": partition.name,
        "KeyConditionExpression": "#key = :key AND seq BETWEEN :first AND :last",
        "ExpressionAttributeNames": {"#key": partition.name},
        "ExpressionAttributeValues": pack({":key": partition.key, ":first": span.first, ":last": span.last}),
    }


def _only(range_: Mapping[str, Any], members: Sequence[str]) -> dict[str, Any]:
    """These members of each item, or all; by other names, for some of ours are DynamoDB's own words."""
    if not members:
        return dict(range_)
    names = {f"#{member}": member for member in members}
    told = range_["ExpressionAttributeNames"] | names
    return {**range_, "ExpressionAttributeNames": told, "ProjectionExpression": ", ".join(names)}
