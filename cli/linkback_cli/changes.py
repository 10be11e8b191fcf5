"""What a bridge answers to /api/changes, checked, and what it does to the mentions that are known. Pure."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Entry = dict[str, Any]

LARGEST = 2**53 - 1  # the last whole number that JavaScript, which reads the file too, counts exactly
_DEEPEST = 64


class Malformed(ValueError):  # noqa: N818 - reads as what it is
    """The bytes are not what they should be; the message says why, in a clause."""


@dataclass(frozen=True, slots=True)
class Changes:
    """One answer: what is public anew or otherwise than before, what is no more, and what to ask with next time."""

    since_id: int
    children: tuple[Entry, ...]
    deleted: tuple[Entry, ...]


def parse(body: bytes) -> Changes:
    """Read an answer; members that we do not know stay as they are. Raises Malformed, nothing else."""
    feed = decoded(body)
    if not isinstance(feed, dict):
        raise Malformed("it is no JSON object")
    since_id = number(feed.get("since_id"), "since_id")
    children = tuple(entry(child) for child in _list(feed, "children"))
    return Changes(since_id, children, tuple(_tombstone(one) for one in _list(feed, "deleted")))


def merged(known: Mapping[str, Entry], told: Iterable[Changes]) -> dict[str, Entry]:
    """The public mentions by claim, after these answers in their order; the same told twice changes nothing.

    A mention that moves to another page keeps its number and gets another claim, so either is enough to replace it.
    """
    entries = dict(known)
    claims = {one["wm-id"]: claim for claim, one in entries.items()}

    def drop(told: Entry) -> None:
        for claim in (told["wm-claim"], claims.get(told["wm-id"])):
            if claim in entries:
                del claims[entries.pop(claim)["wm-id"]]

    for changes in told:
        for one in changes.deleted:  # first: what has moved may be told as gone from where it was
            drop(one)
        for one in changes.children:
            drop(one)
            entries[one["wm-claim"]] = one
            claims[one["wm-id"]] = one["wm-claim"]
    return entries


def decoded(body: bytes) -> Any:
    """JSON that can be written again and be read by every other program. Raises Malformed."""
    try:
        value = json.loads(body, parse_constant=_constant, parse_float=_finite)
    except RecursionError:
        raise Malformed("it is nested too deeply") from None
    except ValueError:
        raise Malformed("it is a web page" if body.lstrip()[:1] == b"<" else "it is no JSON") from None
    if _deep(value):
        raise Malformed("it is nested too deeply")
    return value


def entry(value: object) -> Entry:
    """A public mention: it has a number, a claim and a page. Raises Malformed."""
    found = _tombstone(value)
    if not isinstance(found.get("wm-page"), str):
        raise Malformed("a mention has no wm-page")
    return found


def number(value: object, name: str) -> int:
    """A whole number from 0. Raises Malformed."""
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= LARGEST:
        raise Malformed(f"{name} is no whole number")
    return value


def _tombstone(value: object) -> Entry:
    if not isinstance(value, dict):
        raise Malformed("a mention is no JSON object")
    number(value.get("wm-id"), "the wm-id of a mention")
    if not isinstance(value.get("wm-claim"), str):
        raise Malformed("a mention has no wm-claim")
    return value


def _list(feed: Entry, name: str) -> list[Any]:
    value = feed.get(name)
    if not isinstance(value, list):
        raise Malformed(f"it has no list {name}")
    return value


def _constant(name: str) -> float:
    raise ValueError(f"{name} is no number")


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"{text[:20]} is too large")
    return value


def _deep(value: object) -> bool:
    """Whether it could end the writer's recursion, which is less deep than the reader's."""
    level = [value]
    for _ in range(_DEEPEST):
        level = [inner for one in level for inner in _within(one)]
        if not level:
            return False
    return True


def _within(value: object) -> Iterable[object]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()
