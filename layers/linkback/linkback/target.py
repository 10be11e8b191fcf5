"""The page that a ping is about, as its own site tells: whether it exists, and at which address it wants to be known.

One page, one thread: what redirects to a page, or names it as its canonical address, is an alias of it. That is learned
at the first true mention of each spelling, by one visit to the owner's own site, and remembered.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from turbohtml import TokenType, tokenize

from linkback import __version__, content, encoding, urls
from linkback.ping import Declined, Reason, TryLater

if TYPE_CHECKING:
    from collections.abc import Callable

    from linkback.policy import Claim, Policy
    from linkback.table import Table
    from linkback.urls import Url
    from linkback.web import Answer

HOUR, TEN_MINUTES = 3_600, 600
TARGET_SECONDS = 3.0
MISSING = (404, 410)

_GOOD = range(200, 300)
# RFC 8288: the parameters of one link, of which rel is one; a URL has no comma and no angle bracket here.
_LINK = re.compile(r"<([^<>]{1,2048})>([^<>,]{0,500})")
_CANONICAL = re.compile(r";\s*rel\s*=\s*\"?[^\"]*\bcanonical\b", re.IGNORECASE)


class Found(NamedTuple):
    """What a target answered: its status (0 for no answer), its own address, and what told that."""

    status: int
    address: Url | None = None
    by: str = ""


class Targets:
    """The targets of one bridge. `fetch` is web.get with its permit bound."""

    def __init__(self, policy: Policy, table: Table, fetch: Callable[..., Answer]) -> None:
        self._policy, self._table, self._fetch = policy, table, fetch

    def known(self, claim: Claim) -> Claim:
        """The claim, on the page that its target is known to be an alias of."""
        return self._moved(claim, self._table.alias(claim.told_page))

    def check(self, claim: Claim, base: str, now: int) -> Claim:
        """The claim on its page, once that was looked for. Raises Declined where the target is surely not there.

        Asked once a page; no answer counts in its favour, and is asked for again after an hour.
        """
        known = self._table.page_checked(claim.told_page) or {"status": 0, "checked": 0}
        status, checked, asked = known["status"], known["checked"], str(replace(claim.target, fragment=""))
        # That one spelling is missing says nothing of another, and the sender chooses which one we ask.
        old_news = checked < now - TEN_MINUTES or known.get("asked") != asked
        if (status in MISSING and old_news) or (status == 0 and checked < now - HOUR):
            found = self._ask(claim, base)
            self._table.put_page_checked(claim.told_page, asked, found.status, now)
            status, claim = found.status, self._learned(claim, found, now)
        if status in MISSING:
            raise Declined(Reason.TARGET_MISSING, f"{claim.target} does not exist (HTTP {status}).")
        return claim

    def _learned(self, claim: Claim, found: Found, now: int) -> Claim:
        page = urls.page_key(found.address) if found.address else claim.told_page
        # Many a site sends everything that it does not have to its front page, or calls every page by that name.
        if claim.alias_of or page == claim.told_page or "/" not in page:
            return claim
        page = self._table.alias(page)
        moved = self._moved(claim, page)
        self._policy.admit(claim.source, moved, ())
        self._table.learn_alias(claim.told_page, page, moved.site, now, found.by)
        return moved

    def _moved(self, claim: Claim, page: str) -> Claim:
        """The claim on another page, if that is still on a site of this bridge."""
        site = self._policy.sites.of(urls.parse(f"https://{page}"))
        return claim if site is None or page == claim.page else replace(claim, site=site, alias_of=page)

    def _ask(self, claim: Claim, base: str) -> Found:
        def admit(url: Url) -> None:
            if self._policy.sites.of(url) is None:
                raise Declined(Reason.TARGET_UNKNOWN, f"{url} is not on a site of this bridge.")

        agent = f"Linkback/{__version__} (looking whether the page exists; +{base}/)"
        try:
            answer = self._fetch(claim.target, admit=admit, agent=agent, seconds=TARGET_SECONDS)
        except (Declined, TryLater):
            return Found(0)
        if answer.status not in _GOOD:
            return Found(answer.status)
        named = canonical(answer)
        if named and self._policy.sites.of(named):
            return Found(answer.status, named, "canonical")
        return Found(answer.status, answer.url, "redirect")


def canonical(answer: Answer) -> Url | None:
    """The address that a page or its server calls canonical (RFC 6596); None if none does. Total."""
    for address, parameters in _LINK.findall(answer.headers.get("link", "")[:8192]):
        if _CANONICAL.search(parameters):
            return _url(answer.url, address)
    if answer.media_type not in ("text/html", "application/xhtml+xml", ""):
        return None
    return _in_head(encoding.decode(answer.body, answer.charset), answer.url)


def _in_head(text: str, base: Url) -> Url | None:
    for token in tokenize(text):
        if token.type is not TokenType.START_TAG:
            continue
        if token.tag == "body":
            return None
        if token.tag == "link" and "canonical" in (token.attr("rel") or "").lower().split():
            return _url(base, token.attr("href") or "")
    return None


def _url(base: Url, told: str) -> Url | None:
    address = content.url(base, told)
    return urls.parse(address) if address else None
