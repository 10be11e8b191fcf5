"""A mention as its owner sees it: what feeds would show, and what they never do."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from linkback import signals
from linkback.desk.attempts import LONGEST_SEARCH
from linkback.feed import jf2, seen
from linkback.published import Published

if TYPE_CHECKING:
    from collections.abc import Callable

    from linkback.desk.acts import Done
    from linkback.record import Record


def members(record: Record) -> dict[str, Any]:
    """JF2's members, and what only the owner sees.

    The claim's `id`, `site`, `state`, `signals` (name, words, weight), `doubt` (0 to 2), `claimed` (what the sender
    said and the visit did not confirm), and `sentence` (the words around the link).
    """
    told = jf2.members(published(record))
    # What is not public has no number that a feed would know.
    told["wm-id"] = record.id or None
    return told | {
        "id": record.claim,
        "site": record.site,
        "state": str(record.state),
        "signals": [signal._asdict() for signal in signals.from_json(record.signals)],
        "doubt": record.doubt,
        "claimed": claimed(record),
        "sentence": record.sentence,
    }


def published(record: Record) -> Published:
    """Those members of a record that feeds show."""
    return Published(**{name: getattr(record, name) for name in Published.__slots__})


def claimed(record: Record) -> dict[str, str]:
    """What the sender of a TrackBack said of its page; {} for nothing."""
    with suppress(ValueError):
        told = json.loads(record.claimed or "{}")
        if isinstance(told, dict):
            return {str(name): str(value) for name, value in told.items()}
    return {}


def search(words: str) -> Callable[[Record], bool] | None:
    """Whether a mention has all of these words somewhere: in its addresses, author, title or text. None for none."""
    wanted = words[:LONGEST_SEARCH].casefold().split()

    def found(record: Record) -> bool:
        said = seen.parse(record.seen)
        author = seen.author(said)
        shown = (record.source, record.target, author["name"], author["url"], record.sentence, record.claimed)
        text = "\n".join((*shown, said.get("name", ""), said.get("text", ""))).casefold()
        return all(word in text for word in wanted)

    return found if wanted else None


def outcome(done: Done) -> dict[str, Any]:
    """One act as JSON has it: `before` is the action's state to go back to; `rules` are those that went with it."""
    rules = [
        {"site": one.site, "kind": one.key.kind, "value": one.key.value, "action": one.now, "before": one.before}
        for one in done.changed
    ]
    told = {"id": done.claim, "site": done.site, "wm-source": seen.url(done.source)}
    return told | {"state": str(done.after), "before": str(done.before), "rules": rules}
