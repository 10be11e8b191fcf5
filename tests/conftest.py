"""What the tests stand on: an emulated DynamoDB and SQS, and a real HTTP server on loopback that plays the internet."""

from __future__ import annotations

import itertools
import json
import os
import xmlrpc.client
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import boto3
import hypothesis
import pytest

from internet import Web, serving
from linkback import web
from linkback.impressions import Permitted, unasked
from linkback.index import Index
from linkback.table import Table
from linkback_cli import functions, permits, routes, template
from linkback_cli.emulator import Emulator
from linkback_cli.events import HttpAnswer, HttpRequest, http_answer, http_event, queue_event
from shelf import Shelf

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

# The same examples in every run, and no verdict on a machine for being slow.
hypothesis.settings.register_profile("linkback", deadline=None, derandomize=True, print_blob=True)
hypothesis.settings.load_profile("linkback")

# Credentials that work nowhere, so that no test can ever reach an account.
os.environ.update(
    AWS_ACCESS_KEY_ID="test",
    AWS_SECRET_ACCESS_KEY="test",
    AWS_DEFAULT_REGION="us-east-1",
    AWS_EC2_METADATA_DISABLED="true",
)
for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
    os.environ.pop(name, None)

pytest.register_assert_rewrite("serving")  # so that what it asserts says what it saw, as in a test

FUNCTIONS = ("receive", "verify", "publish", "moderate")

_serial = itertools.count()


@pytest.fixture(scope="session")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The endpoint of an emulator that lives as long as the test run."""
    with Emulator(tmp_path_factory.mktemp("emulator") / "log") as running:
        yield running.endpoint


@pytest.fixture(scope="session")
def dynamodb(emulator: str) -> Any:
    return boto3.client("dynamodb", endpoint_url=emulator)


@pytest.fixture(scope="session")
def sqs(emulator: str) -> Any:
    return boto3.client("sqs", endpoint_url=emulator)


@pytest.fixture
def table_name(dynamodb: Any) -> str:
    """A new, empty table, made from template.yaml."""
    name = f"linkback-{next(_serial)}"
    dynamodb.create_table(**template.load().table(name))
    return name


@pytest.fixture
def table(dynamodb: Any, table_name: str) -> Table:
    return Table(dynamodb, table_name)


@pytest.fixture
def index(dynamodb: Any, table_name: str) -> Index:
    """The same table as feeds read it."""
    return Index(dynamodb, table_name)


@pytest.fixture
def shelf(table: Table) -> Shelf:
    """Mentions to be read."""
    return Shelf(table)


@pytest.fixture
def queue_url(sqs: Any) -> str:
    """A new, empty FIFO queue."""
    return str(sqs.create_queue(QueueName=f"pings-{next(_serial)}.fifo", Attributes={"FifoQueue": "true"})["QueueUrl"])


@pytest.fixture
def internet() -> Iterator[Web]:
    """A Web on a loopback port of the system's choice."""
    with serving() as web:
        yield web


Call = tuple[str, dict[str, Any]]


@pytest.fixture
def calls() -> Iterator[list[Call]]:
    """Every call to DynamoDB by clients that are made from here on, with its parameters."""
    made: list[Call] = []

    def note(params: dict[str, Any], model: Any, **_: Any) -> None:
        made.append((model.name, params))

    boto3.setup_default_session()
    boto3.DEFAULT_SESSION.events.register("provide-client-params.dynamodb", note)
    yield made
    boto3.setup_default_session()


