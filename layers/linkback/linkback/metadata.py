"""What a page says of itself without microformats: Open Graph, JSON-LD, `<title>`, and the words around the link.

One pass over the tokens, so it works on any page, however deep or broken.
"""

from __future__ import annotations

import json
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from turbohtml import TokenType, tokenize

from linkback import content, sentence
from linkback.mention import Author

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from turbohtml import Token

    from linkback.links import Link
    from linkback.urls import Url

# Structured data of an article is a few KB; a page may carry several blocks of it.
_LONGEST_JSON = 131_072
_MOST_BLOCKS = 5
_MOST_NODES = 1_000
# How far from the link its block is read, in characters.
_REACH = 2_000
_RAW = frozenset("script style textarea title xmp iframe noembed noframes noscript plaintext".split())
_ARTICLES = frozenset("Article BlogPosting NewsArticle SocialMediaPosting TechArticle WebPage Report Review".split())
_SUMMARIES = ("og:description", "description")
_PROPERTIES = frozenset({"og:title", "author", "article:author", "article:published_time", *_SUMMARIES})


@dataclass(slots=True)
class Metadata:
    """What was found, cleaned; `""` where nothing was. `rel_author` is the first rel=author link and its text."""

    title: str = ""
    summary: str = ""
    author: Author = field(default_factory=Author)
    published: str = ""
    canonical: str = ""
    rel_author: Author = field(default_factory=Author)
    words: str = ""


@dataclass(slots=True)
class _Words:
    """The text of the block that holds the link."""

    link: Link
    text: str = ""
    start: int = -1
    end: int = -1
    open: bool = False
    done: bool = False

    def add(self, text: str) -> None:
        if not self.done:
            if self.start < 0:
                self.text += text[-_REACH:]
                if len(self.text) > 4 * _REACH:
                    self.text = self.text[-_REACH:]
            elif len(self.text) < 3 * _REACH:
                self.text += text[:_REACH]

    def mark(self) -> None:
        if self.start < 0:
            self.text = self.text[-_REACH:]
            self.start, self.open = len(self.text), self.link.tag == "a"

    def close(self) -> None:
        """The link's own text ends here."""
        if self.open:
            self.end, self.open = len(self.text), False

    def boundary(self) -> None:
        """A block begins or ends. A link around blocks (`<a><h2>`) waits for the first one that has words."""
        if self.start < 0:
            self.text = ""
        elif self.open and not self.text[self.start :].strip():
            # One space, however many blocks there are without a word.
            self.text = self.text[: self.start] + " "
        else:
            self.done = True

    def sentence(self) -> str:
        if self.start < 0:
            return ""
        return content.safe(sentence.around(self.text, self.start, self.end if self.end >= 0 else self.start))


@dataclass(slots=True)
class _Page:
    """The state of the pass; a method for each kind of token."""

    words: _Words
    meta: dict[str, str] = field(default_factory=dict)
    title: str | None = None
    json: list[str] = field(default_factory=list)
    canonical: str = ""
    author_url: str = ""
    author_name: str = ""
    naming: bool = False
    raw: str = ""
    templates: int = 0

    def start(self, index: int, token: Token) -> None:
        tag = token.tag or ""
        if tag == "br":
            self.words.add("\n")
        elif tag in content.BLOCKS:
            self.words.boundary()
        if index == self.words.link.token:
            self.words.mark()
        if tag in _RAW:
            self.raw = "json" if "ld+json" in (token.attr("type") or "").lower() else tag
        elif tag == "meta":
            self.property(token)
        elif tag in ("link", "a"):
            self.rel(tag, token)
        elif tag == "template":
            self.templates += 1

    def end(self, tag: str) -> None:
        self.raw = ""
        if tag == "a":
            self.words.close()
            self.naming = False
        elif tag in content.BLOCKS:
            self.words.boundary()
        elif tag == "template" and self.templates:
            self.templates -= 1

    def text(self, index: int, text: str) -> None:
        if self.raw:
            self.raw_text(index, text)
        elif not self.templates:
            self.words.add(text)
            if self.naming and len(self.author_name) < content.LONGEST_NAME:
                self.author_name += text[: content.LONGEST_NAME]

    def raw_text(self, index: int, text: str) -> None:
        if self.raw == "title" and self.title is None:
            self.title = text
        elif self.raw == "json" and len(text) <= _LONGEST_JSON and len(self.json) < _MOST_BLOCKS:
            self.json.append(text)
        elif index == self.words.link.token:
            # The link stands in a <noscript>, whose text is markup of its own.
            self.words.mark()
            self.words.add(content.plain(text[:_REACH], _REACH))

    def property(self, token: Token) -> None:
        name = token.attr("property") or token.attr("name") or ""
        if name.lower() in _PROPERTIES:
            self.meta.setdefault(name.lower(), token.attr("content") or "")

    def rel(self, tag: str, token: Token) -> None:
        rels = (token.attr("rel") or "").lower().split()
        if "canonical" in rels and tag == "link" and not self.canonical:
            self.canonical = token.attr("href") or ""
        elif "author" in rels and not self.author_url:
            self.author_url = token.attr("href") or ""
            self.naming = tag == "a"


