"""The demo: a site that carries the bridge's tags and a blog that pings it, each on a port of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from linkback_cli.demo_blog import DemoBlog
from linkback_cli.demo_memory import Memory
from linkback_cli.demo_site import DemoSite
from linkback_cli.demo_wave import HOSTS
from linkback_cli.listener import Listener

if TYPE_CHECKING:
    from linkback_cli.console import Console
    from linkback_cli.data import DataDir


class Demo:
    """Has its two ports from the beginning, and answers on them from `start` on.

    They differ by port, not by address: 127.0.0.1 is the one loopback address that every system has.
    """

    def __init__(self, bridge: str, data: DataDir, port: int, console: Console) -> None:
        wanted = data.recall("demo") or [port and port + 1, port and port + 2]
        self._listeners = [_listener(one) for one in wanted]
        # The addresses are part of what is stored: a mention of yesterday must still be one of today's site.
        data.remember("demo", [listener.port for listener in self._listeners])
        self._site = DemoSite(self.site_address, bridge, self.blog_address)
        self._listeners[0].respond = self._site
        self._listeners[1].respond = DemoBlog(self.blog_address, bridge, self._site.url, Memory(data, console))

    @property
    def site_address(self) -> str:
        """Host and port of the demo site."""
        return self._listeners[0].address

    @property
    def blog_address(self) -> str:
        """Host and port of the demo blog."""
        return self._listeners[1].address

    @property
    def addresses(self) -> tuple[str, ...]:
        """All that the bridge is to visit: the two, and the blog by the other names that it has."""
        names = (f"{host}:{self._listeners[1].port}" for host in ("localhost", *HOSTS))
        return self.site_address, self.blog_address, *names

    def start(self) -> None:
        """Answer, and build the site for the first time."""
        for listener in self._listeners:
            listener.start()
        self._site.build()

    def stop(self) -> None:
        """Answer no more."""
        for listener in self._listeners:
            listener.stop(0.2)


def _listener(port: object) -> Listener:
    """On the port that it had, or on any."""
    try:
        return Listener(port if isinstance(port, int) else 0)
    except (OSError, OverflowError):
        return Listener(0)
