"""When a page says that it was published, as feeds need it: many a page says half of it."""

from __future__ import annotations

import re
from datetime import UTC, datetime

_WITH_OFFSET = re.compile(r"T\d\d:\d\d:\d\d(\.\d+)?[+-]\d\d:\d\d$")


def rfc3339(published: str) -> str:
    """A whole time with an offset, or "" where the page gives none: many do not."""
    try:
        whole = datetime.fromisoformat(published).isoformat()
    except ValueError:
        return ""
    return whole if _WITH_OFFSET.search(whole) else ""


def moment(published: str, received: str) -> int:
    """Seconds since 1970 of the page's own date, in UTC where it names no offset; of the receipt where it has none."""
    for told in (published, received):
        try:
            when = datetime.fromisoformat(told)
            return int((when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp())
        except (ValueError, OverflowError):
            continue
    return 0
