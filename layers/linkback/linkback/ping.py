"""A ping is a stranger's claim: "my page *source* links to your page *target*", told in one of three dialects.

Two exceptions end the handling of a ping, wherever it is:

* Declined
    never, however often it is asked: the sender's mistake, or the owner's will
* TryLater
    not now: the network's weather, or our own; nothing is wrong with the ping
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


class Protocol(StrEnum):
    """The dialect a ping was told in; the value is JF2's `wm-protocol`."""

    WEBMENTION = "webmention"
    PINGBACK = "pingback"
    TRACKBACK = "trackback"


class Reason(StrEnum):
    """Why a ping was not published: the one vocabulary of every dialect, status page and log line."""

    MALFORMED = "malformed"
    TARGET_UNKNOWN = "target-unknown"
    TARGET_MISSING = "target-missing"
    SOURCE_IS_TARGET = "source-is-target"
    SELF = "self"
    BLOCKED = "blocked"
    FORBIDDEN_ADDRESS = "forbidden-address"
    TOO_MANY = "too-many"
    SOURCE_MISSING = "source-missing"
    NO_LINK = "no-link"
    NOT_TEXT = "not-text"
    TOO_LARGE = "too-large"
    TIMEOUT = "timeout"
    UNREACHABLE = "unreachable"
    SERVER_TROUBLE = "server-trouble"
    GAVE_UP = "gave-up"


class Status(StrEnum):
    """Where a ping stands, as its status page says it."""

    QUEUED = "queued"
    WAITING = "waiting"
    HELD = "held"
    PUBLISHED = "published"
    HIDDEN = "hidden"
    DECLINED = "declined"
    GONE = "gone"


class Declined(Exception):  # noqa: N818 - the field's word for an outcome, not a bug of ours
    """The ping is refused for good.

    `detail` is one sentence for a person, saying what to do where something can be done; it may quote the sender, so
    whoever shows it escapes it. `links_found` lists links to the target's site that *were* on the source page.
    `gone` is true where the page itself said 410, which is final, unlike a 404.
    """

    def __init__(self, reason: Reason, detail: str, links_found: tuple[str, ...] = (), *, gone: bool = False) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason, self.detail, self.links_found, self.gone = reason, detail, links_found, gone


class TryLater(Exception):  # noqa: N818 - see Declined
    """The ping may yet succeed: ask again after `after` seconds."""

    def __init__(self, reason: Reason, detail: str, after: int = 900) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason, self.detail, self.after = reason, detail, after


def stamp(time: datetime) -> str:
    """A UTC time as records and messages have it: ISO 8601, milliseconds, `Z`."""
    return time.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def stamp_at(seconds: float) -> str:
    """The same of a time in seconds since 1970."""
    return stamp(datetime.fromtimestamp(seconds, UTC))


@dataclass(frozen=True, slots=True)
class Ping:
    """One claim. `source` and `target` are absolute http(s) URLs as the sender wrote them, checked but not changed.

    `claimed` is what a TrackBack asserts of its source (`title`, `excerpt`, `blog_name`): for the moderator's eyes
    only, never for a feed. `received` is an aware UTC time. `sender` is the IP address that it came from, or "".
    """

    source: str
    target: str
    protocol: Protocol
    received: datetime
    claimed: Mapping[str, str] = field(default_factory=dict)
    sender: str = ""

    @property
    def id(self) -> str:
        """22 URL-safe characters, the same for the same claim told again in the same dialect."""
        told = f"{self.protocol}\n{self.source}\n{self.target}"
        return base64.urlsafe_b64encode(hashlib.sha256(told.encode()).digest()[:16]).decode().rstrip("=")
