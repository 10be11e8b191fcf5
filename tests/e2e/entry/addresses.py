"""The address table: which names of the tests' own pages are where on this machine. All else stays forbidden.

addresses.json, which the test writes beside this file when it makes the build to be deployed, has `host:port` and the
one loopback address that it stands for.
"""

from __future__ import annotations

import json
import socket
from pathlib import Path
from typing import TYPE_CHECKING

from linkback import address, urls

if TYPE_CHECKING:
    from linkback.urls import Url

TABLE: dict[str, str] = json.loads(Path(__file__).with_suffix(".json").read_text("utf-8"))


def permit(url: Url, ip: str | None = None) -> None:
    """What production permits, and what the table has, at its address only. Raises Declined."""
    own = TABLE.get(f"{url.host}:{url.port or urls.DEFAULT_PORTS[url.scheme]}")
    if own is None or ip not in (None, own):
        address.public(url, ip)


def resolve(host: str) -> tuple[str, ...]:
    """The table in place of the DNS: no other name has an address here. Raises OSError as getaddrinfo does."""
    found = tuple({ip for name, ip in TABLE.items() if name.rpartition(":")[0] == host})
    if not found:
        raise socket.gaierror(socket.EAI_NONAME, f"{host} is not in the address table")
    return found


def says_nothing(host: str, ip: str) -> None:
    """The DNS in place of the DNS: no blog of this world has a PPF record."""
