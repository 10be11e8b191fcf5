"""What the entry that holds the link says in microformats: how it relates to the target, who wrote it, and its words.

The entry is cut out of an HTML5 tree and mf2py is given that piece alone: reading a whole page takes it up to a hundred
times as long, and a stranger decides what is on it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any

from turbohtml import Element

from linkback import content, measure, tree, urls
from linkback.links import LINKS
from linkback.mention import Author, Mention, Relation

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from turbohtml import Document

    from linkback.links import Found
    from linkback.urls import Url

ENTRIES = frozenset("h-entry h-event h-review h-cite h-recipe h-product h-listing h-resume hentry".split())
_FEEDS = frozenset({"h-feed", "hfeed"})
_CARDS = ("h-card", "vcard")
_AUTHORS = frozenset({"p-author", "u-author", "author"})
_COMMENTS = frozenset({"u-comment", "p-comment"})
_RELATIONS = {
    "in-reply-to": Relation.REPLY,
    "repost-of": Relation.REPOST,
    "like-of": Relation.LIKE,
    "bookmark-of": Relation.BOOKMARK,
}
_RELATED = frozenset(f"{prefix}-{name}" for prefix in "up" for name in _RELATIONS)
_RSVPS = frozenset({"yes", "no", "maybe", "interested"})

_HINT = re.compile(r"\b(?:h-(?:entry|event|review|cite|recipe|product|listing|resume|card|feed)|hentry|vcard)\b")
# What one property of an entry is read for; each value is an address to resolve, whose length a page chooses.
_MOST_VALUES = 30

# One page rarely links twice to the same place; each place is looked for in the tree.
_MOST_PLACES = 50
_MOST_CARDS = 20
# Elements that are looked at for the author of a feed, and addresses of links for the card of an author.
_MOST_WALKED = 20_000
_MOST_RESOLVED = 1_000


@dataclass(frozen=True, slots=True)
class _Item:
    """One parsed microformat, whose values may be strings, pictures, embedded HTML or items; `written` is its HTML."""

    raw: dict[str, Any]
    written: str = ""

    def values(self, name: str) -> list[Any]:
        properties = self.raw.get("properties")
        values = properties.get(name) if isinstance(properties, dict) else None
        return values[:_MOST_VALUES] if isinstance(values, list) else []

    def items(self, name: str) -> list[_Item]:
        return [_Item(value) for value in self.values(name) if isinstance(value, dict) and "properties" in value]

    def strings(self, name: str) -> list[str]:
        """The plain values; of a nested item its own value."""
        found = (value.get("value") if isinstance(value, dict) else value for value in self.values(name))
        return [value for value in found if isinstance(value, str)]

    def string(self, name: str) -> str:
        return next(iter(self.strings(name)), "")

    def urls(self, name: str) -> list[str]:
        """The plain values, and the URLs of nested items."""
        nested = [url for item in self.items(name) for url in item.strings("url")]
        return self.strings(name) + nested


def read(text: str, found: Found, target: Url, rel_author: Author) -> Mention | Author | None:
    """The mention that the entry around the link makes, with `url` empty where the entry gives none.

    Only an Author if no entry holds the link but the page tells its author; None if it has no microformats that one
    would want to read. `rel_author` is the page's rel=author link.
    """
    document = measure.grown(text) if _HINT.search(text) else None
    if document is None:
        return None
    page = _Page(document, found.base, rel_author)
    entry = _entry(page, found)
    if entry is None:
        return page.author()
    parsed = page.parsed(entry)
    if parsed is None:
        return page.author()
    author = _told(parsed, page) or page.feed_author(entry) or page.author() or Author()
    return _mention(parsed, author, found.base, target)


# ---- finding the entry


def _entry(page: _Page, found: Found) -> Element | None:
    """The entry around a link that says how it relates, else around the first link that is in an entry at all."""
    first = None
    for place in _places(page.document, found):
        entry = _around(place, page.names)
        if entry is not None and _related(place, entry, page.names):
            return entry
        first = entry if first is None else first
    return first


def _places(document: Document, found: Found) -> Iterator[Element]:
    wanted = {(link.tag, link.name, link.value) for link in found.links[:_MOST_PLACES]}
    left = _MOST_PLACES
    for element in document.iter_elements({tag for tag, _, _ in wanted}):
        if any((element.tag, name, element.attr(name)) in wanted for name in LINKS[element.tag]):
            yield element
            left -= 1
            if not left:
                return


def _around(place: Element, names: _Names) -> Element | None:
    """The smallest entry around this element. What it answers or quotes is a part of it; a comment is one itself."""
    quoted = None
    for element in _outwards(place):
        given = names[element]
        if not given & ENTRIES or given & _RELATED:
            continue
        if given & _COMMENTS or "h-cite" not in given:
            return element
        quoted = quoted or element
    return quoted


def _related(place: Element, entry: Element, names: _Names) -> bool:
    for element in _outwards(place):
        if names[element] & _RELATED:
            return True
        if element == entry:
            return False
    return False


def _outwards(element: Element) -> Iterator[Element]:
    yield element
    yield from (one for one in element.ancestors if isinstance(one, Element))


# ---- reading it


def _microformat(html: str, base: Url) -> _Item | None:
    """The first item of a small piece of HTML. mf2py was not made for strangers: whatever it throws means nothing."""
    import mf2py  # noqa: PLC0415 - a fifth of a second that only pages with microformats need

    try:
        items = mf2py.parse(doc=html, url=str(base), html_parser="html.parser")["items"]
    except Exception:  # noqa: BLE001 - see above
        return None
    return _Item(items[0], html) if items else None


def _mention(item: _Item, author: Author, base: Url, target: Url) -> Mention:
    html, text = _content(item)
    relation, rsvp = _relation(item, base, target)
    name = item.string("name")
    if "p-name" not in item.written:
        # mf2py calls the whole text of an entry its name where there is no other: a note's words, a like's noise.
        talks = relation in (Relation.MENTION, Relation.REPLY)
        text, name = text or (_plain(name) if talks else ""), ""
    return Mention(
        relation=relation,
        url=_own(item, base, target),
        author=author,
        published=next(filter(None, map(content.when, item.strings("published"))), ""),
        name=_title(name, text),
        summary=content.line(item.string("summary"), content.LONGEST_SUMMARY),
        text=text,
        html=html,
        photo=content.urls_of(base, item.strings("photo")),
        video=content.urls_of(base, item.strings("video")),
        audio=content.urls_of(base, item.strings("audio")),
        syndication=content.urls_of(base, item.strings("syndication")),
        rsvp=rsvp,
    )


def _own(item: _Item, base: Url, target: Url) -> str:
    """The entry's own address. mf2py takes an only link for one, which may well be the link to the target."""
    values = (value for value in item.strings("url") if not _leads([value], base, target))
    return next(iter(content.urls_of(base, values)), "")


