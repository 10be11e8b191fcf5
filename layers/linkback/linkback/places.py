"""In which part of a page something stands: its comments, blogroll, sidebar, footer or navigation, or elsewhere.

Told from elements and from exact words of their classes and ids, by the start and end tags alone. In doubt it is
"elsewhere": themes write `has-sidebar` on what holds the whole page, so a word counts only where it is the whole name,
and an entry's own footer, asides and table of contents are part of what its author wrote.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Collection

    from turbohtml import Token


class Place(StrEnum):
    """A part of a page. Elsewhere is false."""

    ELSEWHERE = ""
    COMMENTS = "comments"
    BLOGROLL = "blogroll"
    SIDEBAR = "sidebar"
    FOOTER = "footer"
    NAVIGATION = "navigation"


# What may hold a part of a page or be one. Inline elements, paragraphs and tables' rows are not followed: they are
# what is most often left open or closed in the wrong order.
HOLDERS = frozenset(
    "article aside blockquote body center dd details div dl dt figure footer form header li main nav ol section "
    "table td th ul".split()
)
# The start of one of these ends an open one, because its end tag may be left out.
_ENDED = {
    "li": ("li",),
    **dict.fromkeys(("dd", "dt"), ("dd", "dt")),
    **dict.fromkeys(("td", "th"), ("td", "th")),
}

_ELEMENTS = {"aside": Place.SIDEBAR, "footer": Place.FOOTER, "nav": Place.NAVIGATION}
_WORDS = {
    **dict.fromkeys(
        "comment comments commentlist comment-list comments-list comments-area comment-area comments-section "
        "comment-section comments-wrapper comment-body comment-content comment-text respond disqus_thread "
        "pinglist trackbacks pingbacks".split(),
        Place.COMMENTS,
    ),
    **dict.fromkeys("blogroll blog-roll linkroll widget_links".split(), Place.BLOGROLL),
    **dict.fromkeys(
        "sidebar side-bar sidebar-primary sidebar-secondary primary-sidebar secondary-sidebar widget widgets "
        "widget-area".split(),
        Place.SIDEBAR,
    ),
    **dict.fromkeys("footer site-footer page-footer colophon".split(), Place.FOOTER),
    **dict.fromkeys(
        "nav navbar navigation menu main-menu main-navigation site-navigation breadcrumb breadcrumbs".split(),
        Place.NAVIGATION,
    ),
}
# Microformats' own words for a comment, which are meant wherever they stand. An h-cite alone is none: that is how a
# reply writes what it replies to.
_MARKED = frozenset({"u-comment", "p-comment"})
# They say more than the part of the page around them does.
_TELLING = frozenset({Place.COMMENTS, Place.BLOGROLL})
_ENTRIES = frozenset("h-entry h-event h-review hentry post entry blog-post blogpost".split())
_CONTENTS = frozenset("e-content entry-content post-content article-content post-body entry-body".split())
# Blogger's name for the part of a page that has the posts.
_POSTS = frozenset({"widget", "blog"})
_WHOLE = frozenset({"body", "main"})
_SPEAKING = frozenset({*_ELEMENTS, *_WHOLE, "article"})
_MEANT = frozenset({*_WORDS, *_MARKED, *_ENTRIES, *_CONTENTS, *_POSTS})
_PARTS = (Place.FOOTER, Place.SIDEBAR, Place.NAVIGATION)
# Nobody gives one element so many names that the one that matters comes later.
_LONGEST_NAMES = 2_000


class _Within(NamedTuple):
    """Where we are: the part of the page, and whether in an entry, or even in the content of one."""

    place: Place = Place.ELSEWHERE
    entry: bool = False
    content: bool = False


_OUTSIDE = _Within()


@dataclass(slots=True)
class Places:
    """The open elements of a token stream that matter, and where in the page they put us.

    Linear, however deep: each element is opened once and closed at most once, and costs a few bytes while it is open.
    """

    open: list[tuple[str, _Within]] = field(default_factory=list)
    count: Counter[str] = field(default_factory=Counter)

    @property
    def here(self) -> Place:
        """The part of the page that the next token stands in."""
        return self.open[-1][1].place if self.open else Place.ELSEWHERE

    def start(self, tag: str, token: Token) -> None:
        """An element of HOLDERS begins."""
        if tag in _ENDED and self.open and self.open[-1][0] in _ENDED[tag]:
            self.count[self.open.pop()[0]] -= 1
        outer = self.open[-1][1] if self.open else _OUTSIDE
        self.open.append((tag, _inner(outer, tag, _names(token))))
        self.count[tag] += 1

    def end(self, tag: str) -> None:
        """An element ends, and with it what was left open in it; nothing where none of HOLDERS is open."""
        if self.count.get(tag):
            last = ""
            while last != tag:
                last, _ = self.open.pop()
                self.count[last] -= 1


def _names(token: Token) -> Collection[str]:
    """The words of the element's class and id that mean something here, in lower case."""
    classes, name = token.attr("class"), token.attr("id")
    if not classes and not name:
        return ()
    return _MEANT.intersection(f"{classes or ''} {name or ''}"[:_LONGEST_NAMES].lower().split())


def _inner(outer: _Within, tag: str, names: Collection[str]) -> _Within:
    """Where the inside of this element is."""
    if not names and tag not in _SPEAKING:
        return outer
    content = not _CONTENTS.isdisjoint(names)
    entry = content or tag == "article" or not _ENTRIES.isdisjoint(names)
    if tag in _WHOLE or (content and outer.place is Place.SIDEBAR):
        # No sidebar or footer holds these: what seemed to be one is around the whole page.
        return _Within(Place.ELSEWHERE, entry, content)
    if not _MARKED.isdisjoint(names):
        return _Within(Place.COMMENTS)
    place = Place.ELSEWHERE if entry else _said(outer, tag, names)
    return _Within(place) if place else _Within(outer.place, outer.entry or entry, outer.content or content)


def _said(outer: _Within, tag: str, names: Collection[str]) -> Place:
    """The part of the page that this element says it is, if that says more than what is around it."""
    if outer.place in _TELLING or set(names) >= _POSTS:
        return Place.ELSEWHERE
    said = {_WORDS[name] for name in names if name in _WORDS}
    if Place.BLOGROLL in said:
        return Place.BLOGROLL
    if Place.COMMENTS in said and not outer.content:
        return Place.COMMENTS
    if outer.place or outer.entry:
        return Place.ELSEWHERE
    return next((place for place in _PARTS if place in said), _ELEMENTS.get(tag, Place.ELSEWHERE))
