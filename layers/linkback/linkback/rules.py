"""An owner's rules: which sources are let in, held or blocked. Pure; the most specific rule wins.

No visit reads all rules. Whatever covers a source has one of a few dozen names (its host and the hosts above it, its
page and the folders above it, its author, its dialect), so these are looked up: ten thousand rules cost what one costs.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote

from linkback import urls
from linkback.shared_hosts import is_shared_page, vouches

if TYPE_CHECKING:
    from linkback.ping import Protocol
    from linkback.urls import Url

# What is deeper than this has no rule of its own; the names of a source must fit into one BatchGetItem.
MOST_LABELS, MOST_SEGMENTS = 20, 30

# Ports of the same site, as one may well be reached at both.
_USUAL = (80, 443, 8080, 8443)
_ODD = re.compile(r"%2f|%5c|%2e|//", re.IGNORECASE)
_SLASHES = re.compile(r"/{2,}")


class Action(StrEnum):
    """What a rule does with the sources it covers."""

    ALLOW = "allow"
    HOLD = "hold"
    BLOCK = "block"


class Kind(StrEnum):
    """By what a rule covers a source, the most specific first. The last two are no rules but what approvals left."""

    AUTHOR = "author"
    PREFIX = "prefix"
    HOST = "host"
    DIALECT = "dialect"
    KNOWN_AUTHOR = "known-author"
    KNOWN_HOST = "known-host"


KINDS = (Kind.HOST, Kind.PREFIX, Kind.AUTHOR, Kind.DIALECT)
KNOWN = (Kind.KNOWN_HOST, Kind.KNOWN_AUTHOR)


class Key(NamedTuple):
    """The name of a rule within its site.

    `value` is for host a host (with its subdomains), or one with a port (of that port alone); for prefix a page key
    (urls.page_key), of which whole segments count; for author the page key of the author's address; for dialect
    a ping.Protocol.
    """

    kind: Kind
    value: str


@dataclass(frozen=True, slots=True)
class Rule:
    """One wish of an owner for one site; `made` is when (ISO 8601), or ""."""

    site: str
    kind: Kind
    value: str
    action: Action
    made: str = ""

    @property
    def key(self) -> Key:
        """Its name within its site."""
        return Key(self.kind, self.value)


Look = Callable[[Sequence[Key]], Mapping[Key, Action]]


def nothing(_: Sequence[Key]) -> Mapping[Key, Action]:
    """The rules of who has none."""
    return {}


class Looked:
    """A look that asks for each name once: one visit meets the same names at each redirect."""

    def __init__(self, look: Look) -> None:
        self._look, self._known = look, dict[Key, Action | None]()

    def __call__(self, keys: Sequence[Key]) -> Mapping[Key, Action]:
        """The actions of those of the keys that are rules."""
        if asked := [key for key in keys if key not in self._known]:
            found = self._look(asked)
            self._known |= {key: found.get(key) for key in asked}
        return {key: action for key in keys if (action := self._known[key])}


def covering(source: Url, protocol: Protocol | None, author: str = "") -> list[Key]:
    """The names of all rules that cover a source, the most specific first.

    `author` is the address that its page gives for its author, or "".
    """
    names = [Key(Kind.AUTHOR, name)] if (name := author_key(author)) else []
    pages = (urls.page_key(source), _served(source))
    names += [Key(Kind.PREFIX, value) for value in dict.fromkeys(one for page in pages for one in _prefixes(page))]
    names += [Key(Kind.HOST, value) for value in _hosts(source)]
    return [*names, Key(Kind.DIALECT, protocol)] if protocol else names


def strongest(look: Look, source: Url, protocol: Protocol | None, author: str = "") -> Action | None:
    """What the most specific rule says of a source; None where there is none."""
    keys = covering(source, protocol, author)
    found = look([*keys, *_standings(source, author)])  # which are asked for next: one read for both
    for key in keys:
        action = found.get(key)
        if action and (action is not Action.ALLOW or _lets_in(key, source, author)):
            return action
    return None


def _lets_in(key: Key, source: Url, author: str) -> bool:
    """Whether what is allowed is surely this source: an author who may be named there, a page that is no other one."""
    if key.kind is Kind.AUTHOR:
        return believed(author, source)
    if key.kind is Kind.PREFIX:
        return key.value in _prefixes(urls.page_key(source)) and not _ODD.search(source.path)
    return True


def known(look: Look, source: Url, author: str = "") -> bool:
    """Whether the owner has approved a mention of this source's host before; of a shared host, of its author."""
    standing = standing_of(source, author)
    return standing is not None and standing in look(_standings(source, author))


def standing_of(source: Url, author: str = "") -> Key | None:
    """By what a source is known once it was approved. None where nothing tells it from its neighbours."""
    if not is_shared_page(source):
        return Key(Kind.KNOWN_HOST, authority(source))
    return Key(Kind.KNOWN_AUTHOR, author_key(author)) if believed(author, source) else None


def believed(author: str, source: Url) -> bool:
    """Whether a page may speak for this author, for any page can name anybody.

    It must be on the author's own host; on a host of many people below the author's own address; or be made by a
    bridge that vouches for whom it writes.
    """
    try:
        own = urls.parse(author)
    except urls.BadUrl:
        return False
    if vouches(source.host):
        return True
    if is_shared_page(source):
        return urls.page_key(source).startswith(f"{urls.page_key(own)}/") and own.path != "/"
    return authority(own) == authority(source)


def author_key(author: str) -> str:
    """The normal form of an author's address, or ""."""
    try:
        return urls.page_key(urls.parse(author)) if author else ""
    except urls.BadUrl:
        return ""


def authority(url: Url) -> str:
    """Host and port without `www.`: what an owner calls a host."""
    return url.authority.removeprefix("www.")


def _standings(source: Url, author: str) -> list[Key]:
    standing = standing_of(source, author)
    return [standing] if standing else []


def _served(source: Url) -> str:
    """The page that a server may hand out for it: many read escaped slashes and repeated ones, or know no port.

    Rules against that page count, too.
    """
    bare = replace(source, port=None) if source.port in _USUAL else source
    if not _ODD.search(bare.path):
        return urls.page_key(bare)
    path = _SLASHES.sub("/", unquote(bare.path).replace("\\", "/"))
    return urls.page_key(replace(bare, path=urls.without_dots(path)))


def _prefixes(page: str) -> list[str]:
    """The page itself, without its query, and every folder above it, up to the host; not more than MOST_SEGMENTS."""
    path, mark, _ = page.partition("?")
    parts = path.split("/", MOST_SEGMENTS)
    whole = [path] if len(parts) <= MOST_SEGMENTS else []
    folders = ["/".join(parts[:count]) for count in range(min(len(parts) - 1, MOST_SEGMENTS), 0, -1)]
    return [*([page] if mark else []), *whole, *folders]


def _hosts(source: Url) -> list[str]:
    """With its port, the host, and every host above it, the longest first."""
    named = [authority(source)] if source.port else []
    bare = authority(replace(source, port=None))
    if bare.startswith("[") or bare.replace(".", "").isdecimal():
        return [*named, bare]
    labels = bare.split(".")
    return named + [".".join(labels[start:]) for start in range(max(0, len(labels) - MOST_LABELS), len(labels))]
