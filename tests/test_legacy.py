"""The shape before JF2, as jekyll-webmention_io reads it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from linkback.feed import legacy
from linkback.mention import Author, Mention, Relation
from published import BARE, FULL, SOURCE, TARGET, published, text, written


def test_it_is_a_list_of_links_that_is_there_even_when_there_are_none() -> None:
    assert text(legacy, []) == '{"links":[]}'


def test_a_full_reply_has_every_member() -> None:
    assert legacy.members(published(FULL)) == {
        "source": SOURCE,
        "verified": True,
        "verified_date": "2026-01-02T03:04:05+00:00",
        "id": 190_000_000,
        "private": False,
        "data": {
            "author": {"name": "Alice", "url": "https://alice.example/", "photo": "https://alice.example/a.jpg"},
            "url": "https://alice.example/permalink",
            "name": "A reply",
            "content": "<p>Well said</p>",
            "published": "2026-01-02T03:04:05+01:00",
            "published_ts": 1_767_319_445,
        },
        "activity": {
            "type": "reply",
            "sentence": f"Alice replied to {TARGET}",
            "sentence_html": '<a href="https://alice.example/">Alice</a> '
            f'<a href="https://alice.example/permalink">replied to</a> <a href="{TARGET}">{TARGET}</a>',
        },
        "rels": {"canonical": "https://alice.example/canonical"},
        "target": TARGET,
    }


def test_a_bare_mention_is_a_link_with_the_host_for_a_name() -> None:
    link = written(legacy, [published(BARE)])["links"][0]
    assert link["activity"]["type"] == "link"
    assert link["activity"]["sentence"] == f"alice.example linked to {TARGET}"
    assert link["data"] == {
        "author": {"name": "", "url": "", "photo": ""},
        "url": SOURCE,
        "name": None,
        "content": None,
        "published": None,
        "published_ts": 1_767_323_045,
    }


@pytest.mark.parametrize(
    ("relation", "type_"),
    list(zip(Relation, ("reply", "like", "repost", "bookmark", "rsvp", "link"), strict=True)),
)
def test_every_relation_has_its_type_and_its_words(relation: Relation, type_: str) -> None:
    link = legacy.members(published(Mention(relation, SOURCE, Author("Ann"), rsvp="maybe")))
    assert link["activity"]["type"] == type_
    assert link["activity"]["sentence"].startswith("Ann ")
    assert (link["data"].get("rsvp") == "maybe") is (relation is Relation.RSVP)


def test_plain_words_are_markup_here_and_so_escaped() -> None:
    link = legacy.members(published(replace(BARE, text="1 < 2 <b>")))
    assert link["data"]["content"] == "1 &lt; 2 &lt;b&gt;"


@pytest.mark.parametrize(
    ("told", "seconds"),
    [
        ("2026-01-02T03:04:05Z", 1_767_323_045),
        ("2026-01-02T03:04:05", 1_767_323_045),
        ("2026-01-02", 1_767_312_000),
        ("2026-01-02T03:04:05-08:00", 1_767_351_845),
        ("0001-01-01T00:00:00+14:00", -62_135_647_200),
        ("yesterday", 1_767_323_045),
    ],
)
def test_the_time_is_a_number_whatever_the_page_says(told: str, seconds: int) -> None:
    assert legacy.members(published(replace(BARE, published=told)))["data"]["published_ts"] == seconds
