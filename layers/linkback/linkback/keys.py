"""The table's keys that both its writers and its readers need, and the numbers by which all changes are ordered."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from linkback.dynamodb import short

if TYPE_CHECKING:
    from linkback.dynamodb import Item

# Numbers count seconds from here, so that they stay below 2^31 until 2088.
EPOCH = int(datetime(2020, 1, 1, tzinfo=UTC).timestamp())
SEQUENCE = {"pk": "SEQUENCE", "sk": "SEQUENCE"}
MOST_ALIASES = 5  # of aliases of aliases; whoever declares a circle gets some page of it


def number_at(seconds: int) -> int:
    """The least sequence number of anything published in this second (since 1970) or later: a key condition."""
    return seconds - EPOCH


def mark(site: str) -> str:
    """The member of the sequence's item that has the number of a site's last change."""
    return f"site {site}"


def ping(ping_id: str) -> Item:
    """Where the record of a ping stands."""
    return {"pk": f"PING#{ping_id}", "sk": "PING"}


def rule(site: str, kind: str, value: str) -> Item:
    """Where a rule of a site stands, or that a host or an author is known by an approval (rules.KNOWN)."""
    sign, _, known = kind.rpartition("-")  # apart, for there may be thousands, and rules are listed
    return {"pk": f"SITE#{site}", "sk": f"{sign.upper() or 'RULE'}#{known}#{short(value)}"}


def mention(page: str, claim: str) -> Item:
    """Where a mention stands."""
    return {"pk": f"PAGE#{short(page)}", "sk": f"MENTION#{claim}"}


def day(site: str, date: str) -> Item:
    """Where the visits of one day (YYYY-MM-DD, UTC) are counted."""
    return {"pk": f"DAY#{site}", "sk": f"DAY#{date}"}


def text(site: str, fingerprint: str) -> Item:
    """Where it stands on which hosts a text was seen."""
    return {"pk": f"TEXT#{fingerprint}", "sk": f"TEXT#{site}"}


def alias(page: str) -> Item:
    """Where it stands of which page this one is an alias."""
    return {"pk": f"ALIAS#{short(page)}", "sk": "ALIAS"}
