"""When a page may become a tree, and how the small piece that matters is cut out of it.

turbohtml builds an HTML5 tree in linear time, but for one thing: formatting tags that are closed in the wrong order are
opened again in every block that follows (that is the standard's own algorithm), which turns 1 MB into gigabytes. What
comes after it (mf2py, the sanitiser) is worse: it recurses, and is quadratic in depth. So a page is measured on its
tokens first, and what is handed on is written out anew: shallow, without scripts and attributes that nobody asked for.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING

from turbohtml import Element, Namespace, Text, TokenType, tokenize

if TYPE_CHECKING:
    from collections.abc import Iterable

    from turbohtml import Node

VOID = frozenset("area base br col embed hr img input link meta source track wbr param frame".split())
FORMATTING = frozenset("a b big code em font i nobr s small strike strong tt u".split())
# Content that is not words: never read for microformats, never shown.
SKIPPED = frozenset(
    "script style template textarea title xmp iframe noembed noframes plaintext select svg math object embed "
    "applet frameset frame head base meta canvas".split()
)

# Pages in the wild are about 15 to 40 deep; browsers stop at 512.
DEEPEST = 256
# Nobody writes so many attributes; parsers that compare each with each pay for it.
MOST_ATTRIBUTES = 256
# Elements that a tree builder may open again: 250,000 of them take some 30 MB.
MOST_REOPENED = 250_000

# What the start of an element ends, because its end tag may be left out: its elder sibling, and a paragraph in that.
_SIBLINGS = {
    **dict.fromkeys(("dt", "dd"), frozenset({"dt", "dd", "p"})),
    **dict.fromkeys(("td", "th"), frozenset({"td", "th", "p"})),
    **dict.fromkeys(("option", "optgroup"), frozenset({"option"})),
    "li": frozenset({"li", "p"}),
    "tr": frozenset({"tr", "td", "th", "p"}),
    "p": frozenset({"p"}),
}
_PARAGRAPH = frozenset({"p"})
_ENDS_P = frozenset(
    "address article aside blockquote details div dl fieldset figcaption figure footer form h1 h2 h3 h4 h5 h6 header "
    "hr main menu nav ol pre section table ul".split()
)


@dataclass(slots=True)
class _Measure:
    """The open tags of a token stream, and how many elements a tree builder might have to open again."""

    open: list[str] = field(default_factory=list)
    formatting: int = 0
    leaked: int = 0
    reopened: int = 0

    def start(self, tag: str) -> None:
        self.reopened += self.leaked
        ended = _SIBLINGS.get(tag) or (_PARAGRAPH if tag in _ENDS_P else ())
        while self.open and self.open[-1] in ended:
            self.open.pop()
        if tag not in VOID:
            self.open.append(tag)
            self.formatting += tag in FORMATTING

    def end(self, tag: str) -> None:
        if self.open and self.open[-1] == tag:
            self.open.pop()
            self.formatting -= tag in FORMATTING
        elif tag in self.open:
            # Whatever is closed out of turn while a formatting tag is open may leave that tag to be opened again.
            while (last := self.open.pop()) != tag:
                self.leaked += self.formatting > 0 and last not in _SIBLINGS
                self.formatting -= last in FORMATTING
            self.leaked += tag in FORMATTING
            self.formatting -= tag in FORMATTING


def sane(text: str, deepest: int = DEEPEST) -> bool:
    """Whether a tree of this HTML stays shallow and about as large as its text."""
    measure = _Measure()
    for token in tokenize(text):
        kind = token.type
        if kind is TokenType.START_TAG:
            measure.start(token.tag or "")
            if len(measure.open) > deepest or len(token.attrs or ()) > MOST_ATTRIBUTES:
                return False
        elif kind is TokenType.END_TAG:
            measure.end(token.tag or "")
        else:
            measure.reopened += measure.leaked
        if measure.reopened > MOST_REOPENED:
            return False
    return True


# ---- the piece that is handed to mf2py

# What mf2py and the sanitiser read; everything else is dropped on the way, megabytes of `data-*` included.
_KEPT = frozenset("class href src alt title value datetime cite data poster rel lang".split())
_MICROFORMAT = re.compile(r"(?:h|p|u|dt|e)-(?:[a-z0-9]{1,20}-)?[a-z]{1,30}(?:-[a-z]{1,30}){0,4}|value(?:-title)?")

# mf2py copies an element once per rule of the classic vocabularies (20 s for 10 KB of nested vcards), so the two
# that blogs still carry, WordPress's themes above all, are told in today's names before it sees them.
_CLASSIC = {
    "hentry": {
        "entry-title": "p-name",
        "entry-content": "e-content",
        "entry-summary": "p-summary",
        "author": "p-author",
        "published": "dt-published",
        "updated": "dt-updated",
    },
    "vcard": {"fn": "p-name", "url": "u-url", "photo": "u-photo"},
}
_CLASSIC_RELS = {"bookmark": "u-url", "in-reply-to": "u-in-reply-to"}
_ROOTS = {"hentry": "h-entry", "vcard": "h-card"}

_DEEPEST_PIECE = 100
_LONGEST_PIECE = 262_144
# mf2py walks everything below a property once for that property, and reads everything inside an item once for each
# property that the item is: twice as often at each level of `<div class="h-entry p-name e-content">`, so nine levels of
# that are a thousand times. This many steps take it about a third of a second.
_MOST_STEPS = 30_000
# It joins its text one piece after the other, copying what it has each time: steps times length.
_MOST_COPIED = 2_000_000_000


class TooOdd(Exception):  # noqa: N818 - a verdict, not a bug
    """The piece is too deep or too large to be given to a parser that recurses."""


@dataclass(frozen=True, slots=True)
class _Place:
    """Where in the piece we are: the vocabulary of class names, the depth, and how often mf2py will come here."""

    classic: str = ""
    depth: int = 0
    visits: int = 1
    walks: int = 0

    def inside(self, attributes: dict[str, str | list[str] | None], names: list[str]) -> _Place:
        """The place within an element of these (modern) names."""
        properties = sum(not name.startswith("h-") for name in names)
        item = properties < len(names)
        return _Place(
            _vocabulary(attributes, names, self.classic),
            self.depth + 1,
            self.visits * max(1, properties) if item else self.visits,
            self.walks + self.visits * (properties + item),
        )


@dataclass(slots=True)
class _Writer:
    """Writes an element out anew, counting what reading it again will cost."""

    left_out: frozenset[Element]
    pieces: list[str] = field(default_factory=list)
    steps: int = 0
    length: int = 0

    def node(self, node: Node, place: _Place) -> None:
        if isinstance(node, Text):
            self.put(escape(node.data, quote=False), place)
        elif isinstance(node, Element) and self.wanted(node):
            self.element(node, place)

    def wanted(self, element: Element) -> bool:
        return element.tag not in SKIPPED and element.namespace is Namespace.HTML and element not in self.left_out

    def element(self, element: Element, place: _Place) -> None:
        if place.depth > _DEEPEST_PIECE:
            raise TooOdd
        attributes = {k: v for k, v in element.attrs.items() if k in _KEPT}
        names = _modern(attributes, place.classic)
        written = "".join(f' {name}="{escape(_flat(value))}"' for name, value in attributes.items() if name != "class")
        if names:
            written += f' class="{" ".join(names)}"'
        self.put(f"<{element.tag}{written}>", place)
        if element.tag == "a" and "h-card" in names and _without_url(element):
            self.put(f'<data class="u-url" value="{escape(_flat(attributes.get("href")))}"></data>', place)
        if element.tag not in VOID:
            inner = place.inside(attributes, names)
            for child in element:
                self.node(child, inner)
            self.put(f"</{element.tag}>", place)

    def put(self, text: str, place: _Place) -> None:
        self.pieces.append(text)
        self.length += len(text)
        self.steps += place.visits + place.walks
        if self.length > _LONGEST_PIECE or self.steps > _MOST_STEPS or self.steps * self.length > _MOST_COPIED:
            raise TooOdd


def write(element: Element, left_out: Iterable[Element] = ()) -> str:
    """The element as small, shallow, well-formed HTML in today's microformats. Raises TooOdd."""
    writer = _Writer(frozenset(left_out))
    writer.element(element, _Place())
    return "".join(writer.pieces)


