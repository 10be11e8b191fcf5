"""Is this an address that we may visit? A pure table of named verdicts.

The table is our own, from IANA's special-purpose registries (RFC 6890 and what came after it), because
`ipaddress.is_global` changed its answers between patch releases of Python. An IPv6 address that carries an IPv4 address
is judged by what it carries first: `::ffff:127.0.0.1` is loopback, whatever its own range says.
"""

from __future__ import annotations

import ipaddress
from enum import StrEnum
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import TYPE_CHECKING, Protocol

from linkback.ping import Declined, Reason
from linkback.urls import DEFAULT_PORTS

if TYPE_CHECKING:
    from linkback.urls import Url

PORTS = frozenset({80, 443, 8080, 8443})


class Verdict(StrEnum):
    """What kind of address it is; PUBLIC alone may be visited. The value is a word for a person."""

    PUBLIC = "public"
    NOT_AN_ADDRESS = "not an address"
    ZONE = "bound to a network zone"
    UNSPECIFIED = "unspecified"
    THIS_NETWORK = "this network"
    LOOPBACK = "loopback"
    PRIVATE = "private"
    SHARED = "shared by a carrier"
    LINK_LOCAL = "link-local"
    PROTOCOL = "kept for protocols"
    DOCUMENTATION = "documentation"
    BENCHMARKING = "benchmarking"
    RELAY = "relay"
    ANYCAST = "anycast service"
    TUNNEL = "tunnel"
    DISCARD = "discard-only"
    MULTICAST = "multicast"
    BROADCAST = "broadcast"
    RESERVED = "reserved"


# The first network that holds an address names it: the narrow ones stand before the wide ones.
_IPV4 = tuple(
    (IPv4Network(network), verdict)
    for network, verdict in (
        ("0.0.0.0/32", Verdict.UNSPECIFIED),
        ("0.0.0.0/8", Verdict.THIS_NETWORK),
        ("10.0.0.0/8", Verdict.PRIVATE),
        ("100.64.0.0/10", Verdict.SHARED),
        ("127.0.0.0/8", Verdict.LOOPBACK),
        ("169.254.0.0/16", Verdict.LINK_LOCAL),
        ("172.16.0.0/12", Verdict.PRIVATE),
        ("192.0.0.0/24", Verdict.PROTOCOL),
        ("192.0.2.0/24", Verdict.DOCUMENTATION),
        ("192.31.196.0/24", Verdict.ANYCAST),
        ("192.52.193.0/24", Verdict.ANYCAST),
        ("192.88.99.0/24", Verdict.RELAY),
        ("192.168.0.0/16", Verdict.PRIVATE),
        ("192.175.48.0/24", Verdict.ANYCAST),
        ("198.18.0.0/15", Verdict.BENCHMARKING),
        ("198.51.100.0/24", Verdict.DOCUMENTATION),
        ("203.0.113.0/24", Verdict.DOCUMENTATION),
        ("224.0.0.0/4", Verdict.MULTICAST),
        ("255.255.255.255/32", Verdict.BROADCAST),
        ("240.0.0.0/4", Verdict.RESERVED),
    )
)

_MAPPED = IPv6Network("::ffff:0:0/96")
_NAT64 = IPv6Network("64:ff9b::/96")
_COMPATIBLE = IPv6Network("::/96")
_6TO4 = IPv6Network("2002::/16")
_TEREDO = IPv6Network("2001::/32")
# RFC 5214, 6.1: the interface identifier says 5EFE and then an IPv4 address; the bit of 0x0200 only says "unique".
_ISATAP_MARKS = (0x00005EFE, 0x02005EFE)

