"""Every function as Lambda runs it: AWS's runtime client, the built function, the layer, and nothing else on the path.

What is missing from the layer fails here as it would there. Table and queue are the emulator's, the settings are
the template's, the events those of events/.
"""

from __future__ import annotations

import base64
import json
import re
import shutil
import xml.etree.ElementTree as ET
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import pytest

from built import FUNCTIONS, HERE, ROOT, RUNTIME, built, visiting, without
from cloudformation import stack
from embedded import sums
from linkback import queue
from linkback.ping import Ping, Protocol
from linkback.tokens import Tokens
from linkback_cli import routes, template
from linkback_cli.events import HttpAnswer, HttpRequest, http_answer, http_event, queue_event
from runtime_api import Deployment, Failed, Instance

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from internet import Web

    Run = Callable[..., Instance]

pytestmark = pytest.mark.built

# Where the senders of events/ lived; the name is for a door that does not take loopback.
LOOPBACK, PUBLIC = re.compile(r"127\.0\.0\.[29](:|%3A)\d+"), "blog.example.org"
QUEUE_ARN = "arn:aws:sqs:us-east-1:123456789012:pings.fifo"
DOORS = ("webmention", "pingback", "trackback")


def event(name: str) -> dict[str, Any]:
    read: dict[str, Any] = json.loads((ROOT / f"events/{name}.json").read_text("utf-8"))
    return read


def from_a_public_host(name: str) -> dict[str, Any]:
    """The event of a door, but that its source has a name instead of a loopback address."""
    told = event(name)
    body = base64.b64decode(told["body"]).decode() if told["isBase64Encoded"] else told["body"]
    changed = LOOPBACK.sub(PUBLIC, body)
    assert changed != body
    return told | {"body": changed, "isBase64Encoded": False}


def message(body: str, message_id: str = "m1") -> dict[str, Any]:
    """One record of an SQS event, as in events/verify.json."""
    [record] = event("verify")["Records"]
    return {**record, "messageId": message_id, "body": body}


def failed(returned: Any) -> list[str]:
    return [one["itemIdentifier"] for one in returned["batchItemFailures"]]


@pytest.fixture
def deploy(emulator: str, table_name: str, queue_url: str) -> Callable[..., Deployment]:
    """A function, deployed as built unless told otherwise, for a site on 127.0.0.1 that holds nothing back."""
    made = {"<Table>": table_name, "<Pings>": queue_url}
    functions = stack(Sites="127.0.0.1", Moderation="none").of_type("AWS::Lambda::Function")

    def make(function: str, **otherwise: Any) -> Deployment:
        here, told = built(HERE), functions[function]
        settings = {name: made.get(value, str(value)) for name, value in told["Environment"]["Variables"].items()}
        environment = {**settings, "AWS_ENDPOINT_URL": emulator}
        folders = {"task": here / function, "layer": here / "Library/python", "runtime": built(RUNTIME)}
        return Deployment(**{**folders, "environment": environment, "seconds": told["Timeout"], **otherwise})

    return make


@pytest.fixture
def run(deploy: Callable[..., Deployment], tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Instance]:
    """Starts an instance of a function, to be used in a `with`."""

    def start(function: str, **otherwise: Any) -> Instance:
        return Instance(deploy(function, **otherwise), tmp_path_factory.mktemp(function))

    return start


def logged(instance: Instance, service: str) -> list[dict[str, Any]]:
    """What the process logged: every line is JSON, and nothing is on stderr."""
    assert instance.stderr() == ""
    lines = [json.loads(line) for line in instance.stdout()]
    assert {line["service"] for line in lines} <= {service}
    return lines


def counted(lines: list[dict[str, Any]]) -> dict[str, float]:
    """The sum of each metric."""
    return sums(lines, "Linkback/linkback")


def said(answer: HttpAnswer) -> str:
    """Yes or no, in the words of the dialect that was answered."""
    body = answer.body.decode()
    if answer.status == 201:
        return "queued" if json.loads(body)["status"] == "queued" else body
    if answer.status == 400:
        return str(json.loads(body)["error"])
    root = ET.fromstring(body)
    return root.findtext(".//int") or root.findtext("error") or "no fault"


