"""What the deployed functions print: whole lines, whatever strangers send, and in them the ten metrics, no more."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

import pytest
from aws_lambda_powertools.metrics import MetricUnit

from linkback import queue
from linkback.ping import Ping, Protocol
from linkback.rules import Action, Kind, Rule
from linkback_cli import template

if TYPE_CHECKING:
    from collections.abc import Mapping

    from conftest import Bridge
    from internet import Web
    from linkback.table import Table

TEN = {"Accepted", "Refused", "Unavailable", "Published", "Held", "Declined", "Waiting", "Lost", "VisitTime", "Reads"}
NAMESPACE = "Linkback/test-stack"
SOURCE, TARGET = "https://blog.example.org/a", "https://example.com/post"
FORGED = '\n{"_aws":{"CloudWatchMetrics":[{"Namespace":"x"}]},"message":"forged"}\r\u2028'

RUN = """
import json, os, sys
import app
from linkback_cli import permits
handler = {handler}
for event in json.load(sys.stdin):
    print(json.dumps(handler(event, None)), file=sys.stderr)
"""
VISITS = "app.connect(os.environ, permit=permits.everything, resolve=lambda _: ['127.0.0.1'])"


@dataclass
class Deployed:
    """The functions as Lambda starts them: a process of their own, which knows its environment and writes to stdout."""

    environ: Mapping[str, str]

    def run(
        self, name: str, *events: dict[str, Any], handler: str = "app.handler", **settings: str
    ) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        """The lines on stdout, and the answers."""
        rooms = [template.ROOT / "functions" / name, template.ROOT / "layers/linkback", template.ROOT / "cli"]
        ended = subprocess.run(
            [sys.executable, "-c", RUN.format(handler=handler)],
            input=json.dumps(events),
            env={**self.environ, "PYTHONPATH": ":".join(map(str, rooms)), "POWERTOOLS_SERVICE_NAME": name, **settings},
            capture_output=True,
            text=True,
            check=False,
        )
        assert ended.returncode == 0, ended.stderr
        lines = ended.stdout.split("\n")
        assert lines.pop() == ""
        return [json.loads(line) for line in lines], [json.loads(line) for line in ended.stderr.splitlines()]


@pytest.fixture
def deployed(emulator: str, table_name: str, queue_url: str) -> Deployed:
    names = ("PATH", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION", "AWS_EC2_METADATA_DISABLED")
    return Deployed(
        {
            **{name: os.environ[name] for name in names},
            "AWS_ENDPOINT_URL": emulator,
            "POWERTOOLS_METRICS_NAMESPACE": NAMESPACE,
            "TABLE": table_name,
            "QUEUE_URL": queue_url,
            "SITES": "example.com",
            "MODERATION": "none",
            "SELF_MENTIONS": "refuse",
            "PINGS_PER_MINUTE": "600",
            "LOG_LEVEL": "INFO",
        }
    )


def http(method: str, path: str, body: str = "", key: str = "$default", query: str = "") -> dict[str, Any]:
    context = {"domainName": "bridge.example", "stage": "$default", "http": {"method": method, "sourceIp": "192.0.2.1"}}
    return {"rawPath": path, "rawQueryString": query, "routeKey": key, "body": body, "requestContext": context}


def webmention(source: str, target: str = TARGET) -> dict[str, Any]:
    return http("POST", "/webmention", urlencode({"source": source, "target": target}), "ANY /webmention")


def pingback(source: str) -> dict[str, Any]:
    values = "".join(f"<param><value>{url}</value></param>" for url in (source, TARGET))
    call = f"<methodCall><methodName>pingback.ping</methodName><params>{values}</params></methodCall>"
    return http("POST", "/pingback", call, "ANY /pingback")


def batch(*sources: str, attempt: int = 1) -> dict[str, Any]:
    """A queue's event, one host each; a source that is no URL makes a message that nobody can read."""
    records = []
    for number, source in enumerate(sources):
        ping = Ping(
            source if "://" in source else SOURCE, TARGET, Protocol.WEBMENTION, datetime.now(UTC) - timedelta(minutes=5)
        )
        entry = queue.entry(ping, "https://bridge.example")
        attributes = {"MessageGroupId": str(number), "ApproximateReceiveCount": str(attempt)}
        body = entry["MessageBody"] if "://" in source else source
        records.append({"messageId": f"m{number}", "body": body, "attributes": attributes})
    return {"Records": records}


