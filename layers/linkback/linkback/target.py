"""The page that a ping is about, as its own site tells: whether it exists, and at which address it wants to be known.

One page, one thread: what redirects to a page for good, or names it as its canonical address, is an alias of it. That
is learned at the first true mention of each spelling, by a visit to the owner's own site, and remembered.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from turbohtml import TokenType, tokenize

from linkback import __version__, content, encoding, language, urls
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
NO_PAGE = "linkback-asks-for-what-is-no-page"

_GOOD = range(200, 300)
_HEAD = 4096  # bytes in which a page's <html> stands
_ENDING = re.compile(r"\.[a-z0-9]{1,5}$", re.IGNORECASE | re.ASCII)
# RFC 8288, section 3: links are separated by commas, which their parameters may have, too.
_LINKS = re.compile(r",\s*(?=<)")
_LINK = re.compile(r"\s*<([^<>]{1,2048})>(.*)", re.DOTALL)
_CANONICAL = re.compile(r";\s*rel\s*=\s*(?:\"(?:[^\"]*\s)?canonical(?:\s[^\"]*)?\"|canonical\s*(?:;|$))", re.IGNORECASE)


class Found(NamedTuple):
    """What a target answered: its status (0 for no answer), its own address, what told that, and its language."""

    status: int
    address: Url | None = None
    by: str = ""
    language: str = ""


class Targets:
    """The targets of one bridge. `fetch` is web.get with its permit bound."""

    def __init__(self, policy: Policy, table: Table, fetch: Callable[..., Answer]) -> None:
        self._policy, self._table, self._fetch = policy, table, fetch

    def known(self, claim: Claim) -> Claim:
        """The claim, on the page that its target is known to be an alias of."""
        return self._moved(claim, self._table.alias(claim.told_page))

    def check(self, claim: Claim, base: str, now: int) -> Claim:
        """The claim on its page, once that was looked for. Raises Declined where the target is surely not there.

        Asked once a page; no answer counts in its favour, and is asked for again after an hour. An alias is not asked:
        of many that are declared nothing stands at the old address any more.
        """
        if not claim.alias_of:
            self._look(claim, base, now)
        # Learned here or by another visit, or declared, since this one began.
        return self._moved(claim, self._table.alias(claim.told_page, newest=True))

    def _look(self, claim: Claim, base: str, now: int) -> None:
        before = self._table.page_checked(claim.told_page)
        known = before or {"status": 0, "checked": 0}
        status, checked, asked = known["status"], known["checked"], str(replace(claim.target, fragment=""))
        # That one spelling is missing says nothing of another, and the sender chooses which one we ask.
        old_news = checked < now - TEN_MINUTES or known.get("asked") != asked
        if (status in MISSING and old_news) or (status == 0 and checked < now - HOUR):
            found = self._ask(claim.target, base)
            if before is None:  # later there may be mentions, which would have to move
                self._learn(claim, found, base, now)
            # After the alias: who finds that the page was asked finds its alias, too.
            self._table.put_page_checked(claim.told_page, asked, found.status, now, found.language)
            status = found.status
        if status in MISSING:
            raise Declined(Reason.TARGET_MISSING, f"{claim.target} does not exist (HTTP {status}).")

    def _learn(self, claim: Claim, found: Found, base: str, now: int) -> None:
        if found.address is None or (page := urls.page_key(found.address)) == claim.told_page or "/" not in page:
            return  # what leads to the front page says nothing: many a site answers so for what it does not have
        page = self._table.alias(page, newest=True)
        if page != claim.told_page and not self._is_everywhere(claim.target, found.address, base):
            self._table.learn_alias(claim.told_page, page, self._moved(claim, page).site, now, found.by)

    def _is_everywhere(self, target: Url, address: Url, base: str) -> bool:
        """Whether what the site does not have leads there, too: to a sign-in, to "closed today", to "not found"."""
        folder, _, name = target.path.rstrip("/").rpartition("/")
        ending = _ENDING.search(name)
        path = f"{folder}/{NO_PAGE}{ending[0] if ending else ''}{'/' if target.path.endswith('/') else ''}"
        other = self._ask(replace(target, path=path, query="", fragment=""), base)
        if other.status == 0:
            return True  # no answer to that question is none to rely on
        return other.address is not None and _without_query(other.address) == _without_query(address)

    def _moved(self, claim: Claim, page: str) -> Claim:
        """The claim on another page, if that is still on a site of this bridge."""
        site = self._policy.sites.of_page(page)
        return claim if site is None or page == claim.page else replace(claim, site=site, alias_of=page)

    def _ask(self, target: Url, base: str) -> Found:
        def admit(url: Url) -> None:
            if self._policy.sites.of(url) is None:
                raise Declined(Reason.TARGET_UNKNOWN, f"{url} is not on a site of this bridge.")

        agent = f"Linkback/{__version__} (looking whether the page exists; +{base}/)"
        try:
            answer = self._fetch(target, admit=admit, agent=agent, seconds=TARGET_SECONDS)
        except (Declined, TryLater):
            return Found(0)
        if answer.status not in _GOOD:
            return Found(answer.status)
        told = language_of(answer)
        if not answer.lasting:
            # While a page is led away for the time being, its address stays its own.
            return Found(answer.status, language=told)
        named = canonical(answer)
        if named and self._policy.sites.of(named):
            return Found(answer.status, named, "canonical", told)
        return Found(answer.status, answer.url, "redirect", told)


def _without_query(url: Url) -> str:
    return urls.page_key(replace(url, query=""))


def canonical(answer: Answer) -> Url | None:
    """The address that a page or its server calls canonical (RFC 6596); None if none does. Total."""
    for told in _LINKS.split(answer.headers.get("link", "")[:8192]):
        link = _LINK.match(told)
        if link and _CANONICAL.search(link[2]):
            return _url(answer.url, link[1])
    if answer.media_type not in ("text/html", "application/xhtml+xml", ""):
        return None
    return _in_head(encoding.decode(answer.body, answer.charset), answer.url)


def language_of(answer: Answer) -> str:
    """The language that an HTML page says it is in, such as `en`; "" if it says none. Total."""
    if answer.media_type not in ("text/html", "application/xhtml+xml", ""):
        return ""
    head = tokenize(encoding.decode(answer.body[:_HEAD], answer.charset))
    start = next((token for token in head if token.type is TokenType.START_TAG and token.tag == "html"), None)
    return language.primary(start.attr("lang") or "") if start else ""


def _in_head(text: str, base: Url) -> Url | None:
    for token in tokenize(text):
        if token.type is not TokenType.START_TAG:
            continue
        if token.tag == "body":
            return None
        if token.tag == "base":
            base = _url(base, token.attr("href") or "") or base
        if token.tag == "link" and "canonical" in (token.attr("rel") or "").lower().split():
            return _url(base, token.attr("href") or "")
    return None


def _url(base: Url, told: str) -> Url | None:
    address = content.url(base, told)
    return urls.parse(address) if address else None
