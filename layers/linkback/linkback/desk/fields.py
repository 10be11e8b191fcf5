"""The fields of a query or of a form that an owner sends, in their order, repeated ones too."""

from __future__ import annotations

from urllib.parse import parse_qsl

from linkback.desk.refused import Refused

# More than the thousand ids that somebody may tick, so that those are refused for what they are.
MOST = 2_000


def fields(text: str) -> list[tuple[str, str]]:
    """Each name with its value; an empty one is passed over. Raises Refused where there are more than MOST."""
    try:
        return parse_qsl(text, max_num_fields=MOST, errors="replace")
    except ValueError:
        raise Refused(400, "too-many", "That are too many fields. Nothing was changed.") from None
