"""Which mentions a query means, in which order: read from the index as they are taken."""

from __future__ import annotations

import heapq
from functools import cached_property
from itertools import chain, islice
from typing import TYPE_CHECKING, TypeVar

from linkback import urls
from linkback.feed import seen
from linkback.feed.when import moment
from linkback.index import WHOLE, Partition, Span, public, thread
from linkback.keys import number_at
from linkback.published import Counted, Published
from linkback.query import MOST_SKIPPED, MOST_SORTED, PER_PAGE_OF_TARGET, BadQuery

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from linkback.index import Index
    from linkback.published import Tombstone
    from linkback.query import Query
    from linkback.site import Sites

T = TypeVar("T", Published, Counted)
S = TypeVar("S")

# More than MOST_SHOWN in another order are kept in memory until the last is read: then their words are counted.
MOST_SHOWN, LARGEST_SORTED = 1_000, 64_000_000


class Selection:
    """What one query means. `changes` has the number of each site's last change (Index.changes)."""

    def __init__(self, index: Index, sites: Sites, asked: Query, changes: Mapping[str, int | None]) -> None:
        self._index, self._sites, self._asked, self._changes = index, sites, asked, changes
        self.names = names(sites, asked.domain)
        self._targets = [target for target in asked.targets if sites.of(target)]
        since = int(asked.since.timestamp()) if asked.since else 0
        self._shown_since = since
        # In a burst numbers run ahead of the clock, never behind it: by number there may be more than by time.
        first = max(number_at(since), asked.since_id + 1, WHOLE.first)
        self._span = Span(first, asked.before - 1 if asked.before else WHOLE.last)

    def mentions(self) -> Iterator[Published]:
        """From the first of this answer on. Raises BadQuery where more must be read than will be."""
        skipped = min(self._asked.skipped, MOST_SKIPPED)
        found = islice(self._sorted(), skipped, None) if self._asked.order != "created" else self._created(skipped)
        return self._within_reach(found)

    def _created(self, skip: int) -> Iterator[Published]:
        partitions, rising = self._partitions(), self._asked.rising
        if not partitions:
            return iter(())
        narrow = bool(self._asked.properties or self._shown_since or self._fragments)
        if len(partitions) == 1 and not narrow:
            cut = {"limit": self._asked.per_page + 1, "skip": skip}
            return self._index.read(Published, partitions[0], self._span, rising=rising, **cut)
        most = skip + self._asked.per_page + 1
        limit = None if narrow else max(most // len(partitions) + 1, PER_PAGE_OF_TARGET)
        found = [self._matching(Published, one, rising=rising, limit=limit) for one in partitions]
        merged = heapq.merge(*found, key=lambda mention: mention.id if rising else -mention.id)
        return islice(merged, skip, None)

    def counted(self) -> Iterator[Counted]:
        """All that is meant, in no order."""
        return chain.from_iterable(self._matching(Counted, one) for one in self._partitions())

    def gone(self) -> Iterator[Tombstone]:
        """What ended, the last first: `since`, `since_id` and `before` mean the end, and not the publication."""
        rising = self._asked.rising
        found = [self._index.gone(name, self._span, rising=rising) for name in self._gone_from()]
        merged: Iterator[Tombstone] = heapq.merge(*found, key=lambda stone: stone.number if rising else -stone.number)
        if self._asked.targets and self._gone_from():
            pages = set(self._pages.values())
            merged = (stone for stone in merged if stone.page in pages)
        return self._within_reach(islice(merged, min(self._asked.skipped, MOST_SKIPPED), None))

    def _within_reach(self, found: Iterator[S]) -> Iterator[S]:
        if self._asked.skipped > MOST_SKIPPED and next(found, None):
            raise BadQuery(f"page and per-page reach past {MOST_SKIPPED} mentions: follow the Link header instead.")
        return found

    def following(self, last: Published | Tombstone, entries: int) -> str:
        """The query string of what comes after the last of so many entries."""
        if self._asked.order != "created" and isinstance(last, Published):
            return self._asked.onward("offset", self._asked.skipped + entries)
        return self._asked.onward("since_id" if self._asked.rising else "before", last.order)

    def _partitions(self) -> list[Partition]:
        """Where to read. What has not changed since has nothing new in it, and is not asked."""
        if not self._asked.targets:
            return [public(name) for name in self.names if self._may_have(name)]
        if not any(map(self._may_have, self._changes)) or not self._targets:
            return []
        return [thread(page) for page in dict.fromkeys(self._pages.values())]

    def _gone_from(self) -> list[str]:
        return [name for name in (self._changes if self._asked.targets else self.names) if self._may_have(name)]

    def _may_have(self, name: str) -> bool:
        changed = self._changes.get(name)
        return changed is None or changed >= self._span.first

    def _matching(
        self, kind: type[T], partition: Partition, *, rising: bool = False, limit: int | None = None
    ) -> Iterator[T]:
        found: Iterable[T] = self._index.read(kind, partition, self._span, rising=rising, limit=limit)
        if fragments := self._fragments.get(partition):
            found = (one for one in found if _fragment(one.target) in fragments)
        if self._shown_since:
            found = (one for one in found if one.shown >= self._shown_since)
        if properties := self._asked.properties:
            found = (one for one in found if seen.parse(one.seen)["relation"] in properties)
        return iter(found)

    @cached_property
    def _pages(self) -> dict[str, str]:
        """The page that each target means, by its own key, if that is still on a site of the bridge."""
        found = self._index.resolve(map(urls.page_key, self._targets))
        return {key: page if self._sites.of_page(page) else key for key, page in found.items()}

    @cached_property
    def _fragments(self) -> dict[Partition, frozenset[str]]:
        """The parts of a page that are asked for, where nobody asks for the whole and some mention was sent to one."""
        named: dict[Partition, set[str]] = {}
        if not any(target.fragment for target in self._targets):
            return {}
        for target in self._targets:
            named.setdefault(thread(self._pages[urls.page_key(target)]), set()).add(target.fragment)
        return {
            partition: frozenset(parts)
            for partition, parts in named.items()
            if "" not in parts and any(_fragment(one.target) in parts for one in self._index.read(Counted, partition))
        }

    def _sorted(self) -> Iterator[Published]:
        """The first of all that is meant, as many as are shown: the others are looked at and let go."""
        key, shown = _KEYS[self._asked.order], min(self._asked.skipped, MOST_SKIPPED) + self._asked.per_page + 1
        least = heapq.nsmallest if self._asked.rising else heapq.nlargest
        found = chain.from_iterable(self._matching(Published, one) for one in self._partitions())
        return iter(least(shown, self._bounded(found, shown), key=lambda one: (key(one), one.id)))

    def _bounded(self, found: Iterator[Published], shown: int) -> Iterator[Published]:
        size = 0
        for number, mention in enumerate(found):
            size += len(mention.seen)
            if number == MOST_SORTED or (size > LARGEST_SORTED and shown > MOST_SHOWN):
                told = f"sort-by={self._asked.order} puts at most {MOST_SORTED} mentions in order, and there are more: "
                raise BadQuery(f"{told}ask for targets, for fewer per-page, give since, or take sort-by=created.")
            yield mention


def names(sites: Sites, domain: str) -> tuple[str, ...]:
    """The sites that a domain means: with any port; all of them where none is said."""
    if not domain:
        return sites.names
    return tuple(name for name in sites.names if domain in (name, name.partition(":")[0]))


def _fragment(target: str) -> str:
    try:
        return urls.parse(target).fragment if "#" in target else ""
    except urls.BadUrl:  # a row that somebody edited by hand: it costs its own place in the answer, not the answer
        return ""


_KEYS: dict[str, Callable[[Published], str | int]] = {
    "updated": lambda mention: mention.visited,
    "published": lambda mention: moment(seen.read(mention).get("published", ""), mention.received),
    "rsvp": lambda mention: seen.read(mention).get("rsvp", ""),
}
