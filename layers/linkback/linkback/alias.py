"""An owner's word that one address is another one of the same page: what was told of it before moves there, too."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from linkback import urls
from linkback.policy import claim_id
from linkback.record import State

if TYPE_CHECKING:
    from collections.abc import Iterable

    from linkback.record import Record
    from linkback.site import Sites
    from linkback.table import Table


class BadAlias(ValueError):  # noqa: N818 - reads as what it is
    """It cannot be meant; the message says why, in a sentence."""


def declare(table: Table, sites: Sites, old: str, new: str, now: float) -> int:
    """Make `old` (a whole address) an alias of `new`; how many mentions moved there. Raises BadAlias, Conflict.

    Mentions move after the alias stands, one by one: whoever is stopped half-way says it again.
    """
    key, page = _key(sites, old), table.alias(_key(sites, new))
    if key == page:
        raise BadAlias(f"{old} and {new} are the same page already.")
    site = _site(sites, page)
    table.declare_alias(key, page, site, now)
    return _move(table, table.mentions(key), page, site, now)


def retract(table: Table, sites: Sites, old: str, now: float) -> int:
    """Make `old` a page of its own again; how many mentions moved back. Raises BadAlias, Conflict."""
    key = _key(sites, old)
    page = table.alias(key)
    if page == key:
        raise BadAlias(f"{old} is no alias.")
    table.forget_alias(key)
    told = (one for one in table.mentions(page) if urls.page_key(urls.parse(one.target)) == key)
    return _move(table, told, key, _site(sites, key), now)


def _move(table: Table, records: Iterable[Record], page: str, site: str, now: float) -> int:
    moved = 0
    for record in list(records):
        claim = claim_id(urls.parse(record.source), page)
        there = table.mention(page, claim)
        # The same source linked to both, and one link is one mention: the one that is shown, unless its owner hid one.
        if there is None or (record.state is State.PUBLIC and there.state in (State.GONE, State.HELD)):
            version = there.version + 1 if there else record.version
            table.move(record, replace(record, page=page, site=site, claim=claim, version=version), there, now)
        elif record.state is not State.DELETED:
            table.save(record, replace(record, state=State.DELETED), now)
        moved += 1
    return moved


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
    return sites.of(urls.parse(f"https://{page}")) or sites.names[0]