class TestReceive:
    def test_a_webmention_is_recorded_queued_and_answered(
        self, run: Run, dynamodb: Any, sqs: Any, table_name: str, queue_url: str
    ) -> None:
        with run("Receive") as receive:
            answer = http_answer(receive.invoke(from_a_public_host("webmention")))
            [line] = logged(receive, "receive")
        assert (answer.status, json.loads(answer.body)["status"]) == (201, "queued")
        ping = dict(answer.headers)["location"].rpartition("/")[2]
        key = {"pk": {"S": f"PING#{ping}"}, "sk": {"S": "PING"}}
        assert dynamodb.get_item(TableName=table_name, Key=key)["Item"]["source"]["S"].startswith(f"http://{PUBLIC}/")
        [queued] = sqs.receive_message(QueueUrl=queue_url)["Messages"]
        assert json.loads(queued["Body"])["id"] == ping
        assert (line["message"], line["status"], line["id"]) == ("door", 201, ping)

    def test_one_process_answers_every_door(self, run: Run) -> None:
        with run("Receive") as receive:
            answers = [http_answer(receive.invoke(from_a_public_host(name))) for name in DOORS]
            lines = logged(receive, "receive")
        assert [said(answer) for answer in answers] == ["queued", "no fault", "0"]
        assert [line["message"] for line in lines] == ["door"] * 3
        assert counted(lines) == {"Accepted": 3}

    def test_no_door_takes_a_source_on_loopback(self, run: Run) -> None:
        """The events as they were captured: what ships has no way to a private address."""
        with run("Receive") as receive:
            answers = [http_answer(receive.invoke(event(name))) for name in DOORS]
            lines = logged(receive, "receive")
        assert [said(answer) for answer in answers] == ["forbidden-address", "49", "1"]
        assert {line["reason"] for line in lines} == {"forbidden-address"}
        assert counted(lines) == {"Refused": 3}

    def test_an_event_that_is_none_is_an_error_and_the_next_one_is_answered(self, run: Run) -> None:
        with run("Receive") as receive:
            with pytest.raises(Failed) as bug:
                receive.invoke(["not", "an", "event"])
            answer = http_answer(receive.invoke(from_a_public_host("webmention")))
        assert (bug.value.kind, answer.status) == ("error", 201)


class TestVerify:
    def test_a_page_on_loopback_is_declined(self, run: Run) -> None:
        with run("Verify") as verify:
            assert failed(verify.invoke(event("verify"))) == []
            [line] = logged(verify, "verify")
        assert (line["message"], line["outcome"], line["reason"]) == ("visit", "declined", "forbidden-address")
        assert counted([line])["Declined"] == 1

    def test_garbage_is_handed_back_alone_and_the_process_goes_on(self, run: Run) -> None:
        good = event("verify")["Records"]
        bad = [message("%garbage", "bad"), message('{"id": 1}', "worse"), message("", "worst")]
        with run("Verify") as verify:
            assert failed(verify.invoke({"Records": [*bad[:2], *good, bad[2]]})) == ["bad", "worse", "worst"]
            assert failed(verify.invoke({"Records": good})) == []
            lines = logged(verify, "verify")
        assert [line["message"] for line in lines] == ["trouble", "trouble", "visit", "trouble", "visit"]

    def test_what_cannot_be_begun_before_the_deadline_is_handed_back(self, run: Run) -> None:
        good = event("verify")["Records"][0]
        with run("Verify") as verify:
            assert failed(verify.invoke({"Records": [good]}, seconds=queue.LEAST_SECONDS_LEFT - 1)) == [
                good["messageId"]
            ]
            assert logged(verify, "verify") == []


