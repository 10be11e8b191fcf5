"""Owners' tokens in a real table: shown once, known by their hashes, taken back for good."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from linkback import tokens
from linkback.dynamodb import Items
from linkback.index import Index
from linkback.tokens import BadToken, Owner, Tokens

if TYPE_CHECKING:
    from collections.abc import Callable

NOW = 1_790_000_000.0  # 2026-09-21T14:13:20Z
HAND_MADE = "a-token-made-by-hand"


@pytest.fixture
def kept(dynamodb: Any, table_name: str) -> Tokens:
    return Tokens(dynamodb, table_name)


@pytest.fixture
def stored(dynamodb: Any, table_name: str) -> Callable[[], list[dict[str, Any]]]:
    """Every item of the table."""
    return lambda: list(dynamodb.scan(TableName=table_name)["Items"])


@pytest.fixture
def by_hand(dynamodb: Any, table_name: str) -> Callable[..., str]:
    """Puts a token with these further attributes, as an owner with the AWS CLI does."""

    def put(**attributes: Any) -> str:
        key = {"pk": {"S": f"TOKEN#{tokens.digest(HAND_MADE)}"}, "sk": {"S": "TOKEN"}}
        dynamodb.put_item(TableName=table_name, Item=key | attributes)
        return HAND_MADE

    return put


def test_the_table_holds_a_token_s_hash_and_never_the_token(kept: Tokens, stored: Any) -> None:
    token = kept.create("laptop", (), NOW)
    assert re.fullmatch(r"lb_[\w-]{43}", token)
    [item] = stored()
    assert token not in json.dumps(item)
    assert token.removeprefix("lb_") not in json.dumps(item)
    assert tokens.digest(token) in item["pk"]["S"]
    assert kept.create("phone", (), NOW) != token


def test_who_shows_a_token_is_known_with_name_and_sites(kept: Tokens, dynamodb: Any, table_name: str) -> None:
    token = kept.create("  laptop ", ("example.com", "127.0.0.1:8788"), NOW)
    told = Owner("laptop", ("example.com", "127.0.0.1:8788"), tokens.digest(token), "", "2026-09-21T14:13:20.000Z")
    assert kept.owner(token) == kept.by_digest(told.digest) == Index(dynamodb, table_name).owner(token) == told
    assert (told.may("example.com"), told.may("127.0.0.1:8788"), told.may("example.org")) == (True, True, False)
    everywhere = kept.owner(kept.create("everywhere", (), NOW))
    assert everywhere
    assert everywhere.sites == ()
    assert everywhere.may("example.org")


@pytest.mark.parametrize("token", ["", "lb_", "x" * 5_000, "\0", "\ud800", "TOKEN", "лб"])
def test_nobody_shows_a_token_that_was_never_made(kept: Tokens, token: str) -> None:
    kept.create("laptop", (), NOW)
    assert kept.owner(token) is None
    assert kept.by_digest(token) is None


@pytest.mark.parametrize("name", ["", " ", "x" * 65, "a\nb", "a\0", "\x1b[2J", "\x9b", "a\u202eb", "\ud800", "\x7f"])
def test_a_name_that_cannot_be_shown_is_refused(kept: Tokens, stored: Any, name: str) -> None:
    with pytest.raises(BadToken, match="1 to 64 letters"):
        kept.create(name, (), NOW)
    assert stored() == []


@pytest.mark.parametrize("name", ["x", "x" * 64, "my laptop", "Büro 🗝", "<script>"])
def test_any_other_name_is_taken(kept: Tokens, name: str) -> None:
    kept.create(name, (), NOW)
    assert [owner.name for owner in kept.all()] == [name]


def test_a_name_is_given_once(kept: Tokens) -> None:
    token = kept.create("laptop", (), NOW)
    with pytest.raises(BadToken, match="There is a token named laptop already: revoke it first"):
        kept.create(" laptop ", ("example.com",), NOW)
    assert kept.owner(token)
    kept.create("Laptop", (), NOW)


@pytest.mark.parametrize("sites", [("",), (" ",), ("example.com", ""), ("example.com,example.org",), (",",)])
def test_a_site_that_could_be_read_as_every_site_is_refused(kept: Tokens, stored: Any, sites: tuple[str, ...]) -> None:
    with pytest.raises(BadToken, match="by its host"):
        kept.create("laptop", sites, NOW)
    assert stored() == []


def test_tokens_are_listed_oldest_first(kept: Tokens) -> None:
    for number, name in enumerate(("c", "a", "b")):
        kept.create(name, (), NOW + number)
    assert [owner.name for owner in kept.all()] == ["c", "a", "b"]


def test_no_token_is_in_a_feed(kept: Tokens, index: Index) -> None:
    kept.create("laptop", ("example.com",), NOW)
    for partition in ("example.com#public", "#public", "#held"):
        assert list(index.kept(partition, 0)) == []


def test_a_revoked_token_is_refused_and_its_name_free_again(kept: Tokens, stored: Any) -> None:
    first, other = kept.create("laptop", (), NOW), kept.create("phone", (), NOW)
    assert kept.revoke(" laptop ").digest == tokens.digest(first)
    assert kept.owner(first) is None
    assert kept.by_digest(tokens.digest(first)) is None
    assert kept.owner(other)
    assert len(stored()) == 1
    assert kept.create("laptop", (), NOW) != first


def test_all_of_a_name_are_revoked_where_two_were_made_at_once(kept: Tokens, dynamodb: Any, table_name: str) -> None:
    twins = ["one", "other"]
    for twin in twins:
        Items(dynamodb, table_name).put(tokens.item("laptop", tokens.digest(twin), (), NOW), {})
    kept.revoke("laptop")
    assert [kept.owner(twin) for twin in twins] == [None, None]


@pytest.mark.parametrize("name", ["", "tablet", "Laptop", "\0", "x" * 10_000])
def test_what_has_no_such_name_cannot_be_revoked(kept: Tokens, name: str) -> None:
    token = kept.create("laptop", (), NOW)
    with pytest.raises(BadToken, match="There is no token named") as refused:
        kept.revoke(name)
    assert len(str(refused.value)) < 200
    assert kept.owner(token)


def used(kept: Tokens, token: str, now: float) -> str:
    owner = kept.owner(token)
    assert owner
    kept.used(owner, now)
    told = kept.owner(token)
    assert told
    return told.used


def test_a_use_is_noted_once_in_five_minutes(kept: Tokens) -> None:
    token = kept.create("laptop", ("example.com",), NOW)
    assert used(kept, token, NOW + 60) == "2026-09-21T14:14:20.000Z"
    assert used(kept, token, NOW + 359) == "2026-09-21T14:14:20.000Z"
    assert used(kept, token, NOW + 360) == "2026-09-21T14:19:20.000Z"
    [owner] = kept.all()
    assert owner == Owner(
        "laptop", ("example.com",), tokens.digest(token), "2026-09-21T14:19:20.000Z", "2026-09-21T14:13:20.000Z"
    )


def test_a_use_of_tomorrow_is_put_right(kept: Tokens, by_hand: Callable[..., str]) -> None:
    assert used(kept, by_hand(used={"S": "9999-01-01T00:00:00Z"}), NOW) == "2026-09-21T14:13:20.000Z"


def test_a_use_does_not_bring_back_a_revoked_token(kept: Tokens, stored: Any) -> None:
    owner = kept.owner(kept.create("laptop", (), NOW))
    assert owner
    kept.revoke("laptop")
    kept.used(owner, NOW + 1_000)
    assert stored() == []


def test_a_token_made_by_hand_is_as_good_and_listed_once_it_was_used(kept: Tokens, by_hand: Callable[..., str]) -> None:
    token = by_hand(name={"S": "export"})
    assert kept.owner(token) == Owner("export", (), tokens.digest(token))
    assert kept.all() == []
    assert used(kept, token, NOW)
    assert [owner.name for owner in kept.all()] == ["export"]
    kept.revoke("export")
    assert kept.owner(token) is None


@pytest.mark.parametrize(
    "attributes",
    [
        {},
        {"name": {"N": "5"}, "sites": {"N": "5"}, "used": {"N": "5"}, "created": {"N": "5"}},
        {"name": {"NULL": True}, "sites": {"L": []}, "used": {"BOOL": True}, "created": {"M": {}}},
        {"name": {"S": ""}, "sites": {"S": ""}, "used": {"S": ""}, "created": {"S": "yesterday"}},
        {"used": {"S": "2026-09-21T14:13:20"}, "created": {"S": "2026-09-21"}},
        {"used": {"S": "0001-01-01T00:00:00+23:59"}, "created": {"S": "9999-12-31T23:59:59-23:59"}},
        {"name": {"B": b"\xff"}, "used": {"S": "\0"}, "created": {"SS": ["x"]}},
    ],
)
def test_odd_attributes_raise_nothing(kept: Tokens, by_hand: Callable[..., str], attributes: dict[str, Any]) -> None:
    assert used(kept, by_hand(**attributes), NOW) == "2026-09-21T14:13:20.000Z"
    assert len(kept.all()) == 1


@pytest.mark.parametrize(
    ("sites", "may"), [("example.com", True), ("example.org, example.com", True), (",", False), (" ", False)]
)
def test_sites_written_by_hand_never_mean_more_than_they_say(
    kept: Tokens, by_hand: Callable[..., str], sites: str, *, may: bool
) -> None:
    owner = kept.owner(by_hand(sites={"S": sites}))
    assert owner
    assert owner.may("example.com") is may
    assert not owner.may("example.net")
