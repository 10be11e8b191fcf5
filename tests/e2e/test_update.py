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


def everything(dynamodb: Any, table: str) -> list[dict[str, Any]]:
    """Every item of a table."""
    return [item for page in dynamodb.get_paginator("scan").paginate(TableName=table) for item in page["Items"]]


def test_an_update_keeps_the_data_and_what_ships_visits_no_private_address(bridge: Bridge, stack: Stack) -> None:
    target = bridge.new_target()
    source = bridge.new_source(target)
    assert bridge.fate(bridge.webmention(source, target))["status"] == "published"
    table, feed, home = stack.physical("Table"), bridge.children(target), bridge.base
    stack.deploy(deployed.HERE / "template.yaml", Moderation="all", LogLevel="DEBUG")
    assert (stack.physical("Table"), stack.outputs["WebmentionEndpoint"]) == (table, f"{home}/webmention")
    assert bridge.children(target) == feed
    answer = bridge.webmention(bridge.new_source(target), target)
    assert (answer.status, answer.json()["error"]) == (400, "forbidden-address")
    settings = stack.client("lambda").get_function_configuration(FunctionName=stack.physical("Verify"))["Environment"]
    # The parameter that the update did not say has kept its value.
    assert (settings["Variables"]["MODERATION"], settings["Variables"]["SITES"]) == ("all", bridge.site)


def test_an_update_that_changes_nothing_is_none(stack: Stack) -> None:
    printed = stack.sam(
        *("deploy", "--template-file", str(deployed.HERE / "template.yaml"), "--stack-name", deployed.NAME),
        *("--region", deployed.REGION, "--resolve-s3", "--capabilities", "CAPABILITY_IAM", "--no-confirm-changeset"),
        "--no-fail-on-empty-changeset",
    )
    assert "No changes to deploy" in printed


def test_removing_the_stack_leaves_the_table(stack: Stack) -> None:
    dynamodb, table, queue = stack.client("dynamodb"), stack.physical("Table"), stack.physical("Pings")
    before = everything(dynamodb, table)
    assert before
    stack.delete()
    assert everything(dynamodb, table) == before
    with pytest.raises(ClientError, match="does not exist"):
        stack.client("cloudformation").describe_stacks(StackName=deployed.NAME)
    with pytest.raises(ClientError, match="NonExistentQueue"):
        stack.client("sqs").get_queue_attributes(QueueUrl=queue, AttributeNames=["All"])
