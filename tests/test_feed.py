"""JF2 as webmention.io's clients know it, and counts."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings

from linkback.feed import jf2
from linkback.feed.counts import counts
from linkback.mention import Mention, Relation
from published import BARE, FULL, SOURCE, TARGET, published, text, written
from test_mention import MENTIONS

# JF2


def whole(child: dict[str, object]) -> str:
    """A feed of this one child, its keys in this order."""
    return json.dumps({"type": "feed", "name": "Webmentions", "children": [child]}, separators=(",", ":")).replace(
        "<", "\\u003c"
    )


def test_jf2_is_a_feed_whose_children_are_there_even_when_there_are_none() -> None:
    assert written(jf2, []) == {"type": "feed", "name": "Webmentions", "children": []}
    assert text(jf2, []) == '{"type":"feed","name":"Webmentions","children":[]}'


def test_jf2_of_a_full_reply_has_webmention_io_s_keys_in_its_order() -> None:
    assert text(jf2, [published(FULL)]) == whole(
        {
            "type": "entry",
            "author": {
                "type": "card",
                "name": "Alice",
                "photo": "https://alice.example/a.jpg",
                "url": "https://alice.example/",
            },
            "url": "https://alice.example/permalink",
            "published": "2026-01-02T03:04:05+01:00",
            "wm-received": "2026-01-02T03:04:05Z",
            "wm-id": 190_000_000,
            "wm-source": SOURCE,
            "wm-target": TARGET,
            "wm-protocol": "pingback",
            "wm-protocols": ["pingback", "webmention"],
            "wm-claim": "Y2xhaW0",
            "wm-page": "example.com/page",
            "name": "A reply",
            "syndication": ["https://social.example/1"],
            "summary": {"content-type": "text/plain", "value": "In short"},
            "photo": ["https://alice.example/1.jpg"],
            "video": ["https://alice.example/1.mp4"],
            "audio": ["https://alice.example/1.mp3"],
            "content": {"html": "<p>Well said</p>", "text": "Well said"},
            "in-reply-to": TARGET,
            "wm-property": "in-reply-to",
            "wm-private": False,
            "rels": {"canonical": "https://alice.example/canonical"},
        }
    )


def test_jf2_of_a_bare_mention_leaves_out_what_is_optional() -> None:
    assert text(jf2, [published(BARE)]) == whole(
        {
            "type": "entry",
            "author": {"type": "card", "name": "", "photo": "", "url": ""},
            "url": SOURCE,
            "published": None,
            "wm-received": "2026-01-02T03:04:05Z",
            "wm-id": 190_000_000,
            "wm-source": SOURCE,
            "wm-target": TARGET,
            "wm-protocol": "pingback",
            "wm-protocols": ["pingback", "webmention"],
            "wm-claim": "Y2xhaW0",
            "wm-page": "example.com/page",
            "mention-of": TARGET,
            "wm-property": "mention-of",
            "wm-private": False,
        }
    )


@pytest.mark.parametrize("relation", sorted(set(Relation) - {Relation.RSVP}))
def test_jf2_s_relation_is_a_key_that_holds_the_target(relation: Relation) -> None:
    entry = jf2.members(published(Mention(relation, SOURCE)))
    assert entry["wm-property"] == relation
    assert entry[relation] == TARGET
    assert set(Relation) & set(entry) == {relation}


@pytest.mark.parametrize("answer", ["yes", "no", "maybe", "interested"])
def test_jf2_s_answer_to_an_invitation_is_a_reply_too(answer: str) -> None:
    entry = jf2.members(published(Mention(Relation.RSVP, SOURCE, rsvp=answer)))
    assert (entry["rsvp"], entry["in-reply-to"], entry["wm-property"]) == (answer, TARGET, "rsvp")
    assert list(entry)[-4:] == ["rsvp", "in-reply-to", "wm-property", "wm-private"]


def test_jf2_s_content_without_html_is_text_alone() -> None:
    assert jf2.members(published(replace(BARE, text="words")))["content"] == {"text": "words"}


@settings(max_examples=60)
@given(MENTIONS)
def test_jf2_of_any_mention_is_what_clients_rely_on(mention: Mention) -> None:
    [entry] = written(jf2, [published(mention)])["children"]
    assert all(isinstance(entry[name], str) for name in ("url", "wm-received", "wm-source", "wm-target", "wm-property"))
    assert all(isinstance(entry["author"][name], str) for name in ("type", "name", "photo", "url"))
    assert isinstance(entry["wm-id"], int)
    assert entry["wm-private"] is False
    assert entry["published"] is None or entry["published"]
    assert set(entry.get("content", {"text": ""})) in ({"text"}, {"html", "text"})
    assert all(
        entry[name] for name in ("name", "syndication", "summary", "photo", "video", "audio", "rels") if name in entry
    )


# Counts


def test_counts_of_nothing() -> None:
    assert counts([]) == {"count": 0, "type": {}}


def test_counts_are_by_type_with_each_answer_to_an_invitation_of_its_own() -> None:
    mentions = [Mention(relation, SOURCE) for relation in set(Relation) - {Relation.RSVP}]
    mentions += [Mention(Relation.RSVP, SOURCE, rsvp=answer) for answer in ("yes", "yes", "no")]
    mentions += [BARE]
    assert counts(mention.to_json() for mention in mentions) == {
        "count": 9,
        "type": {"reply": 1, "like": 1, "repost": 1, "bookmark": 1, "mention": 2, "rsvp-yes": 2, "rsvp-no": 1},
    }


def test_jf2_names_the_part_of_a_page_that_was_linked_to() -> None:
    assert jf2.members(published(BARE, target=f"{TARGET}#comments"))["wm-fragment"] == "comments"


def test_the_bytes_of_a_feed_have_no_markup_in_them_whatever_the_words() -> None:
    words = replace(FULL, name="</script><b>", text="<!--")
    assert "<" not in text(jf2, [published(words)])
    [child] = written(jf2, [published(words)])["children"]
    assert (child["name"], child["content"]["text"]) == ("</script><b>", "<!--")
