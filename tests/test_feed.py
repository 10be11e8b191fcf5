"""The feeds: JF2 as webmention.io's clients know it, counts, and JSON Feed 1.1."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given, settings

from linkback import feed
from linkback.mention import Author, Mention, Relation
from linkback.record import Record, State
from test_mention import MENTIONS

SOURCE, TARGET = "https://alice.example/post", "https://example.com/page"
BARE = Mention(Relation.MENTION, SOURCE)
FULL = Mention(
    Relation.REPLY,
    "https://alice.example/permalink",
    Author("Alice", "https://alice.example/a.jpg", "https://alice.example/"),
    published="2026-01-02T03:04:05+01:00",
    name="A reply",
    summary="In short",
    text="Well said",
    html="<p>Well said</p>",
    photo=("https://alice.example/1.jpg",),
    video=("https://alice.example/1.mp4",),
    audio=("https://alice.example/1.mp3",),
    syndication=("https://social.example/1",),
    canonical="https://alice.example/canonical",
)


def record(mention: Mention, **other: Any) -> Record:
    stored = Record(
        claim="Y2xhaW0",
        page="example.com/page",
        site="example.com",
        source=SOURCE,
        target=TARGET,
        protocols=("pingback", "webmention"),
        received="2026-01-02T03:04:05Z",
        visited=1,
        state=State.PUBLIC,
        seen=mention.to_json(),
        id=190_000_000,
        number=190_000_000,
        version=1,
    )
    return replace(stored, **other)


# JF2


def test_jf2_is_a_feed_whose_children_are_there_even_when_there_are_none() -> None:
    assert feed.jf2([]) == {"type": "feed", "name": "Webmentions", "children": []}
    assert list(feed.jf2([])) == ["type", "name", "children"]


def test_jf2_of_a_full_reply_has_webmention_io_s_keys_in_its_order() -> None:
    assert json.dumps(feed.entry(record(FULL))) == json.dumps(
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
    assert json.dumps(feed.entry(record(BARE))) == json.dumps(
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
            "mention-of": TARGET,
            "wm-property": "mention-of",
            "wm-private": False,
        }
    )


@pytest.mark.parametrize("relation", sorted(set(Relation) - {Relation.RSVP}))
def test_jf2_s_relation_is_a_key_that_holds_the_target(relation: Relation) -> None:
    entry = feed.entry(record(Mention(relation, SOURCE)))
    assert entry["wm-property"] == relation
    assert entry[relation] == TARGET
    assert set(Relation) & set(entry) == {relation}


@pytest.mark.parametrize("answer", ["yes", "no", "maybe", "interested"])
def test_jf2_s_answer_to_an_invitation_is_a_reply_too(answer: str) -> None:
    entry = feed.entry(record(Mention(Relation.RSVP, SOURCE, rsvp=answer)))
    assert (entry["rsvp"], entry["in-reply-to"], entry["wm-property"]) == (answer, TARGET, "rsvp")
    assert list(entry)[-4:] == ["rsvp", "in-reply-to", "wm-property", "wm-private"]


def test_jf2_s_content_without_html_is_text_alone() -> None:
    assert feed.entry(record(replace(BARE, text="words")))["content"] == {"text": "words"}


@settings(max_examples=60)
@given(MENTIONS)
def test_jf2_of_any_mention_is_what_clients_rely_on(mention: Mention) -> None:
    entry = json.loads(json.dumps(feed.entry(record(mention))))
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
    assert feed.counts([]) == {"count": 0, "type": {}}


def test_counts_are_by_type_with_each_answer_to_an_invitation_of_its_own() -> None:
    mentions = [Mention(relation, SOURCE) for relation in set(Relation) - {Relation.RSVP}]
    mentions += [Mention(Relation.RSVP, SOURCE, rsvp=answer) for answer in ("yes", "yes", "no")]
    mentions += [BARE]
    assert feed.counts(map(record, mentions)) == {
        "count": 9,
        "type": {"reply": 1, "like": 1, "repost": 1, "bookmark": 1, "mention": 2, "rsvp-yes": 2, "rsvp-no": 1},
    }


# JSON Feed 1.1

HERE, NEXT = "https://bridge.example/feed.json?domain=example.com", "https://bridge.example/feed.json?page=1"


def assert_json_feed(told: dict[str, Any]) -> None:
    """The rules of https://www.jsonfeed.org/version/1.1/ that a validator checks."""
    assert told["version"] == "https://jsonfeed.org/version/1.1"
    assert isinstance(told["title"], str)
    assert isinstance(told["items"], list)
    assert told.get("next_url") != told["feed_url"]
    ids = [item["id"] for item in told["items"]]
    assert len(set(ids)) == len(ids)
    for item in told["items"]:
        assert_json_feed_item(item)


