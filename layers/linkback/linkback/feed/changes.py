"""`/api/changes`: what came, changed and went since a number, in the order in which it did; all of it since none.

For whoever keeps a copy of a site's mentions, `linkback fetch` first of all: the answers are applied one after another,
and `since_id` is what to ask with next.
"""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING

from linkback.feed import jf2, tombstones
from linkback.feed.format import as_json
from linkback.feed.freshness import SETTLED
from linkback.feed.sheet import LARGEST_PLAIN
from linkback.index import WHOLE, Span, public
from linkback.keys import number_at
from linkback.published import Published, Tombstone

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from linkback.index import Index

Change = tuple[int, Published | Tombstone | None]

MOST_EDITS = 500  # of one answer: each is read by itself


class Changes:
    """One answer: `children` and `deleted` by claim, as JSON; `last` is the number up to which it tells."""

    def __init__(self) -> None:
        self.children, self.deleted = dict[str, bytes](), dict[str, bytes]()
        self.last, self.more, self._size = 0, False, 0

    def fill(self, changes: Iterable[Change], most: int) -> None:
        """As many as are asked for and fit, at least one. None is an edit of what is not public any more."""
        told = edits = 0
        for order, change in changes:
            piece = _written(change)
            self._size += len(piece)
            enough = told >= most or edits >= MOST_EDITS or (told and self._size > LARGEST_PLAIN)
            # Changes of one number stay together: the next answer begins behind it.
            if enough and order != self.last:
                self.more = True
                return
            self._take(change, piece)
            self.last, told = order, told + 1
            edits += not isinstance(change, Tombstone) and (change is None or change.id != order)

    def _take(self, change: Published | Tombstone | None, piece: bytes) -> None:
        """The later word on a mention counts, and stands at its later place."""
        if change:
            for list_ in (self.children, self.deleted):
                list_.pop(change.claim, None)
            (self.children if isinstance(change, Published) else self.deleted)[change.claim] = piece

    def body(self, since_id: int) -> bytes:
        """The JSON of the answer."""
        children, deleted = b",".join(self.children.values()), b",".join(self.deleted.values())
        opening = b'{"type":"feed","name":"Changes","children":['
        return opening + children + b'],"deleted":[' + deleted + b'],"since_id":%d}' % since_id


def _written(change: Published | Tombstone | None) -> bytes:
    if change is None:
        return b""
    return as_json(jf2.members(change) if isinstance(change, Published) else tombstones.members(change))


def since(index: Index, sites: Mapping[str, int | None], after: int) -> Iterator[Change]:
    """Every change of these sites (with the numbers of their last ones) after a number, oldest first."""
    span = Span(after + 1, WHOLE.last)
    streams: list[Iterator[Change]] = []
    for site, changed in sites.items():
        if changed is None or changed > after:
            streams.append((one.id, one) for one in index.read(Published, public(site), span, rising=True))
            streams.append(index.edited(site, after))
            streams.append((one.number, one) for one in index.gone(site, span, rising=True))
            streams.append((one.number, one) for one in index.moved(site, span))
    return heapq.merge(*streams, key=lambda change: change[0])


def asked_next(answer: Changes, after: int, changed: int | None, now: float) -> int:
    """The number to ask with next: behind what was told, but not within the minute in which more may appear."""
    if answer.more:
        return answer.last
    known = max(after, answer.last) if changed is None else changed
    return max(0, min(known, number_at(int(now)) - SETTLED))
