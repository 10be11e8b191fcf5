"""When a page may become a tree.

turbohtml builds an HTML5 tree in linear time, but for one thing: formatting tags that are closed in the wrong order are
opened again in every block that follows (that is the standard's own algorithm), which turns 1 MB into gigabytes. So a
page is measured on its tokens first. They are not quite what a tree builder sees: what is raw text to a tokenizer may
be markup in a <noscript>, a drawing or a formula, and where the two could part for good it is left out.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING

from turbohtml import TokenType, parse, tokenize

if TYPE_CHECKING:
    from turbohtml import Document

VOID = frozenset("area base br col embed hr img input link meta source track wbr param frame".split())
FORMATTING = frozenset("a b big code em font i nobr s small strike strong tt u".split())

# Pages in the wild are about 15 to 40 deep; browsers (and turbohtml) stop at 512.
DEEPEST = 256
# A megabyte of a page in the wild is some 20,000 elements; of `<p>` it is 350,000.
MOST_ELEMENTS = 50_000
# Nobody writes so many attributes; parsers that compare each with each pay for it.
MOST_ATTRIBUTES = 256
LONGEST_CLASS = 10_000
# Elements that a tree builder may open again: 250,000 of them take some 30 MB.
MOST_REOPENED = 250_000
# What one end tag of a formatting element that is closed across blocks makes: eight rounds, a few clones in each.
_ADOPTED = 32

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
# Closing one of these (or an unknown one) out of turn never leaves a formatting element to be opened again.
_ORDINARY = frozenset(
    "abbr acronym bdi bdo cite data datalist del dfn ins kbd label map mark meter optgroup option output picture "
    "progress q rp rt ruby samp slot span sub sup time var".split()
)

_RAW = frozenset("iframe noembed noframes plaintext script style textarea title xmp".split())
# Drawings and formulas have a grammar of their own, in which a tokenizer that knows no tree goes wrong: there, a
# <style> holds elements and <![CDATA[ hides some. As long as only these are in one, it is clear where it ends.
_DRAWINGS = frozenset({"svg", "math"})
_DRAWN = frozenset(
    "a animate animatetransform annotation circle clippath defs desc ellipse feblend fecolormatrix fecomposite "
    "feflood fegaussianblur femerge femergenode feoffset filter g image line lineargradient marker mask math "
    "menclose metadata mfrac mi mn mo mover mpadded mphantom mroot mrow ms mspace msqrt mstyle msub msubsup msup "
    "mtable mtd mtext mtr munder munderover path pattern polygon polyline radialgradient rect semantics stop style "
    "svg symbol text textpath title tspan use view".split()
)
# In these HTML begins again, so nothing but words may stand in them.
_WORDS = frozenset("style title desc annotation mi mn mo ms mtext".split())


@dataclass(slots=True)
class _Drawing:
    """The drawings that are open, what stands in the last (`words`: only text may follow), or that we are `lost`."""

    open: list[str] = field(default_factory=list)
    words: str = ""
    lost: bool = False

    def start(self, tag: str, *, closed: bool) -> bool:
        """Whether the start of this element is also its end."""
        if tag in _DRAWINGS and not self.lost and not self.words:
            if not closed:
                self.open.append(tag)
            return closed
        if not self.open:
            return False
        self.lost = self.lost or bool(self.words) or tag not in _DRAWN
        if tag in _WORDS and not closed:
            self.words = tag
        return closed and not self.lost

    def end(self, tag: str) -> None:
        if self.open and not self.lost:
            self.lost = tag not in _DRAWN or self.words not in ("", tag)
            self.words = ""
            if tag in _DRAWINGS:
                self.lost = self.lost or self.open.pop() != tag


@dataclass(slots=True)
class Measure:
    """The open tags of a token stream, and how many elements a tree builder might have to open again."""

    deepest: int = DEEPEST
    unclear: bool = False
    open: list[str] = field(default_factory=list)
    count: Counter[str] = field(default_factory=Counter)
    drawing: _Drawing = field(default_factory=_Drawing)
    raw: str = ""
    doubtful: bool = False
    templates: bool = False
    elements: int = 0
    formatting: int = 0
    leaked: int = 0
    reopened: int = 0

    def walk(self, text: str) -> bool:
        """Whether all of this stays within the limits."""
        for token in tokenize(text):
            kind = token.type
            if kind is TokenType.START_TAG:
                self.start(token.tag or "", closed=token.self_closing)
                fine = len(token.attrs or ()) <= MOST_ATTRIBUTES and len(token.attr("class") or "") <= LONGEST_CLASS
            elif kind is TokenType.END_TAG:
                self.end(token.tag or "")
                fine = True
            else:
                fine = self.other(kind, token.data or "")
            if not fine or not self.within():
                return False
        return True

    def within(self) -> bool:
        """Whether no limit is passed so far."""
        return len(self.open) <= self.deepest and self.elements <= MOST_ELEMENTS and self.reopened <= MOST_REOPENED

    def start(self, tag: str, *, closed: bool) -> None:
        """Count a start tag, and what a tree builder ends because of it."""
        # At worst a tree builder opens all formatting again, for each element and each piece of text.
        self.reopened += self.leaked + self.formatting
        self.elements += 1
        self.raw = tag if tag in _RAW or tag == "noscript" else ""
        self.doubtful = closed
        # The template of a column has no place for a <style>, so that what seems to stand in one is markup.
        self.templates = self.templates or tag == "template"
        self.drawing.lost = self.drawing.lost or (self.templates and tag == "col")
        ended = _SIBLINGS.get(tag) or (_PARAGRAPH if tag in _ENDS_P else ())
        while self.open and self.open[-1] in ended:
            self.count[self.open.pop()] -= 1
        if tag not in VOID and not self.drawing.start(tag, closed=closed):
            self.open.append(tag)
            self.count[tag] += 1
            self.formatting += tag in FORMATTING

    def end(self, tag: str) -> None:
        """Count an end tag."""
        self.raw = ""
        self.drawing.end(tag)
        if self.open and self.open[-1] == tag:
            self.pop()
        elif self.count[tag]:
            self.cross(tag)
        else:
            # The end of a paragraph that was never begun makes one, and of nothing else does anybody write many.
            self.elements += 1
            self.reopened += self.leaked + self.formatting

    def pop(self) -> str:
        """Forget the innermost open tag."""
        tag = self.open.pop()
        self.count[tag] -= 1
        self.formatting -= tag in FORMATTING
        return tag

    def cross(self, tag: str) -> None:
        """Close an element out of turn: what is to be formatted within it goes on behind it, and it itself may."""
        blocks = False
        while (last := self.pop()) != tag:
            self.leaked += last in FORMATTING
            blocks = blocks or last not in FORMATTING | _ORDINARY | _DRAWN
        if blocks and tag in FORMATTING:
            self.leaked += 1
            self.reopened += _ADOPTED

    def other(self, kind: TokenType, data: str) -> bool:
        """Text, a comment or a doctype. Whether what is no markup here is none to a tree builder."""
        self.reopened += self.leaked + self.formatting
        unsure = bool(self.drawing.open) or self.drawing.lost
        if kind is not TokenType.TEXT:
            self.unclear = unsure and data.startswith("[CDATA[")
            return not self.unclear
        raw, self.raw = self.raw, ""
        if not raw or "<" not in data:
            return True
        if raw == "noscript":
            self.unclear = not _whole(data)
            return not self.unclear and self.walk(data)
        self.unclear = unsure or self.doubtful
        return not self.unclear


def sane(text: str, deepest: int = DEEPEST) -> bool:
    """Whether a tree of this HTML stays shallow, of ordinary size, and about as large as its text."""
    return Measure(deepest).walk(text)


def grown(text: str) -> Document | None:
    """The tree of a page, or None if it is not sane. Raw text that could be taken for markup is left out of it."""
    measure = Measure()
    if measure.walk(text):
        return parse(text, positions=False)
    if measure.unclear and sane(cleared := _cleared(text)):
        return parse(cleared, positions=False)
    return None


def _cleared(text: str) -> str:
    """The page without comments, and without raw text that has a `<`."""
    pieces: list[str] = []
    raw = ""
    for token in tokenize(text, capture_source=True):
        kind, tag = token.type, token.tag or ""
        if kind is TokenType.TEXT:
            data = token.data or ""
            pieces.append(_clear(data, raw) if raw else escape(data, quote=False))
        elif kind in (TokenType.START_TAG, TokenType.END_TAG):
            pieces.append(token.source or "")
            raw = tag if kind is TokenType.START_TAG and (tag in _RAW or tag == "noscript") else ""
    return "".join(pieces)


def _clear(data: str, raw: str) -> str:
    return data if "<" not in data or (raw == "noscript" and _whole(data)) else ""


def _whole(data: str) -> bool:
    """Whether this markup ends in itself: with no open comment, quote or <style>."""
    last = None
    for last in tokenize(data + "<wbr>"):  # noqa: B007 - the last one counts
        pass
    return last is not None and last.tag == "wbr"
