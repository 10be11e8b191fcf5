"""Forty pages of spam that really link to the demo site: seven kinds, as small blogs see them. All of it is invented.

The first line of each function below says what a visit finds on its pages. Of a text that stands on several hosts it is
told for the later ones only, and which of them are visited first is nobody's to say.
"""

from __future__ import annotations

import re
from functools import partial
from html import escape
from itertools import cycle, islice, product
from typing import TYPE_CHECKING

from linkback_cli.demo_site import ARTICLES
from linkback_cli.demo_sources import TITLES, Source, document, link

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from linkback_cli.demo_sources import Where

_SLUGS = tuple(TITLES)
_TEXTS = {article.slug: article.text for article in ARTICLES}
_GOODS = "kettles watches loans vitamins slots tyres sofas perfume drills mattresses wigs blinds".split()
_PRAISE = "cheap best top mega super prime smart happy easy royal golden instant lucky magic direct online".split()
_FLATTERY = (
    ("Interesting read", "I really enjoyed your thoughts here and will surely come back for more of them soon"),
    ("Thanks for sharing", "Finally somebody explains it so clearly, my whole family was waiting for such advice"),
    ("You are so right", "What a wonderful weblog you run, please keep up this valuable effort, dear admin"),
)


def _elsewhere(first: int, count: int) -> list[str]:
    """Links to so many hosts that do not exist, beginning at the `first`."""
    names = (f"{praise}-{goods}" for praise, goods in cycle(product(_PRAISE, _GOODS)))
    return [link(f"http://{name}.example/", name.replace("-", " ")) for name in islice(names, first, first + count)]


def _items(links: list[str]) -> str:
    return "".join(f"<li>{one}</li>\n" for one in links)


def _farm(host: str, number: int, about: str, where: Where) -> str:
    """Two hundred links and more, and a TrackBack that says something else."""
    links = _elsewhere(number * 7, 180 + number)
    links[90:90] = [link(where.target, TITLES[about])]
    links += _elsewhere(number * 7, 40)
    title = f"{_named(host)}: index {number + 1}"
    return document(title, f"<h1>{escape(title)}</h1>\n<ul>\n{_items(links)}</ul>")


def _scraper(host: str, number: int, about: str, where: Where) -> str:
    """The site's own words, links to a hundred shops, its source named in the footer, and another language declared."""
    related = _items(_elsewhere(number * 11, 100))
    source = f"Automatically collected from {link(where.target, TITLES[about])} for the readers of this news portal."
    body = (
        f"<article><h1>{escape(TITLES[about])}</h1>\n{_TEXTS[about]}</article>\n<h2>{escape(_named(host))}</h2>\n"
        f"<ul>\n{related}</ul>\n<footer><p>{source}</p></footer>"
    )
    return document(TITLES[about], body, ("id", "tr", "vi", "pl", "ro")[number % 5])


def _parked(host: str, _: int, about: str, where: Where) -> str:
    """For sale, hardly a word, the link in the footer, and a TrackBack that says something else."""
    body = f"<h1>This domain is for sale</h1>\n<footer><p>Related: {link(where.target, TITLES[about])}</p></footer>"
    return document(f"{host}.example", body)


def _shop(host: str, number: int, about: str, where: Where) -> str:
    """Ninety shops, a link in the sidebar, and a TrackBack that says something else."""
    goods = _GOODS[number]
    links = _items(_elsewhere(number * 12, 90))
    body = (
        f"<main><h1>{_named(host)}</h1>\n<p>Our editors have compared {goods} of all prices, so that you need not. "
        f"Order {goods} today and save on the second pair.</p>\n<ul>\n{links}</ul></main>\n"
        f"<aside><h2>Read also</h2><p>{link(where.target, TITLES[about])}</p></aside>"
    )
    return document(f"Compare {goods}", body)


def _blogroll(host: str, number: int, about: str, where: Where) -> str:
    """A link in the blogroll alone."""
    goods = _GOODS[number + 6]
    body = (
        f"<main><h1>{_named(host)}</h1>\n<p>Five things that a seller of {goods} will never tell you, and why the "
        f"third of them surprises even those who have sold {goods} for years.</p></main>\n"
        f'<ul class="blogroll">\n{_items([*_elsewhere(number, 4), link(where.target, TITLES[about])])}</ul>'
    )
    return document(f"All about {goods}", body)


