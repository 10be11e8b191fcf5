"""What template.yaml says, for those who make its resources without CloudFormation: `serve`, the tests."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import yaml

ROOT = Path(__file__).resolve().parents[2]
DEFAULT = "$default"


class Route(NamedTuple):
    """One route of the HTTP API: `function` is the folder below functions/ that answers it."""

    method: str
    path: str
    function: str


class Batches(NamedTuple):
    """How many messages one invocation gets at most, and how many invocations there are at once."""

    size: int
    at_once: int


@dataclass(frozen=True, slots=True)
class Queue:
    """One queue. `attributes` are for CreateQueue; `dead_letters` is the name of the queue it redrives to, or None."""

    name: str
    attributes: dict[str, str]
    dead_letters: str | None = None
    max_receives: int = 0


class _Loader(yaml.SafeLoader):
    """YAML with CloudFormation's short tags, each read as its long form."""


def _long_form(loader: _Loader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    name = suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}"
    if isinstance(node, yaml.ScalarNode):
        value: Any = loader.construct_scalar(node)
        return {name: value.split(".", 1) if suffix == "GetAtt" else value}
    if isinstance(node, yaml.SequenceNode):
        return {name: loader.construct_sequence(node, deep=True)}
    return {name: loader.construct_mapping(node, deep=True)} if isinstance(node, yaml.MappingNode) else {}


yaml.add_multi_constructor("!", _long_form, Loader=_Loader)


@dataclass(frozen=True, slots=True)
class Template:
    """A SAM template as a tree of plain values, short tags in their long form."""

    tree: dict[str, Any]

    def routes(self) -> list[Route]:
        """Every HttpApi event of every function, in the template's order."""
        return [
            Route(str(event.get("Method", "ANY")).upper(), str(event.get("Path", DEFAULT)), _folder(properties))
            for properties in self._of_type("AWS::Serverless::Function").values()
            for event in _http_events(properties)
        ]

    def environment(self, function: str) -> dict[str, str]:
        """The variables of a function (by its folder) that the template itself spells out."""
        everywhere = self.tree.get("Globals", {}).get("Function", {})
        made: dict[str, str] = {}
        for properties in (everywhere, *self._of_type("AWS::Serverless::Function").values()):
            if properties is everywhere or _folder(properties) == function:
                variables = properties.get("Environment", {}).get("Variables", {})
                made |= {name: value for name, value in variables.items() if isinstance(value, str)}
        return made

    def batches(self) -> Batches:
        """How the queue's messages reach their function: the SQS event's BatchSize and MaximumConcurrency."""
        functions = self._of_type("AWS::Serverless::Function").values()
        events = [event for function in functions for event in (function.get("Events") or {}).values()]
        told: dict[str, Any] = next((event["Properties"] for event in events if event.get("Type") == "SQS"), {})
        return Batches(int(told.get("BatchSize", 10)), int(told.get("ScalingConfig", {}).get("MaximumConcurrency", 2)))

    def table(self, name: str = "linkback") -> dict[str, Any]:
        """The keyword arguments of boto3's `create_table` for the table."""
        properties = next(iter(self._of_type("AWS::DynamoDB::Table").values()))
        wanted = ("AttributeDefinitions", "KeySchema", "BillingMode", "GlobalSecondaryIndexes", "LocalSecondaryIndexes")
        made: dict[str, Any] = {key: properties[key] for key in wanted if key in properties}
        if "StreamSpecification" in properties:
            made["StreamSpecification"] = {"StreamEnabled": True, **properties["StreamSpecification"]}
        return {"TableName": name, **made}

    def queues(self) -> list[Queue]:
        """Every queue, dead-letter queues first, so that they can be made in this order."""
        made = [_queue(name, properties or {}) for name, properties in self._of_type("AWS::SQS::Queue").items()]
        return sorted(made, key=lambda queue: queue.dead_letters is not None)

    def _of_type(self, kind: str) -> dict[str, dict[str, Any]]:
        resources = self.tree.get("Resources", {}).items()
        return {name: resource.get("Properties", {}) for name, resource in resources if resource["Type"] == kind}


@cache
def load(path: Path = ROOT / "template.yaml") -> Template:
    """Read a template, once. Raises OSError or yaml.YAMLError."""
    return Template(yaml.load(path.read_text("utf-8"), _Loader))  # noqa: S506 - _Loader is a SafeLoader


def _http_events(function: dict[str, Any]) -> list[dict[str, Any]]:
    events = (function.get("Events") or {}).values()
    return [event.get("Properties") or {} for event in events if event.get("Type") == "HttpApi"]


def _folder(function: dict[str, Any]) -> str:
    return Path(str(function["CodeUri"])).name


def _queue(logical_id: str, properties: dict[str, Any]) -> Queue:
    redrive = properties.get("RedrivePolicy") or {}
    plain = {key: value for key, value in properties.items() if isinstance(value, str | int) and key != "QueueName"}
    attributes = {key: str(value).lower() if isinstance(value, bool) else str(value) for key, value in plain.items()}
    target = redrive.get("deadLetterTargetArn", {}).get("Fn::GetAtt", [None])[0]
    suffix = ".fifo" if properties.get("FifoQueue") else ""
    dead_letters = f"{target}{suffix}" if target else None
    return Queue(f"{logical_id}{suffix}", attributes, dead_letters, int(redrive.get("maxReceiveCount", 0)))
