"""URLs, read strictly, and their normal forms for grouping and comparing only (what was sent is kept beside it).

Strict, because the parser that checks a URL and the program that dials it must never disagree: what two parsers could
read in two ways is refused. The host is compared in lower case and IDNA form, and numbers that only *look* like an
address (`0x7f.1`, `2130706433`, `127.1`) are no host names.
"""

from __future__ import annotations

import ipaddress
import re
import string
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import quote, urljoin, urlsplit

DEFAULT_PORTS = {"http": 80, "https": 443}
LONGEST = 2048

# Parameters that tell who sent a visitor, never which page he sees (utm_*, click identifiers).
TRACKING = re.compile(
    r"^(utm_\w+|fbclid|gclid|dclid|msclkid|mc_[ce]id|igshid|_hs(enc|mi)|yclid|twclid|ref_src|mkt_tok)$", re.IGNORECASE
)

_C0_AND_SPACE = "".join(map(chr, range(0x21)))
_LINE_BREAKS = {ord(character): None for character in "\t\n\r"}
_NO_HOST = re.compile(r"^(https?:)?//(?![^/?#])", re.IGNORECASE)
_FORBIDDEN = re.compile(r"[\x00-\x20\x7f\\<>\"\ud800-\udfff]")
_UNWISE = re.compile(r"[^\x21-\x7e]|[\^`{|}]")
_BRACKETED = re.compile(r"^\[([0-9A-Fa-f:.]+)\](?::[0-9]*)?$", re.ASCII)
_LABEL = re.compile(r"^(?!-)[a-z0-9_-]{1,63}(?<!-)$")
_NUMERIC = re.compile(r"^(0x[0-9a-f]*|[0-9]+)$")
_UNRESERVED = frozenset(string.ascii_letters + string.digits + "-._~")
_ESCAPES = {f"{byte:02X}": chr(byte) if chr(byte) in _UNRESERVED else f"%{byte:02X}" for byte in range(256)}
_DOTS = re.compile(r"/(?:\.|%2e){1,2}(?:/|$)", re.IGNORECASE)
_PERCENT_DOT = re.compile(r"%2e", re.IGNORECASE)
_PERCENT = re.compile(r"%([0-9A-Fa-f]{2})")


class BadUrl(ValueError):  # noqa: N818 - reads as what it is
    """The text is not a URL that we would visit or compare; the message says why, in a clause."""


