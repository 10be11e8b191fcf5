"""What a dialect must be able to say, and the small HTTP values it says it with."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from linkback.ping import Declined, Ping, TryLater


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request. `path` is percent-decoded (by API Gateway), `query` is as sent; header names are lower-case.

    `base` is the bridge's own address, such as `https://bridge.example`, without a slash at the end; `sender` is the IP
    address that the request came from.
    """

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes
    base: str
    sender: str = ""


@dataclass(frozen=True, slots=True)
class Response:
    """One HTTP response. `body` is text that is sent in UTF-8; of a feed `data` is sent, as the headers say.

    `mentions` says how many are in a feed, for the log.
    """

    status: int
    body: str
    headers: Mapping[str, str] = field(default_factory=dict)
    mentions: int | None = None
    data: bytes = b""


def as_json(told: object) -> str:
    """The value as JSON in which no markup begins: whatever a stranger wrote, and whoever takes the answer for HTML."""
    return json.dumps(told, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")


class Dialect(Protocol):
    """The three functions that each of webmention, pingback and trackback has."""

    def read(self, request: Request, now: datetime) -> Ping:
        """The claim in this request. Raises Declined (malformed) and nothing else, whatever the bytes."""

    def accept(self, request: Request, ping: Ping, *, again: bool) -> Response:
        """The ping is recorded and queued; `again` if this dialect told us the same within the last minute."""

    def decline(self, request: Request, refusal: Declined | TryLater) -> Response:
        """The ping is refused: for good (Declined), or for now (TryLater)."""
