"""`/api/deleted`: what a cache must forget, in webmention.io's shape."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from linkback.feed import seen
from linkback.feed.format import Members, json_list
from linkback.keys import EPOCH

if TYPE_CHECKING:
    from linkback.published import Tombstone


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


FORMAT = json_list(b'{"type":"feed","name":"Deleted webmentions","children":[', members)
