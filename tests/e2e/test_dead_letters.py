"""What the queue does with a message that our code cannot stand, and what becomes of its neighbours."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from e2e.stack import NAME, REGION, ROOT
from linkback import queue
from linkback.ping import Ping, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator

    from e2e.bridge import Bridge
    from e2e.stack import Stack

pytestmark = pytest.mark.deployed


@pytest.fixture
def impatient(stack: Stack) -> Iterator[Any]:
    """SQS, with the queue handing a failed message out again after a second instead of twelve minutes."""
    sqs, living = stack.client("sqs"), stack.physical("Pings")
    told = sqs.get_queue_attributes(QueueUrl=living, AttributeNames=["VisibilityTimeout"])["Attributes"]
    sqs.set_queue_attributes(QueueUrl=living, Attributes={"VisibilityTimeout": "1"})
    yield sqs
    sqs.set_queue_attributes(QueueUrl=living, Attributes=told)


def waiting(sqs: Any, queue: str) -> int:
    """How many messages a queue has, in work or not."""
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    return sum(map(int, sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=names)["Attributes"].values()))


def test_poison_lands_in_the_dead_letters_and_its_neighbours_are_visited(
    bridge: Bridge, stack: Stack, impatient: Any
) -> None:
    living, dead = stack.physical("Pings"), stack.physical("DeadPings")
    target = bridge.new_target()
    before, after = (bridge.new_source(target) for _ in range(2))
    first = bridge.webmention(before, target)
    for number, poison in enumerate(["not JSON at all", json.dumps({"id": "x"}), json.dumps(["a", "list"])]):
        impatient.send_message(
            QueueUrl=living, MessageBody=poison, MessageGroupId="poison", MessageDeduplicationId=f"poison-{number}"
        )
    second = bridge.webmention(after, target)
    assert bridge.fate(first)["status"] == bridge.fate(second)["status"] == "published"
    assert bridge.until(lambda: waiting(impatient, dead), lambda count: count == 3)
    assert waiting(impatient, living) == 0
    assert {child["wm-source"] for child in bridge.children(target)} == {before, after}


def test_a_dead_ping_is_sent_back_and_visited(bridge: Bridge, stack: Stack) -> None:
    """As if a bug had killed it, and were mended: the message lies dead, `make redrive` is called."""
    sqs, dead = stack.client("sqs"), stack.physical("DeadPings")
    while letters := sqs.receive_message(QueueUrl=dead, MaxNumberOfMessages=10).get("Messages"):
        for letter in letters:
            sqs.delete_message(QueueUrl=dead, ReceiptHandle=letter["ReceiptHandle"])
    target = bridge.new_target()
    ping = Ping(bridge.new_source(target), target, Protocol.PINGBACK, datetime.now(UTC))
    sqs.send_message(QueueUrl=dead, **queue.entry(ping, bridge.base))
    environment = stack.environment | {"REGION": REGION, "STACK": NAME}
    command = [sys.executable, "-m", "deploy.redrive"]
    ran = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert "1 dead ping" in ran.stdout
    [child] = bridge.until(lambda: bridge.children(target), lambda children: children)
    assert child["wm-source"] == ping.source
    assert waiting(sqs, dead) == 0