def measured(line: Mapping[str, Any]) -> dict[str, Any]:
    """A line's metrics, after a check of all that CloudWatch asks of the Embedded Metric Format."""
    if "_aws" not in line:
        return {}
    assert abs(line["_aws"]["Timestamp"] / 1000 - time.time()) < 600
    [directive] = line["_aws"]["CloudWatchMetrics"]
    assert directive.keys() == {"Namespace", "Dimensions", "Metrics"}
    assert directive["Namespace"] == NAMESPACE
    assert directive["Dimensions"] == [["service"]]
    assert line["service"] in ("receive", "verify", "publish", "moderate")
    names = [metric["Name"] for metric in directive["Metrics"]]
    assert 1 <= len(names) == len(set(names)) <= 100
    for metric in directive["Metrics"]:
        assert metric.keys() == {"Name", "Unit"}
        assert metric["Unit"] in {unit.value for unit in MetricUnit}
        assert type(line[metric["Name"]]) in (int, float)
    assert len(json.dumps(line)) < 100_000
    return {name: line[name] for name in names}


def metrics(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [found for line in lines if (found := measured(line))]


# The doors


def test_each_ping_at_the_door_is_one_line_that_is_its_metric(deployed: Deployed) -> None:
    trackback = http("POST", "/trackback/example.com/post", f"url={SOURCE}", "ANY /trackback/{target+}")
    elsewhere = webmention(SOURCE, "https://elsewhere.example/")
    events = [webmention(SOURCE), pingback(SOURCE), pingback(SOURCE), trackback, elsewhere, http("GET", "/pingback")]
    lines, answers = deployed.run("receive", *events)
    assert [line["message"] for line in lines] == ["door"] * 6
    assert [line.get("outcome") for line in lines] == [
        "accepted",
        "accepted",
        "again",
        "accepted",
        "refused",
        "refused",
    ]
    assert metrics(lines) == [{"Accepted": 1}] * 4 + [{"Refused": 1}]
    first, refused = lines[0], lines[4]
    assert (
        first.items()
        >= {
            "level": "INFO",
            "service": "receive",
            "route": "POST /webmention",
            "status": 201,
            "protocol": "webmention",
            "source": SOURCE,
            "target": TARGET,
            "sender": "192.0.2.1",
            "cold_start": True,
        }.items()
    )
    assert answers[0]["headers"]["location"].endswith(f"/pings/{first['id']}")
    assert first["ms"] >= 0
    assert [line.get("cold_start") for line in lines[1:]] == [None] * 5
    assert refused.items() >= {"reason": "target-unknown", "source": SOURCE, "protocol": "webmention"}.items()
    assert "id" not in refused


@pytest.mark.parametrize("level", ["WARNING", "ERROR"])
def test_the_metrics_are_there_when_the_lines_are_not(deployed: Deployed, level: str) -> None:
    events = [webmention(SOURCE), webmention(SOURCE, "x"), http("GET", "/webmention", key="ANY /webmention")]
    lines, _ = deployed.run("receive", *events, LOG_LEVEL=level)
    assert metrics(lines) == [{"Accepted": 1}, {"Refused": 1}]
    assert [set(line) for line in lines] == [{"_aws", "service", "Accepted"}, {"_aws", "service", "Refused"}]


def test_an_outage_of_ours_is_counted_as_ours(deployed: Deployed) -> None:
    nowhere = "http://127.0.0.1:9"  # the discard port, at which nothing listens
    lines, answers = deployed.run("receive", webmention(SOURCE), pingback(SOURCE), AWS_ENDPOINT_URL=nowhere)
    assert metrics(lines) == [{"Unavailable": 1}] * 2
    assert [(line["status"], line["reason"]) for line in lines] == [(503, "server-trouble"), (200, "server-trouble")]
    assert all("EndpointConnectionError" in line["cause"] for line in lines)
    assert "<int>50</int>" in answers[1]["body"]


def test_too_many_pings_of_one_sender_are_refused_and_wake_nobody(deployed: Deployed) -> None:
    lines, _ = deployed.run("receive", *[webmention(f"{SOURCE}/{n}") for n in range(4)], PINGS_PER_MINUTE="1")
    refused = [line for line in lines if line["outcome"] == "refused"]
    assert len(refused) >= 2
    assert {(line["status"], line["reason"]) for line in refused} == {(429, "too-many")}
    assert metrics(refused) == [{"Refused": 1}] * len(refused)


def test_no_stranger_writes_a_line_a_metric_or_a_namespace(deployed: Deployed) -> None:
    """And none makes a line long, or leaves a password in it."""
    hostile = [
        webmention(f"{SOURCE}{FORGED}"),
        webmention(SOURCE, FORGED * 500),
        webmention("https://ann:secret@blog.example.org/"),
        webmention(f"https://ann:secret{'x' * 3000}@blog.example.org/"),
        http(
            "POST", f"/trackback/example.com/{FORGED}{'x' * 9000}", f"url={quote(SOURCE)}", "ANY /trackback/{target+}"
        ),
        http("POST", f"/{FORGED}\ud800", "source=%ff%fe", "ANY /webmention"),
        http("POST", "/webmention", "source=\ud800&target=\x00\x1b[31m", "ANY /webmention"),
        http("POST\n", "/webmention", key="_aws"),
    ]
    lines, _ = deployed.run("receive", *hostile)
    assert [line["message"] for line in lines] == ["door"] * len(hostile)
    assert set().union(*metrics(lines)) <= TEN
    assert all(len(json.dumps(line)) < 12_000 for line in lines)
    assert "secret" not in json.dumps(lines)
    members = {"level", "message", "timestamp", "service", "route", "status", "outcome", "reason", "detail", "protocol"}
    assert set().union(*lines) <= members | TEN | {"source", "target", "sender", "id", "ms", "_aws", "cold_start"}


def test_a_bug_at_the_door_is_answered_in_the_callers_dialect_and_told_to_the_owner(deployed: Deployed) -> None:
    trackback = http("POST", "/trackback/example.com/post", f"url={SOURCE}", "ANY /trackback/{target+}")
    lines, answers = deployed.run(
        "receive",
        webmention(SOURCE),
        pingback(SOURCE),
        trackback,
        handler="app.connect(os.environ, permit=lambda *_: 1 // 0)",
        LOG_LEVEL="ERROR",
    )
    assert (answers[0]["statusCode"], json.loads(answers[0]["body"])["error"]) == (503, "server-trouble")
    assert int(answers[0]["headers"]["retry-after"]) > 0
    assert "<int>50</int>" in answers[1]["body"]
    assert "<error>1</error><message>" in answers[2]["body"]
    bugs = [line for line in lines if line.get("level") == "ERROR"]
    assert [bug["message"] for bug in bugs] == ["trouble"] * 3
    assert all("ZeroDivisionError" in bug["traceback"] for bug in bugs)
    assert metrics(lines) == [{"Unavailable": 1}] * 3


# The visits


@dataclass
class Sources:
    """Pages that link to TARGET, each at a name of its own; all names lead to loopback."""

    internet: Web
    pages: dict[str, str] = field(default_factory=dict)

    def put(self, name: str, status: int = 200, body: str = f"<a href='{TARGET}'>x</a>") -> str:
        port = self.internet.origin.rpartition(":")[2]
        self.internet.put(f"/{name}", body, status)
        return f"http://{name}.example:{port}/{name}"


def test_each_visit_is_one_line_that_is_its_metrics(deployed: Deployed, internet: Web, table: Table) -> None:
    at = Sources(internet)
    table.put_rule(Rule("example.com", Kind.HOST, "held.example", Action.HOLD))
    told = [at.put("published"), at.put("held"), at.put("declined", body="no link"), at.put("waiting", 500)]
    lines, answers = deployed.run("verify", batch(*told, "{}", attempt=3), handler=VISITS)
    assert answers == [{"batchItemFailures": [{"itemIdentifier": "m4"}]}]
    visits = {line["outcome"]: line for line in lines if line["message"] == "visit"}
    assert visits.keys() == {"published", "held", "declined", "waiting"}
    for outcome, line in visits.items():
        assert measured(line) == {outcome.title(): 1, "VisitTime": line["ms"]}
        assert (line["attempt"], line["protocol"], line["target"]) == (3, "webmention", TARGET)
        assert line["source"] in told
        assert 299 < line["waited"] < 900
    assert visits["declined"]["reason"] == "no-link"
    [bug] = [line for line in lines if line["message"] == "trouble"]
    assert (bug["level"], bug["message_id"], bug["attempt"], bug["body"]) == ("ERROR", "m4", 3, "{}")
    assert "KeyError" in bug["traceback"]
    assert len(lines) == 5


def test_a_batchs_metrics_are_whole_lines_when_ten_threads_write_and_a_visit_raises(
    deployed: Deployed, internet: Web
) -> None:
    at = Sources(internet)
    deployed.run("verify", batch(at.put("lost")), handler=VISITS, LOG_LEVEL="ERROR")
    told = [at.put("lost", 410), *(at.put(f"page{number}") for number in range(8))]
    lines, _ = deployed.run("verify", batch(*told, "poison"), handler=VISITS, LOG_LEVEL="ERROR")
    found = metrics(lines)
    assert len(lines) == 10
    assert len(found) == 9
    assert sum(one.get("Lost", 0) for one in found) == 1
    assert sum(one.get("Published", 0) for one in found) == 8
    assert all(one["VisitTime"] >= 0 for one in found)


# The reads


def test_each_read_is_one_line_and_only_what_was_served_is_counted(deployed: Deployed) -> None:
    reads = [
        http("GET", "/api/mentions.jf2", key="GET /api/mentions.jf2", query="domain=example.com"),
        http("HEAD", "/"),
        http("GET", "/nothing"),
        http("OPTIONS", "/feed.json"),
        http("GET", "/feed.json", key="GET /feed.json", query="target="),
    ]
    lines, answers = deployed.run("publish", *reads)
    assert [(line["message"], line["status"]) for line in lines] == [("read", s) for s in (200, 200, 404, 204, 400)]
    assert metrics(lines) == [{"Reads": 1}, {"Reads": 1}]
    assert (lines[0]["mentions"], lines[0]["bytes"]) == (0, len(answers[0]["body"]))
    assert (lines[1]["bytes"], lines[1]["route"]) == (0, "HEAD /")
    quiet, _ = deployed.run("publish", *reads, LOG_LEVEL="WARNING")
    assert metrics(quiet) == [{"Reads": 1}, {"Reads": 1}]
    assert len(quiet) == 2


def test_a_bug_in_a_read_is_a_feed_without_entries_and_told_to_the_owner(
    deployed: Deployed, dynamodb: Any, table_name: str
) -> None:
    dynamodb.put_item(TableName=table_name, Item={"pk": {"S": "PING#broken"}, "sk": {"S": "PING"}})
    event = http("GET", "/pings/broken", key="GET /pings/{id}")
    lines, [answer] = deployed.run("publish", event, LOG_LEVEL="ERROR")
    assert (answer["statusCode"], json.loads(answer["body"])["error"]) == (500, "server-trouble")
    assert answer["headers"]["cache-control"] == "no-store"
    [bug] = lines
    assert (bug["level"], bug["message"], bug["route"]) == ("ERROR", "trouble", "GET /pings/broken")
    assert "KeyError" in bug["traceback"]


# On a developer's machine


def test_a_function_whose_lines_go_elsewhere_prints_nothing(bridge: Bridge, capfd: pytest.CaptureFixture[str]) -> None:
    """`linkback serve` hands in its own log."""
    bridge.webmention(SOURCE, TARGET)
    bridge.get("/")
    assert capfd.readouterr().out == ""
    assert [event for event, _ in bridge.logged] == ["door", "read"]