# NAT64 and mapped addresses are public where what they carry is. The older tunnels are refused even then: no blog
# lives behind one, and where the packet comes out is a stranger's choice.
_IPV6 = tuple(
    (IPv6Network(network), verdict)
    for network, verdict in (
        ("::/128", Verdict.UNSPECIFIED),
        ("::1/128", Verdict.LOOPBACK),
        (str(_MAPPED), Verdict.PUBLIC),
        (str(_COMPATIBLE), Verdict.TUNNEL),
        (str(_NAT64), Verdict.PUBLIC),
        ("64:ff9b:1::/48", Verdict.PRIVATE),
        ("100::/64", Verdict.DISCARD),
        ("100:0:0:1::/64", Verdict.RESERVED),
        (str(_TEREDO), Verdict.TUNNEL),
        ("2001::/23", Verdict.PROTOCOL),
        ("2001:db8::/32", Verdict.DOCUMENTATION),
        (str(_6TO4), Verdict.TUNNEL),
        ("2620:4f:8000::/48", Verdict.ANYCAST),
        ("3fff::/20", Verdict.DOCUMENTATION),
        ("5f00::/16", Verdict.RESERVED),
        ("fc00::/7", Verdict.PRIVATE),
        ("fe80::/10", Verdict.LINK_LOCAL),
        ("fec0::/10", Verdict.PRIVATE),
        ("ff00::/8", Verdict.MULTICAST),
        ("2000::/3", Verdict.PUBLIC),  # all that IANA ever gave out: what is not in it is nobody's
        ("::/0", Verdict.RESERVED),
    )
)

# Names that mean a machine or a network of one's own (RFC 6761, 6762, 8375, and the habits of routers and offices).
_OWN_NAMES = frozenset(
    {"localhost", "localdomain", "local", "internal", "intranet", "private", "corp", "home", "lan", "arpa"}
)


class Permit(Protocol):
    """Decides whether a URL may be visited: before its name is looked up (`ip` is None), and for each address found.

    Raises Declined (forbidden-address) to refuse.
    """

    def __call__(self, url: Url, ip: str | None = None, /) -> None:
        """Return where the visit is permitted."""


def verdict(ip: str) -> Verdict:
    """The kind of one address in its usual text form. Total: any other text is NOT_AN_ADDRESS."""
    try:
        address = ipaddress.ip_address(ip)
    except ValueError:
        return Verdict.NOT_AN_ADDRESS
    if isinstance(address, IPv4Address):
        return _of_ipv4(address)
    return Verdict.ZONE if address.scope_id else _of_ipv6(address)


def public(url: Url, ip: str | None = None) -> None:
    """Permit the web's own ports on public addresses. Raises Declined (forbidden-address) for all others.

    Without `ip` it judges the URL alone: its port, a host that is an address, a name that can only be one's own.
    With `ip`, the address about to be dialled.
    """
    port = url.port or DEFAULT_PORTS[url.scheme]
    if port not in PORTS:
        raise _forbidden(f"port {port} is not one of {', '.join(map(str, sorted(PORTS)))}")
    looked_at = ip if ip is not None else _literal(url.host)
    if looked_at is None:
        _public_name(url.host)
    elif (found := verdict(looked_at)) is not Verdict.PUBLIC:
        raise _forbidden(f"the address of {url.host} is not a public one ({found})")


def _of_ipv4(address: IPv4Address) -> Verdict:
    return next((name for network, name in _IPV4 if address in network), Verdict.PUBLIC)


def _of_ipv6(address: IPv6Address) -> Verdict:
    own = next(name for network, name in _IPV6 if address in network)
    carried = _carried(address)
    if carried is None or own in (Verdict.UNSPECIFIED, Verdict.LOOPBACK):
        return own
    inner = _of_ipv4(carried)
    return own if inner is Verdict.PUBLIC else inner


def _carried(address: IPv6Address) -> IPv4Address | None:
    """The IPv4 address that a tunnel or translator would send to, where the address names one."""
    number = int(address)
    if address in _MAPPED or address in _NAT64 or address in _COMPATIBLE:
        return IPv4Address(number & 0xFFFFFFFF)
    if address in _6TO4:
        return IPv4Address(number >> 80 & 0xFFFFFFFF)
    if address in _TEREDO:
        return IPv4Address(~number & 0xFFFFFFFF)  # RFC 4380, 4: the client's address has its bits turned over
    if number >> 32 & 0xFFFFFFFF in _ISATAP_MARKS:
        return IPv4Address(number & 0xFFFFFFFF)
    return None


def _literal(host: str) -> str | None:
    """The host itself where it is an address rather than a name."""
    return host if verdict(host) is not Verdict.NOT_AN_ADDRESS else None


def _public_name(host: str) -> None:
    labels = host.rstrip(".").lower().split(".")
    if len(labels) == 1 or labels[-1] in _OWN_NAMES:
        raise _forbidden(f"{host} is not a name of the public internet")


def _forbidden(why: str) -> Declined:
    return Declined(Reason.FORBIDDEN_ADDRESS, f"This bridge visits pages of the public web only: {why}.")