@dataclass(frozen=True, slots=True)
class Url:
    """An absolute http(s) URL in ASCII.

    `host` has lower case and no brackets; `port` is None where it is the scheme's own; `path` begins with a slash.
    """

    scheme: str
    host: str
    port: int | None
    path: str
    query: str
    fragment: str

    @property
    def authority(self) -> str:
        """Host and, where it is not the scheme's own, port, as the Host header has it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}" if self.port else host

    @property
    def request_target(self) -> str:
        """Path and query, as the request line has it."""
        return self.path + (f"?{self.query}" if self.query else "")

    def __str__(self) -> str:
        fragment = f"#{self.fragment}" if self.fragment else ""
        return f"{self.scheme}://{self.authority}{self.request_target}{fragment}"


def parse(text: str) -> Url:
    """Read an absolute http(s) URL. Raises BadUrl for anything that two programs could read differently."""
    if len(text) > LONGEST:
        raise BadUrl(f"it is longer than {LONGEST} characters")
    if _FORBIDDEN.search(text):
        raise BadUrl('it has a space, a control character or one of \\ < > "')
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError as error:
        raise BadUrl(f"it cannot be read as a URL: {error}") from None
    if parts.scheme not in DEFAULT_PORTS:
        raise BadUrl("it does not begin with http:// or https://")
    if "@" in parts.netloc:
        raise BadUrl("it carries a user name or password")
    if port == 0:
        raise BadUrl("port 0 cannot be visited")
    host = host_name(parts.netloc, parts.hostname or "")
    bare_port = None if port == DEFAULT_PORTS[parts.scheme] else port
    path = without_dots(_ascii(parts.path) or "/")
    url = Url(parts.scheme, host, bare_port, path, _ascii(parts.query), _ascii(parts.fragment))
    if len(str(url)) > LONGEST:
        raise BadUrl(f"it is longer than {LONGEST} characters when its letters beyond ASCII are escaped")
    return url


def host_name(netloc: str, host: str) -> str:
    """The canonical form of a host: IDNA, lower case, no trailing dot; addresses only as written by the standards."""
    if netloc.startswith("["):
        return _ipv6(netloc)
    name = host.removesuffix(".").lower()
    if not name.isascii():
        name = _idna(name)
    if _NUMERIC.match(name.rpartition(".")[2]):
        return _ipv4(name)
    if len(name) > 253 or not all(_LABEL.match(label) for label in name.split(".")):  # noqa: PLR2004 - RFC 1035, 2.3.4
        raise BadUrl("its host is not a host name")
    return name


def _ipv4(name: str) -> str:
    try:
        return str(ipaddress.IPv4Address(name))
    except ValueError:
        raise BadUrl("its host is a number, but not an address in the usual four parts") from None


def _ipv6(netloc: str) -> str:
    literal = _BRACKETED.match(netloc)
    try:
        address = ipaddress.IPv6Address(literal[1] if literal else "")
    except ValueError:
        raise BadUrl("its host is not an IPv6 address") from None
    if address.scope_id is not None:
        raise BadUrl("its address names a network zone")
    return str(address)


def _idna(name: str) -> str:
    import idna  # noqa: PLC0415 - 30 ms of tables that only a name beyond ASCII needs

    try:
        return idna.encode(name, uts46=True).decode().lower()
    except (idna.IDNAError, UnicodeError):
        raise BadUrl("its host is not a valid internationalised name") from None


def _ascii(part: str) -> str:
    return part if not _UNWISE.search(part) else quote(part, safe="/%:@!$&'()*+,;=?~-._[]#")


def resolve(base: str, reference: str) -> Url:
    """The URL that a reference on a page means, read as a browser reads it. Raises BadUrl."""
    cleaned = reference.strip(_C0_AND_SPACE).translate(_LINE_BREAKS)
    if len(cleaned) > LONGEST:
        raise BadUrl(f"it is longer than {LONGEST} characters")
    if _NO_HOST.match(cleaned):  # which urljoin would fill in
        raise BadUrl("its host is missing")
    try:
        return parse(urljoin(base.partition("#")[0], cleaned.replace(" ", "%20")))
    except ValueError as error:
        raise error if isinstance(error, BadUrl) else BadUrl(str(error)) from None


def page_key(url: Url) -> str:
    """What two addresses of one page have in common: no scheme, `www.`, default port, fragment or trailing slash."""
    return _key(url, url.query)


def link_key(url: Url) -> str:
    """page_key of a link as found on a source page, where tracking parameters do not count."""
    kept = [pair for pair in url.query.split("&") if not TRACKING.match(pair.partition("=")[0])] if url.query else []
    return _key(url, "&".join(kept))


def same_page(link: Url, target: Url) -> bool:
    """Whether a link found on a page leads to the target; tracking parameters that only the link has are forgiven."""
    key = _key_of_target(target)
    return page_key(link) == key or (bool(link.query) and link_key(link) == key)


# A page's links are compared with one target, a page's worth of them one after the other.
_key_of_target = lru_cache(16)(page_key)


def _key(url: Url, query: str) -> str:
    host = url.authority.removeprefix("www.")
    return host + _percent(url.path).rstrip("/") + (f"?{_percent(query)}" if query else "")


def without_dots(path: str) -> str:
    """RFC 3986, 5.2.4, with `%2e` for a dot as browsers have it: what is compared is what is visited."""
    if not _DOTS.search(path):
        return path
    kept: list[str] = []
    segments = [_PERCENT_DOT.sub(".", segment) for segment in path.split("/")[1:]]
    for segment in segments:
        if segment == "..":
            del kept[-1:]
        elif segment != ".":
            kept.append(segment)
    return "/" + "/".join(kept) + ("/" if segments[-1] in (".", "..") and kept else "")


def _percent(text: str) -> str:
    """RFC 3986, 6.2.2: upper-case escapes, and none for characters that need none."""
    return _PERCENT.sub(lambda escape: _ESCAPES[escape[1].upper()], text) if "%" in text else text
