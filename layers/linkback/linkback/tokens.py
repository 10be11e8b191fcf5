"""Owners' tokens: who may read what is not public, and moderate. The table holds only their hashes.

A token is 256 random bits, so its hash needs no salt; and it is looked up by its hash, so the time that a look takes
tells nothing of any token.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from linkback.dynamodb import Items, pack
from linkback.ping import stamp_at

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from linkback.dynamodb import Item

PARTITION = "#tokens"
LONGEST_NAME, LONGEST_TOKEN = 64, 256
# How old the noted time of the last use may be: a write for each request would cost more than the request.
USE_NOTED = 300

_HASHED = 64  # digits of a SHA-256


class BadToken(ValueError):  # noqa: N818 - reads as what it is
    """A token cannot be made or taken back; the message says why and what to do."""


class Owner(NamedTuple):
    """Who shows a token: its `name`, the `sites` that it is for (none: all), the hash it is known by, its last use."""

    name: str
    sites: tuple[str, ...]
    digest: str
    used: str = ""
    created: str = ""

    def may(self, site: str) -> bool:
        """Whether the token is for this site."""
        return not self.sites or site in self.sites


def digest(token: str) -> str:
    """What the table knows of a token: SHA-256 in hexadecimal."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def random() -> str:
    """A token that nobody can guess: `lb_` and 43 letters, digits, `-` and `_`."""
    return f"lb_{secrets.token_urlsafe(32)}"


def item(name: str, hashed: str, sites: Iterable[str], now: float) -> Item:
    """A token as it is stored."""
    told = {"name": name, "sites": ",".join(sites), "created": stamp_at(now)}
    return _key(hashed) | told | {"feed": PARTITION, "seq": int(now)}


def read(stored: Mapping[str, Any]) -> Owner:
    """Whose the stored token is, whatever its item has; one made by hand may have no more than its key."""
    told = str(stored.get("sites", ""))
    # Not none of them, where somebody wrote nothing but commas: that would be all.
    sites = tuple(site.strip() for site in told.split(",")) if told else ()
    hashed = str(stored["pk"]).partition("#")[2]
    return Owner(str(stored.get("name", "")), sites, hashed, _time(stored.get("used")), _time(stored.get("created")))


def new(name: str, sites: Iterable[str], now: float, others: Iterable[Owner]) -> tuple[str, Item]:
    """A new token, and what is stored of it, where these are the others. Raises BadToken."""
    name, sites = name.strip(), tuple(sites)
    if not (1 <= len(name) <= LONGEST_NAME and name.isprintable()):
        raise BadToken(f"A token needs a name of 1 to {LONGEST_NAME} letters, digits and signs, such as laptop.")
    if any(one.name == name for one in others):
        raise BadToken(f"There is a token named {name} already: revoke it first, or choose another name.")
    if not all(site.strip() and "," not in site for site in sites):
        raise BadToken("Give each site of a token by its host, such as example.com; none at all means every site.")
    token = random()
    return token, item(name, digest(token), sites, now)


def named(name: str, owners: Iterable[Owner]) -> list[Owner]:
    """Those of this name: more than one where two were made in the same moment. Raises BadToken."""
    name = name.strip()
    if found := [one for one in owners if one.name == name]:
        return found
    raise BadToken(f"There is no token named {name[:LONGEST_NAME]}: `linkback token list` shows which there are.")


def shown(items: Items, token: str) -> Owner | None:
    """Who shows this token, or None for nobody that we know."""
    return _known(items, digest(token)) if token and len(token) <= LONGEST_TOKEN else None


class Tokens:
    """The tokens of one bridge, behind a low-level DynamoDB client. Errors of the service pass through."""

    def __init__(self, client: Any, table: str) -> None:
        self._items = Items(client, table)

    def create(self, name: str, sites: Iterable[str], now: float) -> str:
        """A new token, which nobody can be told again. `sites`: those it is for, none for all. Raises BadToken."""
        token, stored = new(name, sites, now, self.all())
        self._items.put(stored, {"ConditionExpression": "attribute_not_exists(pk)"})
        return token

    def all(self) -> list[Owner]:
        """Every token, oldest first; of those made by hand only what was used once."""
        found = self._items.query(
            IndexName="feed",
            KeyConditionExpression="feed = :feed",
            ExpressionAttributeValues=pack({":feed": PARTITION}),
        )
        return [read(one) for one in found]

    def revoke(self, name: str) -> Owner:
        """Take back the token of this name: it, and whoever is signed in with it, is refused from now on.

        Raises BadToken.
        """
        found = named(name, self.all())
        for one in found:
            self._items.delete(_key(one.digest))
        return found[0]

    def owner(self, token: str) -> Owner | None:
        """Who shows this token, or None for nobody that we know."""
        return shown(self._items, token)

    def by_digest(self, hashed: str) -> Owner | None:
        """Who is known by this hash, or None where the token was taken back."""
        return _known(self._items, hashed)

    def used(self, owner: Owner, now: float) -> None:
        """Note that the token was used, if that was not noted within the last minutes."""
        before = datetime.fromisoformat(owner.used).timestamp() if owner.used else 0
        if 0 <= now - before < USE_NOTED:
            return
        # One that was made by hand is listed from now on.
        update = "SET #used = :now, #feed = :feed, #seq = if_not_exists(#seq, :seq)"
        values = {":now": stamp_at(now), ":feed": PARTITION, ":seq": int(now)}
        # One that was taken back meanwhile must not come back by this.
        names = {f"#{name}": name for name in ("used", "feed", "seq")}
        self._items.update(_key(owner.digest), update, names, values, "attribute_exists(pk)")


def _known(items: Items, hashed: str) -> Owner | None:
    if not (hashed.isascii() and hashed.isalnum()) or len(hashed) != _HASHED:
        return None  # no key of ours, and maybe none that DynamoDB takes
    found = items.get(_key(hashed), ConsistentRead=True)
    return read(found) if found else None


def _time(told: object) -> str:
    try:
        return told if isinstance(told, str) and datetime.fromisoformat(told).tzinfo else ""
    except ValueError:
        return ""


def _key(hashed: str) -> Item:
    return {"pk": f"TOKEN#{hashed}", "sk": "TOKEN"}
