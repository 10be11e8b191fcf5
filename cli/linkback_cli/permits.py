"""Which addresses the visit may go to on this machine: the deployed rule, and the holes that the owner asked for."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from linkback import address, urls
from linkback.ping import Declined

if TYPE_CHECKING:
    from collections.abc import Collection

    from linkback.address import Permit
    from linkback.urls import Url


HINT = "Start with --allow-private to visit any address, this machine's own too."


def everything(url: Url, ip: str | None = None) -> None:
    """`--allow-private`: any address, any port."""


def public_and(addresses: Collection[str]) -> Permit:
    """What the deployed bridge visits, and these `host:port` on loopback, which are the demo's own.

    Whatever name they have: what is dialled must be loopback. Who is refused is told of the option that would not.
    """

    def permit(url: Url, ip: str | None = None) -> None:
        own = f"{url.host}:{url.port or urls.DEFAULT_PORTS[url.scheme]}" in addresses
        if own and (ip is None or ipaddress.ip_address(ip).is_loopback):
            return
        try:
            address.public(url, ip)
        except Declined as refusal:
            raise Declined(refusal.reason, f"{refusal.detail} {HINT}") from None

    return permit
