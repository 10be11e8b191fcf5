"""`linkback token` for a bridge that was deployed, against an emulated account."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from developer import OURS, Developer, aws, error, linkback_in
from linkback.tokens import Tokens
from linkback_cli import template
from linkback_cli.emulator import Emulator

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

REGION = "eu-central-1"
DESK = "https://bridge.example/dashboard"
HINT = "For the tokens of `linkback serve` on this machine say --data .linkback."


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    log = tmp_path_factory.mktemp("account") / "log"
    with Emulator(log, {"SERVICES": "cloudformation,sts,dynamodb"}) as running:
        yield running.endpoint


@pytest.fixture(scope="module")
def kept(endpoint: str) -> Tokens:
    """Those in the table of the stack `linkback`; a stack `shop` is beside it."""
    client = boto3.client("cloudformation", endpoint_url=endpoint, region_name=REGION)
    parameters = {"Sites": {"Type": "String", "Default": "example.com,example.org"}}
    resources = {"Table": template.load().tree["Resources"]["Table"]}
    outputs = {"TableName": {"Value": {"Ref": "Table"}}, "Desk": {"Value": DESK}}
    body: dict[str, Any] = {"Parameters": parameters, "Resources": resources, "Outputs": outputs}
    for name, description in (("linkback", OURS), ("shop", "The shop")):
        client.create_stack(StackName=name, TemplateBody=json.dumps({"Description": description, **body}))
        client.get_waiter("stack_create_complete").wait(StackName=name, WaiterConfig={"Delay": 1})
    told = client.describe_stacks(StackName="linkback")["Stacks"][0]["Outputs"]
    [table] = [one["OutputValue"] for one in told if one["OutputKey"] == "TableName"]
    return Tokens(boto3.client("dynamodb", endpoint_url=endpoint, region_name=REGION), table)


@pytest.fixture
def owner(endpoint: str, tmp_path: Path) -> Developer:
    return Developer(tmp_path, {"AWS_ENDPOINT_URL": endpoint})


def token(owner: Developer, *words: str, **said: str) -> tuple[int, str, str]:
    """Exit code, stdout and stderr of `linkback token`."""
    done = subprocess.run(
        [sys.executable, "-m", "linkback_cli", "token", *words],
        cwd=owner.folder,
        env={name: value for name, value in {**owner.environ, **said}.items() if value},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Traceback" not in done.stderr
    return done.returncode, done.stdout, done.stderr


def test_an_owner_makes_a_token_sees_it_and_takes_it_back(owner: Developer, kept: Tokens) -> None:
    assert token(owner, "list") == (0, "There are no tokens.\n", "")
    code, out, err = token(owner, "create", "laptop", "--site", "example.org")
    assert (code, out.count("\n")) == (0, 1), err
    assert err == (f"This is shown only now. Sign in with it at {DESK}, or send it as `Authorization: Bearer`.\n")
    known = kept.owner(out.strip())
    assert known
    assert (known.name, known.sites) == ("laptop", ("example.org",))
    code, table, _ = token(owner, "list", "--stack", "linkback", "--region", REGION, STACK="shop", REGION="eu-west-1")
    assert code == 0
    assert table.startswith("NAME    SITES        CREATED               USED AT THE DESK\nlaptop  example.org  20")
    assert out.strip() not in table
    assert token(owner, "revoke", "laptop")[0] == 0
    assert kept.owner(out.strip()) is None


def test_the_stack_and_its_region_are_those_of_samconfig(owner: Developer, kept: Tokens) -> None:
    (owner.folder / "samconfig.toml").write_text(
        '[default.global.parameters]\nstack_name = "linkback"\nregion = "eu-central-1"\n'
        '[default.deploy.parameters]\nparameter_overrides = "none"\n'
    )
    assert token(owner, "list", AWS_DEFAULT_REGION="")[:2] == (0, "There are no tokens.\n")
    (owner.folder / "samconfig.toml").write_text("=")
    assert "samconfig.toml is not TOML" in token(owner, "list")[2]


@pytest.mark.parametrize(
    ("words", "said", "answer"),
    [
        (("create", "a", "--site", "example.net"), {}, "example.net is no site of this bridge. It has example.com, "),
        (("create", ""), {}, "A token needs a name"),
        (("revoke", "laptop"), {}, "There is no token named laptop"),
        (("list", "--stack", "another"), {}, "There is no stack another in eu-central-1: say which, as in --stack "),
        (("list",), {"STACK": "shop"}, "The stack shop in eu-central-1 is not a Linkback (The shop)"),
        (("list", "--stack", "no stack"), {}, "There is no stack no stack in"),
        (("list", "--region", "no region"), {}, "is no region of AWS"),
        (("list",), {"AWS_DEFAULT_REGION": ""}, "No region is set: say which one"),
        (("list",), {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}, "There are no AWS credentials"),
        (("list",), {"AWS_ENDPOINT_URL": "http://127.0.0.1:9"}, "AWS cannot be reached"),
        (("list",), {"AWS_ENDPOINT_URL": "http://"}, "AWS was not asked"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_sentence(
    owner: Developer, kept: Tokens, words: tuple[str, ...], said: dict[str, str], answer: str
) -> None:
    code, out, err = token(owner, *words, **said)
    assert (code, out) == (1, ""), err
    assert answer in err
    assert HINT not in err
    assert kept.all() == []


def test_who_has_no_account_and_a_local_bridge_is_told_how_to_mean_that(owner: Developer, kept: Tokens) -> None:
    (owner.folder / ".linkback").mkdir()
    (owner.folder / ".linkback/lock").touch()
    assert token(owner, "list", AWS_ACCESS_KEY_ID="", AWS_SECRET_ACCESS_KEY="")[2].endswith(f"\n{HINT}\n")
    assert HINT not in token(owner, "list", "--stack", "another")[2]


def test_a_table_that_must_not_be_touched_is_a_sentence(owner: Developer) -> None:
    answers = linkback_in("CREATE_IN_PROGRESS")
    with aws(answers) as endpoint:
        said = token(owner, "list", AWS_ENDPOINT_URL=endpoint)[2]
        assert said.startswith("Error: The stack linkback has no table yet (CREATE_IN_PROGRESS): wait until it has")
    with aws({**answers, "DescribeStacks": (403, error("AccessDenied", "User: me may not"))}) as endpoint:
        assert "Your credentials may not do this" in token(owner, "list", AWS_ENDPOINT_URL=endpoint)[2]