def read(text: str, link: Link, base: Url) -> Metadata:
    """Read the metadata of an HTML page and the sentence around this link. Total: whatever is odd is left out."""
    page = _Page(_Words(link))
    for index, token in enumerate(tokenize(text)):
        kind = token.type
        if kind is TokenType.START_TAG:
            page.start(index, token)
        elif kind is TokenType.END_TAG:
            page.end(token.tag or "")
        elif kind is TokenType.TEXT:
            page.text(index, token.data or "")
    return _cleaned(page, base)


def _cleaned(page: _Page, base: Url) -> Metadata:
    meta = page.meta
    article = _article(page.json)
    published = (meta.get("article:published_time", ""), _string(article.get("datePublished")))
    return Metadata(
        title=_first(content.title(one) for one in (meta.get("og:title", ""), _headline(article), page.title or "")),
        summary=_first(content.line(meta.get(name, ""), content.LONGEST_SUMMARY) for name in _SUMMARIES),
        author=_author(article, meta, base),
        published=_first(content.when(one) for one in published),
        canonical=content.url(base, page.canonical),
        rel_author=Author(content.line(page.author_name), "", content.url(base, page.author_url)),
        words=page.words.sentence(),
    )


def _first(found: Iterable[str]) -> str:
    return next((one for one in found if one), "")


def _author(article: dict[str, Any], meta: dict[str, str], base: Url) -> Author:
    said = article.get("author")
    said = said[0] if isinstance(said, list) and said else said
    if isinstance(said, dict):
        photo = said.get("image")
        photo = photo.get("url") if isinstance(photo, dict) else photo
        name = content.line(_string(said.get("name")))
        if name:
            return Author(name, content.url(base, _string(photo)), content.url(base, _string(said.get("url"))))
    name = _first(content.line(one) for one in (_string(said), meta.get("author", ""), meta.get("article:author", "")))
    # Facebook's article:author is the address of a profile, not a name.
    return Author("", "", content.url(base, name)) if name.startswith(("https://", "http://")) else Author(name)


def _headline(article: dict[str, Any]) -> str:
    return _string(article.get("headline")) or _string(article.get("name"))


def _string(value: object) -> str:
    return value if isinstance(value, str) else ""


def _article(blocks: list[str]) -> dict[str, Any]:
    """The first article-like node of the page's JSON-LD that names an author, a headline or a date."""
    for block in blocks:
        for node in _nodes(block):
            kind = node.get("@type")
            kinds = kind if isinstance(kind, list) else [kind]
            if any(one in _ARTICLES for one in kinds if isinstance(one, str)) and any(
                node.get(name) for name in ("author", "headline", "datePublished")
            ):
                return node
    return {}


def _nodes(block: str) -> Iterator[dict[str, Any]]:
    try:
        waiting = deque([json.loads(block)])
    except (ValueError, RecursionError):
        return
    for _ in range(_MOST_NODES):
        if not waiting:
            return
        node = waiting.popleft()
        if isinstance(node, list):
            waiting.extendleft(reversed(node[:_MOST_NODES]))
        elif isinstance(node, dict):
            yield node
            waiting += [value for name, value in node.items() if name in ("@graph", "mainEntity", "mainEntityOfPage")]
