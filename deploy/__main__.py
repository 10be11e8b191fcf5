"""`make deploy`: whatever can be wrong is found first, one question is asked, then SAM builds and deploys.

What is wanted is said after `make deploy` and comes by the environment: SITES, PARAMETERS ("Moderation=none
AlertEmail=me@example.com"), STACK, REGION, and ARGS, which go on to `sam deploy`.
"""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from deploy import interpreter, parameters, samconfig
from linkback_cli import stack, template
from linkback_cli.account import sign_in
from linkback_cli.trouble import Trouble

if TYPE_CHECKING:
    from collections.abc import Mapping

    from deploy.samconfig import SamConfig
    from linkback_cli.account import Account
    from linkback_cli.stack import Stack

AFTERWARDS = """
Paste this into the <head> of every page, near the top and to the letter:

{Tags}

Your build reads {FeedUrl}
To see it work, tell it of a page that links to yours: {WebmentionEndpoint}"""

HELD = "With Moderation={Moderation} it is held for you, and in no feed until you approve it at the desk."
DESK = """You moderate at {Desk}
Sign in there with a token: .venv/bin/linkback token create NAME --stack {stack} --region {region}"""
CONFIRM_EMAIL = "AWS has sent a letter to {AlertEmail}: alarms come there once its link was followed."


@click.command(help=__doc__)
@click.option("--sam", default="sam", help="The SAM CLI.")
@click.option("--make", default="make", help="What makes the target build.")
def main(sam: str, make: str) -> None:
    """Check, ask, build, deploy, tell. Nothing is made before everything is checked."""
    config = samconfig.read(Path("samconfig.toml"))
    name = os.environ.get("STACK") or config.stack_name or "linkback"
    declared = template.load().tree
    parameters.check_places(os.environ, declared["Parameters"])
    said = parameters.check(_said(os.environ), declared["Parameters"])
    stack.check_name(name)
    interpreter.check()
    account = sign_in(config.profile, os.environ.get("REGION") or config.region)
    found = stack.find(account, name)
    stack.check_ours(found, account.region)
    stack.check_state(found, account.region)
    _announce(account, found)
    given = _kept(found, config, declared["Parameters"]) | said
    if "Sites" not in given:
        given["Sites"] = _ask_for_sites(declared["Parameters"]["Sites"])
    values = {key: str(one.get("Default", "")) for key, one in declared["Parameters"].items()} | given
    parameters.check_rules(values, declared.get("Rules", {}))
    parameters.check_certificate(values["CertificateArn"], account.region)
    # SAM builds for the default architecture if it is not told, whatever the stack has.
    _run([make, "build", f"ARGS=--parameter-overrides Architecture={values['Architecture']}"], "The build")
    _run([sam, *_deployment(account, found, given, config)], "sam deploy")
    mailed = values["AlertEmail"] != found.parameters.get("AlertEmail", "")
    _tell(account, stack.find(account, name), values, mailed=mailed)


def _said(environ: Mapping[str, str]) -> dict[str, str]:
    """Every parameter that was said behind the command, SITES before all."""
    sites = {"Sites": environ["SITES"]} if environ.get("SITES") else {}
    return parameters.read(environ.get("PARAMETERS", "")) | sites


def _kept(found: Stack, config: SamConfig, declared: parameters.Declared) -> dict[str, str]:
    """What was not said, and stays: what the stack has. The file's values are older, but a first time has no others.

    All of it is said to SAM, which would otherwise take the file's.
    """
    if not found.new:
        kept = {name: value for name, value in found.parameters.items() if name in declared}
    else:
        kept = config.parameters if config.stack_name in ("", found.name) else {}
    return parameters.check(kept, declared)


def _announce(account: Account, found: Stack) -> None:
    what = "new" if found.new else "there already: what you do not say stays as it is"
    click.echo(f"Account {account.number}, region {account.region}, stack {found.name} ({what})")


def _ask_for_sites(declared: Mapping[str, str]) -> str:
    """The one question. Raises Trouble if nobody is there to answer."""
    if not sys.stdin.isatty():
        raise Trouble("Which sites is this bridge for? Say their hosts, as in: make deploy SITES=example.com")
    while True:
        answer = click.prompt(
            "The hosts of your sites, such as example.com,blog.example.org", default="", show_default=False
        )
        try:
            return parameters.sites(answer, declared)
        except Trouble as trouble:
            click.echo(trouble.message)


def _deployment(account: Account, found: Stack, given: Mapping[str, str], config: SamConfig) -> list[str]:
    """The words behind `sam`. A parameter that is not given has its default."""
    # A new stack can only add, so there is nothing to confirm; and where nobody can answer, nothing must wait for them.
    asks = not found.new and sys.stdin.isatty() and sys.stdout.isatty()
    words = ["deploy", "--stack-name", found.name, "--region", account.region, "--no-fail-on-empty-changeset"]
    words += ["--profile", config.profile] if config.profile else []
    words.append("--confirm-changeset" if asks else "--no-confirm-changeset")
    overrides = [f'{key}="{_escaped(value)}"' for key, value in given.items()]
    return [
        *words,
        *(["--parameter-overrides", *overrides] if overrides else []),
        *shlex.split(os.environ.get("ARGS", "")),
    ]


def _escaped(value: str) -> str:
    return value.replace('"', r"\"")


def _run(command: list[str], what: str) -> None:
    """Run it on our own terminal. Raises Trouble if it fails: it has said why."""
    silent = None if sys.stdin.isatty() else subprocess.DEVNULL
    try:
        code = subprocess.run(command, stdin=silent, check=False).returncode
    except OSError as error:
        raise Trouble(f"{command[0]} cannot be started ({error.strerror})") from error
    if code:
        raise Trouble(f"{what} failed: what is wrong stands above. Mend it, and do this again.")


def _tell(account: Account, made: Stack, values: Mapping[str, str], *, mailed: bool) -> None:
    if made.new:
        raise Trouble(f"The stack {made.name} was not made.")
    click.echo(f"\nThe stack {made.name} in {account.region} is there ({made.status}).")
    click.echo(AFTERWARDS.format(**made.outputs))
    if values["Moderation"] != "none":
        click.echo(HELD.format(**values))
    click.echo(DESK.format(**made.outputs, stack=made.name, region=account.region))
    if mailed and values["AlertEmail"]:
        click.echo(CONFIRM_EMAIL.format(**values))


if __name__ == "__main__":
    main()
