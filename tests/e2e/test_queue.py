"""What the queue does with a message that our code cannot stand, and what becomes of its neighbours."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from e2e.bridge import Bridge
    from e2e.stack import Stack

pytestmark = pytest.mark.deployed


@pytest.fixture
def impatient(stack: Stack) -> Iterator[Any]:
    """SQS, with the queue handing a failed message out again after a second instead of twelve minutes."""
    sqs, queue = stack.client("sqs"), stack.physical("Pings")
    told = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["VisibilityTimeout"])["Attributes"]
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"VisibilityTimeout": "1"})
    yield sqs
    sqs.set_queue_attributes(QueueUrl=queue, Attributes=told)


def waiting(sqs: Any, queue: str) -> int:
    """How many messages a queue has, in work or not."""
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    return sum(map(int, sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=names)["Attributes"].values()))


def test_poison_lands_in_the_dead_letters_and_its_neighbours_are_visited(
    bridge: Bridge, stack: Stack, impatient: Any
) -> None:
    queue, dead = stack.physical("Pings"), stack.physical("DeadPings")
    target = bridge.new_target()
    before, after = (bridge.new_source(target) for _ in range(2))
    first = bridge.webmention(before, target)
    for number, poison in enumerate(["not JSON at all", json.dumps({"id": "x"}), json.dumps(["a", "list"])]):
        impatient.send_message(
            QueueUrl=queue, MessageBody=poison, MessageGroupId="poison", MessageDeduplicationId=f"poison-{number}"
        )
    second = bridge.webmention(after, target)
    assert bridge.fate(first)["status"] == bridge.fate(second)["status"] == "published"
    assert bridge.until(lambda: waiting(impatient, dead), lambda count: count == 3)
    assert waiting(impatient, queue) == 0
    assert {child["wm-source"] for child in bridge.children(target)} == {before, after}
