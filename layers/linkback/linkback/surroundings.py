"""What a page looks like around the link, for the owner to judge by: one pass over its tokens, without a tree.

Nothing here says whether a mention is wanted. What is noted is what a person would see at a glance: how many other
sites the page links to, in which part of it the link stands, how much there is to read.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from turbohtml import TokenType, tokenize

from linkback import content, language
from linkback.places import HOLDERS, Place, Places

if TYPE_CHECKING:
    from turbohtml import Token

    from linkback.links import Found
    from linkback.urls import Url

# A page with so many is a list: who counts further learns nothing more.
MOST_HOSTS = 1_000
# In characters. What a page has to say is seldom a tenth of it.
LONGEST_TEXT = 200_000

_START, _END, _TEXT = TokenType.START_TAG, TokenType.END_TAG, TokenType.TEXT
_RAW = frozenset("script style textarea title xmp iframe noembed noframes noscript plaintext".split())
_LOADING = frozenset({"script", "iframe", "frame"})
_DESCRIPTIONS = frozenset("description og:title og:description twitter:title twitter:description".split())
_LONGEST_DESCRIPTION = 2_000
_MOST_DESCRIPTIONS = 10
_SPACED = (HOLDERS | content.BLOCKS | {"br"}) - {"html"}
_NOTED = _RAW | _LOADING | {"a", "html", "meta", "template"} | _SPACED

_HOST = re.compile(r"\s*(?:https?:)?//(?:[^/?#\\@\s]*@)?([^/?#\\@:\s]{1,253})", re.IGNORECASE)
# Scripts that put no space between words; a word is about two of their letters.
_UNSPACED = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]")

# ---- parked pages: short, with one of these in the title or among the first words

_LONGEST_PARKED = 300
_FIRST_WORDS = 1_500
_FOR_SALE = re.compile(
    r"(?:domain(?: name)?|[a-z0-9-]{1,63}\.[a-z]{2,20}) (?:is|may be|might be) (?:now )?(?:available )?for sale\b"
    r"|\b(?:buy|purchase|inquire about) this domain\b|\bdomain (?:is|has been) parked\b|\bparked (?:free|domain)\b"
    r"|\bthe owner of this domain has not yet\b|\bthis domain (?:has expired|is expired|has recently been registered)\b"
)
_NEW_SERVER = re.compile(
    r"welcome to nginx!|apache2 (?:ubuntu |debian |centos )?default page"
    r"|\btest page for the (?:apache|nginx) http server|\bapache http server test page\b"
    r"|\biis windows server\b|\bdefault (?:web site|plesk) page\b|\bweb server's default page\b"
)
_NEW_BLOG = re.compile(r"welcome to wordpress\. this is your first post\.")
_BLOG_AS_INSTALLED = ("just another wordpress site", "hello world!")
_PARKERS = re.compile(
    r"(?:^|\.)(?:sedoparking\.com|parkingcrew\.net|bodis\.com|parklogic\.com|cashparking\.com|above\.com|"
    r"fabulous\.com|parking-lot\.com)$"
)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What is around the link. `html` is whether there was markup to look at; if not, all the rest is empty.

    `links` counts the `<a>` that lead to other hosts than the page's own, `hosts` those hosts (at most MOST_HOSTS);
    neither counts the comments, for whose links the page's author does not answer.
    `place` is the part of the page where every link to the target stands, false if one of them stands elsewhere.
    `language` is the primary subtag of `<html lang>`, or "". `words` is about the number of visible ones in `text`.
    `parked`: the page looks for sale, or just installed. `text` is its title, descriptions and visible words, at most
    LONGEST_TEXT characters; `cut` if that, or what was fetched, is not all of the page.
    """

    html: bool = False
    links: int = 0
    hosts: int = 0
    place: Place = Place.ELSEWHERE
    language: str = ""
    words: int = 0
    parked: bool = False
    text: str = field(default="", repr=False)
    cut: bool = False


def read(text: str, found: Found, page: Url, *, cut: bool = False) -> Surroundings:
    """Look around the links that were found in this HTML, which stood at `page`. Total, and linear in the text.

    `cut` if the page went on behind this text.
    """
    scan = _Scan(page.host.removeprefix("www."), {link.token for link in found.links})
    for index, token in enumerate(tokenize(text)):
        kind = token.type
        if kind is _TEXT:
            scan.text(token.data or "")
        elif kind is _START:
            tag = token.tag or ""
            if tag in _NOTED:
                scan.start(tag, token)
            else:
                scan.raw = ""
        elif kind is _END:
            tag = token.tag or ""
            if tag in _NOTED:
                scan.end(tag)
            else:
                scan.raw = ""
        if index in scan.wanted:
            scan.meet(index)
    return scan.seen(cut=cut)


