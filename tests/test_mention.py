"""A mention as a value: what is stored is what was seen."""

from __future__ import annotations

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from linkback.mention import Author, Mention, Relation

WORDS = st.text(max_size=20)
LISTS = st.lists(WORDS, max_size=3).map(tuple)
MENTIONS = st.builds(
    Mention,
    relation=st.sampled_from(Relation),
    url=WORDS,
    author=st.builds(Author, WORDS, WORDS, WORDS),
    **dict.fromkeys(("published", "name", "summary", "text", "html", "rsvp", "canonical"), WORDS),
    **dict.fromkeys(("photo", "video", "audio", "syndication"), LISTS),
)


@settings(max_examples=100)
@given(MENTIONS)
def test_a_mention_is_read_back_as_it_was_written(mention: Mention) -> None:
    assert Mention.from_json(mention.to_json()) == mention


@settings(max_examples=100)
@given(MENTIONS, MENTIONS)
def test_a_changed_string_is_a_changed_mention(one: Mention, other: Mention) -> None:
    assert (one.to_json() == other.to_json()) is (one == other)


def test_empty_members_are_left_out_and_letters_stay_letters() -> None:
    text = Mention(Relation.LIKE, "https://alice.example/", name="日本").to_json()
    assert json.loads(text) == {
        "relation": "like-of",
        "url": "https://alice.example/",
        "author": {"name": "", "photo": "", "url": ""},
        "name": "日本",
    }
    assert "日本" in text


def test_the_relations_are_jf2_s_wm_property() -> None:
    assert set(Relation) == {"in-reply-to", "like-of", "repost-of", "bookmark-of", "rsvp", "mention-of"}
