"""Languages are compared by their primary subtag and told by their English names."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkback import language


@pytest.mark.parametrize(
    ("tag", "code"),
    [
        ("en", "en"),
        (" EN-gb ", "en"),
        ("pt_BR", "pt"),
        ("zh-Hant-TW", "zh"),
        ("nb-NO", "no"),
        ("nn", "no"),
        ("iw", "he"),
        ("gsw", "gsw"),
        ("und", ""),
        ("x", ""),
        ("x-klingon", ""),
        ("e1", ""),
        ("", ""),
        ("toolonglanguage", ""),
    ],
)
def test_the_primary_subtag_is_read(tag: str, code: str) -> None:
    assert language.primary(tag) == code


@given(st.text(st.characters()))
def test_any_tag_has_a_plain_one_or_none(tag: str) -> None:
    assert re.fullmatch("(?:[a-z]{2,8})?", language.primary(tag))


def test_a_language_is_told_by_its_name_a_rare_one_by_its_code() -> None:
    assert (language.name("de"), language.name("gsw")) == ("German", "gsw")
