"""An owner's word that one address is another one of the same page: what was told of it before moves there, too."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from linkback import urls
from linkback.policy import claim_id
from linkback.record import State
from linkback.table import Conflict

if TYPE_CHECKING:
    from collections.abc import Callable

    from linkback.record import Record
    from linkback.site import Sites
    from linkback.table import Table


ATTEMPTS = 5


class BadAlias(ValueError):  # noqa: N818 - reads as what it is
    """It cannot be meant; the message says why, in a sentence."""


def declare(table: Table, sites: Sites, old: str, new: str, clock: Callable[[], float]) -> int:
    """Make `old` (a whole address) an alias of `new`; how many mentions moved there. Raises BadAlias.

    `clock` tells the time (seconds since 1970): each move takes a number of its own, which must not be behind it.
    Mentions move after the alias stands, one by one: whoever is stopped half-way says it again.
    """
    key, page = _key(sites, old), table.alias(_key(sites, new), newest=True)
    if key == page:
        raise BadAlias(f"{old} and {new} are the same page already.")
    site = _site(sites, page)
    table.declare_alias(key, page, site, clock())
    return sum(_move(table, record, page, site, clock) for record in list(table.mentions(key)))


def retract(table: Table, sites: Sites, old: str, clock: Callable[[], float]) -> int:
    """Make `old` a page of its own again; how many mentions moved back. Raises BadAlias.

    Those move that were told of it, or of an address that is still its alias.
    """
    key = _key(sites, old)
    page = table.alias(key, newest=True)
    if page == key:
        raise BadAlias(f"{old} is no alias.")
    # First what can be repeated: whoever is stopped half-way says it again. Then what came meanwhile.
    moved = _move_back(table, sites, key, page, clock)
    table.forget_alias(key, _site(sites, page), clock())
    return moved + _move_back(table, sites, key, page, clock)


def _move_back(table: Table, sites: Sites, key: str, page: str, clock: Callable[[], float]) -> int:
    def told(record: Record) -> bool:
        return table.alias(urls.page_key(urls.parse(record.target)), newest=True, until=key) == key

    records = [record for record in table.mentions(page) if told(record)]
    return sum(_move(table, record, key, _site(sites, key), clock) for record in records)


def _move(table: Table, record: Record, page: str, site: str, clock: Callable[[], float]) -> int:
    """Move one mention, and read and decide again if a visit wrote it meanwhile. How many moved."""
    claim = claim_id(urls.parse(record.source), page)
    for _ in range(ATTEMPTS):
        there, again = table.mention(page, claim), table.mention(record.page, record.claim)
        if again is None:
            return 0
        # The same source linked to both, and one link is one mention: the one that is shown, unless its owner hid one.
        hidden = there is not None and (there.state not in (State.GONE, State.HELD) or there.held_back)
        if there is not None and (again.state is not State.PUBLIC or hidden):
            with suppress(Conflict):
                return _hide(table, again, clock)
            continue
        version = (there.version if there else again.version) + 1
        moved = replace(again, page=page, site=site, claim=claim, version=version)
        with suppress(Conflict):
            table.move(again, moved, there, clock())
            return 1
    raise BadAlias(f"{record.source} is told of just now: do this again in a minute.")


def _hide(table: Table, record: Record, clock: Callable[[], float]) -> int:
    """What stays at the other address may come back when that is a page of its own again."""
    if record.state is State.PUBLIC:
        table.save(record, replace(record, state=State.GONE), clock())
        return 1
    return 0


def _key(sites: Sites, address: str) -> str:
    try:
        url = urls.parse(address)
    except urls.BadUrl as bad:
        hint = "Give a whole address, such as https://example.com/page."
        raise BadAlias(f"{address} cannot be used: {bad}. {hint}") from None
    if sites.of(url) is None:
        raise BadAlias(f"{address} is not on a site of this bridge, which has {', '.join(sites.names)}.")
    return urls.page_key(url)


def _site(sites: Sites, page: str) -> str:
    return sites.of_page(page) or sites.names[0]
