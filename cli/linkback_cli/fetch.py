"""`linkback fetch`: what a site's build runs to have its mentions in a file, whether its bridge answers or not."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import click

from linkback import urls
from linkback.site import Sites
from linkback_cli import changes, mentions_file
from linkback_cli.changes import Malformed
from linkback_cli.console import Console, printable
from linkback_cli.download import Down
from linkback_cli.mentions_file import Mentions
from linkback_cli.reading import Reading
from linkback_cli.trouble import Trouble

_JITTER = 60  # a bridge counts in seconds, by clocks that may differ
_BASE, _DOMAIN = "--base (or LINKBACK_BASE)", "--domain (or LINKBACK_DOMAIN)"
_ENDPOINT = re.compile(r"/+(api/[^/]+|feed\.\w+|healthz|((pings|webmention|pingback|xmlrpc|trackback)(/.*)?))$|/+$")


class Seconds(click.IntRange):
    """1 to 3600; what is no number at all is said so."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The number. Fails with a sentence."""
        if not str(value).removeprefix("-").isdecimal():
            self.fail(f"{value!r} is not a whole number of seconds.", param, ctx)
        return super().convert(value, param, ctx)


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line or the environment said; `base` and `domain` as typed."""

    base: str
    domain: str
    out: Path
    timeout: float = 60
    strict: bool = False


@click.command("fetch")
@click.option("--base", required=True, envvar="LINKBACK_BASE", show_envvar=True, metavar="URL", help="Your bridge.")
@click.option(
    "--domain", required=True, envvar="LINKBACK_DOMAIN", show_envvar=True, metavar="HOST[:PORT]",
    help="The site whose mentions are wanted.",
)  # fmt: skip
@click.option(
    "--out", default=mentions_file.DEFAULT, show_default=True, metavar="FILE", type=click.Path(path_type=Path),
    help="Holds the mentions by page, and what to ask with next time.",
)  # fmt: skip
@click.option(
    "--timeout",
    default=60,
    show_default=True,
    metavar="SECONDS",
    type=Seconds(1, 3600),
    help="How long all of it may take.",
)
@click.option("--strict", is_flag=True, help="Fail when the bridge cannot be read, instead of keeping what is there.")
def command(**given: Any) -> None:
    """Bring a file with the mentions of a site up to date, for the site's build.

    The first run reads everything, later runs what has changed. When the bridge cannot be read, the file stays as it
    is and the build goes on, with a warning; --strict ends it with exit code 1.
    """
    run(Options(**given), Console())


def run(options: Options, console: Console) -> None:
    """Bring the file up to date; says on a terminal what is new in it. Raises Trouble."""
    wanted = Mentions(_base(options.base), _domain(options.domain))
    there = mentions_file.read(options.out)
    old = _old(there, wanted, options.out, console)
    try:
        new = _read(old or wanted, options, console)
    except Down as down:
        _keep(down, there, old or wanted, options, console)
        return
    # What to ask with next moves with the clock; from where it was the same is told again, and the file is left alone.
    if old is None or new.entries != old.entries or new.since_id < old.since_id - _JITTER:
        mentions_file.write(options.out, new.render())
    if console.terminal:
        console.say(f"{options.out}: {_contents(new)} ({_difference(old or wanted, new)})")


def _base(given: str) -> str:
    """The bridge's address, without a slash at its end. Raises Trouble."""
    try:
        url = urls.parse(given.strip())
    except urls.BadUrl as bad:  # without what was given: it may have a password
        hint = "Give your bridge's address, such as https://linkback.example.com"
        raise Trouble(f"{_BASE} is no address of a bridge: {bad}. {hint}") from None
    origin = f"{url.scheme}://{url.authority}"
    if url.query or url.fragment or url.path.rstrip("/") != _ENDPOINT.sub("", url.path):
        raise Trouble(f"{_BASE} is more than the bridge's address. Give {origin}{_ENDPOINT.sub('', url.path)}")
    return origin + url.path.rstrip("/")


def _domain(given: str) -> str:
    """The site's host, as the feed has it. Raises Trouble."""
    words = given.replace(",", " ").split()
    if len(words) != 1:
        raise Trouble(f"{_DOMAIN} has {given!r}: give the host of one site, such as example.com")
    try:
        return Sites.parse(words[0]).names[0]
    except ValueError as error:
        raise Trouble(str(error).replace("Sites", _DOMAIN, 1)) from None


def _old(there: bytes | None, wanted: Mentions, out: Path, console: Console) -> Mentions | None:
    """What the file has of this bridge and domain; says why it is of no use."""
    if there is None:
        return None
    if not mentions_file.ours(there):
        raise Trouble(f"{out} is no file of mentions, and was not touched. Name another with --out, or delete it")
    try:
        old = mentions_file.parse(there)
    except Malformed as error:
        console.say(f"Warning: {out} is damaged ({printable(error)}), so everything is read again.")
        return None
    if (old.bridge, old.domain) != (wanted.bridge, wanted.domain):
        whose = printable(f"{old.domain or 'another domain'} from {old.bridge or 'another bridge'}")
        console.say(f"Warning: {out} was made of {whose}, so everything is asked for.")
        return None
    return old


def _read(old: Mentions, options: Options, console: Console) -> Mentions:
    """The mentions as they are now. Raises Down or Trouble."""

    def watch(count: int) -> None:
        if console.terminal:
            console.passing(f"{count:,} mentions read")

    try:
        told = Reading(old.bridge, old.domain, old.since_id, old.etag).wait(options.timeout, watch)
    finally:
        console.passing("")
    if told is None:
        return old
    if told.since_id < old.since_id - _JITTER:  # restored or made anew: nobody tells what it has forgotten
        console.say(f"Warning: {old.bridge} has begun to count anew, so everything is read again.")
        return _read(Mentions(old.bridge, old.domain), options, console)
    entries = changes.merged(old.entries if old.since_id else {}, told.answers)
    return replace(old, since_id=told.since_id, etag=mentions_file.known_etag(told.etag), entries=entries)


def _keep(down: Down, there: bytes | None, known: Mentions, options: Options, console: Console) -> None:
    """Leave the file as it is, or, where there is none, make one without mentions, and warn. Raises Trouble."""
    what = f"The bridge {known.bridge} {down.what}."
    if options.strict:
        raise Trouble(f"{what} {options.out} {'was not written' if there is None else 'was not changed'}. {down.do}")
    if there is None:
        mentions_file.write(options.out, known.render())
        left = "is new and has no mentions"
    else:
        left = f"stays as it was, with {_contents(known)}" if known.entries else "stays as it was"
    console.say(f"Warning: {what} {options.out} {left}; the next run asks again. {down.do}.")


def _contents(mentions: Mentions) -> str:
    return f"{_counted(len(mentions.entries), 'mention')} of {_counted(len(mentions.pages()), 'page')}"


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _difference(old: Mentions, new: Mentions) -> str:
    changed = sum(old.entries.get(claim) != entry for claim, entry in new.entries.items())
    still = {entry["wm-id"] for entry in new.entries.values()}
    gone = sum(claim not in new.entries and one["wm-id"] not in still for claim, one in old.entries.items())
    told = (f"{changed:,} new or changed" if changed else "", f"{gone:,} gone" if gone else "")
    return ", ".join(filter(None, told)) or "nothing new"