@dataclass(slots=True)
class _Words:
    """The visible words so far, with a space between blocks; `length` counts what was too much to keep as well."""

    pieces: list[str] = field(default_factory=list)
    length: int = 0
    gap: bool = False

    def add(self, text: str) -> None:
        if self.length < LONGEST_TEXT:
            if self.gap:
                self.pieces.append(" ")
                self.gap = False
            self.pieces.append(text[:LONGEST_TEXT])
        self.length += len(text)


@dataclass(slots=True)
class _Scan:
    """The state of the pass; a method for each kind of token. `wanted` are the links that were not met yet."""

    own: str
    wanted: set[int]
    places: Places = field(default_factory=Places)
    place: Place | None = None
    words: _Words = field(default_factory=_Words)
    head: list[str] = field(default_factory=list)
    titled: bool = False
    language: str | None = None
    hosts: set[str] = field(default_factory=set)
    links: int = 0
    parker: bool = False
    raw: str = ""
    templates: int = 0

    def start(self, tag: str, token: Token) -> None:
        self.raw = tag if tag in _RAW else ""
        if tag == "template":
            self.templates += 1
        elif self.templates:
            return
        elif tag == "a":
            self.link(token.attr("href") or "")
        elif tag in _SPACED:
            self.words.gap = True
            if tag in HOLDERS and not token.self_closing:
                self.places.start(tag, token)
        else:
            self.other(tag, token)

    def other(self, tag: str, token: Token) -> None:
        """An element that says something of the page without being seen."""
        if tag in _LOADING:
            self.parker = self.parker or _PARKERS.search(_host(token.attr("src") or "")) is not None
        elif tag == "meta":
            self.description(token)
        elif tag == "html" and self.language is None:
            self.language = language.primary((token.attr("lang") or token.attr("xml:lang") or "")[:100])

    def end(self, tag: str) -> None:
        self.raw = ""
        if self.templates:
            self.templates -= tag == "template"
        elif tag in _SPACED:
            self.words.gap = True
            self.places.end(tag)

    def text(self, text: str) -> None:
        if not self.raw:
            if not self.templates:
                self.words.add(text)
        elif self.raw == "title" and not self.titled:
            self.titled = True
            self.head.insert(0, content.line(text))

    def link(self, href: str) -> None:
        host = _host(href)
        if host and host != self.own and self.places.here is not Place.COMMENTS:
            self.links += 1
            if len(self.hosts) < MOST_HOSTS:
                self.hosts.add(host)

    def description(self, token: Token) -> None:
        name = token.attr("property") or token.attr("name") or ""
        if name.lower() in _DESCRIPTIONS and len(self.head) < _MOST_DESCRIPTIONS:
            self.head.append((token.attr("content") or "")[:_LONGEST_DESCRIPTION])

    def meet(self, index: int) -> None:
        """A link to the target stands here. The first one's place counts; one that stands elsewhere settles it."""
        self.wanted.discard(index)
        here = self.places.here
        self.place = here if self.place is None else self.place
        if not here:
            self.place = here
            self.wanted.clear()

    def seen(self, *, cut: bool) -> Surroundings:
        visible = "".join(self.words.pieces)[:LONGEST_TEXT]
        words = _count(visible)
        text = "\n".join((*self.head, visible))
        return Surroundings(
            html=True,
            links=self.links,
            hosts=len(self.hosts),
            place=self.place or Place.ELSEWHERE,
            language=self.language or "",
            words=words,
            parked=words < _LONGEST_PARKED and (self.parker or _parked(text)),
            text=text[:LONGEST_TEXT],
            cut=cut or self.words.length > LONGEST_TEXT,
        )


def _host(address: str) -> str:
    """The host of an absolute http(s) address, in lower case and without `www.`; `""` of anything else."""
    match = _HOST.match(address)
    return match[1].lower().removeprefix("www.") if match else ""


def _count(text: str) -> int:
    return len(text.split()) + (0 if text.isascii() else len(_UNSPACED.findall(text)) // 2)


def _parked(text: str) -> bool:
    first = " ".join(text[:_FIRST_WORDS].lower().split())
    installed = all(phrase in first for phrase in _BLOG_AS_INSTALLED)
    return installed or any(phrase.search(first) for phrase in (_FOR_SALE, _NEW_SERVER, _NEW_BLOG))
