"""Names below `.localhost` are this machine, whatever the system's resolver knows; nobody else is asked for them.

So RFC 6761, 6.3, has it: with it a demo on one machine has as many hosts as it likes. Browsers do the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from linkback import ppf, web

if TYPE_CHECKING:
    from collections.abc import Sequence

SUFFIX = ".localhost"
_LOOPBACK = "127.0.0.1"


def look_up(host: str) -> Sequence[str]:
    """The addresses of a name. Raises OSError and ValueError as web.look_up does."""
    return (_LOOPBACK,) if host.endswith(SUFFIX) else web.look_up(host)


def permitted(host: str, ip: str) -> bool | None:
    """What a blog's PPF record says of a sender (ppf.ask): a name of this machine has none."""
    return None if host.endswith(SUFFIX) else ppf.ask(host, ip)
