"""What template.yaml promises: who may do what, what is kept, what wakes somebody. The tables here are the design's."""

from __future__ import annotations

import re
from typing import Any

import pytest

from linkback.site import Sites
from linkback_cli import template

TREE = template.load().tree
RESOURCES: dict[str, dict[str, Any]] = TREE["Resources"]
FUNCTIONS = {name: one["Properties"] for name, one in RESOURCES.items() if one["Type"] == "AWS::Serverless::Function"}

WRITE_OWN_LOG = {"logs:CreateLogStream", "logs:PutLogEvents"}
MAY = {
    "Receive": {
        "Table": {"dynamodb:PutItem", "dynamodb:Query"},
        "Pings": {"sqs:SendMessage"},
        "ReceiveLog": WRITE_OWN_LOG,
    },
    "Verify": {
        "Table": {"dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query", "dynamodb:UpdateItem"},
        "Pings": {"sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"},
        "VerifyLog": WRITE_OWN_LOG,
    },
    "Publish": {
        "Table": {"dynamodb:GetItem"},
        "Table/index/feed": {"dynamodb:Query"},
        "Table/index/thread": {"dynamodb:Query"},
        "PublishLog": WRITE_OWN_LOG,
    },
}


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def resource_named(value: dict[str, Any]) -> str:
    """`Table` for its ARN, `Table/index/feed` for an index; anything else, a string with a `*` say, fails here."""
    if "Fn::GetAtt" in value:
        name, attribute = value["Fn::GetAtt"]
        assert attribute == "Arn"
        return str(name)
    return re.sub(r"^\$\{(\w+)\.Arn\}", r"\1", value["Fn::Sub"])


def allowed(function: str) -> dict[str, set[str]]:
    """What a function's role may do, by resource."""
    role = RESOURCES[FUNCTIONS[function]["Role"]["Fn::GetAtt"][0]]["Properties"]
    may: dict[str, set[str]] = {}
    for statement in (one for policy in role["Policies"] for one in policy["PolicyDocument"]["Statement"]):
        assert statement["Effect"] == "Allow"
        for resource in as_list(statement["Resource"]):
            may.setdefault(resource_named(resource), set()).update(as_list(statement["Action"]))
    return may


def test_there_is_a_row_of_permissions_for_every_function() -> None:
    assert FUNCTIONS.keys() == MAY.keys()


@pytest.mark.parametrize("function", MAY)
def test_a_function_may_do_what_the_design_says_and_nothing_else(function: str) -> None:
    assert allowed(function) == MAY[function]


@pytest.mark.parametrize("function", MAY)
def test_a_role_belongs_to_one_function_and_has_none_of_the_broad_managed_policies(function: str) -> None:
    name = FUNCTIONS[function]["Role"]["Fn::GetAtt"][0]
    assert name == f"{function}Role"
    assert set(RESOURCES[name]["Properties"]) == {"AssumeRolePolicyDocument", "Policies"}
    assert "Policies" not in FUNCTIONS[function]


def test_no_action_is_a_wildcard() -> None:
    actions = {action for function in FUNCTIONS for may in allowed(function).values() for action in may}
    assert not [action for action in actions if "*" in action]


@pytest.mark.parametrize("function", MAY)
def test_a_function_logs_to_its_own_group(function: str) -> None:
    assert FUNCTIONS[function]["LoggingConfig"] == {"LogGroup": {"Ref": f"{function}Log"}}


def test_every_log_is_deleted_when_the_owner_says() -> None:
    logs = [one["Properties"] for one in RESOURCES.values() if one["Type"] == "AWS::Logs::LogGroup"]
    assert [log["RetentionInDays"] for log in logs] == [{"Ref": "LogRetentionDays"}] * 4


def test_the_routes_are_those_of_the_contract() -> None:
    routes = {(route.method, route.path, route.function) for route in template.load().routes()}
    doors = ("/webmention", "/pingback", "/xmlrpc", "/trackback", "/trackback/{target+}")
    reads = ("/", "/healthz", "/pings/{id}", "/api/mentions.jf2", "/api/count", "/api/count.json", "/feed.json")
    assert routes == {
        *(("ANY", path, "receive") for path in doors),
        *(("GET", path, "publish") for path in reads),
        ("ANY", "$default", "publish"),
    }


def test_every_function_runs_the_same_way_with_the_settings_that_it_reads() -> None:
    everywhere = TREE["Globals"]["Function"]
    assert (everywhere["Runtime"], everywhere["Handler"]) == ("python3.13", "app.handler")
    assert everywhere["Architectures"] == [{"Ref": "Architecture"}]
    common = everywhere["Environment"]["Variables"].keys()
    assert {name: common | one["Environment"]["Variables"].keys() for name, one in FUNCTIONS.items()} == {
        "Receive": {"TABLE", "SITES", "LOG_LEVEL", "POWERTOOLS_SERVICE_NAME"}
        | {"QUEUE_URL", "SELF_MENTIONS", "PINGS_PER_MINUTE"},
        "Verify": {"TABLE", "SITES", "LOG_LEVEL", "POWERTOOLS_SERVICE_NAME"} | {"MODERATION", "SELF_MENTIONS"},
        "Publish": {"TABLE", "SITES", "LOG_LEVEL", "POWERTOOLS_SERVICE_NAME"},
    }


