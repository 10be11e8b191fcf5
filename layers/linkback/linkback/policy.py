"""The owner's will, as pure decisions: what is listened to at all, what is blocked, and what is shown at once."""

from __future__ import annotations

import base64
import hashlib
import ipaddress
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from linkback import rules, urls
from linkback.ping import Declined, Ping, Reason, TryLater
from linkback.record import MOST_DOUBT
from linkback.rules import Action

if TYPE_CHECKING:
    from linkback.ping import Protocol
    from linkback.rules import Look
    from linkback.site import Sites
    from linkback.urls import Url


_OWN_MACHINE = "this machine"


class Moderation(StrEnum):
    """Which mentions wait for the owner: the first of each new host, all, or none."""

    FIRST = "first"
    ALL = "all"
    NONE = "none"


class SelfMentions(StrEnum):
    """What becomes of a link from one page of a site to another."""

    REFUSE = "refuse"
    HOLD = "hold"
    ALLOW = "allow"


@dataclass(frozen=True, slots=True)
class Claim:
    """A ping whose two URLs are read, and the site that its target belongs to.

    `alias_of` is the key of the page that the target is another address of, or "". `protocol` is the dialect of the
    ping, in which a claim is not told from another.
    """

    source: Url
    target: Url
    site: str
    alias_of: str = ""
    protocol: Protocol | None = None

    @property
    def told_page(self) -> str:
        """The key of the target as it was told."""
        return urls.page_key(self.target)

    @property
    def page(self) -> str:
        """The key of the page that is meant."""
        return self.alias_of or self.told_page

    @property
    def id(self) -> str:
        """The same for every telling of the same link, in whatever dialect: 22 URL-safe characters."""
        return claim_id(self.source, self.page)


def claim_id(source: Url, page: str) -> str:
    """The name of the claim that a source links to the page with this key."""
    told = f"{urls.page_key(source)}\n{page}"
    return base64.urlsafe_b64encode(hashlib.sha256(told.encode()).digest()[:16]).decode().rstrip("=")


@dataclass(frozen=True, slots=True)
class Policy:
    """The settings of one deployment. `moderation` matters to the visit alone, not to the doors."""

    sites: Sites
    self_mentions: SelfMentions
    moderation: Moderation = Moderation.FIRST

    def claim(self, ping: Ping) -> Claim:
        """What `read` reads, if no setting speaks against it. Raises Declined as both do."""
        claim = self.read(ping)
        self.admit(claim.source, claim, rules.nothing)
        return claim

    def read(self, ping: Ping) -> Claim:
        """Read both URLs, find the target's site. Raises Declined (malformed, target-unknown)."""
        source, target = _read("source", ping.source), _read("target", ping.target)
        site = self.sites.of(target)
        if site is None:
            listens = ", ".join(self.sites.names)
            detail = f"{target.authority} is not a site of this bridge, which listens for {listens}."
            raise Declined(Reason.TARGET_UNKNOWN, detail)
        return Claim(source, target, site, protocol=ping.protocol)

    def admit(self, url: Url, claim: Claim, look: Look) -> None:
        """May this URL stand for the source: as sent, and at each redirect? Raises Declined."""
        if urls.page_key(url) == claim.page:
            raise Declined(Reason.SOURCE_IS_TARGET, "The source and the target are the same page.")
        if self.self_mentions is SelfMentions.REFUSE and self.sites.of(url) == claim.site:
            raise Declined(Reason.SELF, f"{claim.site} does not take mentions from its own pages.")
        if rules.strongest(look, url, claim.protocol) is Action.BLOCK:
            raise Declined(
                Reason.BLOCKED, f"The owner of {claim.site} does not take mentions from {rules.authority(url)}."
            )

    def holds(self, url: Url, claim: Claim, look: Look, author: str = "", doubt: int = 0) -> bool:
        """Whether a mention whose link was found at this URL waits. Raises Declined where its author is blocked.

        The greatest doubt (signals.doubt) is stronger than the setting, and an explicit rule than both.
        """
        action = rules.strongest(look, url, claim.protocol, author)
        if action is Action.BLOCK:
            raise Declined(Reason.BLOCKED, f"The owner of {claim.site} does not take mentions by this author.")
        if action:
            return action is Action.HOLD
        if doubt >= MOST_DOUBT or self.moderation is Moderation.ALL:
            return True
        if self.sites.of(url) == claim.site:
            return self.self_mentions is SelfMentions.HOLD
        return self.moderation is Moderation.FIRST and not rules.known(look, url, author)


class Pace:
    """How many pings one sender may send in a minute, counted in this process only: no write, no read, no cost.

    A sender is an IP address, for IPv6 its /64: the one thing about a ping that its sender cannot choose. Counting by
    source host would let anybody use up the count of somebody else's blog. One's own machine is not counted.
    """

    def __init__(self, per_minute: int) -> None:
        self._per_minute, self._minute, self._counts = per_minute, 0, dict[str, int]()

    def take(self, ip: str, now: float) -> None:
        """Count one ping at `now` (seconds). Raises TryLater(too-many) with the seconds until the next minute."""
        sender = network(ip)
        if sender == _OWN_MACHINE:
            return
        minute = int(now // 60)
        if minute != self._minute:
            self._minute, self._counts = minute, {}
        self._counts[sender] = self._counts.get(sender, 0) + 1
        if self._counts[sender] > self._per_minute:
            detail = f"Your address sent more than {self._per_minute} mentions in a minute. Send the rest later."
            raise TryLater(Reason.TOO_MANY, detail, after=60 - int(now % 60))


def network(ip: str) -> str:
    """Who a sender is to those who count: an IP address, for IPv6 its /64; all of loopback is one."""
    try:
        address = ipaddress.ip_address(ip)
    except ValueError:
        return ip
    if address.is_loopback:
        return _OWN_MACHINE
    return str(ipaddress.ip_network((ip, 64), strict=False)) if address.version == 6 else ip  # noqa: PLR2004 - IPv6


def _read(name: str, text: str) -> Url:
    try:
        return urls.parse(text)
    except urls.BadUrl as bad:
        detail = f"The {name} cannot be used: {bad}. Give its full address, such as https://example.com/page."
        raise Declined(Reason.MALFORMED, detail) from None
