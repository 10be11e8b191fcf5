"""From the queue to `verify` and back: real messages of an emulated queue made from template.yaml."""

from __future__ import annotations

import io
import json
import threading
import time
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from linkback.queue import read
from linkback_cli import template
from linkback_cli.console import Console
from linkback_cli.emulator import Emulator
from linkback_cli.functions import Function
from linkback_cli.store import Store, token_item
from linkback_cli.template import Batches
from linkback_cli.worker import Source, Worker

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SECONDS = 10


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with Emulator(tmp_path_factory.mktemp("store") / "log") as emulator:
        yield Store(emulator.endpoint, template.load())


class Queue:
    """The queue of the store, one test's `verify`, and what it saw."""

    def __init__(self, store: Store, verify: Callable[[dict[str, Any]], Any], at_once: int = 2) -> None:
        self.store, self.events = store, []  # type: Store, list[dict[str, Any]]
        self.out = io.StringIO()

        def handler(event: dict[str, Any], _: Any) -> Any:
            self.events.append(event)
            return verify(event)

        source = Source(store.sqs, store.queue_url, store.queue_arn, Batches(10, at_once), back_off=0)
        self.worker = Worker(source, Function(lambda: handler, at_once), lambda: None, Console(self.out))
        self.worker.start()

    def send(self, *bodies: str, group: str | None = None) -> None:
        for body in bodies:
            self.store.sqs.send_message(
                QueueUrl=self.store.queue_url, MessageBody=body, MessageGroupId=group or body,
                MessageDeduplicationId=f"{body}-{time.monotonic_ns()}",
            )  # fmt: skip
        self.worker.nudge()

    def waiting(self) -> int:
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        got = self.store.sqs.get_queue_attributes(QueueUrl=self.store.queue_url, AttributeNames=names)["Attributes"]
        return sum(map(int, got.values()))

    def bodies(self) -> list[str]:
        return [record["body"] for event in list(self.events) for record in event["Records"]]


def wait_for(seen: Callable[[], Any]) -> None:
    deadline = time.monotonic() + SECONDS
    while not seen():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.01)


def failing(*bodies: str) -> Callable[[dict[str, Any]], Any]:
    def verify(event: dict[str, Any]) -> Any:
        failed = [one["messageId"] for one in event["Records"] if one["body"] in bodies]
        return {"batchItemFailures": [{"itemIdentifier": one} for one in failed]}

    return verify


def test_a_batch_is_lambda_s_sqs_event_and_what_succeeded_is_deleted(store: Store) -> None:
    queue = Queue(store, failing())
    queue.send("a", "b")
    wait_for(lambda: queue.waiting() == 0)
    assert queue.worker.stop()
    record = queue.events[0]["Records"][0]
    assert record["eventSource"] == "aws:sqs"
    assert record["eventSourceARN"].endswith(":Pings.fifo")
    assert record["attributes"]["ApproximateReceiveCount"] == "1"
    assert record["attributes"]["MessageGroupId"] == record["body"]
    assert sorted(queue.bodies()) == ["a", "b"]


def test_what_failed_comes_back_alone_and_ends_with_the_dead_letters(store: Store) -> None:
    queue = Queue(store, failing("bad"))
    queue.send("good", "bad")
    dead = store.sqs.get_queue_url(QueueName="DeadPings.fifo")["QueueUrl"]
    wait_for(lambda: queue.waiting() == 0)
    assert queue.worker.stop()
    assert queue.bodies().count("good") == 1
    assert queue.bodies().count("bad") == 4
    (message,) = store.sqs.receive_message(QueueUrl=dead)["Messages"]
    assert message["Body"] == "bad"


def test_when_verify_itself_fails_the_whole_batch_comes_back(store: Store) -> None:
    broken = threading.Event()

    def verify(_: dict[str, Any]) -> Any:
        if not broken.is_set():
            broken.set()
            raise RuntimeError("out of ink")

    queue = Queue(store, verify)
    queue.send("c")
    wait_for(lambda: queue.bodies().count("c") == 2 and queue.waiting() == 0)
    assert queue.worker.stop()
    assert "out of ink" in queue.out.getvalue()


def test_one_slow_batch_does_not_hold_up_another_host(store: Store) -> None:
    slow, done = threading.Event(), threading.Event()

    def verify(event: dict[str, Any]) -> Any:
        if any(record["body"] == "slow" for record in event["Records"]):
            slow.set()
            assert done.wait(SECONDS)
        else:
            done.set()

    queue = Queue(store, verify)
    queue.send("slow")
    assert slow.wait(SECONDS)
    queue.send("quick")
    assert done.wait(SECONDS)
    assert queue.worker.stop()


def test_what_was_queued_when_the_last_run_ended_is_queued_again(store: Store) -> None:
    record = {
        "pk": {"S": "PING#abc"},
        "sk": {"S": "PING"},
        "status": {"S": "queued"},
        "source": {"S": "https://blog.example/1"},
        "target": {"S": "https://example.com/"},
        "protocol": {"S": "pingback"},
        "received": {"S": "2026-07-10T19:19:05Z"},
        "base": {"S": "http://127.0.0.1:8787"},
        "seq": {"N": "5"},
    }
    others = [record | {"status": {"S": status}, "pk": {"S": f"PING#{status}"}} for status in ("published", "declined")]
    assert store.requeue([record, *others, token_item("secret")], "http://127.0.0.1:1") == 1
    queue = Queue(store, failing())
    wait_for(queue.bodies)
    assert queue.worker.stop()
    [body] = queue.bodies()
    ping, base = read({"body": body})
    assert (ping.source, ping.target, ping.protocol) == ("https://blog.example/1", "https://example.com/", "pingback")
    assert (ping.received.isoformat(), base) == ("2026-07-10T19:19:05+00:00", "http://127.0.0.1:8787")


def test_the_pings_of_one_host_are_queued_again_in_the_order_they_came(store: Store) -> None:
    def record(minute: int) -> dict[str, dict[str, str]]:
        told = {"pk": f"PING#{minute}", "sk": "PING", "status": "queued", "source": f"https://blog.example/{minute}"}
        told |= {"target": "https://example.com/", "protocol": "webmention", "received": f"2026-07-10T19:0{minute}:05Z"}
        return {name: {"S": value} for name, value in told.items()}

    assert store.requeue([record(minute) for minute in (3, 1, 2)], "http://127.0.0.1:1") == 3
    queue = Queue(store, failing())
    wait_for(lambda: len(queue.bodies()) == 3)
    assert queue.worker.stop()
    assert [read({"body": body})[0].source[-1] for body in queue.bodies()] == ["1", "2", "3"]


def test_the_table_gives_back_every_item_but_what_is_out_of_date(store: Store) -> None:
    items = [{"pk": {"S": f"P#{number}"}, "sk": {"S": "x"}} for number in range(60)]
    old = {"pk": {"S": "P#old"}, "sk": {"S": "x"}, "expires": {"N": "1"}}
    store.fill([*items, old])
    assert {item["pk"]["S"] for item in store.items()} == {item["pk"]["S"] for item in items}


def test_a_token_is_kept_as_its_hash_alone() -> None:
    assert "secret" not in json.dumps(token_item("secret"))


def test_an_emulator_that_is_stopped_is_gone(tmp_path: Any) -> None:
    with Emulator(tmp_path / "log") as emulator:
        client = boto3.client("sqs", endpoint_url=emulator.endpoint, region_name="us-east-1")
        assert client.list_queues()["ResponseMetadata"]["HTTPStatusCode"] == 200
        assert emulator.alive
    assert not emulator.alive