def test_the_layer_is_built_for_the_functions_architecture() -> None:
    build = RESOURCES["Library"]["Metadata"]
    assert build["BuildArchitecture"] == {"Ref": "Architecture"}
    folder = template.ROOT / "deploy"
    for architecture, machine in (("arm64", "aarch64"), ("x86_64", "x86_64")):
        assert build["ContextPath"] == {"Fn::Sub": "deploy/${Architecture}"}
        assert f"MACHINE = {machine}\n" in (folder / architecture / "Makefile").read_text()
    assert TREE["Parameters"]["Architecture"]["AllowedValues"] == ["arm64", "x86_64"]


def test_a_message_in_work_is_not_handed_out_again() -> None:
    """AWS: the visibility timeout is at least six times the function's timeout."""
    queue = RESOURCES["Pings"]["Properties"]
    assert queue["VisibilityTimeout"] >= 6 * FUNCTIONS["Verify"]["Timeout"]


def test_the_queue_keeps_the_order_of_a_host_and_hands_back_single_failures() -> None:
    queue = RESOURCES["Pings"]["Properties"]
    mapping = FUNCTIONS["Verify"]["Events"]["Ping"]["Properties"]
    assert queue["FifoQueue"] is True
    assert queue["ContentBasedDeduplication"] is False
    assert (queue["DeduplicationScope"], queue["FifoThroughputLimit"]) == ("messageGroup", "perMessageGroupId")
    assert (mapping["BatchSize"], mapping["FunctionResponseTypes"]) == (10, ["ReportBatchItemFailures"])


def test_dead_letters_outlive_the_queue_they_come_from() -> None:
    queue, dead = RESOURCES["Pings"]["Properties"], RESOURCES["DeadPings"]["Properties"]
    assert queue["RedrivePolicy"] == {"deadLetterTargetArn": {"Fn::GetAtt": ["DeadPings", "Arn"]}, "maxReceiveCount": 4}
    assert dead["FifoQueue"] is True
    assert dead["MessageRetentionPeriod"] == 14 * 24 * 3600 > queue["MessageRetentionPeriod"]


def test_the_table_outlives_the_stack_and_a_mistake() -> None:
    table = RESOURCES["Table"]
    assert (table["DeletionPolicy"], table["UpdateReplacePolicy"]) == ("Retain", "Retain")
    assert table["Properties"]["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert table["Properties"]["TimeToLiveSpecification"] == {"AttributeName": "expires", "Enabled": True}
    assert table["Properties"]["BillingMode"] == "PAY_PER_REQUEST"


def test_everything_at_rest_is_encrypted() -> None:
    assert all(RESOURCES[queue]["Properties"]["SqsManagedSseEnabled"] for queue in ("Pings", "DeadPings"))


def test_a_flood_is_throttled_and_the_access_log_has_no_text_of_a_strangers() -> None:
    api = RESOURCES["Api"]["Properties"]
    assert 0 < api["DefaultRouteSettings"]["ThrottlingRateLimit"] <= api["DefaultRouteSettings"]["ThrottlingBurstLimit"]
    words = set(re.findall(r"\$context\.[\w.]+", api["AccessLogSettings"]["Format"]))
    assert not words & {"$context.path", "$context.identity.userAgent", "$context.protocol", "$context.domainName"}


@pytest.mark.parametrize("alarm", ["DeadPingsAlarm", "StalledAlarm"])
def test_an_alarm_says_what_to_do_and_mails_only_an_owner_who_asked(alarm: str) -> None:
    properties = RESOURCES[alarm]["Properties"]
    assert "Look" in properties["AlarmDescription"]
    assert properties["AlarmActions"] == {"Fn::If": ["HasAlertEmail", [{"Ref": "Alerts"}], {"Ref": "AWS::NoValue"}]}
    assert RESOURCES["Alerts"]["Condition"] == "HasAlertEmail"


def test_the_parameters_are_those_of_the_contract() -> None:
    defaults = {name: parameter.get("Default") for name, parameter in TREE["Parameters"].items()}
    assert defaults == {
        "Sites": None,
        "Moderation": "first",
        "SelfMentions": "refuse",
        "AlertEmail": "",
        "RebuildHook": "",
        "LogLevel": "INFO",
        "LogRetentionDays": 30,
        "Architecture": "arm64",
    }


@pytest.mark.parametrize(
    "text",
    ["example.com", "example.com,blog.example.org", " example.com , a-b.example ", "bücher.example", "日本.example"],
)
def test_sites_that_the_template_lets_in_are_read_by_the_functions(text: str) -> None:
    assert re.fullmatch(TREE["Parameters"]["Sites"]["AllowedPattern"], text)
    assert len(Sites.parse(text).names) == text.count(",") + 1


@pytest.mark.parametrize(
    "text", ["", " ", "https://example.com", "example.com/blog", "a.example,,b.example", "-a.example", ","]
)
def test_sites_that_no_function_could_read_are_refused_with_a_sentence(text: str) -> None:
    parameter = TREE["Parameters"]["Sites"]
    assert not re.fullmatch(parameter["AllowedPattern"], text)
    assert parameter["ConstraintDescription"].endswith("paths.")


def test_the_outputs_are_addresses_and_tags_ready_to_paste() -> None:
    outputs = TREE["Outputs"]
    assert outputs.keys() > {"WebmentionEndpoint", "PingbackEndpoint", "TrackbackEndpoint", "FeedUrl", "Tags"}
    tags = outputs["Tags"]["Value"]["Fn::Sub"]
    shown = re.sub(r"https://[^/]+", "B", tags)
    assert shown == '<link rel="pingback" href="B/pingback">\n<link rel="webmention" href="B/webmention">'


def test_the_rebuild_hook_is_kept_out_of_sight() -> None:
    assert TREE["Parameters"]["RebuildHook"]["NoEcho"] is True
    assert "RebuildHook" not in str(RESOURCES)
