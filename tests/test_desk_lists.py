"""Long lists on the desk: where a page ends, where it goes on, and that a cursor loses and repeats nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import pytest

from desk import Owner, owner, words
from linkback import keys
from linkback.desk.attempts import Attempts
from linkback.desk.ledger import Ledger
from linkback.dynamodb import pack
from linkback.policy import Policy, SelfMentions
from linkback.record import Record, State
from linkback.rules import Action, Kind, Rule
from linkback.table import record_item, rule_item
from shelf import NOON, SITES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from conftest import Bridge
    from internet import Web
    from linkback.table import Table
    from shelf import Shelf

TARGET = "https://example.com/post"
LINK = f'<p>A fine post: <a href="{TARGET}">this</a>.</p>'


@pytest.fixture
def first(make_bridge: Callable[..., Bridge]) -> Bridge:
    return make_bridge(MODERATION="first", SITES="example.com,example.org")


@pytest.fixture
def me(first: Bridge, dynamodb: Any, table_name: str) -> Owner:
    found = owner(first, dynamodb, table_name)
    found.sign_in()
    return found


@pytest.fixture
def fill(dynamodb: Any, table_name: str) -> Callable[[Iterable[dict[str, Any]]], None]:
    """Put many items into the table at once."""

    def write(items: Iterable[dict[str, Any]]) -> None:
        puts = [{"PutRequest": {"Item": pack(item)}} for item in items]
        for start in range(0, len(puts), 25):
            answer = dynamodb.batch_write_item(RequestItems={table_name: puts[start : start + 25]})
            assert not answer["UnprocessedItems"]

    return write


def held(shelf: Shelf, number: int, **seen: Any) -> Record:
    """One that waits, of this number in its partition."""
    return replace(shelf.record(number, state=State.HELD, **seen), number=number + 1, version=1)


def attempt(number: int, **members: Any) -> dict[str, Any]:
    """The record of a ping, as the log has it."""
    name = f"{number:022}"
    told = {"id": name, "site": "example.com", "source": f"https://blog.example/{number}", "target": TARGET}
    told |= {"status": "declined", "protocol": "webmention", "feed": "example.com#pings"}
    return keys.ping(name) | told | {"seq": 1_000_000 + number} | members


def listed(me: Owner, place: str, **query: str) -> list[list[dict[str, Any]]]:
    """What a list has, page by page, each asked for by the cursor of the one before."""
    pages, cursor = list[list[dict[str, Any]]](), ""
    for _ in range(9):
        told = me.get(f"{place}?{urlencode(query | ({'cursor': cursor} if cursor else {}))}")
        pages.append(told["items"])
        if told["cursor"] is None:
            return pages
        cursor = told["cursor"]
    return pytest.fail(f"{place} has no end")


# Searches


def test_a_search_looks_through_a_thousand_and_the_cursor_goes_on_to_what_is_behind(
    me: Owner, shelf: Shelf, fill: Callable[..., None]
) -> None:
    records = [held(shelf, number, text="needle" if number == 0 else "hay") for number in range(1001)]
    fill(map(record_item, records))
    pages = listed(me, "mentions", q="needle")
    assert [[item["wm-source"] for item in page] for page in pages] == [[], [records[0].source]]
    assert "None among the last thousand" in words(me.page("?q=needle"))


def test_a_search_that_ends_within_its_thousand_says_so(me: Owner, shelf: Shelf, fill: Callable[..., None]) -> None:
    fill(record_item(held(shelf, number, text="needle" if number == 0 else "hay")) for number in range(1000))
    assert [len(page) for page in listed(me, "mentions", q="needle")] == [1]


def test_a_search_in_the_log_looks_through_a_thousand_and_the_cursor_goes_on(
    me: Owner, fill: Callable[..., None]
) -> None:
    fill(attempt(number, **({"reason": "no-link"} if number == 0 else {})) for number in range(1001))
    for query in ({"q": "no-link"}, {"status": "declined", "q": "NO-LINK blog.example"}):
        pages = listed(me, "pings", **query)
        assert [[item["id"] for item in page] for page in pages] == [[], [f"{0:022}"]]
    page = words(me.page("/pings?q=no-link"))
    assert "None of those that were looked through" in page


# Pages


def test_a_page_of_long_mentions_ends_before_an_answer_would_be_too_large(
    me: Owner, shelf: Shelf, fill: Callable[..., None]
) -> None:
    fill(record_item(held(shelf, number, text=f"{number} " + "x" * 60_000)) for number in range(50))
    pages = listed(me, "mentions")
    assert [len(page) for page in pages] == [34, 16]
    assert len({item["id"] for page in pages for item in page}) == 50


def test_fifty_short_mentions_are_one_page(me: Owner, shelf: Shelf, fill: Callable[..., None]) -> None:
    fill(record_item(held(shelf, number)) for number in range(50))
    assert [len(page) for page in listed(me, "mentions")] == [50]
    fill([record_item(held(shelf, 50))])
    assert [len(page) for page in listed(me, "mentions")] == [50, 1]


def test_what_tells_caches_to_forget_is_no_mention_that_is_gone(me: Owner, first: Bridge, internet: Web) -> None:
    for path in ("/hidden", "/gone"):
        first.fate(internet.put(path, LINK), TARGET)
    for item in me.queue():
        me.act(item["id"], "approve")
    me.act(next(item["id"] for item in me.queue("public") if "/hidden" in item["wm-source"]), "hold")
    assert me.queue("gone") == []
    assert me.queue("gone", q="hidden") == []
    assert len(first.json("/api/deleted")["children"]) == 1  # the pointer is there
    source = internet.put("/gone", "<p>no more</p>")
    assert first.fate(source, TARGET)["status"] == "hidden"
    assert [item["wm-source"] for item in me.queue("gone")] == [source]
    assert "Gone (1)" in words(me.page("?state=gone"))


@pytest.mark.parametrize(("place", "kind"), [("rules", Kind.HOST), ("hosts", Kind.KNOWN_HOST)])
def test_more_rules_than_a_page_holds_are_all_listed(
    me: Owner, fill: Callable[..., None], place: str, kind: Kind
) -> None:
    names = [f"h{number:03}.example" for number in range(501)]
    fill(rule_item(Rule("example.com", kind, name, Action.ALLOW)) for name in names)
    pages = listed(me, place)
    assert [len(page) for page in pages] == [500, 1]
    assert [item["value"] for page in pages for item in page] == names


# The chart


def test_the_chart_has_fourteen_days_and_no_visit_of_an_earlier_one(
    table: Table, dynamodb: Any, table_name: str
) -> None:
    for back in (0, 13, 14):
        date = (NOON - timedelta(days=back)).strftime("%Y-%m-%d")
        for _ in range(back + 1):
            table.count("example.com", date, "webmention", "held")
    policy, ledger = Policy(SITES, SelfMentions.REFUSE), Ledger(dynamodb, table_name)
    days = Attempts(policy, table, ledger, lambda _: None).chart("example.com", NOON)
    assert [date for date, _ in days] == [f"2026-11-{day:02}" for day in range(9, 23)]
    assert [counts["webmention"] for _, counts in days] == [14, *[0] * 12, 1]


# Status pages


def test_an_approval_leaves_a_declined_telling_of_the_same_claim_declined(
    me: Owner, first: Bridge, internet: Web
) -> None:
    source = internet.put("/p", LINK)
    me.api("POST", "rules", {"site": "example.com", "kind": "dialect", "value": "pingback", "action": "block"})
    first.pingback(source, TARGET)
    first.fate(source, TARGET)
    [item] = me.queue()
    attempts = {one["protocol"]: one for one in me.get("pings")["items"]}
    assert {one["claim"] for one in attempts.values()} == {item["id"]}
    for action, status in (("approve", "published"), ("spam", "held"), ("delete", "held")):
        me.act(item["id"], action)
        told = {protocol: first.json(f"/pings/{one['id']}") for protocol, one in attempts.items()}
        assert {protocol: page["status"] for protocol, page in told.items()} == {
            "pingback": "declined",
            "webmention": status,
        }, action
        assert told["pingback"]["reason"] == "blocked"


def test_a_mention_that_a_hand_has_spoilt_hides_no_other(
    me: Owner, shelf: Shelf, dynamodb: Any, table_name: str
) -> None:
    for number in range(3):
        shelf.put(number, state=State.HELD)
    for item in dynamodb.scan(TableName=table_name)["Items"]:
        if item["sk"]["S"].startswith("MENTION#") and item["source"]["S"].endswith(("/0", "/1")):
            spoilt = {"protocols": None} if item["source"]["S"].endswith("/0") else {"state": {"S": "lost"}}
            whole = {name: value for name, value in (item | spoilt).items() if value}
            dynamodb.put_item(TableName=table_name, Item=whole)
    assert [item["wm-source"].rpartition("/")[2] for item in me.queue()] == ["2"]
    me.sign_in()
    assert me.page("?q=words").count('class="mention"') == 1
