"""The table and the queues of template.yaml in the emulator; filled at the start, saved while they change."""

from __future__ import annotations

import json
import threading
import time
from datetime import datetime
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from linkback import alias, queue, tokens
from linkback.dynamodb import pack
from linkback.ping import Ping, Protocol
from linkback.table import Table
from linkback_cli.trouble import Trouble

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from linkback.site import Sites
    from linkback_cli.console import Console
    from linkback_cli.data import DataDir, Item
    from linkback_cli.template import Queue, Template

TABLE = "linkback"
# What kill -9 can cost: this long until a save begins, and what the save takes.
SECONDS_TO_SAVE = 2.0
_BATCH = 25
# The name of the token that holds for one run, by which it is known at the next start.
FIXED = "serve --token"


def client(service: str, endpoint: str) -> Any:
    """A boto3 client of the emulator that has nothing to do with the user's own settings."""
    return boto3.client(
        service,
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",  # noqa: S106 - the emulator's own word
        config=Config(retries={"max_attempts": 2, "mode": "standard"}, max_pool_connections=16, proxies={}),
    )


class Store:
    """One table and its queues. `queue_url` and `queue_arn` are of the queue that `verify` reads."""

    def __init__(self, endpoint: str, template: Template) -> None:
        self.dynamodb, self.sqs = client("dynamodb", endpoint), client("sqs", endpoint)
        self.dynamodb.create_table(**template.table(TABLE))
        made = [self._make_queue(queue) for queue in template.queues()]
        self.queue_url, self.queue_arn = made[-1]

    def _make_queue(self, queue: Queue) -> tuple[str, str]:
        attributes = dict(queue.attributes)
        if queue.dead_letters:
            target = self._arn(self.sqs.get_queue_url(QueueName=queue.dead_letters)["QueueUrl"])
            redrive = {"deadLetterTargetArn": target, "maxReceiveCount": queue.max_receives}
            attributes["RedrivePolicy"] = json.dumps(redrive)
        url = str(self.sqs.create_queue(QueueName=queue.name, Attributes=attributes)["QueueUrl"])
        return url, self._arn(url)

    def _arn(self, url: str) -> str:
        answer = self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
        return str(answer["Attributes"]["QueueArn"])

    def fill(self, items: Sequence[Item]) -> None:
        """Put all items into the table, without those whose time is over: the emulator has no clock for that."""
        now = int(time.time())
        items = [item for item in items if int(item.get("expires", {}).get("N", now)) >= now]
        for start in range(0, len(items), _BATCH):
            wanted = {TABLE: [{"PutRequest": {"Item": item}} for item in items[start : start + _BATCH]]}
            while wanted:
                wanted = self.dynamodb.batch_write_item(RequestItems=wanted).get("UnprocessedItems") or {}

    def put(self, item: Item) -> None:
        """Put one item into the table."""
        self.dynamodb.put_item(TableName=TABLE, Item=item)

    def alias(self, sites: Sites, old: str, new: str) -> int:
        """Declare an alias, anew if it stands already; how many mentions moved. Raises Trouble."""
        try:
            return alias.declare(Table(self.dynamodb, TABLE), sites, old, new, time.time)
        except alias.BadAlias as bad:
            raise Trouble(f"--alias: {bad}") from None

    def items(self) -> Iterator[Item]:
        """Every item of the table, in DynamoDB's JSON."""
        for page in self.dynamodb.get_paginator("scan").paginate(TableName=TABLE):
            yield from page["Items"]

    def requeue(self, items: Sequence[Item], base: str) -> int:
        """Send to the queue again, in the order in which it came, what the last run accepted and did not visit.

        How many pings that is.
        """
        pings = [_plain(item) for item in items if item["sk"].get("S") == "PING"]
        lost = [ping for ping in pings if ping.get("status") == "queued"]
        for ping in sorted(lost, key=lambda one: one.get("received", "")):
            received = datetime.fromisoformat(ping["received"])
            told = Ping(ping["source"], ping["target"], Protocol(ping["protocol"]), received)
            self.sqs.send_message(QueueUrl=self.queue_url, **queue.entry(told, ping.get("base", base)))
        return len(lost)


def is_token(item: Item) -> bool:
    """Whether it is an owner's token."""
    return bool(item["pk"].get("S", "").startswith("TOKEN#"))


def is_fixed_token(item: Item) -> bool:
    """Whether it is the owner's token of one run."""
    return is_token(item) and item.get("name") == {"S": FIXED}


def token_item(token: str) -> Item:
    """The table's record of the owner's token of this run: its hash, never itself."""
    return pack(tokens.item(FIXED, tokens.digest(token), (), time.time()))


def _plain(item: Item) -> dict[str, str]:
    return {name: next(iter(value.values())) for name, value in item.items() if set(value) <= {"S", "N"}}


class Saver:
    """Saves the table within SECONDS_TO_SAVE of a change, in a thread of its own: no request waits for it."""

    def __init__(self, store: Store, data: DataDir, console: Console) -> None:
        self._store, self._data, self._console = store, data, console
        self._changed, self._stopping = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True, name="save")

    def start(self) -> None:
        """Begin to save."""
        self._thread.start()

    def touch(self) -> None:
        """Something was written."""
        self._changed.set()

    def stop(self) -> None:
        """Save once more if anything changed. Raises OSError if that fails."""
        self._stopping.set()
        self._changed.set()
        self._thread.join(10)
        self._save()

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._changed.wait()
            self._stopping.wait(SECONDS_TO_SAVE / 2)
            self._changed.clear()
            if not self._stopping.is_set():
                self._try()

    def _try(self) -> None:
        try:
            self._save()
        except (OSError, ValueError, BotoCoreError, ClientError) as error:
            self._console.say(f"The state could not be saved, trying again: {error}")
            self._changed.set()
            self._stopping.wait(SECONDS_TO_SAVE)

    def _save(self) -> None:
        began = time.monotonic()
        count = self._data.save(self._store.items())
        took = time.monotonic() - began
        if took > 1:
            self._console.say(f"Saved {count} items in {took:.1f} s")