def _relation(item: _Item, base: Url, target: Url) -> tuple[Relation, str]:
    """How the entry relates to *this* target, in the order of post type discovery, and the answer to an invitation."""
    found = [relation for name, relation in _RELATIONS.items() if _leads(item.urls(name), base, target)]
    relation = found[0] if found else Relation.MENTION
    answer = item.string("rsvp").strip().lower()
    if relation is Relation.REPLY and answer in _RSVPS:
        return Relation.RSVP, answer
    return relation, ""


def _leads(values: Iterable[str], base: Url, target: Url) -> bool:
    for value in values:
        try:
            if urls.same_page(urls.resolve(str(base), value), target):
                return True
        except urls.BadUrl:
            continue
    return False


def _content(item: _Item) -> tuple[str, str]:
    for value in item.values("content"):
        if isinstance(value, dict) and isinstance(value.get("html"), str):
            return content.sanitise(value["html"]), content.plain(value["html"])
        if isinstance(value, str):
            return "", _plain(value)
    return "", ""


def _plain(text: str) -> str:
    return content.cut(content.safe(text).strip(), content.LONGEST_TEXT)


def _title(name: str, text: str) -> str:
    """The title, unless it only repeats how the text begins, as a note's does."""
    title = content.title(name)
    start = " ".join(text[: 4 * content.LONGEST_NAME].split())
    return "" if start and start.startswith(title.rstrip("\u2026. ")) else title