class TestAWholePing:
    def test_from_a_page_with_microformats_to_feed_and_status(
        self, run: Run, internet: Web, sqs: Any, queue_url: str, tmp_path: Path
    ) -> None:
        """All that is imported late is reached: the link, the entry that holds it, its author, its cleaned content."""
        source, target = pages(internet)
        with run("Receive", task=copied(tmp_path, "Receive", internet)) as receive:
            accepted = http_answer(receive.invoke(webmention(source, target)))
        messages = sqs.receive_message(QueueUrl=queue_url, AttributeNames=["All"])["Messages"]
        with run("Verify", task=copied(tmp_path, "Verify", internet)) as verify:
            assert failed(verify.invoke(queue_event(messages, QUEUE_ARN))) == []
            [visit] = logged(verify, "verify")
        with run("Publish") as publish:
            feed = http_answer(publish.invoke(event("feed")))
            status = http_answer(publish.invoke(with_id(event("status"), json.loads(accepted.body)["location"][-22:])))
            reads = logged(publish, "publish")
        assert (visit["outcome"], counted([visit])) == ("published", {"Published": 1, "VisitTime": visit["ms"]})
        [mention] = json.loads(feed.body)["children"]
        assert (mention["wm-property"], mention["author"]["name"]) == ("in-reply-to", "Ann")
        assert mention["content"]["html"] == "Well <em>said</em>"
        assert (status.status, b"published" in status.body) == (200, True)
        assert ([line["message"] for line in reads], counted(reads)) == (["read", "read"], {"Reads": 2})


class TestPublish:
    def test_feed_and_status_of_a_new_bridge(self, run: Run) -> None:
        with run("Publish") as publish:
            feed, status = (http_answer(publish.invoke(event(name))) for name in ("feed", "status"))
            lines = logged(publish, "publish")
        assert (feed.status, json.loads(feed.body)["children"]) == (200, [])
        assert (status.status, dict(status.headers)["content-type"]) == (404, "text/html; charset=utf-8")
        assert [(line["message"], line["status"]) for line in lines] == [("read", 200), ("read", 404)]


class TestModerate:
    def test_a_stranger_gets_the_page_to_sign_in_with_its_style_and_script(self, run: Run) -> None:
        paths = ("/dashboard", "/dashboard/desk.css", "/dashboard/desk.js", "/dashboard/rules")
        with run("Moderate") as moderate:
            page, style, script, rules = (http_answer(moderate.invoke(asked("GET", path))) for path in paths)
            lines = logged(moderate, "moderate")
        assert {one.status for one in (page, style, script)} == {200}
        assert [dict(one.headers)["content-type"].partition(";")[0] for one in (page, style, script)] == [
            *("text/html", "text/css", "text/javascript")
        ]
        assert b"/dashboard/sign-in" in page.body
        assert b"/dashboard/sign-in" in rules.body  # and no rules
        assert [(line["message"], line["status"]) for line in lines[:3]] == [("desk", 200)] * 3
        assert counted(lines) == {}

    def test_an_owner_writes_a_rule_with_a_token_and_nobody_without(
        self, run: Run, dynamodb: Any, table_name: str
    ) -> None:
        """All that is imported late is reached: which hosts have many owners."""
        token = Tokens(dynamodb, table_name).create("test", (), 0)
        rule = {"kind": "host", "value": "spam.example", "action": "block"}
        call = ("POST", "/moderation/rules", json.dumps(rule).encode())
        with run("Moderate") as moderate:
            refused = http_answer(moderate.invoke(asked(*call)))
            written = http_answer(moderate.invoke(asked(*call, authorization=f"Bearer {token}")))
            lines = logged(moderate, "moderate")
        assert (refused.status, written.status) == (401, 200)
        assert json.loads(written.body)["rule"].items() >= rule.items()
        assert [line.get("outcome", "") for line in lines] == ["refused", ""]
        assert token not in json.dumps(lines)


class TestLogLevel:
    @pytest.mark.parametrize(
        ("function", "name", "metric"),
        [("Receive", "pingback", "Refused"), ("Verify", "verify", "Declined"), ("Publish", "feed", "Reads")],
    )
    def test_a_log_that_is_silent_has_its_metrics_still(
        self, run: Run, deploy: Callable[..., Deployment], function: str, name: str, metric: str
    ) -> None:
        environment = {**deploy(function).environment, "LOG_LEVEL": "ERROR"}
        with run(function, environment=environment) as instance:
            instance.invoke(event(name))
            [line] = logged(instance, function.lower())
        assert "message" not in line
        assert counted([line])[metric] == 1


