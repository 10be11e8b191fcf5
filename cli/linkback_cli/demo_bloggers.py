"""Twelve invented bloggers: ten wrote about the demo site, and two only meant to. Their software pings all the same."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from html import escape
from typing import TYPE_CHECKING

from linkback_cli.demo_sources import TITLES, Source, document, link

if TYPE_CHECKING:
    from collections.abc import Callable

    from linkback_cli.demo_sources import Where


@dataclass(frozen=True, slots=True)
class Note:
    """What one of them wrote. `{link}` stands in the text where the link to the site's post `about` does.

    `marks` is what the link is in microformats, such as `u-in-reply-to`; `plain` is a page without any.
    """

    host: str
    blog: str
    author: str
    about: str
    dialect: str
    title: str
    text: str
    marks: str = ""
    plain: bool = False


_NOTES = (
    Note(
        "fennel-and-fog", "Fennel and Fog", "Ines Holloway", "barrel-pond", "webmention",
        "A brick for the hedgehog",
        "The brick in {link} is the part that everyone forgets. We lost a young one in our trough two summers ago, "
        "and since then there is a ramp in everything that holds water here.",
        marks="u-in-reply-to",
    ),
    Note(
        "late-allotment", "The Late Allotment", "Tomasz Birk", "saving-seeds", "pingback",
        "Three days in a jam jar",
        "My window sill smells of old wine, because I am doing what {link} says with the yellow cherry tomato that the "
        "neighbour's aunt brought along. The jar has a label. The label has a date. I am learning.",
    ),
    Note(
        "moth-ledger", "Moth Ledger", "Priya Lund", "bees-like-blue", "webmention",
        "Not only bees",
        "I sat next to the phacelia with a torch after reading {link}. At night it belongs to the silver Ys: "
        "fourteen of them between ten and midnight, and not one on the marigolds.",
        marks="u-in-reply-to",
    ),
    Note(
        "window-sill-acre", "Window Sill Acre", "Jonas Abend", "barrel-pond", "pingback",
        "The smallest pond on the fourth floor",
        "No barrel fits on our balcony, so I built what {link} describes in a zinc bucket, with one dwarf lily. "
        "On the ninth day there was a water flea. On the tenth there were more than I could count.",
        plain=True,
    ),
    Note(
        "grandmothers-spade", "Grandmother's Spade", "Odette Marsh", "saving-seeds", "trackback",
        "Coffee filters, but brown ones",
        "White filters stick to the seeds, brown ones let go: that is all I have to add to {link}. "
        "My grandmother used the edge of the newspaper and sowed the weather report with them in spring.",
        plain=True,
    ),
    Note(
        "hedge-school", "Hedge School", "Callum Reed", "bees-like-blue", "trackback",
        "We counted with the whole class",
        "Twenty-three children, four beds, one rule: a bee counts when it lands. They had read {link} and wanted to "
        "prove it wrong. They could not, although the sunflowers came second by two bees only.",
    ),
    Note(
        "salt-and-compost", "Salt and Compost", "Yuna Tandem", "barrel-pond", "webmention",
        "Liked: the doing nothing",
        "I like {link}.",
        marks="u-like-of",
    ),
    Note(
        "rain-gauge-radio", "Rain Gauge Radio", "Bea Okonedi", "saving-seeds", "webmention",
        "For the October programme",
        "Kept for the October programme, where a caller asked how to get the jelly off: {link}.",
        marks="u-bookmark-of",
    ),
    Note(
        "third-bed-left", "Third Bed on the Left", "Lars Nyhamn", "bees-like-blue", "pingback",
        "Blue, with reservations",
        "I wanted to disagree with {link} and planted a yellow strip on purpose. The hoverflies love it. "
        "The bees fly over it to the borage as if it were a car park. I have no further questions.",
        plain=True,
    ),
    Note(
        "pond-dipping", "Pond Dipping", "Noor Vale", "barrel-pond", "pingback",
        "What lives in nine litres",
        "A list after one year with {link} on the terrace: two snails, a beetle that I cannot name, gnats until June, "
        "damselflies from July, and my brother, who only wanted to look for a minute.",
    ),
)  # fmt: skip


def _draw(note: Note, where: Where) -> str:
    text = escape(note.text).replace("{link}", link(where.target, TITLES[note.about], note.marks))
    if note.plain:
        head = f"<header><p>{link(where.home, note.blog)}</p></header>"
        by = f"<p><small>Written by {escape(note.author)}</small></p>"
        return document(note.title, f"{head}\n<main><h1>{escape(note.title)}</h1>\n<p>{text}</p>\n{by}</main>")
    return document(
        f"{note.title} · {note.blog}",
        f'<article class="h-entry"><h1 class="p-name">{escape(note.title)}</h1>\n'
        f"<p>{link(where.home, note.author, 'p-author h-card')} {link(where.page, 'Permalink', 'u-url')}</p>\n"
        f'<div class="e-content"><p>{text}</p></div></article>',
    )


def _draw_wrong_page(note: Note, where: Where) -> str:
    """It links to another page of the site than the one that it pings about."""
    text = escape(note.text).replace("{link}", link(where.other, "the post about the barrel"))
    return document(note.title, f"<main><h1>{escape(note.title)}</h1>\n<p>{text}</p></main>")


def _draw_words_alone(note: Note, where: Where) -> str:
    """It names the address without linking to it."""
    text = escape(note.text).replace("{link}", escape(where.target))
    return document(note.title, f"<main><h1>{escape(note.title)}</h1>\n<p>{text}</p></main>")


def _source(note: Note, draw: Callable[[Note, Where], str] = _draw) -> Source:
    excerpt = note.text.replace("{link}", TITLES[note.about])[:120]
    return Source(note.host, note.about, note.dialect, note.title, excerpt, note.blog, partial(draw, note))


HONEST = tuple(_source(note) for note in _NOTES)
MISTAKEN = (
    _source(
        Note(
            "two-left-boots", "Two Left Boots", "Greta Ohm", "barrel-pond", "webmention",
            "Half a barrel, found at last",
            "The cooper laughed at me, and then he sawed one in two. All of this is the fault of {link}, which I read "
            "on a train and could not stop quoting until we were home.",
        ),
        _draw_wrong_page,
    ),
    _source(
        Note(
            "paper-almanac", "Paper Almanac", "Wim Sandhal", "saving-seeds", "pingback",
            "Cut out and kept",
            "Type this into your machine, for I do not make links, I am a paper person: {link}. It says how long the "
            "seeds must stand in water, and I have written that into the margin of May.",
        ),
        _draw_words_alone,
    ),
)  # fmt: skip
