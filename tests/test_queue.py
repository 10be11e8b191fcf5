"""The queue's messages, and a batch of them: each host in turn, hosts at once, and no failure but one's own."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from linkback import queue
from linkback.ping import Ping, Protocol

PING = Ping(
    "https://blog.example.org/ü",
    "https://example.com/post",
    Protocol.PINGBACK,
    datetime(2026, 11, 22, 12, 0, 0, 5000, tzinfo=UTC),
    {"title": "x"},
)


def batch(*groups: str) -> list[dict[str, Any]]:
    return [{"messageId": str(number), "attributes": {"MessageGroupId": group}} for number, group in enumerate(groups)]


def unexpected(message: dict[str, Any], bug: Exception) -> None:
    raise AssertionError(message) from bug


def test_a_message_carries_the_whole_ping() -> None:
    sent = replace(PING, sender="192.0.2.1")
    body = queue.entry(sent, "https://bridge.example")["MessageBody"]
    assert queue.read({"body": body}) == (sent, "https://bridge.example")


def test_only_a_pingback_carries_the_address_of_its_sender() -> None:
    body = queue.entry(replace(PING, sender="192.0.2.1", protocol=Protocol.TRACKBACK), "")["MessageBody"]
    assert "192.0.2.1" not in body


def test_a_ping_that_its_owner_wants_visited_again_is_another_message_of_the_same_ping() -> None:
    once, again = queue.entry(PING, ""), queue.entry(PING, "", PING.received)
    assert once["MessageDeduplicationId"] != again["MessageDeduplicationId"]
    assert once["MessageBody"] == again["MessageBody"]


def test_one_host_is_one_group_and_the_same_telling_one_message() -> None:
    first = queue.entry(PING, "b")
    other_page = queue.entry(replace(PING, source="https://blog.example.org/other"), "b")
    other_host = queue.entry(replace(PING, source="https://blog.example.net/"), "b")
    later = queue.entry(replace(PING, received=PING.received + timedelta(seconds=1)), "b")
    assert first["MessageGroupId"] == other_page["MessageGroupId"] != other_host["MessageGroupId"]
    assert first["MessageDeduplicationId"] == queue.entry(PING, "b")["MessageDeduplicationId"]
    assert len({one["MessageDeduplicationId"] for one in (first, other_page, other_host, later)}) == 4
    assert all(len(value) <= 128 for name, value in first.items() if name != "MessageBody")


def test_a_host_is_visited_in_the_order_of_its_messages() -> None:
    seen: list[str] = []
    failed = queue.work(batch("a", "a", "a"), lambda one: seen.append(one["messageId"]), unexpected, lambda: 60)
    assert (seen, failed) == (["0", "1", "2"], [])


def test_hosts_are_visited_at_once() -> None:
    together = threading.Barrier(10)
    waited: list[int] = []
    queue.work(batch(*"abcdefghij"), lambda _: waited.append(together.wait(10)), unexpected, lambda: 60)
    assert len(waited) == 10


def test_a_message_that_fails_is_handed_back_alone() -> None:
    bugs: list[tuple[str, str]] = []

    def visit(message: dict[str, Any]) -> None:
        if message["messageId"] == "1":
            raise ValueError("poison")

    failed = queue.work(
        batch("a", "a", "a", "b"), visit, lambda one, bug: bugs.append((one["messageId"], str(bug))), lambda: 60
    )
    assert failed == ["1"]
    assert bugs == [("1", "poison")]


def test_what_cannot_be_begun_in_time_is_handed_back() -> None:
    left = iter([60, 29, 29])
    failed = queue.work(batch("a", "a", "a"), lambda _: None, unexpected, lambda: next(left))
    assert failed == ["1", "2"]
