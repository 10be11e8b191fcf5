"""What the bridge says of a ping that the demo blog sent."""

from __future__ import annotations

import json
from typing import Any

from linkback_cli.demo_senders import opener

# A page that shows it asks again by itself for this long, in case its tab is forgotten.
SECONDS_TO_WATCH = 120


def url(bridge: str, ping_id: str) -> str:
    """The status page of a ping, on the bridge at this `host:port`."""
    return f"http://{bridge}/pings/{ping_id}"


def read(its_page: str) -> dict[str, Any]:
    """What a status page says; {} where there is no such page."""
    try:
        with opener().open(its_page, timeout=5) as answer:
            fate = json.load(answer)
    except (OSError, ValueError):
        return {}
    return fate if isinstance(fate, dict) else {}
