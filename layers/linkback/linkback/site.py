"""The owner's sites: which host a target must have for this bridge to listen for it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from linkback import urls

if TYPE_CHECKING:
    from linkback.urls import Url


@dataclass(frozen=True, slots=True)
class Sites:
    """The hosts of one deployment, in the owner's order: `example.com` or, on one's own machine, `127.0.0.1:8788`.

    A site covers its `www.` host; a site without a port covers every port of its host.
    """

    names: tuple[str, ...]

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a comma- or space-separated list. Raises ValueError with a sentence that names the wrong entry."""
        names = tuple(dict.fromkeys(_name(word) for word in text.replace(",", " ").split()))
        if not names:
            message = "Sites is empty: give the host of at least one site, such as example.com"
            raise ValueError(message)
        return cls(names)

    def of(self, url: Url) -> str | None:
        """The site that this URL belongs to, or None."""
        bare = url.host.removeprefix("www.")
        for name in (f"{bare}:{url.port or urls.DEFAULT_PORTS[url.scheme]}", bare):
            if name in self.names:
                return name
        return None

    def of_page(self, key: str) -> str | None:
        """The site that the page with this key (urls.page_key) belongs to, or None."""
        authority = re.split(r"[/?]", key, maxsplit=1)[0]
        host, bare = (one.replace("[", "").replace("]", "") for one in (authority, re.sub(r":[0-9]+$", "", authority)))
        known = (host, *(f"{host}:{port}" for port in urls.DEFAULT_PORTS.values()), bare)
        return next((name for name in known if name in self.names), None)


def scheme(host: str) -> str:
    """The scheme of a site that is named without one: a host with a port is a developer's, on http."""
    return "http" if ":" in host else "https"


def _name(word: str) -> str:
    if any(mark in word for mark in "/?#"):
        message = f"Sites has {word!r}: give the host alone, such as example.com, without a scheme or path"
        raise ValueError(message)
    try:
        url = urls.parse(f"https://{word}")
    except urls.BadUrl as bad:
        message = f"Sites has {word!r}, which is not a host name ({bad}). Write it like example.com, without https://"
        raise ValueError(message) from None
    return url.host.removeprefix("www.") + (f":{url.port}" if url.port else "")
