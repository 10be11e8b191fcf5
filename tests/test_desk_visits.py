"""What visits and doors leave for the desk: signals, counts, the log of refusals, repetitions that cost one read."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest

from desk import Owner, owner
from linkback.rules import Action, Kind, Rule

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Bridge, Call
    from internet import Web
    from linkback.table import Table

TARGET = "https://example.com/post"
TEXT = "A text of some more letters than anybody would write twice by chance, about"
LINK = f'<p>{TEXT} <a href="{TARGET}">this</a>.</p>'


@pytest.fixture
def first(make_bridge: Callable[..., Bridge]) -> Bridge:
    return make_bridge(MODERATION="first")


@pytest.fixture
def me(first: Bridge, dynamodb: Any, table_name: str) -> Owner:
    return owner(first, dynamodb, table_name)


def signals(me: Owner, source: str) -> dict[str, str]:
    """The signals of what waits from this source, by name."""
    [item] = [one for one in me.queue() if one["wm-source"] == source]
    return {signal["name"]: signal["words"] for signal in item["signals"]}


def test_the_same_text_from_another_host_is_told_whoever_was_first(me: Owner, first: Bridge, internet: Web) -> None:
    one = internet.put("/one", LINK)
    other = internet.put("/other", LINK.replace("this", "THIS")).replace("127.0.0.1", "localhost")
    first.fate(one, TARGET)
    first.fate(other, TARGET)
    host = one.split("/")[2]
    assert signals(me, other)["same-text"] == f"The same text was seen on {host}."
    assert "same-text" not in signals(me, one)
    first.fate(one, TARGET)
    assert "same-text" in signals(me, one)


def test_the_same_text_on_the_same_host_is_nothing_to_tell(me: Owner, first: Bridge, internet: Web) -> None:
    sources = [internet.put(f"/{number}", LINK) for number in range(2)]
    for source in sources:
        first.fate(source, TARGET)
    assert "same-text" not in signals(me, sources[1])


def test_a_page_in_another_language_than_the_target_is_told(
    make_bridge: Callable[..., Bridge], dynamodb: Any, table_name: str, internet: Web
) -> None:
    bridge = make_bridge(MODERATION="first", SITES="127.0.0.1", SELF_MENTIONS="allow")
    target = internet.put("/target", "<html lang=de-AT><title>Eine Seite</title>")
    source = internet.put("/source", f'<html lang=fr><p>Voir <a href="{target}">ici</a>').replace(
        "127.0.0.1", "localhost"
    )
    bridge.fate(source, target)
    told = signals(owner(bridge, dynamodb, table_name), source)
    assert told["other-language"] == "The page is in French, yours in German."


def test_of_a_host_that_the_owner_knows_nothing_is_looked_up(
    table: Table, internet: Web, calls: list[Call], make_bridge: Callable[..., Bridge]
) -> None:
    bridge, source = make_bridge(MODERATION="first"), internet.put("/known", LINK)
    table.put_rule(Rule("example.com", Kind.HOST, "127.0.0.1", Action.ALLOW))
    calls.clear()
    assert bridge.fate(source, TARGET)["status"] == "published"
    assert not [params for _, params in calls if "TEXT#" in str(params)]


def test_a_farm_that_copies_is_held_though_nothing_else_would_be(
    make_bridge: Callable[..., Bridge], internet: Web, dynamodb: Any, table_name: str
) -> None:
    """Two serious signals: the many hosts that it links to, and the text that others have."""
    bridge = make_bridge(MODERATION="none")
    farm = LINK + "".join(f'<a href="https://host{number}.example/">x</a> ' for number in range(90))
    assert bridge.fate(internet.put("/honest", LINK), TARGET)["status"] == "published"
    source = internet.put("/farm", farm).replace("127.0.0.1", "localhost")
    assert bridge.fate(source, TARGET)["status"] == "held"
    [item] = owner(bridge, dynamodb, table_name).queue()
    assert (item["doubt"], {signal["weight"] for signal in item["signals"]}) == (2, {0, 2})


def test_a_sender_that_a_blogs_record_does_not_name_is_told(
    make_bridge: Callable[..., Bridge], me: Owner, internet: Web
) -> None:
    asked: list[tuple[str, str]] = []

    def record(host: str, ip: str) -> bool:
        asked.append((host, ip))
        return False

    bridge = make_bridge(record, MODERATION="first")
    source = internet.put("/ppf", LINK)
    bridge.pingback(source, TARGET)
    bridge.work()
    assert asked == [("127.0.0.1", bridge.sender)]
    assert "sender-not-permitted" in signals(me, source)
    bridge.fate(source, TARGET)
    assert len(asked) == 1  # only of Pingbacks


def test_visits_are_counted_by_day_and_dialect(first: Bridge, me: Owner, internet: Web) -> None:
    source = internet.put("/counted", LINK)
    first.fate(source, TARGET)
    first.pingback(source, TARGET)
    first.work()
    me.sign_in()
    page = me.page("/pings")
    today = time.strftime("%Y-%m-%d", time.gmtime())
    assert f"<tr><th>{today}</th><td>1</td><td>1</td><td>0</td></tr>" in page


# Repetitions


def test_a_ping_that_changes_nothing_again_and_again_costs_one_read(
    internet: Web, calls: list[Call], make_bridge: Callable[..., Bridge]
) -> None:
    bridge = make_bridge(MODERATION="none")
    source = internet.put("/again", LINK)
    for _ in range(4):
        assert bridge.fate(source, TARGET)["status"] == "published"
    seen = len(internet.asked)
    calls.clear()
    answer = bridge.webmention(source, TARGET)
    assert (answer.status, [name for name, _ in calls]) == (201, ["GetItem"])
    assert bridge.messages() == []
    assert len(internet.asked) == seen


def test_nobody_is_made_to_wait_for_who_repeats_his_ping(bridge: Bridge, internet: Web) -> None:
    """Else a stranger could keep an author from taking back what he wrote."""
    source = internet.put("/mine", LINK)
    bridge.fate(source, TARGET)
    bridge.sender = "198.51.100.66"
    for _ in range(8):
        bridge.webmention(source, TARGET)
        bridge.work()
    bridge.sender = "192.0.2.1"
    internet.put("/mine", "gone", 410)
    assert bridge.fate(source, TARGET)["status"] == "gone"


def test_a_page_that_changed_is_seen_by_the_next_three_pings(bridge: Bridge, internet: Web) -> None:
    source = internet.put("/edited", LINK)
    for number in range(3):
        bridge.fate(source, TARGET)
        internet.put("/edited", LINK.replace("A text", f"Text {number}"))
        bridge.fate(source, TARGET)
        assert bridge.children()[0]["content"]["text"].startswith(f"Text {number}")


def test_what_is_not_shown_or_held_is_visited_however_often_it_is_told(bridge: Bridge, internet: Web) -> None:
    source = internet.put("/missing", "<p>no link</p>")
    for _ in range(6):
        bridge.fate(source, TARGET)
    internet.put("/missing", LINK)
    assert bridge.fate(source, TARGET)["status"] == "published"
