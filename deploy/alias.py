"""`make alias OLD=https://… NEW=https://…`: one address is another one of the same page.

What was told of the old address moves to the page, and both answer from then on. `make alias` alone lists all aliases,
those that the bridge learned from redirects and canonical addresses among them; `make alias OLD=…` takes one back.
"""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

import click

from linkback import alias
from linkback.site import Sites
from linkback.table import Table
from linkback_cli import deployed
from linkback_cli.account import in_words
from linkback_cli.trouble import Trouble

if TYPE_CHECKING:
    from collections.abc import Iterator


@click.command(help=__doc__)
def main() -> None:
    """Declare, take back or list, as OLD and NEW say."""
    old, new = (os.environ.get(name, "").strip() for name in ("OLD", "NEW"))
    if new and not old:
        raise Trouble("Say of which page NEW is the address now: make alias OLD=https://… NEW=https://…")
    account, found = deployed.find("make alias STACK=linkback REGION=…")
    sites = Sites.parse(found.parameters["Sites"])
    with in_words(account.region):
        table = Table(account.client("dynamodb"), found.outputs["TableName"])
        for line in _done(table, sites, old, new):
            click.echo(line)


def _done(table: Table, sites: Sites, old: str, new: str) -> Iterator[str]:
    try:
        if new:
            moved = alias.declare(table, sites, old, new, time.time)
            yield f"{old} is {new} now; {_mentions(moved)} moved."
        elif old:
            moved = alias.retract(table, sites, old, time.time)
            yield f"{old} is a page of its own now; {_mentions(moved)} moved back."
        else:
            yield from _listed(table, sites)
    except alias.BadAlias as bad:
        raise Trouble(str(bad)) from None


def _listed(table: Table, sites: Sites) -> Iterator[str]:
    lines = [f"{one['old']} -> {one['page']} ({one['by']})" for site in sites.names for one in table.aliases(site)]
    yield from lines or ["There are no aliases."]


def _mentions(number: int) -> str:
    return "1 mention" if number == 1 else f"{number} mentions"


if __name__ == "__main__":
    main()
