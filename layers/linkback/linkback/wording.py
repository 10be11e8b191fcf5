"""Texts compared as a person would: by their words, whatever their case, quotes, dashes, entities and byte forms."""

from __future__ import annotations

import html
import re
import unicodedata
from functools import cached_property

# Putting accents in order takes time quadratic in how many stand on one letter, so no letter keeps more than a few.
_MARKS = re.compile(r"((?:[^\w\s]|[\uff9e\uff9f]){16})(?:[^\w\s]|[\uff9e\uff9f])+")
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u2060\ufeff]")
_TAG = re.compile(r"<[/a-zA-Z!][^<>]{0,500}>")
# A script that puts no space between words has words of one letter here, which is lenient.
_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
_WORD = re.compile(rf"[{_UNSPACED}]|[^\W_{_UNSPACED}]+")
# Of fewer words nobody can say whether most are on a page: the last one may be cut.
_FEWEST = 5
_JOINERS = "\u200c\u200d"


def line(text: str, longest: int) -> str:
    """The text on one line, with nothing in it that cannot be seen or that turns the direction of what follows."""
    seen = "".join(one if one.isprintable() or one in _JOINERS else " " for one in text[: longest * 20])
    flat = " ".join(seen.split())
    return flat if len(flat) <= longest else flat[: longest - 1].rstrip() + "\u2026"


def plain(text: str) -> str:
    """The text in the form in which texts that look alike are alike. Linear in its length."""
    bounded = _MARKS.sub(r"\1", _INVISIBLE.sub("", text))
    return unicodedata.normalize("NFKC", bounded).casefold()


def words(text: str) -> list[str]:
    """The words of a text, in that form, without punctuation."""
    return _WORD.findall(plain(text))


class Seen:
    """The words that were seen on a page, to hold against them what somebody says of it."""

    def __init__(self, text: str) -> None:
        self._words = words(text)

    @cached_property
    def _run(self) -> str:
        return f" {' '.join(self._words)}"

    @cached_property
    def _known(self) -> frozenset[str]:
        return frozenset(self._words)

    def has_title(self, title: str) -> bool:
        """Whether the words of this title stand on the page in this order. The last may be cut; no words always do."""
        return f" {' '.join(_claimed(title))}".rstrip() in self._run

    def has_most_of(self, excerpt: str) -> bool:
        """Whether at least half of the words of this excerpt stand on the page; true of fewer than five words."""
        told = _claimed(excerpt)
        return len(told) < _FEWEST or 2 * sum(word in self._known for word in told) >= len(told)


def _claimed(text: str) -> list[str]:
    """The words of what a sender gave, who may have left tags in it and escaped it more than once."""
    return words(_TAG.sub(" ", html.unescape(_TAG.sub(" ", html.unescape(text)))))
