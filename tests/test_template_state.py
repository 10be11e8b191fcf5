"""What template.yaml makes of code and state: how functions run, what is kept for how long, what comes again."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

import pytest

from cloudformation import EVERYTHING, ROOT, stack
from linkback_cli import template

if TYPE_CHECKING:
    from shelf import Shelf

STACK = stack(**EVERYTHING)
FUNCTIONS = STACK.of_type("AWS::Lambda::Function")
LOGS = STACK.of_type("AWS::Logs::LogGroup")
PINGS, DEAD, TABLE = (STACK.resources[name]["Properties"] for name in ("Pings", "DeadPings", "Table"))
DAY = 24 * 3600

# Read by Powertools, not by us.
POWERTOOLS = {"LOG_LEVEL", "POWERTOOLS_SERVICE_NAME"}


# The functions


def read_by(function: str) -> set[str]:
    """The variables that an app.py asks its environment for."""
    tree = ast.parse((ROOT / f"functions/{function.lower()}/app.py").read_text("utf-8"))
    asked: set[str] = set()
    for node in ast.walk(tree):
        match node:
            case ast.Subscript(
                value=ast.Name(id="environ") | ast.Attribute(attr="environ"), slice=ast.Constant(value=str(name))
            ):
                asked.add(name)
            case ast.Call(
                func=ast.Attribute(value=ast.Name(id="environ"), attr="get"), args=[ast.Constant(value=str(name)), *_]
            ):
                asked.add(name)
    return asked


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_gets_the_settings_that_it_reads_and_no_others(function: str) -> None:
    given = FUNCTIONS[function]["Environment"]["Variables"].keys()
    assert {"TABLE", "SITES"} <= read_by(function)
    assert given - POWERTOOLS == read_by(function) - POWERTOOLS
    assert given >= POWERTOOLS


@pytest.mark.parametrize("function", FUNCTIONS)
def test_the_settings_are_what_the_owner_said_and_the_stack_has(function: str) -> None:
    given = FUNCTIONS[function]["Environment"]["Variables"]
    whole = {
        "TABLE": "<Table>",
        "QUEUE_URL": "<Pings>",
        "SITES": EVERYTHING["Sites"],
        "MODERATION": EVERYTHING["Moderation"],
        "SELF_MENTIONS": EVERYTHING["SelfMentions"],
        "LOG_LEVEL": EVERYTHING["LogLevel"],
        "POWERTOOLS_SERVICE_NAME": function.lower(),
        "POWERTOOLS_METRICS_NAMESPACE": "Linkback/linkback",
        "PINGS_PER_MINUTE": "120",
        "WEBSUB_HUB": EVERYTHING["WebSubHub"],
    }
    assert given == {name: whole[name] for name in given}


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_runs_the_code_of_its_folder_and_is_traced(function: str) -> None:
    told = FUNCTIONS[function]
    assert (told["Runtime"], told["Handler"]) == ("python3.13", "app.handler")
    assert template.load().tree["Resources"][function]["Properties"]["CodeUri"] == f"functions/{function.lower()}"
    assert told["TracingConfig"] == {"Mode": "Active"}
    assert "ReservedConcurrentExecutions" not in told  # a new account has ten, and may reserve none of them


@pytest.mark.parametrize(("architecture", "machine"), [("arm64", "aarch64"), ("x86_64", "x86_64")])
def test_layer_and_functions_are_of_one_architecture(architecture: str, machine: str) -> None:
    made = stack(Architecture=architecture)
    ((name, layer),) = made.of_type("AWS::Lambda::LayerVersion").items()
    assert (layer["CompatibleArchitectures"], layer["CompatibleRuntimes"]) == ([architecture], ["python3.13"])
    for told in made.of_type("AWS::Lambda::Function").values():
        assert (told["Architectures"], told["Layers"]) == ([architecture], [f"<{name}>"])
    assert f"MACHINE = {machine}\n" in (ROOT / "deploy" / architecture / "Makefile").read_text("utf-8")


@pytest.mark.parametrize("name", ["Library", *FUNCTIONS])
def test_what_is_built_is_built_for_that_architecture(name: str) -> None:
    build = template.load().tree["Resources"][name]["Metadata"]
    assert build["BuildMethod"] == "makefile"
    assert build["ContextPath"] == {"Fn::Sub": "deploy/${Architecture}"}
    assert build.get("BuildArchitecture", {"Ref": "Architecture"}) == {"Ref": "Architecture"}
    assert ("BuildArchitecture" in build) == (name == "Library")


# The logs


def test_every_log_is_ours_and_kept_as_long_as_the_owner_says() -> None:
    assert {log: LOGS[log]["RetentionInDays"] for log in LOGS} == dict.fromkeys(LOGS, EVERYTHING["LogRetentionDays"])
    named = {LOGS[log]["LogGroupName"] for log in LOGS}
    assert named == {
        *(f"/aws/lambda/linkback-{function.lower()}" for function in FUNCTIONS),
        "/aws/vendedlogs/apis/linkback",
    }
    assert {STACK.resources[log]["DeletionPolicy"] for log in LOGS} == {"Delete"}


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_writes_into_its_own_log_lines_that_lambda_does_not_wrap(function: str) -> None:
    """Metrics are taken out of lines that are JSON themselves: Lambda must not put them into JSON of its own."""
    assert FUNCTIONS[function]["LoggingConfig"] in (
        {"LogGroup": f"<{function}Log>"},
        {"LogGroup": f"<{function}Log>", "LogFormat": "Text"},
    )
    assert f"{function}Log" in LOGS


def test_the_api_writes_into_its_own_log() -> None:
    (stage,) = STACK.of_type("AWS::ApiGatewayV2::Stage").values()
    assert stage["AccessLogSettings"]["DestinationArn"] == "<AccessLog.Arn>"


# The queues


def test_a_message_in_work_is_not_handed_out_again() -> None:
    """AWS: the visibility timeout is at least six times the function's timeout."""
    assert PINGS["VisibilityTimeout"] >= 6 * FUNCTIONS["Verify"]["Timeout"]


