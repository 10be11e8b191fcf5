"""What a feed needs to know of a public mention, and what a cache must forget."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Self

if TYPE_CHECKING:
    from linkback.dynamodb import Item


@dataclass(frozen=True, slots=True)
class Published:
    """Those members of a record that feeds show. See record.Record for what each of them is.

    Half of a record's members: reading them is most of what a large feed costs.
    """

    claim: str
    page: str
    source: str
    target: str
    protocols: tuple[str, ...]
    received: str
    visited: int
    seen: str
    id: int
    shown: int

    @classmethod
    def members(cls) -> tuple[str, ...]:
        """What is read of an item."""
        return cls.__slots__

    @classmethod
    def of(cls, item: Item) -> Self:
        """As the table has it."""
        return cls(**{name: item[name] for name in cls.__slots__} | {"protocols": tuple(item["protocols"].split(","))})

    @property
    def order(self) -> int:
        """Its place among the changes of the bridge: the number at which it became public."""
        return self.id


class Counted(NamedTuple):
    """What counting needs to know of a public mention."""

    target: str
    shown: int
    seen: str

    @classmethod
    def members(cls) -> tuple[str, ...]:
        """What is read of an item."""
        return cls._fields

    @classmethod
    def of(cls, item: Item) -> Self:
        """As the table has it."""
        return cls(item["target"], item["shown"], item["seen"])


class Tombstone(NamedTuple):
    """A mention that was public as `id` and is not any more; `number` is that of its end."""

    claim: str
    page: str
    source: str
    target: str
    id: int
    number: int

    @property
    def order(self) -> int:
        """Its place among the changes of the bridge."""
        return self.number


class Kept(NamedTuple):
    """A mention as its owner takes it along, with where it stands and the number that put it there."""

    mention: Published
    state: str
    number: int

    @property
    def order(self) -> int:
        """Its place among the changes of the bridge."""
        return self.number