def _foreign(_: str, number: int, about: str, where: Where) -> str:
    """Another language than the site's, around a link that nobody needed."""
    language, title, *sentences = _FOREIGN[number]
    words = escape(" ".join(sentences)).replace("{link}", link(where.target, TITLES[about]))
    return document(title, f"<h1>{escape(title)}</h1>\n<p>{words}</p>", language)


_FOREIGN = (
    (
        "de",
        "Sofortkredit ohne Fragen",
        "Wer Geld braucht, denkt selten an {link}, dabei ist ein Kredit bei uns so schnell wie ein Frosch im Teich.",
        "Füllen Sie das Formular aus, und noch heute meldet sich niemand bei Ihnen.",
    ),
    (
        "es",
        "Relojes de lujo a mitad de precio",
        "Como se lee en {link}, la paciencia es una virtud, pero estos relojes se agotan hoy.",
        "Elija el suyo entre mil modelos y recíbalo en una caja sin nombre.",
    ),
    (
        "fr",
        "Perdre dix kilos sans rien faire",
        "Nos clients ont lu {link} et ils ont compris : il suffit de nos gouttes, le matin, dans un grand verre d'eau.",
        "La première bouteille est offerte, les onze suivantes ne le sont pas.",
    ),
)


def _comment(_: str, number: int, about: str, where: Where) -> str:
    """A link in the comments of a page about something else."""
    title, signed = _COMMENTED[number]
    words = escape(signed).replace("{link}", link(where.target, TITLES[about]))
    body = (
        f"<main><h1>{title}</h1>\n<p>The guest book of {title.lower()} is open to all, day and night, and nobody "
        "has looked after it since the spring in which the password was lost.</p></main>\n"
        f'<section class="comments"><h2>Comments</h2><p>{words}</p></section>'
    )
    return document(title, body)


_COMMENTED = (
    ("A choir in the hills", "Lovely songs! My friends and I also recommend {link} and of course lucky slots."),
    ("A regional model railway", "First! See {link} for a similar story, then ask me how I earn money at home."),
    ("The county chess ladder", "Admin, your page loads slowly. Compare with {link} and write to me for a better one."),
)


def _named(host: str) -> str:
    return re.sub(r"-+", " ", host).capitalize()


def _kind(draw: Callable[[str, int, str, Where], str], dialects: str, hosts: str) -> Iterator[Source]:
    """One page for each of the hosts; their dialects go round, and so do the posts that they ping about."""
    for number, (host, dialect) in enumerate(zip(hosts.split(), cycle(dialects.split()), strict=False)):
        about = _SLUGS[number % len(_SLUGS)]
        title, excerpt = _FLATTERY[number % len(_FLATTERY)]
        yield Source(host, about, dialect, title, excerpt, _named(host), partial(draw, host, number, about))


SPAM = (
    *_kind(
        _farm, "trackback",
        "good-links-daily sites-index-plus web-directory-4u link-planet great-catalogue pages-to-see mega-bookmarks "
        "hot-topics-hub",
    ),
    *_kind(
        _scraper, "trackback trackback pingback webmention",
        "news-today-24 garden-news-portal daily-digest-pro all-the-articles trend-mirror info-magnet story-vacuum "
        "fresh-feeds content-river read-it-all",
    ),
    *_kind(
        _parked, "trackback",
        "aunt-mables-recipes photo-club-1998 north-pier-cafe old-mill-band zine-nine",
    ),
    *_kind(_shop, "trackback", "kettle-kings watch-palace loan-lighthouse vitamin-village slot-station tyre-temple"),
    *_kind(_blogroll, "pingback", "sofa-secrets perfume-papers drill-digest mattress-mentor wig-wisdom"),
    *_kind(_foreign, "pingback webmention", "sofort-kredit-jetzt relojes-casi-nuevos gouttes-miracle"),
    *_kind(_comment, "pingback", "hill-choir-guestbook branch-line-models chess-ladder-old"),
)  # fmt: skip