@dataclass
class Bridge:
    """The functions as deployed, on an emulated table and queue; only where they may visit is different."""

    receive: Callable[..., dict[str, Any]]
    verify: Callable[..., dict[str, Any]]
    publish: Callable[..., dict[str, Any]]
    moderate: Callable[..., dict[str, Any]]
    sqs: Any
    queue_url: str
    logged: list[tuple[str, dict[str, Any]]]
    host: str = "bridge.example"
    sender: str = "192.0.2.1"

    def call(self, method: str, url: str, body: bytes = b"", **headers: str) -> HttpAnswer:
        """One HTTP request, routed by template.yaml: function, event and answer as API Gateway makes them."""
        path, _, query = url.removeprefix(f"http://{self.host}").partition("?")
        route, parameters = routes.find(template.load().routes(), method, path) or pytest.fail(f"no route for {path}")
        sent = [(name.replace("_", "-"), value) for name, value in headers.items()]
        request = HttpRequest(method, path, query, "HTTP/1.1", sent, body, self.host, self.sender)
        event = http_event(request, route, parameters, datetime.now(UTC))
        return http_answer(getattr(self, route.function)(event, None))

    def get(self, url: str, **headers: str) -> HttpAnswer:
        return self.call("GET", url, b"", **headers)

    def json(self, url: str) -> Any:
        return json.loads(self.get(url).body)

    def webmention(self, source: str, target: str, **headers: str) -> HttpAnswer:
        body = urlencode({"source": source, "target": target}).encode()
        return self.call("POST", "/webmention", body, content_type="application/x-www-form-urlencoded", **headers)

    def pingback(self, source: str, target: str) -> HttpAnswer:
        body = xmlrpc.client.dumps((source, target), "pingback.ping").encode()
        return self.call("POST", "/pingback", body, content_type="text/xml")

    def trackback(self, target: str, **fields: str) -> HttpAnswer:
        path = f"/trackback?{urlencode({'target': target})}"
        return self.call("POST", path, urlencode(fields).encode(), content_type="application/x-www-form-urlencoded")

    def messages(self) -> list[dict[str, Any]]:
        """What waits in the queue, taken off it."""
        found = self.sqs.receive_message(QueueUrl=self.queue_url, MaxNumberOfMessages=10, AttributeNames=["All"])
        for message in found.get("Messages", []):
            self.sqs.delete_message(QueueUrl=self.queue_url, ReceiptHandle=message["ReceiptHandle"])
        return list(found.get("Messages", []))

    def work(self) -> list[dict[str, str]]:
        """Visit whatever is queued, to the end; what failed."""
        failures: list[dict[str, str]] = []
        while messages := self.messages():
            failures += self.verify(queue_event(messages, "arn:aws:sqs:us-east-1:0:pings"), None)["batchItemFailures"]
        return failures

    def fate(self, source: str, target: str) -> dict[str, Any]:
        """Send a Webmention, visit, and read its status page."""
        answer = self.webmention(source, target)
        assert answer.status == 201, answer.body
        self.work()
        return dict(self.json(dict(answer.headers)["location"]))

    def children(self, query: str = "") -> list[dict[str, Any]]:
        return list(self.json(f"/api/mentions.jf2{query}")["children"])


@pytest.fixture
def make_bridge(emulator: str, sqs: Any, table_name: str, queue_url: str) -> Callable[..., Bridge]:
    """A bridge for example.com that may visit loopback; settings by keyword, as the environment has them."""
    os.environ["AWS_ENDPOINT_URL"] = emulator

    def make(
        permitted: Permitted = unasked, resolve: Callable[[str], Sequence[str]] = web.look_up, **settings: str
    ) -> Bridge:
        environ = {
            "TABLE": table_name,
            "QUEUE_URL": queue_url,
            "SITES": "example.com",
            "MODERATION": "none",
            "SELF_MENTIONS": "refuse",
            "PINGS_PER_MINUTE": "600",
            "WEBSUB_HUB": "",
        } | settings
        os.environ.update(environ)
        logged: list[tuple[str, dict[str, Any]]] = []

        def log(event: str, **fields: Any) -> None:
            logged.append((event, fields))

        apps = {name: functions.load(template.ROOT / "functions", name) for name in FUNCTIONS}
        dials: dict[str, Any] = {name: {"permit": permits.everything} for name in ("receive", "verify")}
        dials["verify"] |= {"permitted": permitted, "resolve": resolve}  # no test asks the DNS
        made = {name: app.connect(environ, log=log, **dials.get(name, {})) for name, app in apps.items()}
        return Bridge(**made, sqs=sqs, queue_url=queue_url, logged=logged)

    return make


@pytest.fixture
def bridge(make_bridge: Callable[..., Bridge]) -> Bridge:
    return make_bridge()
