"""`make alias` against an emulated account: an owner says that two addresses are one page, and takes it back."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from developer import OURS, Developer
from linkback.table import Table
from linkback_cli import template
from linkback_cli.emulator import Emulator
from shelf import POST, Shelf

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

REGION = "eu-central-1"
OLD = "https://example.com/old"


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    log = tmp_path_factory.mktemp("account") / "log"
    with Emulator(log, {"SERVICES": "cloudformation,sts,dynamodb"}) as running:
        yield running.endpoint


@pytest.fixture(scope="module")
def table(endpoint: str) -> Table:
    """The table of a stack `linkback` with two sites."""
    resources = {"Table": template.load().tree["Resources"]["Table"]}
    parameters = {"Sites": {"Type": "String"}}
    outputs = {"TableName": {"Value": {"Ref": "Table"}}}
    body = {"Description": OURS, "Parameters": parameters, "Resources": resources, "Outputs": outputs}
    aws = {"endpoint_url": endpoint, "region_name": REGION}
    cloudformation = boto3.client("cloudformation", **aws)
    said = [{"ParameterKey": "Sites", "ParameterValue": "example.com,example.org"}]
    cloudformation.create_stack(StackName="linkback", TemplateBody=json.dumps(body), Parameters=said)
    cloudformation.get_waiter("stack_create_complete").wait(StackName="linkback", WaiterConfig={"Delay": 1})
    [told] = cloudformation.describe_stacks(StackName="linkback")["Stacks"]
    return Table(boto3.client("dynamodb", **aws), told["Outputs"][0]["OutputValue"])


@pytest.fixture
def owner(endpoint: str, tmp_path: Path) -> Developer:
    return Developer(tmp_path, {"AWS_ENDPOINT_URL": endpoint})


def said(owner: Developer, **words: str) -> tuple[int, str]:
    """What `make alias` answers, whole."""
    command = owner.command("deploy.alias")
    environ = owner.environ | words
    done = subprocess.run(command, cwd=owner.folder, env=environ, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def test_an_owner_declares_an_alias_sees_it_and_takes_it_back(owner: Developer, table: Any) -> None:
    Shelf(table).put(1, OLD)
    assert said(owner) == (0, "There are no aliases.\n")
    assert said(owner, OLD=OLD, NEW=POST) == (0, f"{OLD} is {POST} now; 1 mention moved.\n")
    assert [record.target for record in table.mentions("example.com/post")] == [OLD]
    assert said(owner) == (0, "example.com/old -> example.com/post (owner)\n")
    assert said(owner, OLD=OLD) == (0, f"{OLD} is a page of its own now; 1 mention moved back.\n")
    assert said(owner) == (0, "There are no aliases.\n")


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        ({"NEW": POST}, "Say of which page NEW is the address now"),
        ({"OLD": OLD}, "is no alias."),
        ({"OLD": OLD, "NEW": "https://elsewhere.example/"}, "is not on a site of this bridge"),
        ({"OLD": "/old", "NEW": POST}, "Give a whole address"),
        ({"STACK": "another"}, "say which, as in make alias STACK=linkback REGION="),
        ({"REGION": "no region"}, "is no region of AWS"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_sentence(
    owner: Developer, table: Any, words: dict[str, str], answer: str
) -> None:
    code, told = said(owner, **words)
    assert code == 1
    assert answer in told
    assert "Traceback" not in told
    assert list(table.aliases("example.com")) == []


def test_make_hands_the_two_addresses_on(owner: Developer, table: Any) -> None:
    Shelf(table).put(2, "https://example.com/a?b=$c")
    done = owner.make("alias", "OLD=https://example.com/a?b=$c", f"NEW={POST}")
    assert done.stdout == f"https://example.com/a?b=$c is {POST} now; 1 mention moved.\n", done.stderr
