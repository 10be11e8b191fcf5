"""Texts are compared by their words, in time that is linear in their length."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkback import wording
from linkback.wording import Seen


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("“Don’t” – it's 5 o’clock", ["don", "t", "it", "s", "5", "o", "clock"]),
        ("ﬁne Ｗｏｒｄｓ STRASSE straße", ["fine", "words", "strasse", "strasse"]),
        ("cafe\u0301 caf\u00e9 hy\u00adphen", ["café", "café", "hyphen"]),
        ("紙の本 read", ["紙", "の", "本", "read"]),
        ("snake_case 🙂 ...", ["snake", "case"]),
    ],
)
def test_words_are_what_a_reader_sees(text: str, words: list[str]) -> None:
    assert wording.words(text) == words


@pytest.mark.parametrize("marks", ["\u0301\u0321", "\uff9e\u0321", "\u0344\u0321"])
def test_a_letter_keeps_a_few_accents_however_many_are_on_it(marks: str) -> None:
    assert len(wording.plain("a" + marks * 100_000)) < 40


@pytest.mark.parametrize("title", ["on slow reading", "Slow reading", "On slow re…", "", "—", "On &amp;amp; slow"])
def test_a_title_is_on_the_page_where_its_words_are_in_order(title: str) -> None:
    assert Seen("On slow, reading & more").has_title(title)


@pytest.mark.parametrize("title", ["slow on", "ow reading", "On slow reading at night"])
def test_and_nowhere_else(title: str) -> None:
    assert not Seen("On slow, reading & more").has_title(title)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("a\r\n\tb", "a b"), ("\u202ea\x00b", "a b"), ("x" * 50, "x" * 9 + "…"), ("👩\u200d💻", "👩\u200d💻"), (" ", "")],
)
def test_a_line_has_only_what_can_be_seen(text: str, expected: str) -> None:
    assert wording.line(text, 10) == expected


@given(st.text(st.characters()), st.text(st.characters()))
def test_any_two_texts_can_be_compared(page: str, claim: str) -> None:
    seen = Seen(page)
    assert seen.has_title(claim) in (True, False)
    assert seen.has_most_of(claim) in (True, False)
    assert Seen(claim).has_title(claim) or "<" in claim or "&" in claim
