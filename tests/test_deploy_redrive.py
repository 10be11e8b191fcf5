"""`make redrive` against an emulated account: dead pings go back, and none is lost on the way."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from deploy.redrive import redrive, send_back
from developer import OURS, Developer
from linkback_cli import template
from linkback_cli.account import Account
from linkback_cli.emulator import Emulator
from linkback_cli.trouble import Trouble

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

REGION = "eu-central-1"


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    log = tmp_path_factory.mktemp("account") / "log"
    with Emulator(log, {"SERVICES": "cloudformation,sts,sqs,sns"}) as running:
        yield running.endpoint


@pytest.fixture(scope="module")
def sqs(endpoint: str) -> Any:
    return boto3.client("sqs", endpoint_url=endpoint, region_name=REGION)


@pytest.fixture(scope="module")
def queues(endpoint: str) -> tuple[str, str]:
    """The two queues of a stack `linkback`, as template.yaml has them: the dead and the living."""
    resources = template.load().tree["Resources"]
    body = {"Description": OURS, "Resources": {name: resources[name] for name in ("DeadPings", "Pings")}}
    cloudformation = boto3.client("cloudformation", endpoint_url=endpoint, region_name=REGION)
    cloudformation.create_stack(StackName="linkback", TemplateBody=json.dumps(body))
    cloudformation.get_waiter("stack_create_complete").wait(StackName="linkback", WaiterConfig={"Delay": 1})
    told = cloudformation.describe_stack_resources(StackName="linkback")["StackResources"]
    found = {one["LogicalResourceId"]: one["PhysicalResourceId"] for one in told}
    return found["DeadPings"], found["Pings"]


@pytest.fixture
def dead(sqs: Any, queues: tuple[str, str]) -> str:
    """The dead-letter queue; both are empty."""
    for queue in queues:
        sqs.purge_queue(QueueUrl=queue)
    return queues[0]


@pytest.fixture
def living(queues: tuple[str, str]) -> str:
    return queues[1]


@pytest.fixture
def owner(endpoint: str, tmp_path: Path) -> Developer:
    return Developer(tmp_path, {"AWS_ENDPOINT_URL": endpoint})


def bury(sqs: Any, dead: str, body: str, host: str = "a.example") -> None:
    attributes = {"via": {"DataType": "String", "StringValue": "test"}}
    sqs.send_message(
        QueueUrl=dead, MessageBody=body, MessageGroupId=host, MessageDeduplicationId=body, MessageAttributes=attributes
    )


def letters(sqs: Any, queue: str, seconds: int = 30) -> list[dict[str, Any]]:
    """Up to ten messages, taken for so long."""
    names = {"MessageSystemAttributeNames": ["All"], "MessageAttributeNames": ["All"]}
    told = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10, VisibilityTimeout=seconds, **names)
    return list(told.get("Messages", []))


@pytest.fixture
def account(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> Account:
    monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
    return Account(boto3.Session(region_name=REGION), REGION, "000000000000")


@pytest.fixture
def told(account: Account, capsys: pytest.CaptureFixture[str]) -> Callable[[], str]:
    """What is told when the dead letters of `linkback` are sent back."""

    def run() -> str:
        redrive(account, "linkback", seconds=0)
        return capsys.readouterr().out

    return run


def test_where_nothing_is_dead_it_says_so(told: Callable[[], str], dead: str) -> None:
    assert told() == "There are no dead pings.\n"


def test_dead_pings_go_back_as_they_were(owner: Developer, sqs: Any, dead: str, living: str) -> None:
    for number in range(23):
        bury(sqs, dead, f"ping {number}", f"{number % 3}.example")
    ran = owner.run("deploy.redrive")
    assert ran.stdout == (
        "23 dead pings, the oldest from this minute\n"
        "23 sent back. Whatever still cannot be handled is here again within the hour.\n"
    )
    back = dict[str, dict[str, Any]]()
    while batch := letters(sqs, living):
        back |= {one["Body"]: one for one in batch}
        for one in batch:
            sqs.delete_message(QueueUrl=living, ReceiptHandle=one["ReceiptHandle"])
    assert back.keys() == {f"ping {number}" for number in range(23)}
    assert back["ping 4"]["Attributes"]["MessageGroupId"] == "1.example"
    assert back["ping 4"]["MessageAttributes"]["via"]["StringValue"] == "test"
    assert letters(sqs, dead) == []


def test_what_somebody_else_has_taken_is_not_said_to_be_nothing(account: Account, sqs: Any, dead: str) -> None:
    bury(sqs, dead, "looked at")
    assert letters(sqs, dead)
    with pytest.raises(Trouble) as trouble:
        redrive(account, "linkback", seconds=0)
    assert trouble.value.message == "Somebody else has taken 1 (the SQS console?): do this again in a minute."


def test_one_that_was_sent_and_not_deleted_is_not_sent_twice(
    told: Callable[[], str], sqs: Any, dead: str, living: str
) -> None:
    """As after a kill between the two: the second time it is the same message."""
    bury(sqs, dead, "half-way")
    (letter,) = letters(sqs, dead, seconds=0)
    words = {"MessageGroupId": letter["Attributes"]["MessageGroupId"], "MessageDeduplicationId": letter["MessageId"]}
    sqs.send_message(QueueUrl=living, MessageBody=letter["Body"], **words)
    told()
    (back,) = letters(sqs, living)
    assert back["Body"] == "half-way"
    sqs.delete_message(QueueUrl=living, ReceiptHandle=back["ReceiptHandle"])
    assert letters(sqs, living) == []


def test_one_that_dies_again_can_be_sent_back_again(told: Callable[[], str], sqs: Any, dead: str, living: str) -> None:
    """At once: its deduplication id is a new one."""
    bury(sqs, dead, "a bug")
    told()
    for _ in range(4):
        assert letters(sqs, living, seconds=0)
    assert letters(sqs, living, seconds=0) == []
    assert "1 dead ping, the oldest from" in told()
    assert [one["Body"] for one in letters(sqs, living)] == ["a bug"]


def test_one_that_sqs_does_not_take_stays_dead(sqs: Any, dead: str, living: str) -> None:
    """Here: too large for the queue it came from, which is narrower than it was."""
    sqs.set_queue_attributes(QueueUrl=living, Attributes={"MaximumMessageSize": "1024"})
    bury(sqs, dead, "x" * 2000)
    bury(sqs, dead, "small", "b.example")
    with pytest.raises(Trouble) as trouble:
        send_back(sqs, letters(sqs, dead, seconds=1), dead, living)
    sqs.set_queue_attributes(QueueUrl=living, Attributes={"MaximumMessageSize": "1048576"})
    assert trouble.value.message.startswith("SQS did not take a ping (")
    assert trouble.value.message.endswith("): it is still dead. Those before it went back.")
    assert [one["Body"] for one in letters(sqs, living)] == ["small"]
    told = sqs.receive_message(QueueUrl=dead, WaitTimeSeconds=3)["Messages"]
    assert [one["Body"] for one in told] == ["x" * 2000]


def test_a_stack_that_is_not_there(owner: Developer, dead: str) -> None:
    said = "There is no stack mine in eu-central-1: say which, as in make redrive STACK=linkback REGION=…"
    assert owner.refusal("deploy.redrive", STACK="mine") == said


def test_a_stack_that_is_somebody_elses(owner: Developer, endpoint: str) -> None:
    cloudformation = boto3.client("cloudformation", endpoint_url=endpoint, region_name=REGION)
    body = {"Description": "The shop", "Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}
    cloudformation.create_stack(StackName="shop", TemplateBody=json.dumps(body))
    cloudformation.get_waiter("stack_create_complete").wait(StackName="shop", WaiterConfig={"Delay": 1})
    assert "The stack shop in eu-central-1 is not a Linkback (The shop)" in owner.refusal(
        "deploy.redrive", STACK="shop"
    )
