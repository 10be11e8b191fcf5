"""`/api/mentions.html`: a page for people that is an h-feed for programs (https://microformats.org/wiki/h-feed)."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from linkback import human
from linkback.feed import seen
from linkback.feed.format import Format

if TYPE_CHECKING:
    from linkback.feed.format import Channel, Members
    from linkback.published import Published

_ENTRIES = "\0"
_THEIRS = 'class="u-url" rel="nofollow ugc" '


def headers(channel: Channel) -> dict[str, str]:
    """Those of every page for people, its policy among them: nothing that a stranger wrote could run or be loaded."""
    return dict(human.page(200, "", "", {}, base=channel.base).headers)


def opening(channel: Channel) -> bytes:
    """The page up to its entries."""
    return _page(channel).partition(_ENTRIES)[0].encode()


def closing(channel: Channel, following: str) -> bytes:
    """A link to what is older, and the rest of the page."""
    older = f'<p><a rel="next" href="{escape(following)}">More mentions</a></p>' if following else ""
    none = '<p class="none">There are none.</p>'  # which the style hides behind an entry
    return (f"{none}</div>{older}" + _page(channel).partition(_ENTRIES)[2]).encode()


def entry(mention: Published, _: Channel) -> bytes:
    """One h-entry. Pictures stay addresses: nobody who reads this page is made to call on strangers."""
    said = seen.read(mention)
    source, target = seen.url(mention.source), seen.url(mention.target)
    property_ = "in-reply-to" if said["relation"] == "rsvp" else said["relation"]
    object_ = seen.linked(target, target, f'class="u-{property_}" ')
    when = said.get("published") or mention.received
    title = f'<p class="p-name">{escape(said["name"])}</p>' if "name" in said else ""
    content = seen.as_html(said) or escape(said.get("summary", ""))
    words = f'<div class="e-content">{content}</div>' if content else ""
    answer = f' <data class="p-rsvp" value="{escape(said.get("rsvp", ""))}">{escape(said.get("rsvp", ""))}</data>'
    did = seen.DID[said["relation"]] + (answer if said["relation"] == "rsvp" else "")
    return (
        f'<article class="h-entry"><p>{_author(said, source)} {did} '
        f"{object_}</p>{title}{words}"
        f'<p><time class="dt-published" datetime="{escape(when)}">'
        f"{seen.linked(when[:10], seen.url(said['url']) or source, _THEIRS)}</time></p></article>"
    ).encode()


def _page(channel: Channel) -> str:
    subject = escape(channel.subject)
    main = (
        f'<div class="h-feed"><p>What other pages say of <a href="{escape(channel.home)}">{subject}</a>.</p>{_ENTRIES}'
    )
    return human.page(200, f"Mentions of {channel.subject}", main, {}, base=channel.base).body


def _author(said: Members, source: str) -> str:
    """Beside the name the host that really linked: a page may call itself what it likes."""
    known, host = seen.author(said), source.partition("://")[2].partition("/")[0]
    photo = f'<data class="u-photo" value="{escape(known["photo"])}"></data>' if known["photo"] else ""
    named = seen.linked(known["name"] or host, known["url"], _THEIRS)
    card = f'<span class="p-author h-card"><span class="p-name">{named}</span>{photo}</span>'
    return f"{card} <small>({escape(host)})</small>" if known["name"] else card


FORMAT = Format(headers=headers, opening=opening, entry=entry, closing=closing, between=b"\n")
