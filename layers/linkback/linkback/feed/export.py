"""`/api/export`: every mention of a site, held and hidden ones too, for its owner to take along."""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING

from linkback.feed import jf2
from linkback.feed.format import Channel, as_json, json_headers
from linkback.record import State

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from linkback.index import Index
    from linkback.published import Kept

BETWEEN = b","
_STATES = (State.PUBLIC, State.HELD, State.SPAM, State.GONE)


def headers(channel: Channel) -> dict[str, str]:
    """JSON that a browser saves as a file."""
    name = channel.subject.replace(":", "-") if channel.subject.isascii() and "," not in channel.subject else "linkback"
    return json_headers() | {"content-disposition": f'attachment; filename="{name}.jf2.json"'}


def opening(channel: Channel) -> bytes:  # noqa: ARG001 - as every format has it
    """A feed whose `children` is always there."""
    return b'{"type":"feed","name":"Webmentions","children":['


def closing(channel: Channel, following: str) -> bytes:  # noqa: ARG001 - the Link header says where it goes on
    """The end of the list and of the feed."""
    return b"]}"


def entry(kept: Kept, channel: Channel) -> bytes:  # noqa: ARG001 - as every format has it
    """One child: JF2 and where it stands. What was never public is known by the number at which it was put there."""
    told = jf2.members(kept.mention)
    return as_json(told | {"wm-id": told["wm-id"] or kept.number, "wm-state": kept.state})


def everything(index: Index, sites: Iterable[str], after: int) -> Iterator[Kept]:
    """All of these sites behind a number, oldest first."""
    found = [index.kept(site, state, after) for site in sites for state in _STATES]
    return heapq.merge(*found, key=lambda kept: kept.number)
