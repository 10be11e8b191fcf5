"""Whether a page links to the target: one pass over its tokens, without a tree, so that no nesting can hurt.

What counts as a link is a URL in an attribute that HTML defines as one (LINKS). Comments, scripts, styles, templates,
raw text, `data-*` attributes and bare words do not. Values are only resolved when they could lead to the target's host.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, Protocol

from turbohtml import TokenType, tokenize

from linkback import urls

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from linkback.urls import Url

LINKS = {
    **dict.fromkeys(("a", "area", "link"), ("href",)),
    **dict.fromkeys(("iframe", "embed", "track", "audio"), ("src",)),
    **dict.fromkeys(("img", "source"), ("src", "srcset")),
    **dict.fromkeys(("blockquote", "q", "ins", "del"), ("cite",)),
    "video": ("src", "poster"),
    "object": ("data",),
}

# <noscript> may hold another one; each level is read again, so there is an end to it.
_NOSCRIPT_LEVELS = 3
# A page of honest size has some hundred links. Resolving one costs 15 µs, so this many cost a fifth of a second; long
# ones and those with letters beyond ASCII, which may be international host names, count as several.
MOST_RESOLVED = 10_000
_LENGTH_OF_ONE = 200
_ESCAPES_OF_ONE = 25
_BEYOND_ASCII = 8
MOST_LISTED = 20
_LONGEST_LISTED = 500

# Tags without a link of their own that change what the others mean.
_NOTED = frozenset({"template", "noscript", "body", "base", "meta"})

_START, _END, _TEXT = TokenType.START_TAG, TokenType.END_TAG, TokenType.TEXT
_BREAKS = str.maketrans("", "", "\t\n\r")
_ABSOLUTE = re.compile(r"\s*[a-z][a-z0-9+.-]*:|\s*//", re.IGNORECASE)
# A string, its closing quote and the colon behind a name. A string without an end is taken whole: to look for the next
# one inside of it would be quadratic.
_DECODER = json.JSONDecoder(strict=False)
_LITERAL = re.compile(r'"([^"\\]*+(?:\\.[^"\\]*+)*+)("?)(\s*+:)?', re.DOTALL)
_IN_TEXT = re.compile(r"(?<![a-z0-9+.-])https?://[^\s<>\"`]{1,2048}+", re.IGNORECASE)
# A URL ends in `://x` at the least, so this never empties it.
_MOST_TRAILING = 6
_TRAILING = ".,;:!?)]}'*_~|\u2019\u201d\u3002\u3001\uff09"


class Link(NamedTuple):
    """An attribute that HTML defines as a URL: the `token`th token is a `tag` whose attribute `name` is `value`."""

    token: int
    tag: str
    name: str
    value: str


@dataclass(slots=True)
class Found:
    """What one pass saw: the `links` to the target in document order, and up to 20 `others` to the target's host.

    `base` is what relative URLs of this page are relative to. `gone` if the page says of itself that it is a
    tombstone. `unread` if there were more candidates than anyone would follow.
    """

    base: Url
    links: list[Link] = field(default_factory=list)
    others: list[str] = field(default_factory=list)
    gone: bool = False
    unread: bool = False


@dataclass(slots=True)
class _Stream:
    """The URL attributes of a page in document order, the first <base>, and a tombstone's <meta>."""

    links: list[Link] = field(default_factory=list)
    base: str | None = None
    gone: bool = False
    in_body: bool = False


def in_html(text: str, page: Url, target: Url) -> Found:
    """Look for the target in the tokens of an HTML page that was found at `page`."""
    stream = _Stream()
    _Pass(stream).walk(text)
    base = page
    if stream.base is not None:
        try:
            base = urls.resolve(str(page), stream.base)
        except urls.BadUrl:
            base = page
    found = Found(base, gone=stream.gone)
    _match(stream.links, found, target)
    return found


def in_json(text: str, page: Url, target: Url) -> Found:
    """Look for the target among the property values (W3C Webmention, 3.2.2), however deep or long the document is.

    The string literals are read without building the document, so nothing a parser stumbles over matters; a literal
    that is cut off at the end of the text does not count.
    """
    found = Found(page)
    values = (literal[1] for literal in _LITERAL.finditer(text) if literal[2] and not literal[3])
    _match((_absolute(0, _unescaped(value)) for value in values), found, target)
    return found


def in_text(text: str, page: Url, target: Url, *, cut: bool = False) -> Found:
    """Look for the target as a whole URL in plain text. If it was `cut`, a URL that touches its end is not whole."""
    found = Found(page)
    end = len(text) if cut else -1
    words = (word for word in _IN_TEXT.finditer(text) if word.end() != end)
    _match((_absolute(word.start(), shape) for word in words for shape in _shapes(word[0])), found, target)
    return found


class _Attribute(Protocol):
    """How a token is asked for one of its attributes."""

    def __call__(self, name: str, default: str | None = None) -> str | None: ...