def test_an_answer_comes_before_the_api_gives_up() -> None:
    """API Gateway waits for 30 seconds."""
    assert all(FUNCTIONS[function]["Timeout"] < 30 for function in ("Receive", "Publish", "Moderate"))


def test_the_queue_keeps_the_order_of_a_host_and_hands_back_single_failures() -> None:
    (mapping,) = STACK.of_type("AWS::Lambda::EventSourceMapping").values()
    assert PINGS["FifoQueue"] is True
    assert PINGS["ContentBasedDeduplication"] is False
    assert (PINGS["DeduplicationScope"], PINGS["FifoThroughputLimit"]) == ("messageGroup", "perMessageGroupId")
    assert (mapping["BatchSize"], mapping["FunctionResponseTypes"]) == (10, ["ReportBatchItemFailures"])


def test_dead_letters_outlive_the_queue_they_come_from() -> None:
    assert PINGS["RedrivePolicy"] == {"deadLetterTargetArn": "<DeadPings.Arn>", "maxReceiveCount": 4}
    assert DEAD["FifoQueue"] is True
    assert DEAD["MessageRetentionPeriod"] == 14 * DAY > PINGS["MessageRetentionPeriod"]
    assert "RedrivePolicy" not in DEAD


# The table, and what outlives the stack


def test_the_table_outlives_the_stack_and_a_mistake() -> None:
    table = STACK.resources["Table"]
    assert (table["DeletionPolicy"], table["UpdateReplacePolicy"]) == ("Retain", "Retain")
    assert TABLE["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert TABLE["TimeToLiveSpecification"] == {"AttributeName": "expires", "Enabled": True}
    assert TABLE["BillingMode"] == "PAY_PER_REQUEST"


def test_the_table_has_no_name_so_that_a_new_stack_never_meets_the_one_that_an_old_left() -> None:
    assert "TableName" not in TABLE


def test_the_indexes_are_those_of_the_design() -> None:
    assert {index["IndexName"]: index["Projection"] for index in TABLE["GlobalSecondaryIndexes"]} == {
        "feed": {"ProjectionType": "ALL"},
        "thread": {"ProjectionType": "ALL"},
        "due": {"ProjectionType": "KEYS_ONLY"},
        "claim": {"ProjectionType": "KEYS_ONLY"},
    }


def test_a_mention_is_found_by_its_claim_alone(dynamodb: Any, shelf: Shelf, table_name: str) -> None:
    """By its key and no more: what is in no index is not written again when a mention changes."""
    mention = shelf.put(1)
    found = dynamodb.query(
        TableName=table_name,
        IndexName="claim",
        KeyConditionExpression="claim = :claim",
        ExpressionAttributeValues={":claim": {"S": mention.claim}},
    )["Items"]
    key = {"pk": {"S": f"PAGE#{mention.page}"}, "sk": {"S": f"MENTION#{mention.claim}"}}
    assert found == [{**key, "claim": {"S": mention.claim}}]


def test_nothing_else_outlives_the_stack() -> None:
    kept = {name for name, one in STACK.resources.items() if one.get("DeletionPolicy", "Delete") != "Delete"}
    assert kept == {"Table"}


def test_everything_at_rest_is_encrypted() -> None:
    """DynamoDB and CloudWatch Logs do that unasked."""
    queues: dict[str, dict[str, Any]] = STACK.of_type("AWS::SQS::Queue")
    assert all(queue["SqsManagedSseEnabled"] for queue in queues.values())
    assert queues.keys() == {"Pings", "DeadPings"}