class TestIsolation:
    @pytest.mark.parametrize(
        ("function", "package"),
        [
            ("Receive", "linkback"),
            ("Verify", "h11"),
            ("Verify", "turbohtml"),
            ("Publish", "aws_lambda_powertools"),
            ("Moderate", "linkback"),
        ],
    )
    def test_what_the_layer_lacks_fails_the_start(self, run: Run, tmp_path: Path, function: str, package: str) -> None:
        layer = without(package, tmp_path / "layer")
        with run(function, layer=layer) as instance, pytest.raises(Failed) as bug:
            instance.invoke({})
        assert (bug.value.kind, bug.value.told["errorType"]) == ("init", "Runtime.ImportModuleError")
        assert f"No module named '{package}" in bug.value.told["errorMessage"]

    @pytest.mark.parametrize("package", ["mf2py", "nh3"])
    def test_what_the_layer_lacks_and_is_imported_late_fails_the_visit(
        self, run: Run, internet: Web, tmp_path: Path, package: str
    ) -> None:
        layer = without(package, tmp_path / "layer")
        ping = Ping(*pages(internet), Protocol.WEBMENTION, datetime(2026, 11, 22, 9, 58, 34, tzinfo=UTC))
        told = message(queue.entry(ping, "https://bridge.example")["MessageBody"])
        with run("Verify", layer=layer, task=copied(tmp_path, "Verify", internet)) as verify:
            assert failed(verify.invoke({"Records": [told]})) == ["m1"]
            [line] = logged(verify, "verify")
        assert (line["message"], f"No module named '{package}'" in line["error"]) == ("trouble", True)

    def test_what_the_machines_python_has_installed_is_out_of_reach(self, run: Run, tmp_path: Path) -> None:
        """pip, say, which built the layer."""
        (tmp_path / "entry.py").write_text("import pip", "utf-8")
        with run("Verify", task=tmp_path, handler="entry.handler") as instance, pytest.raises(Failed) as bug:
            instance.invoke({})
        assert "No module named 'pip'" in bug.value.told["errorMessage"]

    @pytest.mark.parametrize("function", FUNCTIONS)
    def test_a_setting_that_the_template_does_not_make_fails_the_start(
        self, run: Run, deploy: Callable[..., Deployment], function: str
    ) -> None:
        environment = {**deploy(function).environment}
        del environment["TABLE"]
        with run(function, environment=environment) as instance, pytest.raises(Failed) as bug:
            instance.invoke({})
        assert (bug.value.kind, bug.value.told["errorType"]) == ("init", "KeyError")


def copied(folder: Path, function: str, internet: Web) -> Path:
    """A function as built, but that it may go to the test's own pages."""
    port = internet.origin.rpartition(":")[2]
    task = shutil.copytree(HERE / function, folder / function)
    visiting(task, {f"{host}:{port}": "127.0.0.1" for host in (PUBLIC, "127.0.0.1")})
    return task


def pages(internet: Web) -> tuple[str, str]:
    """A reply, and the page of our site that it replies to."""
    target = internet.put("/post", "<p>Well.</p>")
    reply = f"<a class=u-in-reply-to href={target}>it</a><div class=e-content>Well <em>said</em></div>"
    author = "<a class='p-author h-card' href=/>Ann</a>"
    source = internet.put("/reply", f"<body><article class=h-entry>{author}{reply}</article>")
    return source.replace("127.0.0.1", PUBLIC), target


def webmention(source: str, target: str) -> dict[str, Any]:
    """events/webmention.json, of another source and target."""
    body = urlencode({"source": source, "target": target})
    return event("webmention") | {"body": body, "isBase64Encoded": False}


def asked(method: str, path: str, body: bytes = b"", **headers: str) -> dict[str, Any]:
    """The event of a request to a route that has none in events/."""
    found = routes.find(template.load().routes(), method, path)
    assert found
    sent = HttpRequest(method, path, "", "HTTP/1.1", list(headers.items()), body, "bridge.example", "192.0.2.1")
    return http_event(sent, *found, datetime.now(UTC))


def with_id(status: dict[str, Any], ping: str) -> dict[str, Any]:
    """events/status.json, for another ping."""
    old = status["pathParameters"]["id"]
    changed: dict[str, Any] = json.loads(json.dumps(status).replace(old, ping))
    return changed
