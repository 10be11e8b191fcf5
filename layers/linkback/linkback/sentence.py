"""The sentence around a link: what the source says where it links, cut at the ends of sentences."""

from __future__ import annotations

import re
import unicodedata

LONGEST = 300
# How much of it may stand before the link where the sentence is longer than that.
_BEFORE = 140

_END = re.compile(r"[.!?\u2026][\"'\u201d\u2019)\]]*(?=\s|$)|[\u3002\uff01\uff1f][\u300d\u300f]?")
_JOINERS = "\u200d\ufe0e\ufe0f"


def around(text: str, start: int, end: int) -> str:
    """The sentence of `text` that holds `text[start:end]`, on one line, at most 300 characters."""
    before, inside, after = text[:start], text[start:end], text[end:]
    ends = [match.end() for match in _END.finditer(before)]
    # A full stop right before the link ends the sentence before it only if a space stands between them.
    before = before[ends[-1] :] if ends else before
    stop = _END.search(after)
    after = after[: stop.end()] if stop else after
    return _shortened(_flat(before).lstrip(), _flat(inside), _flat(after).rstrip())


def _flat(text: str) -> str:
    """Spaces collapsed, one kept at each end where there was any."""
    words = " ".join(text.split())
    return (" " if text[:1].isspace() else "") + words + (" " if words and text[-1:].isspace() else "")


def _shortened(before: str, inside: str, after: str) -> str:
    if len(before) + len(inside) + len(after) > LONGEST:
        room = max(_BEFORE, LONGEST - len(inside) - len(after) - 2)
        if len(before) > room:
            before = "\u2026" + _tail(before, room)
    sentence = " ".join((before + inside + after).split())
    return sentence if len(sentence) <= LONGEST else _head(sentence, LONGEST - 1) + "\u2026"


def _head(text: str, longest: int) -> str:
    """The beginning of the text: whole words if words are short, whole characters with all their marks anyway."""
    space = text.rfind(" ", longest - 40, longest + 1)
    if space > 0:
        return text[:space]
    while longest and _continues(text, longest):
        longest -= 1
    return text[:longest]


def _tail(text: str, longest: int) -> str:
    start = len(text) - longest
    space = text.find(" ", start, start + 40)
    if space >= 0:
        return text[space + 1 :]
    while start < len(text) and _continues(text, start):
        start += 1
    return text[start:]


def _continues(text: str, index: int) -> bool:
    """Whether the character here belongs to the one before it (accents, emoji joined by ZWJ, skin tones, flags)."""
    one = text[index]
    return (
        one in _JOINERS
        or text[index - 1] == "\u200d"
        or unicodedata.combining(one) != 0
        or "\U0001f3fb" <= one <= "\U0001f3ff"
        or "\U0001f1e6" <= one <= "\U0001f1ff"
    )
