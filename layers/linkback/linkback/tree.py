"""How the small piece of a page that matters is cut out of its tree.

What reads it (mf2py, the sanitiser) recurses, and is quadratic in depth. So the piece is written out anew: shallow,
without scripts and attributes that nobody asked for, and no larger than what reads it in a fraction of a second.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING

from turbohtml import Element, Namespace, Text

from linkback.measure import VOID

if TYPE_CHECKING:
    from collections.abc import Iterable

    from turbohtml import Node

# Content that is not words: never read for microformats, never shown.
SKIPPED = frozenset(
    "script style template textarea title xmp iframe noembed noframes plaintext select svg math object embed "
    "applet frameset frame head base meta canvas".split()
)

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
# The steps of all pieces of one page: a large entry, the same without its content, and the cards of its author.
_MOST_STEPS_OF_PAGE = 45_000
# A card is a name, a picture and some addresses.
MOST_STEPS_OF_CARD = 3_000
# So many class names that mean nothing are passed over in the time of a step.
_NAMES_PER_STEP = 8
_ADDRESSES = frozenset({"href", "src", "poster", "data", "value", "cite"})

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
class Steps:
    """How many steps may still be taken for all pieces of a page."""

    left: int = _MOST_STEPS_OF_PAGE


@dataclass(slots=True)
class _Writer:
    """Writes an element out anew, counting what that costs and what reading it again will."""

    left_out: frozenset[Element]
    most: int
    base: int
    pieces: list[str] = field(default_factory=list)
    steps: int = 0
    length: int = 0
    photos: int = 0
    urls: int = 0

    def node(self, node: Node, place: _Place) -> None:
        self.step(1)
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
        self.step(len(_flat(attributes.get("class")).split()) // _NAMES_PER_STEP)
        names = _modern(attributes, place.classic)
        written = "".join(f' {name}="{escape(_flat(value))}"' for name, value in attributes.items() if name != "class")
        if names:
            written += f' class="{" ".join(names)}"'
        # Each of these may come out with the base before it, and is copied like that.
        self.length += self.base * len(_ADDRESSES & attributes.keys())
        self.put(f"<{element.tag}{written}>", place)
        card = element.tag == "a" and "h-card" in names
        photos, addresses = self.photos + ("u-photo" in names), self.urls + ("u-url" in names)
        self.photos, self.urls = photos, addresses
        if element.tag not in VOID:
            inner = place.inside(attributes, names)
            for child in element:
                self.node(child, inner)
            # `<a class="h-card" href="/"><img class="u-photo" …>` is written so often that what its author means is
            # plain, but to a parser the link is not the URL of a card that has a picture.
            if card and self.photos > photos and self.urls == addresses:
                self.put(f'<data class="u-url" value="{escape(_flat(attributes.get("href")))}"></data>', inner)
            self.put(f"</{element.tag}>", place)

    def put(self, text: str, place: _Place) -> None:
        self.pieces.append(text)
        self.length += len(text)
        self.step(place.visits + place.walks)
        if self.length > _LONGEST_PIECE or self.steps * self.length > _MOST_COPIED:
            raise TooOdd

    def step(self, count: int) -> None:
        self.steps += count
        if self.steps > self.most:
            raise TooOdd


def write(
    element: Element,
    left_out: Iterable[Element] = (),
    steps: Steps | None = None,
    most: int = _MOST_STEPS,
    *,
    base: int = 0,
) -> str:
    """The element as small, shallow, well-formed HTML in today's microformats, in at most so many steps.

    `base` is the length of what its relative URLs will be resolved against. What it takes is subtracted from `steps`,
    whether it comes to an end or raises TooOdd.
    """
    steps = steps or Steps()
    writer = _Writer(frozenset(left_out), min(most, steps.left), base)
    try:
        writer.element(element, _Place())
    finally:
        steps.left -= writer.steps
    return "".join(writer.pieces)


def classes(element: Element) -> list[str]:
    """The class names of an element, as written."""
    value = element.attrs.get("class")
    return value.split() if isinstance(value, str) else list(value or ())


def _flat(value: str | list[str] | None) -> str:
    return " ".join(value) if isinstance(value, list) else value or ""


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
