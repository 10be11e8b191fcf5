"""What `make build` and `make build-here` left in .aws-sam.

.aws-sam/build is what gets deployed (arm64); .aws-sam/here is the same for this machine, so that it can be imported and
run; .aws-sam/runtime has what Lambda's python3.13 brings by itself: boto3, the runtime client, and what those need.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from linkback_cli import template

ROOT = Path(__file__).parent.parent
DEPLOYED, HERE, RUNTIME = (ROOT / ".aws-sam" / name for name in ("build", "here", "runtime"))
FUNCTIONS = ("Receive", "Verify", "Publish")


def built(folder: Path) -> Path:
    """The folder, once `make` has filled it."""
    filled = {DEPLOYED: "Library/python/linkback", HERE: "Library/python/linkback", RUNTIME: "awslambdaric"}[folder]
    target = "build" if folder == DEPLOYED else "build-here"
    assert (folder / filled).is_dir(), f"nothing is built there: make {target}"
    return folder


def settings(function: str, known: dict[str, str]) -> dict[str, str]:
    """A function's environment as CloudFormation makes it of the built template; `known` is what a Ref stands for."""
    tree = template.load(built(HERE) / "template.yaml").tree
    values = {name: str(one.get("Default", "")) for name, one in tree["Parameters"].items()}
    values |= {"AWS::StackName": "linkback", **known}
    told = tree["Globals"]["Function"], tree["Resources"][function]["Properties"]
    variables = {name: value for one in told for name, value in one["Environment"]["Variables"].items()}
    return {name: _value(value, values) for name, value in variables.items()}


def _value(value: Any, known: dict[str, str]) -> str:
    match value:
        case {"Ref": name}:
            return known[name]
        case {"Fn::Sub": str(text)}:
            return re.sub(r"\$\{(.+?)\}", lambda found: known[found[1]], text)
        case str() | int():
            return str(value)
    pytest.fail(f"what this comes to is not known here: {value}")


def without(package: str, into: Path) -> Path:
    """A layer, as built for this machine, but for one package."""
    into.mkdir()
    whole = list((built(HERE) / "Library/python").iterdir())
    left = [path for path in whole if path.name != package]
    assert len(left) == len(whole) - 1, f"the layer has no {package} to leave out"
    for path in left:
        (into / path.name).symlink_to(path)
    return into
