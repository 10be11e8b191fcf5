"""Pingback Permitted From: which addresses a blog's pingbacks come from, as its owner says in the DNS.

What SPF (RFC 7208) is for mail: a TXT record `v=ppf1 a ip4:192.0.2.0/24` at `_pingback.<host of the source>`. Terms are
tried from left to right and the first that decides ends it; `none` is nobody, and whoever no term names is not
permitted. As in SPF a record is read whole before a term is tried, an `include` counts only where the included record
permits, and one that is broken anywhere, its includes too, says nothing at all. Terms of other names (`mx`, `exp=`) are
passed over, as the reference implementation passes them over.

What a record says is a signal for the owner's eyes, so in any doubt it says nothing: None, never False.
"""

from __future__ import annotations

import ipaddress
import re
import time
from functools import partial
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from itertools import islice
from typing import TYPE_CHECKING, Any

from linkback import urls

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from dns.message import Message

MOST_LOOK_UPS = 10  # of all kinds, the first record's among them
MOST_INCLUDES = 5  # one within another
LONGEST_RECORD = 1_000

_MOST_ADDRESSES = 100
_MOST_STRINGS = 10
_LONGEST_TRY = 0.5
_DNS_PORT = 53
_KINDS = {4: "A", 6: "AAAA"}
_PAYLOAD = 1_232  # what no network cuts into pieces; a longer answer comes over TCP

_VERSION = re.compile(r"v=ppf1(?= |\Z)", re.IGNORECASE)
_TERM = re.compile(r"([a-z][a-z0-9._-]*)(?:([:=/])([\x21-\x7e]*))?")
_NETWORK = re.compile(r"[0-9a-f:.]+(?:/(?:0|[1-9][0-9]{0,2}))?")


class Unanswered(OSError):  # noqa: N818 - reads as what it is
    """The nameservers did not answer in time, could not, or said more than we read."""


def ask(host: str, ip: str, seconds: float = 1.5, nameservers: Sequence[tuple[str, int]] | None = None) -> bool | None:
    """What the DNS says of `ip` as a sender of `host`'s pingbacks, within `seconds` altogether: see `permitted`.

    `nameservers` (address, port) stand in for the system's own. Never raises.
    """
    try:
        version = _address(ip).version
    except ValueError:
        return None
    names = Names(seconds, nameservers)
    return permitted(host, ip, names.txt, partial(names.addresses, version=version))


def permitted(
    host: str, ip: str, txt: Callable[[str], Sequence[str]], addresses: Callable[[str], Sequence[str]]
) -> bool | None:
    """Whether the record of `host` permits its pingbacks to come from `ip`.

    None where there is no record, more than one, a malformed one, one that needs more than MOST_LOOK_UPS or
    MOST_INCLUDES, or no answer. `txt` gives the texts at a name, `addresses` the addresses of a host; both give an
    empty sequence for a name that has none, and raise OSError or ValueError where the network fails. Never raises.
    """
    try:
        return _Check(_address(ip), txt, addresses).permits(_host(host))
    except (OSError, ValueError):
        return None


class _Check:
    """One sender's address held against records; what it does not understand is a ValueError."""

    def __init__(
        self,
        sender: IPv4Address | IPv6Address,
        txt: Callable[[str], Sequence[str]],
        addresses: Callable[[str], Sequence[str]],
    ) -> None:
        self._sender, self._txt, self._addresses, self._look_ups = sender, txt, addresses, 0

    def permits(self, host: str, level: int = 0) -> bool | None:
        """What the record of this host says; None if it has none. `level` counts the includes that led here."""
        record = _record(self._looked_up(self._txt, f"_pingback.{host}"))
        if record is None:
            return None
        for name, value in _terms(record, host):
            if name == "none":
                return False
            if self._matches(name, value, level):
                return True
        return False

    def _matches(self, name: str, value: str | IPv4Network | IPv6Network, level: int) -> bool:
        if not isinstance(value, str):
            return self._sender in value
        if name == "a":
            return self._sender in _read(self._looked_up(self._addresses, value))
        return self._included(value, level + 1)

    def _included(self, host: str, level: int) -> bool:
        said = self.permits(host, level) if level <= MOST_INCLUDES else None
        if said is None:
            raise ValueError("it includes a record that is not there, or one too many")
        return said

    def _looked_up(self, look_up: Callable[[str], Sequence[str]], name: str) -> Sequence[str]:
        self._look_ups += 1
        if self._look_ups > MOST_LOOK_UPS:
            raise ValueError("it needs too many look-ups")
        return look_up(name)


def _record(texts: Sequence[str]) -> str | None:
    """The one text that is a record, in lower case; other texts are other people's. Raises ValueError if unreadable."""
    records = [text for text in texts if _VERSION.match(text)]
    if not records:
        return None
    if len(records) > 1 or len(records[0]) > LONGEST_RECORD or not records[0].isascii():
        raise ValueError("there is more than one record, or one too long or not in ASCII")
    return records[0].lower()


def _terms(record: str, host: str) -> list[tuple[str, str | IPv4Network | IPv6Network]]:
    """The terms that we know, each with the host or network it names. Raises ValueError for a malformed one."""
    read = (_term(term, host) for term in record.split(" ")[1:] if term)
    return [term for term in read if term]


