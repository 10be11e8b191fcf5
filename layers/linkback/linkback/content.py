"""Words of strangers, made safe to keep: sanitised HTML, plain text, single lines, http(s) URLs and times."""

from __future__ import annotations

import re
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING

from turbohtml import TokenType, tokenize

from linkback import urls
from linkback.measure import VOID, sane
from linkback.tree import SKIPPED

if TYPE_CHECKING:
    from collections.abc import Iterable

    import nh3

    from linkback.urls import Url

# A mention is one DynamoDB item of at most 400 KB, and a Lambda function answers with at most 6 MB of mentions. All of
# one stays below 150 KB even if it is made of emoji and long addresses. The first is in bytes, the rest in characters.
LONGEST_HTML = 16_000
LONGEST_TEXT = 8_000
LONGEST_SUMMARY = 2_000
LONGEST_NAME = 500
MOST_URLS = 10
# Four lists of ten in each mention: with more they would fill a feed.
LONGEST_OF_MANY = 600

# The sanitiser is quadratic in depth and aborts the process on reopened formatting tags: small, shallow fragments only.
_LONGEST_FRAGMENT = 32_768
_DEEPEST_FRAGMENT = 50

TAGS = frozenset(
    "a p br hr em strong b i u s blockquote code pre kbd ul ol li dl dt dd q cite del ins sub sup "
    "h1 h2 h3 h4 h5 h6 img abbr figure figcaption table thead tbody tr th td".split()
)
BLOCKS = frozenset(
    "address article aside blockquote body caption dd details dialog div dl dt fieldset figcaption figure footer form "
    "h1 h2 h3 h4 h5 h6 head header hgroup hr html legend li main menu nav ol option p pre section select summary table "
    "tbody td tfoot th thead title tr ul".split()
)

_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")
_TURNS = re.compile(r"[\u202a-\u202e\u2066-\u2069]")
# What Bridgy calls a page that has no title of its own.
_PLACEHOLDERS = frozenset({"bridgy response"})
_GAP = re.compile(r"[ \t\r\f\v\u00a0]+")
_LINES = re.compile(r" ?\n ?(?:\n ?)*")
_TIME = re.compile(
    r"(\d{4}-\d\d-\d\d)(?:[Tt ]\s?(\d\d:\d\d)(:\d\d)?(\.\d{1,9})?\s?([Zz]|[+-]\d\d(?::?\d\d)?)?)?", re.ASCII
)


def safe(text: str) -> str:
    """The text without control characters (but for tab and line feed), lone surrogates and what is no character."""
    return _CONTROLS.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def cut(text: str, longest: int) -> str:
    """At most so many characters, with an ellipsis where something was left out."""
    return text if len(text) <= longest else text[: longest - 1].rstrip() + "\u2026"


def line(text: str, longest: int = LONGEST_NAME) -> str:
    """One line of text, spaces collapsed, without marks that turn the direction of what stands beside it."""
    # Far more than will be kept, so that a megabyte of spaces is not worth collapsing.
    return cut(" ".join(_TURNS.sub("", safe(text[: longest * 20])).split()), longest)


def title(text: str) -> str:
    """A title on one line, or `""` where it is only a tool's word for having none."""
    found = line(text)
    return "" if found.lower() in _PLACEHOLDERS else found


def url(base: Url, value: str) -> str:
    """The http(s) URL that this value means on a page, or `""` for anything else (`javascript:`, `data:`, noise)."""
    if not value or len(value) > 2 * urls.LONGEST:
        return ""
    try:
        found = str(urls.resolve(str(base), value))
    except urls.BadUrl:
        return ""
    return found if len(found) <= urls.LONGEST else ""


def urls_of(base: Url, values: Iterable[str]) -> tuple[str, ...]:
    """The distinct http(s) URLs among these values, at most ten, none longer than LONGEST_OF_MANY."""
    found: dict[str, None] = {}
    for value in values:
        one = url(base, value)
        if one and len(one) <= LONGEST_OF_MANY:
            found[one] = None
        if len(found) == MOST_URLS:
            break
    return tuple(found)


def when(value: str) -> str:
    """A date, or a date and time in ISO 8601 with an offset only where one was given; `""` if it is neither."""
    match = _TIME.fullmatch(value.strip()[:60])
    if not match:
        return ""
    day, clock, seconds, fraction, offset = match.groups(default="")
    if clock and len(offset) == len("+01"):
        offset += ":00"
    elif len(offset) == len("+0100"):
        offset = f"{offset[:3]}:{offset[3:]}"
    found = f"{day}T{clock}{seconds or ':00'}{fraction}{offset.upper()}" if clock else day
    try:
        datetime.fromisoformat(f"{day}T{clock}{seconds}{offset.upper()}" if clock else day)
    except ValueError:
        return ""
    return found


def sanitise(html: str) -> str:
    """The HTML reduced to a short list of harmless tags and http(s) links, or `""` if it is too large or too odd.

    It is never cut: half of an HTML text is another HTML text. Who gets `""` keeps the plain text.
    """
    if not html or len(html) > _LONGEST_FRAGMENT or not sane(html, deepest=_DEEPEST_FRAGMENT):
        return ""
    cleaned = safe(_cleaner().clean(safe(html))).strip()
    return cleaned if len(cleaned.encode()) <= LONGEST_HTML else ""


@cache
def _cleaner() -> nh3.Cleaner:
    import nh3  # noqa: PLC0415 - most pings end before there is anything to sanitise

    return nh3.Cleaner(
        tags=set(TAGS),
        attributes={"*": set(), "a": {"href"}, "img": {"src", "alt"}},
        clean_content_tags=set(SKIPPED - TAGS - VOID),
        url_schemes={"http", "https"},
        url_relative="deny",
        link_rel="nofollow ugc noopener",
    )


def plain(html: str, longest: int = LONGEST_TEXT) -> str:
    """The words of a piece of HTML: a line per block, no script, style or template."""
    pieces: list[str] = []
    hidden: list[str] = []
    for token in tokenize(html):
        tag = token.tag or ""
        if token.type is TokenType.TEXT:
            if not hidden:
                pieces.append(_GAP.sub(" ", (token.data or "").replace("\n", " ")))
        elif token.type is TokenType.START_TAG:
            if tag in SKIPPED and tag not in VOID:
                hidden.append(tag)
            elif not hidden and (tag in BLOCKS or tag == "br"):
                pieces.append("\n")
        elif token.type is TokenType.END_TAG:
            if hidden and hidden[-1] == tag:
                hidden.pop()
            elif tag in BLOCKS and not hidden:
                pieces.append("\n")
    text = _LINES.sub("\n", _GAP.sub(" ", "".join(pieces)))
    return cut(safe(text).strip(), longest)
