"""What an owner sends: the fields of a query or of a form, and the claims that he means."""

from __future__ import annotations

from urllib.parse import parse_qsl

from linkback.desk.refused import Refused

# More than the thousand ids that somebody may tick, so that those are refused for what they are.
MOST = 2_000
MOST_AT_ONCE = 100


def read(text: str) -> list[tuple[str, str]]:
    """Each name with its value, in their order; an empty one is passed over. Raises Refused for more than MOST."""
    try:
        return parse_qsl(text, max_num_fields=MOST, errors="replace")
    except ValueError:
        raise Refused(400, "too-many", "That are too many fields. Nothing was changed.") from None


def ids(told: object) -> list[str]:
    """The distinct names in a list of claims. Raises Refused for none, or for more than MOST_AT_ONCE."""
    if not isinstance(told, list) or not all(isinstance(one, str) for one in told) or not told:
        raise Refused(400, "bad-ids", "Give the ids of the mentions, at least one.")
    distinct = list(dict.fromkeys(told))
    if len(distinct) > MOST_AT_ONCE:
        said = f"{len(distinct)} mentions are too many: act on {MOST_AT_ONCE} at once at most. Nothing was changed."
        raise Refused(400, "too-many", said)
    return distinct