def assert_json_feed_item(item: dict[str, Any]) -> None:
    assert isinstance(item["id"], str)
    assert "content_html" in item or "content_text" in item
    strings = ("url", "external_url", "title", "content_html", "content_text", "summary", "image")
    assert all(isinstance(item[name], str) for name in strings if name in item)
    moment = datetime.strptime(item["date_published"].replace("Z", "+0000"), "%Y-%m-%dT%H:%M:%S%z")
    assert moment.tzinfo
    assert item["date_published"][-6] in "+-" or item["date_published"].endswith("Z")
    assert all(isinstance(tag, str) for tag in item["tags"])
    for author in item.get("authors", ()):
        assert set(author) <= {"name", "url", "avatar"}
        assert author
    assert "author" not in item  # deprecated by 1.1
    known = {"id", "url", "external_url", "title", "content_html", "content_text", "summary", "image", "date_published",
             "tags", "authors"}  # fmt: skip
    assert all(name in known or name.startswith("_") for name in item)


def test_json_feed_of_a_full_and_a_bare_mention_keeps_the_rules() -> None:
    records = [record(FULL), record(BARE, claim="b3RoZXI")]
    told = json.loads(json.dumps(feed.json_feed(records, "Mentions", "https://example.com/", HERE, NEXT)))
    assert_json_feed(told)
    assert (told["home_page_url"], told["feed_url"], told["next_url"]) == ("https://example.com/", HERE, NEXT)


def test_json_feed_s_last_page_has_no_next() -> None:
    assert "next_url" not in feed.json_feed([], "Mentions", "https://example.com/", HERE, "")


def test_json_feed_s_item_of_a_full_reply() -> None:
    item = feed.item(record(FULL))
    assert (item["id"], item["url"], item["external_url"]) == ("Y2xhaW0", FULL.url, TARGET)
    assert item["authors"] == [
        {"name": "Alice", "url": "https://alice.example/", "avatar": "https://alice.example/a.jpg"}
    ]
    assert (item["title"], item["summary"], item["image"]) == ("A reply", "In short", "https://alice.example/1.jpg")
    assert (item["content_html"], item["content_text"]) == ("<p>Well said</p>", "Well said")
    assert item["tags"] == ["reply"]
    assert item["_linkback"] == {
        "source": SOURCE,
        "target": TARGET,
        "property": "in-reply-to",
        "protocols": ["pingback", "webmention"],
        "received": "2026-01-02T03:04:05Z",
        "id": 190_000_000,
    }


def test_json_feed_s_item_of_a_like_has_an_empty_text_and_no_authors() -> None:
    item = feed.item(record(Mention(Relation.LIKE, SOURCE)))
    assert item["content_text"] == ""
    assert not {"authors", "title", "summary", "image", "content_html"} & set(item)


@pytest.mark.parametrize(
    ("published", "date"),
    [
        ("2026-01-02T03:04:05Z", "2026-01-02T03:04:05+00:00"),
        ("2026-01-02T03:04:05+01:00", "2026-01-02T03:04:05+01:00"),
        ("2026-01-02T03:04+0100", "2026-01-02T03:04:00+01:00"),
        ("2026-01-02 03:04:05-08:00", "2026-01-02T03:04:05-08:00"),
        ("20260102T030405Z", "2026-01-02T03:04:05+00:00"),
        ("2026-01-02T03:04:05", ""),
        ("2026-01-02", ""),
        ("2026-01-02T03:04:05+01:00:30", ""),
        ("yesterday", ""),
        ("", ""),
    ],
)
def test_json_feed_s_date_is_rfc_3339_or_the_time_of_receipt(published: str, date: str) -> None:
    item = feed.item(record(replace(BARE, published=published)))
    assert item["date_published"] == (date or "2026-01-02T03:04:05Z")


@settings(max_examples=60)
@given(MENTIONS)
def test_json_feed_of_any_mention_keeps_the_rules(mention: Mention) -> None:
    assert_json_feed(json.loads(json.dumps(feed.json_feed([record(mention)], "T", TARGET, HERE, NEXT))))
