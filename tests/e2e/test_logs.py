"""What an operator sees of a ping: a line in the log of each function it passed, with the metrics in it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from embedded import metrics

if TYPE_CHECKING:
    from e2e.bridge import Bridge
    from e2e.stack import Stack

pytestmark = pytest.mark.deployed

NAMESPACE = "Linkback/linkback"


def lines(stack: Stack, function: str, event: str) -> list[dict[str, Any]]:
    """The lines of this kind in a function's log group, oldest first."""
    group = stack.physical(f"{function}Log")
    pages = stack.client("logs").get_paginator("filter_log_events").paginate(logGroupName=group)
    told = [one["message"] for page in pages for one in page["events"]]
    found = [json.loads(line) for line in told if line.startswith("{")]
    return [line for line in found if line.get("message") == event]


def test_a_ping_can_be_followed_through_the_logs(bridge: Bridge, stack: Stack) -> None:
    target = bridge.new_target()
    source = bridge.new_source(target)
    answer = bridge.webmention(source, target)
    assert bridge.fate(answer)["status"] == "published"
    assert bridge.children(target)
    ping_id = answer.headers["location"].rpartition("/")[2]

    def of_this_ping(function: str, event: str) -> list[dict[str, Any]]:
        return [line for line in lines(stack, function, event) if line.get("id") == ping_id]

    [door] = bridge.until(lambda: of_this_ping("Receive", "door"), bool)
    assert (door["source"], door["target"], door["outcome"]) == (source, target, "accepted")
    assert metrics(door, NAMESPACE) == {"Accepted": 1}
    [visit] = bridge.until(lambda: of_this_ping("Verify", "visit"), bool)
    assert (visit["outcome"], visit["attempt"]) == ("published", 1)
    assert metrics(visit, NAMESPACE) == {"Published": 1, "VisitTime": visit["ms"]}
    feeds = [line for line in lines(stack, "Publish", "read") if line["route"] == "GET /api/mentions.jf2"]
    assert metrics(feeds[-1], NAMESPACE) == {"Reads": 1}


def test_a_refusal_is_logged_with_its_reason(bridge: Bridge, stack: Stack) -> None:
    source = bridge.new_source("https://not-our-site.example/")
    assert bridge.webmention(source, "https://not-our-site.example/").status == 400
    [door] = [line for line in lines(stack, "Receive", "door") if line.get("source") == source]
    assert (door["status"], door["reason"], metrics(door, NAMESPACE)) == (400, "target-unknown", {"Refused": 1})
