"""`/api/export`: every mention of a site, held and hidden ones too, for its owner to take along."""

from __future__ import annotations

import heapq
import re
from dataclasses import replace
from typing import TYPE_CHECKING

from linkback.feed import jf2
from linkback.feed.format import Channel, Members, json_headers, json_list
from linkback.record import State, partitions

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from linkback.index import Index
    from linkback.published import Kept

_STATES = (State.PUBLIC, State.HELD, State.SPAM, State.GONE)


def headers(channel: Channel) -> dict[str, str]:
    """JSON that a browser saves as a file."""
    name = channel.subject.replace(":", "-") if re.fullmatch(r"[a-z0-9.:-]+", channel.subject) else "linkback"
    return json_headers() | {"content-disposition": f'attachment; filename="{name}.jf2.json"'}


def members(kept: Kept) -> Members:
    """One child: JF2 and where it stands. What was never public is known by the number at which it was put there."""
    told = jf2.members(kept.mention)
    return told | {"wm-id": told["wm-id"] or kept.number, "wm-state": kept.state}


def everything(index: Index, sites: Iterable[str], after: int) -> Iterator[Kept]:
    """All of these sites behind a number, oldest first."""
    places = [place for site in sites for state in _STATES for place in partitions(site, state)]
    found = [index.kept(place, after) for place in places]
    return heapq.merge(*found, key=lambda kept: kept.number)


FORMAT = replace(json_list(b'{"type":"feed","name":"Webmentions","children":[', members), headers=headers)
