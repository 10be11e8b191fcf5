"""Lambda's event source mapping on this machine: batches from the queue to `verify`, failures back to the queue."""

from __future__ import annotations

import threading
import time
import traceback
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from linkback_cli import events

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from linkback_cli.console import Console
    from linkback_cli.functions import Function
    from linkback_cli.template import Batches

# Lambda waits for the queue's visibility timeout; a person at a terminal waits for this many seconds times the tries.
BACK_OFF = 2
IDLE = 1.0
# What comes in a burst is visited in one batch: this long, in seconds, the first message waits for the others.
GATHER = 0.01


@dataclass(frozen=True, slots=True)
class Source:
    """The queue: a boto3 client, how its messages reach `verify`, and the seconds that a failed one waits."""

    sqs: Any
    url: str
    arn: str
    batches: Batches
    back_off: int = BACK_OFF


class Worker:
    """Polls the queue when nudged, and each second for what became visible again; calls `written` after each batch."""

    def __init__(self, queue: Source, verify: Function, written: Callable[[], None], console: Console) -> None:
        self._queue, self._verify, self._written, self._console = queue, verify, written, console
        self._nudges = threading.Semaphore(0)
        self._stopping = threading.Event()
        numbers = range(queue.batches.at_once)
        self._threads = [threading.Thread(target=self._run, args=(number,), daemon=True) for number in numbers]

    def start(self) -> None:
        """Begin to take messages."""
        for thread in self._threads:
            thread.start()

    def nudge(self) -> None:
        """There may be something in the queue."""
        self._nudges.release()

    def stop(self, seconds: float = 3.0) -> bool:
        """Take nothing more; whether the batches in work were finished in time. What was not is still in the table."""
        self._stopping.set()
        self._nudges.release()
        deadline = time.monotonic() + seconds
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        return not any(thread.is_alive() for thread in self._threads)

    def _run(self, number: int) -> None:
        while not self._stopping.is_set():
            if self._nudges.acquire(timeout=IDLE * (number + 1)):  # not all at the same moment
                self._stopping.wait(GATHER)
            while self._nudges.acquire(blocking=False):
                pass  # many nudges, one look: a batch takes ten
            while not self._stopping.is_set() and self._one_batch():
                pass
        self._nudges.release()  # this thread may have taken the nudge that was to end another

    def _one_batch(self) -> bool:
        """Whether there was anything to do."""
        try:
            messages = self._receive()
            if messages:
                self._settle(messages, self._visit(messages))
                self._written()
        except (BotoCoreError, ClientError) as error:
            if not self._stopping.wait(IDLE):
                self._console.say(f"The store does not answer: {error}")
            return False
        return bool(messages)

    def _receive(self) -> list[dict[str, Any]]:
        answer = self._queue.sqs.receive_message(
            QueueUrl=self._queue.url,
            MaxNumberOfMessages=self._queue.batches.size,
            WaitTimeSeconds=0,
            AttributeNames=["All"],
        )
        messages: list[dict[str, Any]] = answer.get("Messages", [])
        if len(messages) == self._queue.batches.size:
            self.nudge()  # there is more: the other thread may take it
        return messages

    def _visit(self, messages: Sequence[dict[str, Any]]) -> set[str]:
        """The ids of the messages that failed: all of them if `verify` itself did."""
        try:
            returned = self._verify(events.queue_event(messages, self._queue.arn)) or {}
            return {failure["itemIdentifier"] for failure in returned.get("batchItemFailures", [])}
        except Exception:  # noqa: BLE001 - Lambda hands the whole batch back, whatever it was
            self._console.say(f"functions/verify failed, its pings go back to the queue:\n{traceback.format_exc()}")
            return {message["MessageId"] for message in messages}

    def _settle(self, messages: Sequence[dict[str, Any]], failed: set[str]) -> None:
        done = [message for message in messages if message["MessageId"] not in failed]
        if done:
            entries = [{"Id": str(n), "ReceiptHandle": one["ReceiptHandle"]} for n, one in enumerate(done)]
            self._queue.sqs.delete_message_batch(QueueUrl=self._queue.url, Entries=entries)
        for message in messages:
            if message["MessageId"] in failed:
                tries = int(message.get("Attributes", {}).get("ApproximateReceiveCount", 1))
                self._queue.sqs.change_message_visibility(
                    QueueUrl=self._queue.url,
                    ReceiptHandle=message["ReceiptHandle"],
                    VisibilityTimeout=self._queue.back_off * tries,
                )
