"""What a visit saw, as formats write it: looked at once more, for a feed trusts no table.

Everything was cleaned when it was written, by the sanitiser of that day. What an older version, an import or a hand
left in the table must not become markup on somebody's page: so here markup is compared with the short list of what the
sanitiser writes, and an address must be one that a link may have. That is a fifteenth of what sanitising again costs.
"""

from __future__ import annotations

import re
from contextlib import suppress
from html import escape
from typing import TYPE_CHECKING, Any

import orjson

from linkback.mention import Relation

if TYPE_CHECKING:
    from linkback.published import Published

# In any letters, but not by a flag, which makes each look at a letter twice as slow.
_WEB = "[Hh][Tt][Tt][Pp][Ss]?://"

# content.TAGS, in the words of nh3: lower case, double quotes, `<`, `>` and `&` of text escaped.
_VOID = ("br", "hr")
_PLAIN = (
    "p em strong b i u s blockquote code pre kbd ul ol li dl dt dd q cite del ins sub sup h1 h2 h3 h4 h5 h6 abbr "
    "figure figcaption table thead tbody tr th td".split()
)
_CLEAN = re.compile(
    r"(?:[^<]++|</?(?:" + "|".join(_PLAIN) + r")>|<(?:" + "|".join(_VOID) + r")>|</a>"
    rf'|<a(?: href="{_WEB}[^"]*+")?(?: rel="nofollow ugc noopener")?>'
    rf'|<img(?: src="{_WEB}[^"]*+"| alt="[^"]*+")*+>)*+'
)
# What the source did with the target, in a page's words.
DID = {
    "in-reply-to": "replied to",
    "like-of": "liked",
    "repost-of": "reposted",
    "bookmark-of": "bookmarked",
    "mention-of": "linked to",
    "rsvp": "answered",
}
_RELATIONS = frozenset(map(str, Relation))
_KINDS: dict[str, type] = {"author": dict, **dict.fromkeys(("photo", "video", "audio", "syndication"), list)}
_NOTHING = {"relation": str(Relation.MENTION), "url": ""}
_is_address = re.compile(_WEB + r'[^\x00-\x20\x7f"<>\\]+').fullmatch


def read(mention: Published) -> dict[str, Any]:
    """The members of Mention.to_json(): those that are unknown are not there, but for `url`, which may be ""."""
    return parse(mention.seen)


def parse(stored: str) -> dict[str, Any]:
    """The same from the table's own words. Total: of what is no mention nothing is left but that it links here."""
    with suppress(ValueError):
        said: dict[str, Any] = orjson.loads(stored)
        if _is_mention(said):
            return said
    return dict(_NOTHING)


def _is_mention(said: object) -> bool:
    """Whether its members are of their kinds: words, but for the nested ones, which have words within."""
    if type(said) is not dict:
        return False
    for name, value in said.items():
        if (type(value) is str) is (name in _KINDS) or (name in _KINDS and not _nested(name, value)):
            return False
    return said.get("relation") in _RELATIONS and "url" in said


def _nested(name: str, value: Any) -> bool:
    within = value.values() if type(value) is dict else value
    return type(value) is _KINDS[name] and set(map(type, within)) <= {str}


def html(seen: dict[str, Any]) -> str:
    """The mention's own markup if it is what the sanitiser would have written, else ""."""
    markup: str = seen.get("html", "")
    return markup if _CLEAN.fullmatch(markup) else ""


def as_html(seen: dict[str, Any]) -> str:
    """The mention's words as markup: its own, or its plain text, escaped."""
    return html(seen) or escape(seen.get("text", ""), quote=False)


def url(value: str) -> str:
    """The address if it is http(s) and has nothing that could leave a quoted attribute, else ""."""
    return value if _is_address(value) else ""


def addresses(values: list[str]) -> list[str]:
    """Those of the addresses that may be shown."""
    return [value for value in values if _is_address(value)]


def linked(words: str, address: str, attributes: str = "") -> str:
    """The words as markup, as a link where there is an address. `attributes` are ours, with their quotes."""
    return f'<a {attributes}href="{escape(address)}">{escape(words)}</a>' if address else escape(words)


def author(seen: dict[str, Any]) -> dict[str, str]:
    """`name`, `photo` and `url`, each a string, which may be ""."""
    known = seen.get("author") or {}
    return {"name": known.get("name", ""), "photo": url(known.get("photo", "")), "url": url(known.get("url", ""))}
