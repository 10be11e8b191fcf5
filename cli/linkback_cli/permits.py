"""Which addresses the visit may go to on this machine: the deployed rule, and the holes that the owner asked for."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from linkback import address, urls

if TYPE_CHECKING:
    from collections.abc import Collection

    from linkback.address import Permit
    from linkback.urls import Url


def everything(url: Url, ip: str | None = None) -> None:
    """`--allow-private`: any address, any port."""


def public_and(addresses: Collection[str]) -> Permit:
    """What the deployed bridge visits, and these `host:port` on loopback, which are the demo's own."""

    def permit(url: Url, ip: str | None = None) -> None:
        own = f"{url.host}:{url.port or urls.DEFAULT_PORTS[url.scheme]}" in addresses
        if not own or (ip is not None and not ipaddress.ip_address(ip).is_loopback):
            address.public(url, ip)

    return permit
