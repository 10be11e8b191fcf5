"""template.yaml as CloudFormation has it: translated by SAM, its parameters filled in, its conditions decided."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from samtranslator.yaml_helper import yaml_parse

from deploy import lint_template

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parent.parent
MINIMUM = {"Sites": "example.com,blog.example.org"}
EVERYTHING = lint_template.EVERYTHING
PSEUDO = {
    "AWS::AccountId": "123456789012",
    "AWS::Partition": "aws",
    "AWS::Region": "eu-central-1",
    "AWS::StackName": "linkback",
    "AWS::URLSuffix": "amazonaws.com",
}
NOTHING = object()


@cache
def expanded() -> dict[str, Any]:
    """The whole template, what SAM's transform makes of it."""
    os.environ.setdefault("AWS_DEFAULT_REGION", "us-east-1")
    tree: dict[str, Any] = yaml_parse((ROOT / "template.yaml").read_text("utf-8"))
    return lint_template.expand(tree)


@dataclass(frozen=True)
class Stack:
    """What is made of the template. `<Table>` stands for a resource's name, `<Table.Arn>` for one of its attributes."""

    resources: dict[str, dict[str, Any]]
    outputs: dict[str, str]

    def of_type(self, kind: str) -> dict[str, dict[str, Any]]:
        """The properties of every resource of a type."""
        found = {name: one for name, one in self.resources.items() if one["Type"] == kind}
        return {name: one.get("Properties", {}) for name, one in found.items()}


def stack(**given: str) -> Stack:
    """The stack for these parameters, Sites given. What refers to a resource that is not made fails here."""
    template = expanded()
    values = _Values(template, MINIMUM | given)
    sections = (values.kept(template[section]) for section in ("Resources", "Outputs"))
    resources, outputs = ({name: values.of(one) for name, one in section.items()} for section in sections)
    return Stack(resources, {name: one["Value"] for name, one in outputs.items()})


class _Values:
    """CloudFormation's functions, those that the template uses."""

    def __init__(self, template: dict[str, Any], given: dict[str, str]) -> None:
        defaults = {name: str(one.get("Default")) for name, one in template["Parameters"].items()}
        assert given.keys() <= defaults.keys()
        self._conditions = template["Conditions"]
        self._values: dict[str, Any] = {**PSEUDO, "AWS::NoValue": NOTHING, **defaults, **given}
        self._values |= {name: f"<{name}>" for name in self.kept(template["Resources"])}

    def kept(self, section: dict[str, Any]) -> dict[str, Any]:
        """The resources or outputs whose condition holds."""
        return {name: one for name, one in section.items() if "Condition" not in one or self._holds(one["Condition"])}

    def of(self, node: Any) -> Any:
        """What a value of the template comes to."""
        if isinstance(node, list):
            return [value for value in map(self.of, node) if value is not NOTHING]
        if not isinstance(node, dict):
            return node
        if len(node) == 1 and (made := self._function(*next(iter(node.items())))) is not None:
            return made
        return {name: value for name, one in node.items() if (value := self.of(one)) is not NOTHING}

    def _function(self, name: str, told: Any) -> Any:
        functions: dict[str, Callable[[], Any]] = {
            "Ref": lambda: self._values[told],
            "Condition": lambda: self._holds(told),
            "Fn::GetAtt": lambda: self._attribute(".".join(told)),
            "Fn::Sub": lambda: self._sub(told),
            "Fn::If": lambda: self.of(told[1] if self._holds(told[0]) else told[2]),
            "Fn::Not": lambda: not self.of(told[0]),
            "Fn::And": lambda: all(map(self.of, told)),
            "Fn::Equals": lambda: self.of(told[0]) == self.of(told[1]),
            "Fn::Select": lambda: self.of(told[1])[int(told[0])],
            "Fn::Split": lambda: self.of(told[1]).split(told[0]),
        }
        return functions[name]() if name in functions else None

    def _holds(self, condition: str) -> bool:
        return bool(self.of(self._conditions[condition]))

    def _attribute(self, name: str) -> str:
        resource, _, attribute = name.partition(".")
        return f"<{self._values[resource].strip('<>')}.{attribute}>"

    def _sub(self, told: Any) -> str:
        text, own = told if isinstance(told, list) else (told, {})
        own = self.of(own)

        def filled(match: re.Match[str]) -> str:
            name = match[1]
            return str(own[name] if name in own else self._attribute(name) if "." in name else self._values[name])

        return re.sub(r"\$\{([\w:.]+)\}", filled, text)
