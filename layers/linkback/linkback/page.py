"""What a fetched page says: whether it really links to the target, and then who says what.

The only reader of pages. Total: for any bytes it returns a Mention or raises Declined or TryLater. The cheap things
come first: most pings that end here end at the link, before anything but tokens was looked at.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

from linkback import content, encoding, links, metadata, microformats, sentence, surroundings
from linkback.mention import Author, Mention, Relation
from linkback.ping import Declined, Reason, TryLater
from linkback.surroundings import Surroundings

if TYPE_CHECKING:
    from linkback.links import Found
    from linkback.metadata import Metadata
    from linkback.urls import Url
    from linkback.web import Answer


# The titles of pages that stand before a page until a browser has proved itself; some answer 200.
_CHALLENGE = re.compile(
    r"<title>\s*(?:Just a moment\.\.\.|Attention Required! \| Cloudflare|Checking your browser|DDoS-Guard|"
    r"Making sure you(?:&#39;|&#x27;|&rsquo;|['\u2019])re not a bot!)",
    re.IGNORECASE,
)


class _Kind(Enum):
    HTML = "html"
    JSON = "json"
    TEXT = "text"


class Reading(NamedTuple):
    """What a page says of the target, what it looks like around the link, and the sentence that the link is in."""

    mention: Mention
    surroundings: Surroundings
    sentence: str


def read(answer: Answer, target: Url) -> Reading:
    """The mention of `target` on this page. Only a page of markup has surroundings to speak of.

    Raises Declined: `not-text` where there is nothing to read, `source-missing` (gone) where the page calls itself a
    tombstone, `no-link` with what links to the target's host were found, `too-large` if it was cut before a link came.
    Raises TryLater where the page is a captcha.
    """
    kind = _kind(answer)
    text = encoding.decode(answer.body, answer.charset)
    if kind is _Kind.HTML:
        found = links.in_html(text, answer.url, target)
    elif kind is _Kind.JSON:
        found = links.in_json(text, answer.url, target)
    else:
        found = links.in_text(text, answer.url, target, cut=answer.truncated)
    if found.gone:
        raise Declined(Reason.SOURCE_MISSING, "The source page says that it is gone (410) for good.", gone=True)
    if kind is _Kind.JSON and found.links and not (answer.truncated or _is_json(text)):
        found.links.clear()
    if not found.links:
        raise _missing(answer, found, target, text)
    if kind is _Kind.HTML:
        around = surroundings.read(text, found, answer.url, cut=answer.truncated)
        said = metadata.read(text, found.links[0], found.base)
        return Reading(_from_html(text, answer, found, target, said), around, said.words)
    words = _words(text, found.links[0].token, found.links[0].value) if kind is _Kind.TEXT else ""
    return Reading(Mention(Relation.MENTION, str(answer.url), text=words), Surroundings(), words)


def _kind(answer: Answer) -> _Kind:
    media = answer.media_type
    if media in ("text/html", "application/xhtml+xml") or media.endswith(("/xml", "+xml")):
        return _Kind.HTML
    if media in ("application/json", "text/json") or media.endswith("+json"):
        return _Kind.JSON
    if media.startswith("text/"):
        return _Kind.TEXT
    if not media:
        return _sniffed(answer.body)
    raise Declined(
        Reason.NOT_TEXT, f"The source is {content.line(media, 100)}, in which no link can be verified: send a web page."
    )


def _sniffed(body: bytes) -> _Kind:
    """What a body without a content type is. No text has NULs in it, but for UTF-16, which has a byte order mark."""
    start = body[:1024].lstrip(b"\xef\xbb\xbf\xfe\xff\x00 \t\r\n")
    if start.startswith(b"<"):
        return _Kind.HTML
    if b"\0" in body and not body.startswith((b"\xfe\xff", b"\xff\xfe")):
        raise Declined(Reason.NOT_TEXT, "The source has no content type and is not text: send a web page.")
    return _Kind.TEXT


def _is_json(text: str) -> bool:
    """Whether it is a JSON document, however deep: one that is not has no property values."""
    try:
        json.loads(text, parse_int=str)  # a number of more digits than int takes is one all the same
    except RecursionError:
        return True
    except ValueError:
        return False
    return True


def _missing(answer: Answer, found: Found, target: Url, text: str) -> Declined | TryLater:
    if _CHALLENGE.search(text, 0, 16_384):
        return TryLater(
            Reason.SERVER_TROUBLE, "The source asks its visitors whether they are human: it did not show us."
        )
    seen = tuple(found.others)
    if answer.truncated or found.unread:
        detail = "The source is too large to be read to its end, and what was read has no link to the target."
        return Declined(Reason.TOO_LARGE, detail, seen)
    detail = f"The source has no link to {content.line(str(target), 300)}. "
    if seen:
        detail += "It does link to other pages of that site: check that the link leads to this very page."
    else:
        detail += "A link is an address in an attribute such as href or src, not in a script, a comment or plain words."
    return Declined(Reason.NO_LINK, detail, seen)


def _from_html(text: str, answer: Answer, found: Found, target: Url, said: Metadata) -> Mention:
    entry = microformats.read(text, found, target, said.rel_author)
    if not isinstance(entry, Mention):
        author = said.author if said.author != Author() else entry or said.rel_author
        return Mention(
            Relation.MENTION,
            str(answer.url),
            author,
            said.published,
            said.title,
            said.summary,
            text=said.words,
            canonical=said.canonical,
        )
    wordless = not (entry.text or entry.summary or entry.name) and entry.relation in (Relation.MENTION, Relation.REPLY)
    return replace(
        entry,
        url=entry.url or str(answer.url),
        author=entry.author if entry.author != Author() else said.author,
        published=entry.published or said.published,
        text=said.words if wordless else entry.text,
        canonical=said.canonical,
    )


def _words(text: str, start: int, value: str) -> str:
    reach = 2_000
    near = text[max(0, start - reach) : start + reach]
    offset = min(start, reach)
    return content.safe(sentence.around(near, offset, offset + len(value)))
