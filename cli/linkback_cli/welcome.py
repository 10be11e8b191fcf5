"""What `linkback serve` says once it is ready: where everything is, and what to try first."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from linkback_cli.bridge import Settings
    from linkback_cli.demo import Demo


def lines(address: str, settings: Settings, demo: Demo | None, data: Path) -> Iterator[str]:
    """The summary, line by line; `address` is the bridge's own."""
    rows = list(_rows(address, settings, demo))
    width = max(len(where) for _, where, note in rows if note)
    yield ""
    yield from (f"  {label:<14}  {where:<{width}}  {note}".rstrip() for label, where, note in rows)
    yield ""
    yield from _next(address, settings, demo)
    yield f"  Data: {data}    Stop: Ctrl-C"
    yield ""


def _rows(address: str, settings: Settings, demo: Demo | None) -> Iterator[tuple[str, str, str]]:
    """Label, address, and what it is."""
    yield "Linkback", f"http://{address}", "endpoints: /webmention  /pingback  /trackback"
    token = f"token: {settings.token}" if settings.shows_token else "sign in with the token you gave"
    yield "Your desk", f"http://{address}/dashboard", token
    if demo:
        yield "Your demo site", f"http://{demo.site_address}", "carries the bridge's tags"
        yield "A demo blog", f"http://{demo.blog_address}", "links to it, and pings"
    yield "Listening for", ", ".join(settings.sites), ""
    reach = "any address, this machine's own too"
    if settings.permitted is not None:
        reach = "the public web" + (" and the demo" if demo else "") + "; with --allow-private, this machine too"
    yield "Visiting", reach, ""
    feed = f"http://{address}/api/mentions.jf2"
    for number, site in enumerate(settings.sites):
        yield "" if number else "Feed", f"{feed}?domain={site}", ""
    if len(settings.sites) > 1:
        yield "", f"{feed}  (all of them)", ""


def _next(address: str, settings: Settings, demo: Demo | None) -> Iterator[str]:
    tags = f"put the tags that http://{address} shows into your pages' head."
    if not demo:
        yield f"  Next: {tags}"
        return
    yield f"  Next: open http://{demo.blog_address}, send a ping, and build the site to see it."
    yield "  Then: send a wave of fifty pings from there, and clear it at your desk."
    if len(settings.sites) > 1:
        yield f"  Your own site: {tags}"
