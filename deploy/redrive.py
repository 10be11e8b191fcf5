"""`make redrive`: the pings in the dead-letter queue go back to be visited again.

Message by message, each sent before it is deleted. SQS has a task of its own for this (StartMessageMoveTask), which
works on when this command is stopped, and tells how far it is by approximate figures only; these letters are few, for
they are bugs. What is killed half-way has lost nothing: a letter that was sent and not deleted is sent again, within
five minutes as the same message (its deduplication id is its old id), later as another visit, which changes nothing.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import click

from linkback_cli import deployed
from linkback_cli.account import in_words
from linkback_cli.trouble import Trouble

if TYPE_CHECKING:
    from collections.abc import Iterator

    from linkback_cli.account import Account

DEAD, LIVING = "DeadPings", "Pings"
Message = dict[str, Any]


@click.command(help=__doc__)
def main() -> None:
    """Find the queues of the stack that STACK, REGION and samconfig.toml name, and send the letters back."""
    account, found = deployed.find("make redrive STACK=linkback REGION=…")
    with in_words(account.region):
        redrive(account, found.name)


def redrive(account: Account, name: str, *, seconds: int = 1) -> None:
    """Send back whatever is dead, and tell; for so long more letters are waited for. Raises Trouble."""
    sqs, (dead, living) = account.client("sqs"), _queues(account, name)
    moved = 0
    for letters in _batches(sqs, dead, seconds):
        if not moved:
            click.echo(_headline(_count(sqs, dead), letters))
        moved += send_back(sqs, letters, dead, living)
    if moved:
        click.echo(f"{moved} sent back. Whatever still cannot be handled is here again within the hour.")
    elif hidden := _count(sqs, dead):
        raise Trouble(f"Somebody else has taken {hidden} (the SQS console?): do this again in a minute.")
    else:
        click.echo("There are no dead pings.")


def _queues(account: Account, name: str) -> list[str]:
    """The addresses of the stack's dead-letter queue and of the one that its letters came from."""
    cloudformation = account.client("cloudformation")
    asked = (cloudformation.describe_stack_resource(StackName=name, LogicalResourceId=one) for one in (DEAD, LIVING))
    return [told["StackResourceDetail"]["PhysicalResourceId"] for told in asked]


def send_back(sqs: Any, letters: list[Message], dead: str, living: str) -> int:
    """Send up to ten letters and delete those that SQS took. How many. Raises Trouble if it did not take one."""
    entries = [
        {
            "Id": str(number),
            "MessageBody": letter["Body"],
            "MessageAttributes": letter.get("MessageAttributes", {}),
            "MessageGroupId": letter["Attributes"]["MessageGroupId"],
            "MessageDeduplicationId": letter["MessageId"],
        }
        for number, letter in enumerate(letters)
    ]
    sent = sqs.send_message_batch(QueueUrl=living, Entries=entries)
    taken = [int(one["Id"]) for one in sent.get("Successful", [])]
    if taken:
        receipts = [{"Id": str(number), "ReceiptHandle": letters[number]["ReceiptHandle"]} for number in taken]
        sqs.delete_message_batch(QueueUrl=dead, Entries=receipts)
    for refused in sent.get("Failed", []):
        raise Trouble(f"SQS did not take a ping ({refused['Message']}): it is still dead. Those before it went back.")
    return len(taken)


def _batches(sqs: Any, dead: str, seconds: int) -> Iterator[list[Message]]:
    """What lies in the queue, oldest first, until nothing comes. SQS asks all of its servers only if it waits."""
    wanted = {"MaxNumberOfMessages": 10, "WaitTimeSeconds": seconds, "VisibilityTimeout": 60}
    names = {"MessageSystemAttributeNames": ["All"], "MessageAttributeNames": ["All"]}
    while letters := sqs.receive_message(QueueUrl=dead, **wanted, **names).get("Messages"):
        yield letters


def _count(sqs: Any, queue: str) -> int:
    """How many letters SQS believes there are, those in somebody's hands among them."""
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    told = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=names)["Attributes"]
    return sum(int(told[name]) for name in names)


def _headline(count: int, letters: list[Message]) -> str:
    count = max(count, len(letters))
    oldest = min(int(letter["Attributes"]["SentTimestamp"]) for letter in letters)
    age = datetime.now(UTC) - datetime.fromtimestamp(oldest / 1000, UTC)
    return f"{count} dead ping{'s' if count > 1 else ''}, the oldest from {_ago(age)}"


def _ago(age: timedelta) -> str:
    for unit, name in ((timedelta(days=1), "day"), (timedelta(hours=1), "hour"), (timedelta(minutes=1), "minute")):
        if (number := age // unit) > 0:
            return f"{number} {name}{'s' if number > 1 else ''} ago"
    return "this minute"


if __name__ == "__main__":
    main()