# ---- who wrote it (https://indieweb.org/authorship, within the page)


class _Names(dict[Element, frozenset[str]]):
    """The class names of elements, each read once however often one comes by."""

    def __missing__(self, element: Element) -> frozenset[str]:
        names = self[element] = frozenset(tree.classes(element))
        return names


@dataclass(frozen=True, slots=True)
class _Page:
    """The page around the entry, as far as it can tell who wrote it, and what reading it may still cost."""

    document: Document
    base: Url
    rel_author: Author
    names: _Names = field(default_factory=_Names)
    steps: tree.Steps = field(default_factory=tree.Steps)

    def parsed(self, entry: Element) -> _Item | None:
        """The entry as mf2py reads it: without the comments below it and, if too large with it, without its content."""
        comments = entry.find_all(class_=list(_COMMENTS))
        bodies = entry.find_all(class_=["e-content", "entry-content"])
        for left_out in (comments, comments + bodies):
            try:
                return _microformat(tree.write(entry, left_out, self.steps, base=len(str(self.base))), self.base)
            except tree.TooOdd:
                continue
        return None

    def feed_author(self, entry: Element) -> Author | None:
        """The author of the feed that the entry is in: one who is named in it, but in none of its entries."""
        feed = next((one for one in _outwards(entry) if self.names[one] & _FEEDS), None)
        waiting = [feed] if feed is not None else []
        for _ in range(_MOST_WALKED):
            if not waiting:
                break
            element = waiting.pop()
            if self.names[element] & _AUTHORS:
                return self.card(element) or Author(content.line(element.text))
            inside = islice(element, _MOST_WALKED) if not self.names[element] & ENTRIES else ()
            waiting += reversed([one for one in inside if isinstance(one, Element)])
        return None

    def author(self) -> Author | None:
        """The page's rel=author link, with the name and picture of the card on this page that has the same address."""
        if not self.rel_author.url:
            return None
        return self.card_of(self.rel_author.url) or self.rel_author

    def card_of(self, address: str) -> Author | None:
        """The author whose card on this page has this URL."""
        cards = dict.fromkeys(card for link in islice(self.links(address), _MOST_PLACES) for card in self.cards(link))
        for element in islice(cards, _MOST_CARDS):
            card = self.card(element)
            if card and card.url == address:
                return card
        return None

    def links(self, address: str) -> Iterator[Element]:
        """The links to this address, of which each spelling is resolved once."""
        known: dict[str, bool] = {"": False}
        for element in self.document.iter_elements(("a", "link", "area")):
            value = element.attr("href") or ""
            if value not in known:
                if len(known) > _MOST_RESOLVED:
                    return
                known[value] = content.url(self.base, value) == address
            if known[value]:
                yield element

    def cards(self, link: Element) -> Iterator[Element]:
        """The cards around this link, the largest first."""
        return reversed([one for one in _outwards(link) if not self.names[one].isdisjoint(_CARDS)])

    def card(self, element: Element) -> Author | None:
        try:
            item = _microformat(
                tree.write(element, (), self.steps, tree.MOST_STEPS_OF_CARD, base=len(str(self.base))), self.base
            )
        except tree.TooOdd:
            return None
        return _card(item, self.base) if item and "h-card" in item.raw.get("type", ()) else None


def _told(item: _Item, page: _Page) -> Author | None:
    """The author that the entry itself names: a card, a name, or the address of a card elsewhere on the page."""
    for card in item.items("author"):
        author = _card(card, page.base)
        if author.name or author.url:
            return author
    for value in item.strings("author"):
        if value.startswith(("http://", "https://")):
            address = content.url(page.base, value)
            return page.card_of(address) or Author(url=address)
        if name := content.line(value):
            return Author(name)
    return None


def _card(item: _Item, base: Url) -> Author:
    return Author(
        content.line(item.string("name")),
        next(iter(content.urls_of(base, item.strings("photo"))), ""),
        next(iter(content.urls_of(base, item.strings("url"))), ""),
    )
