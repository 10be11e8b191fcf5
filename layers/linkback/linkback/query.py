"""What a client of the feeds asks for, from the raw query string: payload 2.0 joins repeated parameters with commas."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import parse_qsl, urlencode

from linkback import urls
from linkback.mention import Relation

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from linkback.urls import Url

T = TypeVar("T")

MOST_TARGETS = 50
MOST_FIELDS = 200
MOST_PER_PAGE = 10_000
PER_PAGE_OF_TARGET = 20
LARGEST_NUMBER = 2**31 - 1

# In an order other than that of publication everything must be read before the first can be said.
MOST_SORTED = 10_000
ORDERS = ("created", "updated", "published", "rsvp")

# A variable that was empty when a template wrote the query must not mean every page there is, where no domain says so.
_EMPTY_TARGET = re.compile(r"(?:^|&)target(?:(?:\[|%5B)[0-9]{0,4}(?:\]|%5D))?=?(?:&|$)", re.IGNORECASE | re.ASCII)
# As PHP writes lists: target[0]=, target[1]=.
_NUMBERED = re.compile(r"\[[0-9]{1,4}\]$", re.ASCII)
_CALLBACK = re.compile(r"[A-Za-z0-9_.$]{1,64}", re.ASCII)

# To skip what came before a page it must be counted; whoever reads that far follows the Link header, which need not.
MOST_SKIPPED = 100_000

# What the address of the next answer says again. What we do not know stays behind: it is a stranger's, of any length.
_CARRIED = frozenset(
    "target target[] domain per-page perPage since since_id before sort-by sort-dir wm-property wm-property[] "
    "jsonp".split()
)


class BadQuery(ValueError):  # noqa: N818 - reads as what it is
    """A parameter cannot be read; the message names it and says what it takes."""


@dataclass(frozen=True, slots=True)
class Query:
    """One read. Without `targets` and without `domain` it means every site of the bridge.

    `per_page` and `page` (from 0) cut the answer; `offset` is how many come before it, where pages are of no fixed
    length. `since` is the aware time from which publication counts; `since_id` and `before` are the numbers above and
    below which, 0 for none. `order` is one of ORDERS, `rising` if the least comes first. `properties` are the relations
    asked for, none for all. `callback` is a JavaScript name, or "".
    """

    targets: tuple[Url, ...]
    domain: str
    per_page: int
    page: int
    offset: int
    since: datetime | None
    since_id: int
    before: int
    order: str
    rising: bool
    properties: frozenset[str]
    callback: str
    token: str
    text: str

    @property
    def skipped(self) -> int:
        """How many mentions come before this answer."""
        return self.offset or self.page * self.per_page

    @property
    def again(self) -> str:
        """The query string that means the same: what we know of it, and encoded anew, for it stands in a header."""
        return urlencode(
            [pair for pair in _pairs(self.text) if pair[0] in _CARRIED | {"page", "offset"}], errors="replace"
        )

    def onward(self, place: str, number: int) -> str:
        """The query string of the next answer: the same from another place (`before`, `since_id` or `offset`)."""
        pairs = [pair for pair in _pairs(self.text) if pair[0] in _CARRIED - {place}]
        return urlencode([*pairs, (place, str(number))], errors="replace")


def read(text: str) -> Query:
    """Read a query string; unknown and empty parameters are passed over. Raises BadQuery."""
    pairs = _pairs(text)
    given = dict(reversed(pairs))
    targets = tuple(_target(value) for name, value in pairs if name in ("target", "target[]"))
    if not targets and "domain" not in given and _EMPTY_TARGET.search(text):
        raise BadQuery("target is empty: give the whole address of a page, or leave it out to ask for a domain.")
    # Not spellings: browsers ask for http and https.
    if len({urls.page_key(target) for target in targets}) > MOST_TARGETS:
        raise BadQuery(f"At most {MOST_TARGETS} targets can be asked for at once; ask by domain instead.")
    most = PER_PAGE_OF_TARGET if targets else MOST_PER_PAGE
    return Query(
        targets=targets,
        domain=_optional(given.get("domain"), _domain) or "",
        per_page=min(_number(given, "per-page", 1) or _number(given, "perPage", 1) or most, MOST_PER_PAGE),
        page=_number(given, "page", 0),
        offset=_number(given, "offset", 0, MOST_SKIPPED),
        since=_optional(given.get("since"), _time),
        since_id=_number(given, "since_id", 0, LARGEST_NUMBER),
        before=_number(given, "before", 1, LARGEST_NUMBER),
        order=_optional(given.get("sort-by"), _order) or "created",
        rising=(given.get("sort-dir") or "down") != "down",
        properties=frozenset(_property(value) for name, value in pairs if name in ("wm-property", "wm-property[]")),
        callback=_optional(given.get("jsonp"), _callback) or "",
        token=given.get("token") or given.get("access_token") or "",
        text=text,
    )


def _pairs(text: str) -> list[tuple[str, str]]:
    try:
        pairs = parse_qsl(text, max_num_fields=MOST_FIELDS, errors="replace")
    except ValueError:
        raise BadQuery(f"The query has more than {MOST_FIELDS} parameters.") from None
    return [(_NUMBERED.sub("[]", name), value) for name, value in pairs]


def _optional(value: str | None, read_it: Callable[[str], T]) -> T | None:
    return read_it(value) if value else None


def _number(given: Mapping[str, str], name: str, least: int, most: int = 1_000_000) -> int:
    """The whole number that is given, or 0 for none."""
    value = given.get(name) or "0"
    if not re.fullmatch(r" *[0-9]{1,10} *", value, re.ASCII) or (name in given and not least <= int(value) <= most):
        raise BadQuery(f"{name.replace('perPage', 'per-page')} must be a whole number from {least} to {most}.")
    return int(value)


def _domain(value: str) -> str:
    """The domain as Sites has it, so that `WWW.Bücher.example` finds its site."""
    if any(mark in value for mark in "/?#"):
        raise BadQuery("domain must be a host alone, such as example.com.")
    try:
        url = urls.parse(f"https://{value.strip()}")
    except urls.BadUrl as bad:
        raise BadQuery(f"domain cannot be used: {bad}. Write it like example.com.") from None
    return url.authority.removeprefix("www.")


def _target(value: str) -> Url:
    value = value.strip()
    try:
        return urls.parse(f"https:{value}" if value.startswith("//") else value)
    except urls.BadUrl as bad:
        raise BadQuery(f"target cannot be used: {bad}.") from None


def _time(value: str) -> datetime:
    # A client that does not encode the + of an offset sends a space.
    mended = re.sub(r" (\d\d:?\d\d)$", r"+\1", value.strip())
    try:
        moment = datetime.fromisoformat(mended)
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise BadQuery("since must be a time such as 2026-01-02T03:04:05Z.") from None


def _order(value: str) -> str:
    if value not in ORDERS:
        raise BadQuery(f"sort-by must be one of {', '.join(ORDERS)}.")
    return value


def _property(value: str) -> str:
    if value not in set(Relation):
        raise BadQuery(f"wm-property must be one of {', '.join(Relation)}.")
    return value


def _callback(value: str) -> str:
    if not _CALLBACK.fullmatch(value):
        raise BadQuery("jsonp must be a name of at most 64 letters, digits, and the signs _ . and $.")
    return value
