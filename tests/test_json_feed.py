"""JSON Feed 1.1 of mentions, held to a schema of its specification."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings

from linkback.feed import json_feed
from linkback.feed.format import as_json
from linkback.mention import Mention, Relation
from published import BARE, CHANNEL, FULL, SOURCE, TARGET, published, written
from test_mention import MENTIONS

SCHEMA = json.loads((Path(__file__).parent / "json_feed_1.1.schema.json").read_text("utf-8"))
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)
NEXT = "https://bridge.example/feed.json?page=1"


def assert_json_feed(told: dict[str, Any]) -> None:
    """What the schema says, and two rules that no schema can."""
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert [error.message for error in VALIDATOR.iter_errors(told)] == []
    assert told.get("next_url") != told["feed_url"]
    ids = [item["id"] for item in told["items"]]
    assert len(set(ids)) == len(ids)


def test_json_feed_of_a_full_and_a_bare_mention_keeps_the_rules() -> None:
    mentions = [published(FULL), published(BARE, claim="b3RoZXI")]
    told = written(json_feed, mentions, following=NEXT)
    assert_json_feed(told)
    assert (told["home_page_url"], told["feed_url"], told["next_url"]) == (CHANNEL.home, CHANNEL.here, NEXT)
    assert told["title"] == "Mentions of example.com"


def test_json_feed_s_last_page_has_no_next() -> None:
    told = written(json_feed, [])
    assert_json_feed(told)
    assert "next_url" not in told


def test_json_feed_names_a_websub_hub_where_there_is_one() -> None:
    told = written(json_feed, [], replace(CHANNEL, hub="https://hub.example/"))
    assert_json_feed(told)
    assert told["hubs"] == [{"type": "WebSub", "url": "https://hub.example/"}]
    assert "hubs" not in written(json_feed, [])


def test_json_feed_s_item_of_a_full_reply() -> None:
    item = json_feed.item(published(FULL))
    assert (item["id"], item["url"], item["external_url"]) == ("Y2xhaW0", FULL.url, TARGET)
    assert item["authors"] == [
        {"name": "Alice", "url": "https://alice.example/", "avatar": "https://alice.example/a.jpg"}
    ]
    assert (item["title"], item["summary"], item["image"]) == ("A reply", "In short", "https://alice.example/1.jpg")
    assert (item["content_html"], item["content_text"]) == ("<p>Well said</p>", "Well said")
    assert item["tags"] == ["reply"]
    assert json.loads(as_json(item["_linkback"])) == {
        "source": SOURCE,
        "target": TARGET,
        "property": "in-reply-to",
        "protocols": ["pingback", "webmention"],
        "received": "2026-01-02T03:04:05Z",
        "id": 190_000_000,
    }


def test_json_feed_s_item_of_a_like_has_an_empty_text_and_no_authors() -> None:
    item = json_feed.item(published(Mention(Relation.LIKE, SOURCE)))
    assert item["content_text"] == ""
    assert not {"authors", "title", "summary", "image", "content_html"} & set(item)


@pytest.mark.parametrize(
    ("told", "date"),
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
def test_json_feed_s_date_is_rfc_3339_or_the_time_of_receipt(told: str, date: str) -> None:
    item = json_feed.item(published(replace(BARE, published=told)))
    assert item["date_published"] == (date or "2026-01-02T03:04:05Z")


@settings(max_examples=60)
@given(MENTIONS)
def test_json_feed_of_any_mention_keeps_the_rules(mention: Mention) -> None:
    assert_json_feed(written(json_feed, [published(mention)], following=NEXT))


@pytest.mark.parametrize(
    ("member", "value"), [("date_published", "yesterday"), ("id", 5), ("tags", "x"), ("authors", [{}]), ("author", {})]
)
def test_the_schema_is_one_that_refuses(member: str, value: object) -> None:
    told = written(json_feed, [published(FULL)])
    told["items"][0][member] = value
    assert list(VALIDATOR.iter_errors(told))
