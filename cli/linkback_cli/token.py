"""`linkback token`: who may sign in at the desk, and read `/api/export`."""

from __future__ import annotations

import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from linkback.tokens import BadToken
from linkback_cli import keyring
from linkback_cli.console import printable
from linkback_cli.site_option import site
from linkback_cli.trouble import Trouble

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from linkback.tokens import Owner
    from linkback_cli.keyring import Keyring

_DEFAULT_DATA = Path(".linkback")
_HEAD = ("NAME", "SITES", "CREATED", "USED AT THE DESK")


@click.group("token")
def command() -> None:
    """Tokens: with one an owner signs in at the desk, and a script reads /api/export.

    They are those of the bridge that was deployed (STACK, REGION and samconfig.toml say which, or --stack and
    --region), or with --data those of `linkback serve`, whether it runs now or not.
    """


def _of_a_bridge(function: Callable[..., None]) -> Callable[..., None]:
    """The options that say which bridge is meant."""
    for option in (
        click.option(
            "--data", metavar="DIR", type=click.Path(path_type=Path),
            help="The bridge of `linkback serve --data DIR`, on this machine.",
        ),
        click.option("--region", metavar="REGION", help="Where that is, if REGION and your AWS settings do not say."),
        click.option("--stack", metavar="NAME", help="The stack, if STACK and samconfig.toml do not say."),
    ):  # fmt: skip
        function = option(function)
    return function


@command.command()
@click.argument("name")
@click.option("--site", "sites", multiple=True, metavar="HOST[:PORT]", help="For this site only. Repeatable.")
@_of_a_bridge
def create(name: str, sites: Sequence[str], **where: Any) -> None:
    """Make a token and print it: this once, for the bridge keeps only its hash. NAME is for you to know it by."""
    wanted = tuple(dict.fromkeys(map(site, sites)))
    with _opened(**where) as opened:
        for one in wanted:
            if opened.sites and one not in opened.sites:
                raise Trouble(f"{one} is no site of this bridge. It has {', '.join(opened.sites)}.")
        token = opened.tokens.create(name, wanted, time.time())
        click.echo(token)
        told = f"This is shown only now. Sign in with it at {opened.desk}, or send it as `Authorization: Bearer`."
        click.echo(told, err=True)


@command.command("list")
@_of_a_bridge
def list_(**where: Any) -> None:
    """Which tokens there are, never the tokens themselves."""
    with _opened(**where) as opened:
        rows = [_HEAD, *map(_row, opened.tokens.all())]
    if not rows[1:]:
        click.echo("There are no tokens.")
        return
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        click.echo("  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip())


@command.command()
@click.argument("name")
@_of_a_bridge
def revoke(name: str, **where: Any) -> None:
    """Take a token back: it, and whoever is signed in with it, is refused from now on."""
    with _opened(**where) as opened:
        owner = opened.tokens.revoke(name)
        click.echo(f"The token {printable(owner.name)} is revoked, and whoever signed in with it is signed out.")


@contextmanager
def _opened(stack: str | None, region: str | None, data: Path | None) -> Iterator[Keyring]:
    """The keyring of the bridge that is meant. Raises Trouble, UsageError."""
    if data and (stack or region):
        raise click.UsageError("--data means a bridge on this machine, --stack and --region one that was deployed.")
    with keyring.of_directory(data) if data else _deployed(stack, region) as opened:
        try:
            yield opened
        except BadToken as bad:
            raise Trouble(str(bad)) from None


@contextmanager
def _deployed(stack: str | None, region: str | None) -> Iterator[Keyring]:
    try:
        with keyring.of_stack(stack, region) as opened:
            yield opened
    except Trouble as trouble:
        if stack or not (_DEFAULT_DATA / "lock").exists():
            raise
        hint = f"For the tokens of `linkback serve` on this machine say --data {_DEFAULT_DATA}."
        raise Trouble(f"{trouble.message}\n{hint}") from None


def _row(owner: Owner) -> tuple[str, str, str, str]:
    sites = printable(", ".join(owner.sites)) or "all"
    return printable(owner.name), sites, _minute(owner.created) or "by hand", _minute(owner.used) or "not yet"


def _minute(told: str) -> str:
    return f"{told[:10]} {told[11:16]} UTC" if told else ""
