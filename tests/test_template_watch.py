"""What template.yaml watches and shows: alarms that say what to do, a dashboard of what there is, and queries."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from cloudformation import ROOT, stack
from documents import log_fields
from embedded import OURS
from linkback.telemetry import UNITS

STACK = stack()
ALARMS = STACK.of_type("AWS::CloudWatch::Alarm")
BODY = json.loads(STACK.resources["Dashboard"]["Properties"]["DashboardBody"])
WIDGETS: list[dict[str, Any]] = BODY["widgets"]
FREE_ALARMS, FREE_METRICS = 10, 50

Series = tuple[str, str, tuple[tuple[str, str], ...]]

THEIRS = {
    "AWS/SQS": {"ApproximateNumberOfMessagesVisible", "ApproximateAgeOfOldestMessage"},
    "AWS/ApiGateway": {"Count", "4xx", "5xx", "Latency", "IntegrationLatency", "DataProcessed"},
    "AWS/Lambda": {"Errors", "Throttles", "Duration", "Invocations", "ConcurrentExecutions"},
    "AWS/DynamoDB": {"ConsumedReadCapacityUnits", "ConsumedWriteCapacityUnits", "ThrottledRequests"},
}
PLACES = {
    "AWS/SQS": [{"QueueName": f"<{queue}.QueueName>"} for queue in ("Pings", "DeadPings")],
    "AWS/ApiGateway": [{"ApiId": "<Api>"}],
    "AWS/Lambda": [{"FunctionName": f"<{function}>"} for function in ("Receive", "Verify", "Publish", "Moderate")],
    "AWS/DynamoDB": [
        {"TableName": "<Table>"},
        *({"TableName": "<Table>", "GlobalSecondaryIndexName": name} for name in ("feed", "thread", "due", "claim")),
    ],
}


def exists(series: Series) -> bool:
    """Whether anything in this stack writes that metric with those dimensions."""
    namespace, metric, dimensions = series
    if namespace == "Linkback/linkback":
        return any(dimensions == (("service", service),) and metric in names for service, names in OURS.items())
    return metric in THEIRS[namespace] and dict(dimensions) in PLACES[namespace]


# Alarms


def test_there_are_the_alarms_that_were_agreed_and_no_more_than_are_free() -> None:
    pings, functions = "DeadPings Stalled Unavailable", "Receive Verify Publish Moderate"
    names = [*pings.split(), *(f"{name}Errors" for name in functions.split()), "Throttled", "ServerTrouble", "Flood"]
    assert set(ALARMS) == {f"{name}Alarm" for name in names}
    assert len(ALARMS) <= FREE_ALARMS


@pytest.mark.parametrize("alarm", ALARMS)
def test_an_alarm_watches_one_metric_that_exists(alarm: str) -> None:
    told = ALARMS[alarm]
    dimensions = tuple((one["Name"], one["Value"]) for one in told["Dimensions"])
    assert exists((told["Namespace"], told["MetricName"], dimensions))
    assert told["TreatMissingData"] == "notBreaching"
    assert told.get("DatapointsToAlarm", 1) <= told["EvaluationPeriods"]
    assert told["Period"] * told["EvaluationPeriods"] <= 24 * 3600


@pytest.mark.parametrize("alarm", ALARMS)
@pytest.mark.parametrize("owner", [{}, {"AlertEmail": "owner@example.com"}])
def test_an_alarm_rings_at_the_topic_whether_or_not_the_owner_wants_mail(alarm: str, owner: dict[str, str]) -> None:
    assert stack(**owner).resources[alarm]["Properties"]["AlarmActions"] == ["<Alerts>"]
    assert ALARMS[alarm].get("ActionsEnabled", True) is True


def test_the_topic_mails_only_an_owner_who_asked() -> None:
    assert "Subscription" not in STACK.resources["Alerts"]["Properties"]
    (subscription,) = stack(AlertEmail="owner@example.com").resources["Alerts"]["Properties"]["Subscription"]
    assert subscription == {"Protocol": "email", "Endpoint": "owner@example.com"}


@pytest.mark.parametrize("alarm", ALARMS)
def test_an_alarm_says_what_happened_where_to_look_and_where_more_is_written(alarm: str) -> None:
    """That the section is there, test_documents has seen."""
    words, anchor = ALARMS[alarm]["AlarmDescription"], alarm.removesuffix("Alarm")
    assert len(words) <= 1024
    assert re.search(r"[.;:] (Look|look) ", words)
    assert words.endswith(f"See docs/operations.md#{anchor.lower()}.")


def test_dead_pings_are_sent_back_by_a_command_that_there_is() -> None:
    assert '"make redrive"' in ALARMS["DeadPingsAlarm"]["AlarmDescription"]
    assert re.search(r"^redrive:", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)


def test_a_ping_that_may_be_lost_rings_at_the_first_and_an_odd_request_does_not() -> None:
    def least(alarm: str) -> tuple[int, int]:
        told = ALARMS[alarm]
        assert told["ComparisonOperator"] == "GreaterThanThreshold"
        return told["Threshold"] + 1, told.get("DatapointsToAlarm", told["EvaluationPeriods"])

    lost_for_good = {"DeadPingsAlarm", "ReceiveErrorsAlarm", "UnavailableAlarm"}
    assert {least(alarm) for alarm in lost_for_good} == {(1, 1)}
    assert all(max(least(alarm)) > 1 for alarm in ALARMS.keys() - lost_for_good)


def test_a_ping_that_meets_a_bug_is_dead_before_it_counts_as_stalled() -> None:
    queue, stalled = STACK.resources["Pings"]["Properties"], ALARMS["StalledAlarm"]
    assert queue["VisibilityTimeout"] * queue["RedrivePolicy"]["maxReceiveCount"] < stalled["Threshold"]
    assert stalled["Threshold"] < queue["MessageRetentionPeriod"] / 24


# The dashboard


def drawn(widget: dict[str, Any]) -> list[Series]:
    """The metrics of a widget: `.` is the same as in the row above, `...` all of that but the last ones said."""
    found: list[Series] = []
    above: list[str] = []
    for row in widget["properties"]["metrics"]:
        words = [word for word in row if isinstance(word, str)]
        if words[0] == "...":
            words = above[: len(above) - len(words) + 1] + words[1:]
        above = [above[place] if word == "." else word for place, word in enumerate(words)]
        namespace, metric, *dimensions = above
        found.append((namespace, metric, tuple(zip(dimensions[::2], dimensions[1::2], strict=True))))
    return found


CHARTS = [widget for widget in WIDGETS if widget["type"] == "metric"]
TABLES = {widget["properties"]["title"]: widget["properties"]["query"] for widget in WIDGETS if widget["type"] == "log"}
DRAWN = {series for widget in CHARTS for series in drawn(widget)}


def test_the_dashboard_draws_only_metrics_that_exist() -> None:
    assert [series for series in DRAWN if not exists(series)] == []


def test_our_metrics_are_those_that_the_functions_write() -> None:
    assert {name for names in OURS.values() for name in names} == UNITS.keys()


def test_the_dashboard_shows_all_of_ours_the_queue_the_doors_the_functions_and_the_table() -> None:
    assert {metric for namespace, metric, _ in DRAWN if namespace == "Linkback/linkback"} == UNITS.keys()
    shown = {(namespace, metric) for namespace, metric, _ in DRAWN}
    assert shown >= {("AWS/SQS", metric) for metric in THEIRS["AWS/SQS"]}
    assert shown >= {("AWS/ApiGateway", metric) for metric in ("Count", "4xx", "5xx", "Latency")}
    for metric in ("Errors", "Throttles", "Duration"):
        assert all(("AWS/Lambda", metric, tuple(place.items())) in DRAWN for place in PLACES["AWS/Lambda"])
    assert shown >= {("AWS/DynamoDB", f"Consumed{way}CapacityUnits") for way in ("Read", "Write")}


def test_a_dashboard_with_more_metrics_would_cost_three_dollars_a_month() -> None:
    assert len(DRAWN) <= FREE_METRICS


@pytest.mark.parametrize("widget", CHARTS, ids=lambda widget: widget["properties"]["title"])
def test_a_chart_says_how_its_numbers_are_made_and_where(widget: dict[str, Any]) -> None:
    properties = widget["properties"]
    assert properties["region"] == "eu-central-1"
    assert properties["period"] in {300, 3600}
    options = [row[-1] if isinstance(row[-1], dict) else {} for row in properties["metrics"]]
    assert "stat" in properties or all("stat" in one for one in options)


def test_the_dashboard_begins_with_the_alarms_and_where_to_read_what_to_do() -> None:
    alarms, text = WIDGETS[:2]
    assert set(alarms["properties"]["alarms"]) == {f"<{alarm}.Arn>" for alarm in ALARMS}
    named = {word.removesuffix("Alarm") for word in ALARMS}
    assert all(re.search(rf"\b{name}\b", text["properties"]["markdown"]) for name in named)
    assert "docs/operations.md" in text["properties"]["markdown"]


# The queries


def test_the_questions_an_owner_asks_are_answered() -> None:
    words = " ".join(TABLES)
    assert all(question in words for question in ("What became of", "Why", "slowest", "Errors", "Who asks most"))


@pytest.mark.parametrize("title", TABLES)
def test_a_query_reads_logs_of_this_stack(title: str) -> None:
    sources = re.findall(r"SOURCE '([^']+)'", TABLES[title])
    groups = {f"<{name}>" for name in STACK.of_type("AWS::Logs::LogGroup")}
    assert sources
    assert set(sources) <= groups


# That these are in the lines, test_documents and test_telemetry see.
LINES = {"level", "message", "service"}.union(*log_fields().values())
ACCESS = json.loads(STACK.resources["ApiApiGatewayDefaultStage"]["Properties"]["AccessLogSettings"]["Format"]).keys()


@pytest.mark.parametrize("title", TABLES)
def test_a_query_asks_for_members_that_log_lines_have(title: str) -> None:
    query = re.sub(r"SOURCE '[^']*'|'[^']*'|/[^/]+/", " ", TABLES[title])
    keywords = "fields filter sort stats limit by like in and or as desc count".split()
    asked = set(re.findall(r"(?<![@\w])[a-z_]+\b", query)) - set(keywords) - {"pings", "requests"}
    assert asked <= (ACCESS if "<AccessLog>" in TABLES[title] else LINES)
    assert set(re.findall(r"@\w+", query)) <= {"@timestamp", "@message", "@log"}
