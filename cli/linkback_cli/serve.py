"""`linkback serve`: the real functions behind real events, on one's own machine."""

from __future__ import annotations

import os
import re
import signal
import threading
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from linkback import tokens, urls
from linkback_cli import template, welcome
from linkback_cli.bridge import Bridge, Settings
from linkback_cli.console import Console
from linkback_cli.data import DataDir
from linkback_cli.demo import Demo
from linkback_cli.listener import Listener
from linkback_cli.site_option import site
from linkback_cli.trouble import Trouble

if TYPE_CHECKING:
    from types import FrameType


class PortNumber(click.IntRange):
    """0 to 65535; what is no number at all is said so."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The number. Fails with a sentence."""
        if not str(value).removeprefix("-").isdecimal():
            self.fail(f"{value!r} is not a number.", param, ctx)
        return super().convert(value, param, ctx)


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line said; `sites` as typed."""

    port: int
    sites: tuple[str, ...]
    data: Path
    moderation: str
    self_mentions: str
    demo: bool
    allow_private: bool
    token: str | None
    hub: str = ""
    aliases: tuple[str, ...] = ()


@click.command("serve")
@click.option("--port", default=8787, show_default=True, type=PortNumber(0, 65535), help="0: the system chooses.")
@click.option("--site", "sites", multiple=True, metavar="HOST[:PORT]", help="A site of yours. Repeatable.")
@click.option(
    "--data", default=".linkback", show_default=True, metavar="DIR", type=click.Path(path_type=Path),
    help="Holds everything the local bridge keeps.",
)  # fmt: skip
@click.option(
    "--moderation", default="none", show_default=True, type=click.Choice(["first", "all", "none"]),
    help="What waits for you: mentions of hosts not approved yet (first), all, or none. Here none, so that you see "
    "what you try at once; when deployed, first.",
)  # fmt: skip
@click.option(
    "--self", "self_mentions", default="refuse", show_default=True, type=click.Choice(["allow", "hold", "refuse"]),
    help="Mentions from your own sites.",
)  # fmt: skip
@click.option("--no-demo", "demo", flag_value=False, default=True, help="Without the demo site and the demo blog.")
@click.option(
    "--allow-private", is_flag=True,
    help="Visit loopback and private addresses too, on any port. Without it only the demo's own are.",
)  # fmt: skip
@click.option(
    "--alias", "aliases", multiple=True, metavar="OLD=NEW",
    help="Two whole addresses: OLD is another one of the page at NEW. Kept for the next time. Repeatable.",
)  # fmt: skip
@click.option("--hub", default="", metavar="URL", help="A WebSub hub that the feeds name. Your build must tell it.")
@click.option("--token", metavar="TOKEN", help="The owner's token of this run, for scripts; without it a random one.")
def command(**given: Any) -> None:
    """Run the bridge on this machine, with its own store, a demo site and a demo blog.

    Prints `ready http://127.0.0.1:PORT` on stdout when it takes requests; Ctrl-C or SIGTERM stops it, and everything
    is there again at the next start.
    """
    run(Options(**given), Console())


def run(options: Options, console: Console, root: Path = template.ROOT) -> None:
    """Serve until a signal ends it. Raises Trouble."""
    stopping = _until_signalled()
    sites = _sites(options)
    with ExitStack() as open_things:
        data = DataDir(options.data)
        open_things.callback(data.close)
        listener = _listen(options.port)
        open_things.callback(listener.server_close)
        demo = Demo(listener.address, data, options.port, console) if options.demo else None
        settings = _settings(options, sites, demo)
        bridge = Bridge(settings, data, console, root)
        open_things.callback(bridge.close)
        with console.slow("Starting the store"):
            bridge.start(f"http://{listener.address}")
        listener.respond = bridge.gateway
        listener.start()
        if demo:
            demo.start()
        click.echo(f"ready http://{listener.address}")
        for line in welcome.lines(listener.address, settings, demo, options.data):
            console.say(line)
        _wait(stopping, bridge)
        finished = _stop(listener, demo, bridge, console)
    if not finished:
        os._exit(0)  # all is saved; Python would wait for the threads of the visit that takes too long


def _sites(options: Options) -> tuple[str, ...]:
    """The host of each --site, as the feed has it."""
    if not options.sites and not options.demo:
        raise Trouble("Without the demo there is no site to listen for: give yours with --site HOST")
    return tuple(map(site, options.sites))


def _token(given: str | None) -> str:
    """The owner's token for this run: the one that was given, or any."""
    if given is None:
        return tokens.random()
    if not re.fullmatch(rf"[!-~]{{1,{tokens.LONGEST_TOKEN}}}", given):
        longest = f"1 to {tokens.LONGEST_TOKEN} letters, digits and signs of ASCII, without blanks"
        raise Trouble(f"--token cannot be sent as it stands: give {longest}, or leave --token out for a random one")
    return given


def _hub(given: str) -> str:
    try:
        return given and str(urls.parse(given))
    except urls.BadUrl as bad:
        raise Trouble(
            f"--hub has {given!r}: {bad}. Give the hub's whole address, such as https://hub.example/"
        ) from None


def _alias(given: str) -> tuple[str, str]:
    """Where both sides have a `=` in their queries, the one before an address is meant."""
    old, mark, new = re.sub(r"=(?=https?://)", "\n", given.strip(), count=1).partition("\n")
    if not mark:
        raise Trouble(f"--alias has {given!r}: write it like --alias https://example.com/old=https://example.com/new")
    return old, new


def _listen(port: int) -> Listener:
    try:
        return Listener(port)
    except OSError as error:
        why = f"Port {port} cannot be used ({os.strerror(error.errno or 0)})."
        raise Trouble(f"{why} Choose another with --port, or --port 0 for any that is free") from None


def _settings(options: Options, sites: tuple[str, ...], demo: Demo | None) -> Settings:
    own = demo.addresses if demo else ()
    return Settings(
        sites=tuple(dict.fromkeys((*sites, *own[:1]))),
        moderation=options.moderation,
        self_mentions=options.self_mentions,
        permitted=None if options.allow_private else own,
        token=_token(options.token),
        shows_token=options.token is None,
        hub=_hub(options.hub),
        aliases=tuple(_alias(given) for given in options.aliases),
    )


def _until_signalled() -> threading.Event:
    """Set by SIGTERM, SIGHUP and Ctrl-C; the second Ctrl-C does not wait for anything."""
    stopping = threading.Event()

    def stop(signum: int, frame: FrameType | None) -> None:  # noqa: ARG001 - signal's signature
        if stopping.is_set() and signum == signal.SIGINT:
            os._exit(130)
        stopping.set()

    for one in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(one, stop)
    return stopping


def _wait(stopping: threading.Event, bridge: Bridge) -> None:
    while not stopping.wait(1):
        if not bridge.alive:
            raise Trouble(f"The store ended by itself; its log is {bridge.log}. Start again: what was saved is there")
        bridge.heed()


def _stop(listener: Listener, demo: Demo | None, bridge: Bridge, console: Console) -> bool:
    console.say("Stopping: no more requests, saving what is there (Ctrl-C again to leave at once)")
    listener.stop()
    finished = bridge.stop()
    if demo:
        demo.stop()  # the last: the visits in work read its pages
    console.say("Saved. Everything is there again at the next start.")
    return finished
