"""`/api/deleted`: what a cache must forget, in webmention.io's shape."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from linkback.feed import seen
from linkback.feed.format import Channel, Members, as_json, json_headers
from linkback.table import EPOCH

if TYPE_CHECKING:
    from linkback.published import Tombstone

BETWEEN = b","


def headers(channel: Channel) -> dict[str, str]:  # noqa: ARG001 - as every format has it
    """JSON."""
    return json_headers()


def opening(channel: Channel) -> bytes:  # noqa: ARG001 - as every format has it
    """A feed whose `children` is always there."""
    return b'{"type":"feed","name":"Deleted webmentions","children":['


def closing(channel: Channel, following: str) -> bytes:  # noqa: ARG001 - the Link header says where it goes on
    """The end of the list and of the feed."""
    return b"]}"


def entry(tombstone: Tombstone, channel: Channel) -> bytes:  # noqa: ARG001 - as every format has it
    """One child."""
    return as_json(members(tombstone))


def members(tombstone: Tombstone) -> Members:
    """The mention as it was known, and when it ended. `wm-sequence` is the number of that, to ask on with."""
    return {
        "wm-id": tombstone.id,
        "wm-source": seen.url(tombstone.source),
        "wm-target": seen.url(tombstone.target),
        "wm-deleted": datetime.fromtimestamp(tombstone.number + EPOCH, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "wm-claim": tombstone.claim,
        "wm-page": tombstone.page,
        "wm-sequence": tombstone.number,
    }
