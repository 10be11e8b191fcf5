"""Who is signed in: a cookie whose hash the table holds, for as long as the token it was opened with is one.

The cookie is 256 random bits, so there is no key to keep and nothing to forge; signing out and taking the token back
both end it at once. What the session may change says so in each form: a CSRF token made from the cookie, which no other
session's answers to.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import secrets
from typing import TYPE_CHECKING, NamedTuple

from linkback.desk.acts import UNDONE_FOR, Done
from linkback.tokens import digest

if TYPE_CHECKING:
    from linkback.desk.ledger import Ledger
    from linkback.dynamodb import Item
    from linkback.tokens import Owner, Tokens

# The prefix makes browsers refuse a cookie of this name that another host, or another path, wants to give.
COOKIE = "__Host-linkback"
LIFETIME = 30 * 86_400
LONGEST_COOKIES = 16_384

_VALUE = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)


class Session(NamedTuple):
    """One signed-in browser: its place in the table, whose it is, and what its forms carry."""

    key: str
    owner: Owner
    csrf: str


class Last(NamedTuple):
    """What was done last and can be undone: its place in the table, and the acts."""

    key: Item
    done: list[Done]


class Sessions:
    """The sessions of one bridge."""

    def __init__(self, ledger: Ledger, tokens: Tokens) -> None:
        self._ledger, self._tokens = ledger, tokens

    def open(self, owner: Owner, now: float) -> str:
        """A new session of this owner's: the value of its cookie, which nobody can be told again."""
        value = secrets.token_urlsafe(32)
        self._ledger.put(_key(digest(value)) | {"token": owner.digest, "expires": int(now) + LIFETIME})
        return value

    def read(self, cookies: str, now: float) -> Session | None:
        """The session that a Cookie header names; None where there is none, or it ended."""
        value = _named(cookies)
        found = self._ledger.get(_key(digest(value))) if value else None
        # DynamoDB takes away what has expired within days, not at once.
        if not found or int(found.get("expires", 0)) < now:
            return None
        owner = self._tokens.by_digest(str(found.get("token")))
        return Session(digest(value), owner, _csrf(value)) if owner else None

    def close(self, session: Session) -> None:
        """Sign out."""
        self._ledger.delete(_key(session.key))

    def remember(self, session: Session, done: list[Done], now: float) -> None:
        """Keep what was done, so that it can be undone."""
        acts = json.dumps([one.to_item() for one in done], ensure_ascii=False)
        place = f"UNDO#{int(now * 1000):015}{secrets.token_hex(2)}"
        item = {"pk": _acts(session), "sk": place, "done": acts, "expires": int(now) + UNDONE_FOR}
        self._ledger.put(item)

    def last(self, session: Session, now: float) -> Last | None:
        """What was done last with this token and not undone since, if it is not older than a day."""
        found = self._ledger.newest(_acts(session), "UNDO#")
        if not found or int(found.get("expires", 0)) < now:
            return None
        return Last({"pk": found["pk"], "sk": found["sk"]}, [Done.from_item(one) for one in json.loads(found["done"])])

    def forget(self, last: Last) -> None:
        """It was undone."""
        self._ledger.delete(last.key)


def _acts(session: Session) -> str:
    """The partition of what can be undone: the token's own, so that signing out loses nothing."""
    return f"TOKEN#{session.owner.digest}"


def cookie(value: str) -> str:
    """The Set-Cookie header of a session; with "" the one that takes it away."""
    age = LIFETIME if value else 0
    return f"{COOKIE}={value}; Path=/; Max-Age={age}; Secure; HttpOnly; SameSite=Strict"


def is_csrf(told: str, session: Session) -> bool:
    """Whether a form is one that this session was given."""
    return hmac.compare_digest(told.encode("utf-8", "replace"), session.csrf.encode())


def _named(cookies: str) -> str:
    """The value of our cookie; "" where there is none, or what cannot be one, or two of them."""
    pairs = (one.strip().partition("=") for one in cookies[:LONGEST_COOKIES].split(";"))
    values = [value for name, _, value in pairs if name == COOKIE]
    return values[0] if len(values) == 1 and _VALUE.fullmatch(values[0]) else ""


def _csrf(value: str) -> str:
    return hmac.new(value.encode(), b"csrf", hashlib.sha256).hexdigest()[:32]


def _key(hashed: str) -> Item:
    return {"pk": f"SESSION#{hashed}", "sk": "SESSION"}
