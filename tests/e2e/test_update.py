"""The life of a stack: an update keeps what the bridge knows, and so does the end.

These run last (files run in the order of their names): the update deploys the shipped build, without an address table.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from e2e import stack as deployed

if TYPE_CHECKING:
    from e2e.bridge import Bridge
    from e2e.stack import Stack

pytestmark = pytest.mark.deployed


@pytest.fixture(scope="module")
def before(bridge: Bridge, stack: Stack) -> dict[str, Any]:
    """What there was before the shipped build was deployed over it, with two parameters changed."""
    target = bridge.new_target()
    source = bridge.new_source(target)
    assert bridge.fate(bridge.webmention(source, target))["status"] == "published"
    told = {"target": target, "table": stack.physical("Table"), "children": bridge.children(target)}
    stack.deploy(deployed.HERE / "template.yaml", Moderation="all", LogLevel="DEBUG")
    return told


def everything(dynamodb: Any, table: str) -> list[dict[str, Any]]:
    """Every item of a table."""
    return [item for page in dynamodb.get_paginator("scan").paginate(TableName=table) for item in page["Items"]]


def test_an_update_keeps_the_data_and_the_address(bridge: Bridge, stack: Stack, before: dict[str, Any]) -> None:
    assert stack.physical("Table") == before["table"]
    assert stack.outputs["WebmentionEndpoint"] == f"{bridge.base}/webmention"
    assert bridge.children(before["target"]) == before["children"] != []


def test_an_update_changes_what_was_said_and_nothing_else(bridge: Bridge, stack: Stack, before: dict[str, Any]) -> None:
    settings = stack.client("lambda").get_function_configuration(FunctionName=stack.physical("Verify"))["Environment"]
    assert (settings["Variables"]["MODERATION"], settings["Variables"]["SITES"]) == ("all", bridge.site)


def test_what_ships_visits_no_private_address(bridge: Bridge, before: dict[str, Any]) -> None:
    """The very pages that the tests' own build took: what let it is in that build alone."""
    answer = bridge.webmention(bridge.new_source(before["target"]), before["target"])
    assert (answer.status, answer.json()["error"]) == (400, "forbidden-address")


def test_an_update_that_changes_nothing_is_none(stack: Stack, before: dict[str, Any]) -> None:
    assert "No changes to deploy" in stack.deploy(deployed.HERE / "template.yaml")


def test_removing_the_stack_leaves_the_table(stack: Stack, before: dict[str, Any]) -> None:
    dynamodb, table, queue = stack.client("dynamodb"), stack.physical("Table"), stack.physical("Pings")
    items = everything(dynamodb, table)
    assert items
    stack.delete()
    assert everything(dynamodb, table) == items
    with pytest.raises(ClientError, match="does not exist"):
        stack.client("cloudformation").describe_stacks(StackName=deployed.NAME)
    with pytest.raises(ClientError, match="NonExistentQueue"):
        stack.client("sqs").get_queue_attributes(QueueUrl=queue, AttributeNames=["All"])
