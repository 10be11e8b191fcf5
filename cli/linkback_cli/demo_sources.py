"""A page that links to the demo site, on a host of its own, and how its software tells the site. Made on demand."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, NamedTuple

from linkback_cli.demo_site import ARTICLES

if TYPE_CHECKING:
    from collections.abc import Callable

TITLES = {article.slug: article.title for article in ARTICLES}
STYLE = ":root{color-scheme:light dark}body{font:1.05rem/1.6 serif;max-width:40rem;margin:2rem auto;padding:0 1rem}"


class Where(NamedTuple):
    """Addresses: of the page, of its host's first page, of the post that it pings about, and of another of the site."""

    page: str
    home: str
    target: str
    other: str


@dataclass(frozen=True, slots=True)
class Source:
    """One page. `host` stands before `.localhost`; `about` is the site's post that it pings about.

    `title`, `excerpt` and `blog` are what a TrackBack says of it. `draw` gives its HTML.
    """

    host: str
    about: str
    dialect: str
    title: str
    excerpt: str
    blog: str
    draw: Callable[[Where], str]


def link(address: str, words: str, name: str = "") -> str:
    """An `<a>` with this class, if any."""
    named = f' class="{name}"' if name else ""
    return f'<a{named} href="{escape(address)}">{escape(words)}</a>'


def document(title: str, body: str, language: str = "en") -> str:
    """A whole page; its body is HTML already."""
    return (
        f'<!DOCTYPE html>\n<html lang="{language}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n{body}\n</body>\n</html>\n"
    )
