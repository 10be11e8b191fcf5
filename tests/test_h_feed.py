"""The page for people, which is an h-feed for programs: read back by a microformats parser."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import mf2py
import pytest

from linkback.feed import h_feed
from linkback.mention import Mention, Relation
from published import BARE, CHANNEL, FULL, SOURCE, TARGET, published, text


def entries(*mentions: Mention, following: str = "") -> list[dict[str, Any]]:
    page = text(h_feed, [published(mention) for mention in mentions], following=following)
    [feed] = mf2py.parse(doc=page, html_parser="html.parser")["items"]
    assert feed["type"] == ["h-feed"]
    return [child["properties"] for child in feed.get("children", ())]


def test_a_reply_is_read_back_from_the_page() -> None:
    [entry] = entries(FULL)
    assert entry["in-reply-to"] == [TARGET]
    assert (entry["name"], entry["url"], entry["published"]) == (["A reply"], [FULL.url], ["2026-01-02T03:04:05+0100"])
    assert entry["content"][0]["html"] == "<p>Well said</p>"
    [author] = entry["author"]
    assert author["type"] == ["h-card"]
    assert author["properties"] == {
        "name": ["Alice"],
        "url": ["https://alice.example/"],
        "photo": ["https://alice.example/a.jpg"],
    }


@pytest.mark.parametrize("relation", sorted(set(Relation) - {Relation.RSVP}))
def test_every_relation_is_a_property(relation: Relation) -> None:
    [entry] = entries(Mention(relation, SOURCE))
    assert entry[relation] == [TARGET]


def test_an_answer_to_an_invitation_is_one() -> None:
    [entry] = entries(Mention(Relation.RSVP, SOURCE, rsvp="maybe"))
    assert (entry["rsvp"], entry["in-reply-to"]) == (["maybe"], [TARGET])


def test_a_mention_without_words_is_known_by_its_host() -> None:
    page = text(h_feed, [published(BARE)])
    assert '<span class="p-name">alice.example</span>' in page
    assert "e-content" not in page


def test_there_is_a_way_on_and_nothing_is_loaded_from_strangers() -> None:
    page = text(h_feed, [published(FULL)], following="https://bridge.example/x?before=1&y")
    assert '<a rel="next" href="https://bridge.example/x?before=1&amp;y">' in page
    assert "src=" not in page
    policy = h_feed.FORMAT.headers(CHANNEL)["content-security-policy"]
    assert "default-src 'none'" in policy


def test_what_the_page_is_about_is_escaped() -> None:
    page = text(h_feed, [], replace(CHANNEL, subject="https://example.com/?'<b>", home="https://example.com/?'<b>"))
    assert "<b>" not in page