def _term(text: str, host: str) -> tuple[str, str | IPv4Network | IPv6Network] | None:
    found = _TERM.fullmatch(text)
    if not found:
        raise ValueError("a term of it is no term")
    name, mark, value = found.groups()
    if name not in ("a", "ip4", "ip6", "include", "none"):
        return None
    if (name, mark) in (("a", None), ("none", None)):
        return name, host
    if mark != ":" or name == "none":
        raise ValueError("a term of it has too much or too little")
    return name, _network(name, value) if name.startswith("ip") else _host(value)


def _network(name: str, value: str) -> IPv4Network | IPv6Network:
    if not _NETWORK.fullmatch(value):
        raise ValueError("it names no network")
    return IPv4Network(value, strict=False) if name == "ip4" else IPv6Network(value, strict=False)


def _host(text: str) -> str:
    """The canonical form of a name that everybody's DNS could have. Raises ValueError for addresses and bare words."""
    name = urls.host_name(text, text)
    if ":" in name or "." not in name or name.rpartition(".")[2].isdigit():
        raise ValueError("it is no name of the DNS")
    return name


def _address(text: str) -> IPv4Address | IPv6Address:
    """One address, without the IPv6 that an IPv4 address may be wrapped in. Raises ValueError."""
    address = ipaddress.ip_address(text)
    return (address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address


def _read(texts: Iterable[str]) -> set[IPv4Address | IPv6Address]:
    """The addresses among the first _MOST_ADDRESSES texts."""
    found = set()
    for text in islice(texts, _MOST_ADDRESSES):
        try:
            found.add(_address(text))
        except ValueError:
            continue
    return found


class Names:
    """Questions to the nameservers (the system's, unless others are given), answered within `seconds` altogether.

    We ask by ourselves, for the system's own functions know no TXT and no end, and dnspython's resolver sleeps beyond
    its time. No search list: names are whole.
    """

    def __init__(self, seconds: float, nameservers: Sequence[tuple[str, int]] | None = None) -> None:
        self._end, self._nameservers = time.monotonic() + seconds, nameservers

    def txt(self, name: str) -> Sequence[str]:
        """The texts at a name, none if it has none; what is not ASCII becomes U+FFFD.

        Raises Unanswered, also for more than 10 texts and for one of more than LONGEST_RECORD bytes.
        """
        texts = [b"".join(record.strings) for record in self._records(name, "TXT")]
        if len(texts) > _MOST_STRINGS or any(len(text) > LONGEST_RECORD for text in texts):
            raise Unanswered(f"{name} has more texts than a record needs")
        return [text.decode("ascii", "replace") for text in texts]

    def addresses(self, host: str, version: int = 4) -> Sequence[str]:
        """The IPv4 or IPv6 addresses of a host, none if it has none. Raises Unanswered."""
        return [record.address for record in self._records(host, _KINDS[version])]

    def _records(self, name: str, kind: str) -> Sequence[Any]:
        # 30 ms of modules that only a Pingback of a known sender needs
        import dns.exception  # noqa: PLC0415 - see above
        import dns.message  # noqa: PLC0415 - see above

        try:
            question = dns.message.make_query(name, kind, use_edns=0, payload=_PAYLOAD)
            servers = self._nameservers or _of_the_system()
        except (dns.exception.DNSException, OSError, ValueError):
            raise Unanswered(f"{name} cannot be asked for") from None
        for address, port in (*servers, *servers):  # twice, for a datagram may be lost
            try:
                return _found(_sent(question, address, port, self._end))
            except (dns.exception.DNSException, OSError, EOFError, ValueError):
                continue
        raise Unanswered(f"no nameserver answers for {name}")


def _of_the_system() -> list[tuple[str, int]]:
    import dns.resolver  # noqa: PLC0415 - see _records

    return [(str(address), _DNS_PORT) for address in dns.resolver.Resolver().nameservers]


def _sent(question: Message, address: str, port: int, end: float) -> Message:
    """The answer of one nameserver: by datagram, and over TCP where that is too small for it."""
    import dns.message  # noqa: PLC0415 - see _records
    import dns.query  # noqa: PLC0415 - see _records

    for_all = end - time.monotonic()
    if for_all <= 0:
        raise TimeoutError
    seconds = min(for_all, _LONGEST_TRY)
    try:
        return dns.query.udp(
            question, address, seconds, port, ignore_unexpected=True, ignore_errors=True, raise_on_truncation=True
        )
    except dns.message.Truncated:
        return dns.query.tcp(question, address, max(0.0, min(end - time.monotonic(), _LONGEST_TRY)), port)


def _found(answer: Message) -> Sequence[Any]:
    """The records asked for, at the end of the answer's own aliases. Raises ValueError if the nameserver failed."""
    import dns.flags  # noqa: PLC0415 - see _records
    import dns.message  # noqa: PLC0415 - see _records
    import dns.rcode  # noqa: PLC0415 - see _records

    if answer.flags & dns.flags.TC or not isinstance(answer, dns.message.QueryMessage):
        raise ValueError("the answer is not whole")
    if answer.rcode() == dns.rcode.NXDOMAIN:
        return ()
    if answer.rcode() != dns.rcode.NOERROR:
        raise ValueError("the nameserver failed")
    return tuple(answer.resolve_chaining().answer or ())