@dataclass(slots=True)
class _Pass:
    """One walk over one token stream, the page's own or that of a <noscript>, whose links belong to its token."""

    stream: _Stream
    outer: int | None = None
    level: int = 0
    templates: int = 0
    noscript: bool = False

    def walk(self, text: str) -> None:
        add = self.stream.links.append
        for index, token in enumerate(tokenize(text)):
            kind = token.type
            if kind is _START:
                tag = token.tag or ""
                if tag in _NOTED:
                    self.start(tag, token.attr)
                elif tag in LINKS and not self.templates:
                    for name in LINKS[tag]:
                        value = token.attr(name)
                        if value is not None:
                            add(Link(index if self.outer is None else self.outer, tag, name, value))
            elif kind is _END:
                self.noscript = False
                if self.templates and token.tag == "template":
                    self.templates -= 1
            elif self.noscript and kind is _TEXT and self.level < _NOSCRIPT_LEVELS:
                outer = index if self.outer is None else self.outer
                _Pass(self.stream, outer, self.level + 1).walk(token.data or "")

    def start(self, tag: str, attribute: _Attribute) -> None:
        stream = self.stream
        if tag == "template":
            self.templates += 1
        elif self.templates:
            return
        elif tag == "noscript":
            self.noscript = True
        elif tag == "body":
            stream.in_body = True
        elif tag == "base":
            stream.base = attribute("href") if stream.base is None else stream.base
        elif not stream.in_body and (attribute("http-equiv") or "").strip().lower() == "status":
            # A static site cannot answer 410, so it says so in its head; in the body it would be somebody's comment.
            stream.gone = stream.gone or (attribute("content") or "").strip().startswith("410")


def _absolute(place: int, value: str) -> Link:
    """A candidate outside HTML, where nothing is relative to anything."""
    return Link(place, "", "", value)


def _match(candidates: Iterable[Link], found: Found, target: Url) -> None:
    """Sort the candidates into links to the target and others to its host; each distinct value is looked at once."""
    bare = target.host.removeprefix("www.")
    relative = found.base.host.removeprefix("www.") == bare
    needle = "[" if ":" in bare else bare
    base = str(found.base)
    known: dict[str, bool] = {}
    spent = 0
    others: dict[str, None] = {}
    for link in candidates:
        for value in _srcset(link.value) if link.name == "srcset" else (link.value,):
            led = known.get(value)
            if led is None:
                if not _possible(value, needle, relative=relative and link.tag != ""):
                    continue
                if spent >= MOST_RESOLVED:
                    found.unread = True
                    return
                spent += _cost(base, value)
                led = known[value] = _leads(base if link.tag else None, value, target, others)
            if led:
                found.links.append(link)
                break
    found.others = list(others)


def _possible(value: str, needle: str, *, relative: bool) -> bool:
    """Whether this value could lead to the target's host at all: a look that costs a hundredth of resolving it."""
    plain = value.lower()
    if "\n" in plain or "\t" in plain or "\r" in plain:
        plain = plain.translate(_BREAKS)
    if needle in plain:
        return True
    if not relative and plain.isascii():
        return False
    return not plain.isascii() if _ABSOLUTE.match(plain) else relative


def _cost(base: str, value: str) -> int:
    """What resolving this costs, in ordinary links."""
    escapes = (base.count("%") + value.count("%")) // _ESCAPES_OF_ONE
    return 1 + (len(base) + len(value)) // _LENGTH_OF_ONE + escapes + (0 if value.isascii() else _BEYOND_ASCII)


def _leads(base: str | None, value: str, target: Url, others: dict[str, None]) -> bool:
    try:
        url = urls.parse(value) if base is None else urls.resolve(base, value)
    except urls.BadUrl:
        return False
    if urls.same_page(url, target):
        return True
    if url.authority.removeprefix("www.") == target.authority.removeprefix("www.") and len(others) < MOST_LISTED:
        others[str(url)[:_LONGEST_LISTED]] = None
    return False


def _srcset(value: str) -> Iterator[str]:
    """The URLs of a srcset: a run of non-spaces, without the commas at its end, then a descriptor up to a comma."""
    descriptor = False
    for word in value.split():
        url = word
        if descriptor:
            _, comma, url = word.partition(",")
            descriptor = not comma
            if descriptor:
                continue
        url = url.lstrip(",")
        if url:
            descriptor = not url.endswith(",")
            yield url.rstrip(",")


def _shapes(word: str) -> Iterator[str]:
    """The URL as it stands, and without the punctuation that a sentence put behind it, one character at a time."""
    yield word
    for _ in range(_MOST_TRAILING):
        if word[-1] not in _TRAILING:
            return
        word = word[:-1]
        yield word


def _unescaped(literal: str) -> str:
    if "\\" not in literal:
        return literal
    if "/" not in literal and "\\u" not in literal:
        return ""  # no URL has no slash
    try:
        return str(_DECODER.decode(f'"{literal}"'))
    except ValueError:
        return ""
