"""The `linkback` command: a group whose members are modules of this package, imported when they are called."""

from __future__ import annotations

from importlib import import_module

import click

from linkback import __version__

COMMANDS = {
    "serve": "The bridge on this machine, with its own store and a demo to try it on.",
    "fetch": "The mentions of a site, from its bridge into a file that the site's build reads.",
    "token": "Who may sign in at the desk: create, list, revoke.",
}


class Commands(click.Group):
    """Lists every command without importing any: `linkback --help` does not pay for boto3."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """The names of all commands."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - as above
        """The command of this name, from the module of this name."""
        if cmd_name not in COMMANDS:
            return None
        found: click.Command = import_module(f"linkback_cli.{cmd_name}").command
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - as above
        """What each command is for, in a sentence."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.command(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="linkback", message="%(prog)s %(version)s")
def main() -> None:
    """A bridge from Pingback, TrackBack and Webmention to a static site."""