def classes(element: Element) -> list[str]:
    """The class names of an element, as written."""
    value = element.attrs.get("class")
    return value.split() if isinstance(value, str) else list(value or ())


def _flat(value: str | list[str] | None) -> str:
    return " ".join(value) if isinstance(value, list) else value or ""


def _without_url(card: Element) -> bool:
    """Whether this linked card has a picture but no URL, so that a parser would not take its link for the URL.

    `<a class="h-card" href="/"><img class="u-photo" …>` is written so often that what its author means is plain.
    """
    inside = {name for one in card.iter_elements() for name in classes(one)}
    return "u-photo" in inside and "u-url" not in inside


def _modern(attributes: dict[str, str | list[str] | None], classic: str) -> list[str]:
    given = _flat(attributes.get("class")).split()
    kept = [name for name in given if _MICROFORMAT.fullmatch(name)]
    names = _CLASSIC.get(classic, {})
    kept += [names[name] for name in given if name in names]
    if classic == "hentry":
        kept += [_CLASSIC_RELS[rel] for rel in _flat(attributes.get("rel")).lower().split() if rel in _CLASSIC_RELS]
    if not any(name.startswith("h-") for name in kept):
        kept += [_ROOTS[name] for name in given if name in _ROOTS]
    return list(dict.fromkeys(kept))


def _vocabulary(attributes: dict[str, str | list[str] | None], names: list[str], classic: str) -> str:
    """Which names hold inside: a root written in today's names hides the classic ones, as the specification says."""
    given = _flat(attributes.get("class")).split()
    if any(name.startswith("h-") and name in given for name in names):
        return ""
    return next((name for name in given if name in _ROOTS), classic)
