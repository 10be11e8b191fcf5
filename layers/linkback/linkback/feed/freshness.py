"""Whether a client has it already: told by the number of its site's last change, which is one small read.

The number is taken before what it stands for can be seen. So an answer of the minute after a change may still lack it,
and is known by its bytes alone; from then on all that has the number is there, and the number stands for the answer.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from linkback.keys import EPOCH

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

SETTLED = 60  # seconds after which what took a number is written, and in the indexes by all experience


@dataclass(frozen=True, slots=True)
class Freshness:
    """Of one answer: `question` is all that it depends on beside the table, `changed` the number of the last change.

    `changed` is None where none is known; `now` is in seconds since 1970.
    """

    question: tuple[str, ...]
    changed: int | None
    now: float

    @classmethod
    def of(cls, question: Iterable[str], changes: Mapping[str, int | None], now: float) -> Freshness:
        """Of an answer about these sites."""
        known = [number for number in changes.values() if number is not None]
        return cls((*question, *map(str, changes.items())), max(known, default=None), now)

    @property
    def settled(self) -> bool:
        """Whether the number of the last change stands for the answer."""
        return self.changed is not None and self.changed + EPOCH + SETTLED <= self.now

    def tag(self, digest: bytes = b"") -> str:
        """The ETag: weak, for zipped and plain answers share it. `digest` is of the answer, where it is not settled."""
        told = hashlib.sha256(repr(self.question).encode())
        told.update(b"" if self.settled else digest)
        return f'W/"{told.hexdigest()[:32]}"'

    def known(self, offered: str, digest: bytes = b"") -> bool:
        """Whether a client's If-None-Match has it (RFC 9110, section 13.1.2)."""
        tags = [one.strip().removeprefix("W/") for one in offered.split(",")]
        return self.tag(digest).removeprefix("W/") in tags or "*" in tags

    @property
    def numbered(self) -> datetime | None:
        """The time that the number of the last change says, the same however often it is asked.

        In a burst numbers run ahead of the clock, by a second each.
        """
        return None if self.changed is None else datetime.fromtimestamp(self.changed + EPOCH, UTC)

    @property
    def when(self) -> datetime | None:
        """The time of the last change, not later than now (RFC 9110, section 8.8.2.1)."""
        told = self.numbered
        return told and min(told, datetime.fromtimestamp(int(self.now), UTC))
