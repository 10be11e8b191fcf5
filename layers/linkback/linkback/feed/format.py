"""What a format of a feed must be able to say: an opening, entries one by one, a closing. Each is a module's FORMAT."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import orjson

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

T = TypeVar("T")
Members = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Channel:
    """What a feed says of itself.

    `subject` is what it is about, `home` the address of that, `here` the feed's own, `base` the bridge's; `hub` that of
    a WebSub hub, or ""; `changed` is when its site last changed, ISO 8601 in UTC.
    """

    subject: str
    home: str
    here: str
    base: str
    changed: str
    hub: str = ""


@dataclass(frozen=True, slots=True)
class Format(Generic[T]):
    """How a feed is written; all that these give is UTF-8, and nothing in it is a stranger's markup.

    `headers` has the content type, `opening` all that stands before the entries, `entry` one of them, `between` what
    stands between two, `closing` the rest: it is given the address of the next answer, or "".
    """

    headers: Callable[[Channel], Mapping[str, str]]
    opening: Callable[[Channel], bytes]
    entry: Callable[[T, Channel], bytes]
    closing: Callable[[Channel, str], bytes]
    between: bytes


def json_list(opening: bytes, members: Callable[[T], Members]) -> Format[T]:
    """JSON that ends with a list of entries, and says nothing of itself or of what comes next."""
    return Format(
        headers=lambda _: json_headers(),
        opening=lambda _: opening,
        entry=lambda one, _: as_json(members(one)),
        closing=lambda _channel, _following: b"]}",
        between=b",",
    )


def as_json(told: object) -> bytes:
    """The value as JSON in which no markup begins: whatever a stranger wrote, and whoever takes the answer for HTML."""
    return orjson.dumps(told).replace(b"<", b"\\u003c")


def json_headers(media_type: str = "application/json") -> dict[str, str]:
    """The headers of a format that is JSON."""
    return {"content-type": f"{media_type}; charset=utf-8"}
