"""What a format of a feed must be able to say: an opening, entries one by one, a closing. Each is a module."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import orjson

if TYPE_CHECKING:
    from collections.abc import Mapping

T_contra = TypeVar("T_contra", contravariant=True)
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


class Format(Protocol[T_contra]):
    """The four functions that each format has; what they return is UTF-8, and nothing in it is a stranger's markup."""

    def headers(self, channel: Channel) -> Mapping[str, str]:
        """The content type, and what else a client must be told."""

    def opening(self, channel: Channel) -> bytes:
        """All that stands before the entries."""

    def entry(self, mention: T_contra, channel: Channel) -> bytes:
        """One mention, without what stands between two."""

    def closing(self, channel: Channel, following: str) -> bytes:
        """All that stands behind the entries; `following` is the address of the next answer, or ""."""

    @property
    def BETWEEN(self) -> bytes:  # noqa: N802 - a module's constant
        """What stands between two entries."""


def as_json(told: object) -> bytes:
    """The value as JSON in which no markup begins: whatever a stranger wrote, and whoever takes the answer for HTML."""
    return orjson.dumps(told).replace(b"<", b"\\u003c")


def json_headers(media_type: str = "application/json") -> dict[str, str]:
    """The headers of a format that is JSON."""
    return {"content-type": f"{media_type}; charset=utf-8"}
