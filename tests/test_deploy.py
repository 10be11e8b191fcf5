"""`make deploy` against an emulated account: what it refuses to touch, what it asks, and how it calls SAM."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from click.testing import CliRunner

from deploy.__main__ import AFTERWARDS, DESK
from developer import OURS, Developer
from linkback_cli import template
from linkback_cli.command import main as linkback
from linkback_cli.emulator import Emulator
from terminal import talk

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

OUTPUTS = {
    "Tags": '<link rel="pingback" href="https://b/pingback">\n<link rel="webmention" href="https://b/webmention">',
    "FeedUrl": "https://b/api/mentions.jf2?domain=example.com",
    "Desk": "https://b/dashboard",
    "WebmentionEndpoint": "https://b/webmention",
}
BUILD = ["make", "build", "ARGS=--parameter-overrides Architecture=arm64"]
DEPLOY = ["sam", "deploy", "--stack-name", "linkback", "--region", "eu-central-1", "--no-fail-on-empty-changeset"]


def stack(description: str = OURS, **parameters: str) -> str:
    """A template with a topic, in our shape or somebody's."""
    made: dict[str, Any] = {
        "Description": description,
        "Parameters": {name: {"Type": "String", "Default": value} for name, value in parameters.items()},
        "Resources": {"Topic": {"Type": "AWS::SNS::Topic"}},
        "Outputs": {name: {"Value": value} for name, value in OUTPUTS.items()},
    }
    return json.dumps(made)


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    log = tmp_path_factory.mktemp("account") / "log"
    with Emulator(log, {"SERVICES": "cloudformation,sts,sns,s3"}) as running:
        yield running.endpoint


@pytest.fixture
def cloudformation(endpoint: str) -> Iterator[Any]:
    """The client of the account's CloudFormation, without a stack before and after."""
    client = boto3.client("cloudformation", endpoint_url=endpoint, region_name="eu-central-1")
    yield client
    for name in names(client):
        client.delete_stack(StackName=name)
        client.get_waiter("stack_delete_complete").wait(StackName=name, WaiterConfig={"Delay": 1})


@pytest.fixture
def developer(endpoint: str, cloudformation: Any, tmp_path: Path) -> Developer:
    (tmp_path / "stack.json").write_text(stack())
    return Developer(tmp_path, {"AWS_ENDPOINT_URL": endpoint})


def names(cloudformation: Any) -> list[str]:
    return [one["StackName"] for one in cloudformation.describe_stacks()["Stacks"]]


def make(cloudformation: Any, body: str, name: str = "linkback") -> None:
    cloudformation.create_stack(StackName=name, TemplateBody=body)
    cloudformation.get_waiter("stack_create_complete").wait(StackName=name, WaiterConfig={"Delay": 1})


# A new stack


def test_a_new_stack_is_built_deployed_and_its_tags_are_told_to_the_letter(developer: Developer) -> None:
    told = developer.deploy(SITES="example.com, blog.example.org")
    words = ["--no-confirm-changeset", "--parameter-overrides", 'Sites="example.com,blog.example.org"']
    assert developer.calls == [BUILD, [*DEPLOY, *words]]
    assert told.startswith("Account 000000000000, region eu-central-1, stack linkback (new)\n")
    held = "With Moderation=first it is held for you, and in no feed until you approve it at the desk."
    desk = DESK.format(**OUTPUTS, stack="linkback", region="eu-central-1")
    assert told.endswith(f"{AFTERWARDS.format(**OUTPUTS)}\n{held}\n{desk}\n")


def test_what_is_told_afterwards_are_outputs_of_the_template() -> None:
    assert set(re.findall(r"{(\w+)}", AFTERWARDS)) <= template.load().tree["Outputs"].keys()


def test_an_owner_is_told_where_the_desk_is_and_how_to_get_the_first_token(developer: Developer) -> None:
    told = developer.deploy(SITES="example.com", STACK="mine", PARAMETERS="Moderation=none")
    assert "\nYou moderate at https://b/dashboard\n" in told
    assert told.endswith(" .venv/bin/linkback token create NAME --stack mine --region eu-central-1\n")


def test_the_command_for_the_first_token_is_one_that_there_is() -> None:
    [words] = re.findall(r"\.venv/bin/linkback (.*)", DESK.format(Desk="", stack="mine", region="eu-west-1"))
    ran = CliRunner().invoke(linkback, [*words.split(), "--help"])
    assert ran.exit_code == 0, ran.output


def test_everything_can_be_said_at_once(developer: Developer) -> None:
    wanted = "Moderation=none AlertEmail=me@example.com RebuildHook='https://x.example/?a=\"b\"&c=d'"
    told = developer.deploy(SITES="example.com", PARAMETERS=wanted, STACK="mine", REGION="eu-west-1", ARGS="--tags a=b")
    assert developer.calls[1][3:6] == ["mine", "--region", "eu-west-1"]
    assert developer.calls[1][7:] == [
        "--no-confirm-changeset",
        "--parameter-overrides",
        'Moderation="none"',
        'AlertEmail="me@example.com"',
        r'RebuildHook="https://x.example/?a=\"b\"&c=d"',
        'Sites="example.com"',
        "--tags",
        "a=b",
    ]
    assert told.endswith("AWS has sent a letter to me@example.com: alarms come there once its link was followed.\n")
    assert "is held for you" not in told


def test_what_guided_wrote_down_is_deployed_and_the_command_has_the_last_word(developer: Developer) -> None:
    (developer.folder / "samconfig.toml").write_text(
        '[default.deploy.parameters]\nstack_name = "other"\nregion = "eu-west-1"\n'
        'parameter_overrides = "Sites=\\"a.example\\" Moderation=\\"all\\" AlertEmail=\\"\\""'
    )
    developer.deploy(PARAMETERS="Moderation=none")
    assert developer.calls[1][3:6] == ["other", "--region", "eu-west-1"]
    assert developer.calls[1][9:] == ['Sites="a.example"', 'Moderation="none"', 'AlertEmail=""']


def test_what_guided_wrote_down_is_of_its_own_stack_and_its_first_time(
    developer: Developer, cloudformation: Any
) -> None:
    """It saves the defaults, too: later they would undo whatever was said since."""
    (developer.folder / "samconfig.toml").write_text(
        '[default.deploy.parameters]\nstack_name = "linkback"\n'
        'parameter_overrides = "Sites=\\"a.example\\" LogRetentionDays=\\"30\\""'
    )
    assert developer.refusal(STACK="other").startswith("Which sites is this bridge for?")
    make(cloudformation, stack(Sites="a.example", LogRetentionDays="7"))
    (developer.folder / "stack.json").unlink()
    developer.deploy()
    assert developer.calls[1][9:] == ['Sites="a.example"', 'LogRetentionDays="7"']


@pytest.mark.parametrize(
    ("said", "instead"),
    [
        ({"Moderation": "none"}, 'write PARAMETERS="Moderation=none"'),
        ({"Sites": "a.example"}, "write SITES=example.com"),
    ],
)
def test_a_parameter_beside_parameters_is_not_passed_over(
    developer: Developer, said: dict[str, str], instead: str
) -> None:
    assert developer.refusal(SITES="example.com", **said).endswith(instead)


def test_a_certificate_of_another_region_is_refused(developer: Developer, cloudformation: Any) -> None:
    arn = "arn:aws:acm:us-east-1:123456789012:certificate/12345678-1234-1234-1234-123456789012"
    domain = f"DomainName=linkback.example.com CertificateArn={arn}"
    said = developer.refusal(SITES="example.com", PARAMETERS=domain)
    assert said.startswith("CertificateArn is of the region us-east-1, and the stack is in eu-central-1")
    assert names(cloudformation) == []


def test_it_is_built_for_the_architecture_that_is_deployed(developer: Developer) -> None:
    developer.deploy(SITES="example.com", PARAMETERS="Architecture=x86_64")
    assert developer.calls[0] == ["make", "build", "ARGS=--parameter-overrides Architecture=x86_64"]


def test_without_a_keyboard_the_question_is_an_error(developer: Developer, cloudformation: Any) -> None:
    said = "Which sites is this bridge for? Say their hosts, as in: make deploy SITES=example.com"
    assert developer.refusal() == said
    assert names(cloudformation) == []


def test_rules_are_held_before_anything_is_made(developer: Developer, cloudformation: Any) -> None:
    said = developer.refusal(SITES="example.com", PARAMETERS="DomainName=links.example.com")
    assert said.startswith("DomainName needs CertificateArn")
    assert names(cloudformation) == []


def test_a_build_that_fails_ends_it(developer: Developer, cloudformation: Any) -> None:
    (developer.folder / "build.code").write_text("2")
    ran = developer.run("deploy", SITES="example.com")
    assert ran.exit_code == 1
    assert ran.stderr == "Error: The build failed: what is wrong stands above. Mend it, and do this again.\n"
    assert developer.calls == [BUILD]
    assert names(cloudformation) == []


def test_a_deployment_that_fails_does_not_tell_tags(developer: Developer) -> None:
    (developer.folder / "deploy.code").write_text("1")
    ran = developer.run("deploy", SITES="example.com")
    assert ran.exit_code == 1
    assert ran.stderr == "Error: sam deploy failed: what is wrong stands above. Mend it, and do this again.\n"
    assert "pingback" not in ran.stdout


def test_a_stack_that_sam_did_not_make_is_not_there(developer: Developer) -> None:
    (developer.folder / "stack.json").unlink()
    ran = developer.run("deploy", SITES="example.com")
    assert (ran.exit_code, ran.stderr) == (1, "Error: The stack linkback was not made.\n")


# A stack that is there


def test_a_linkback_keeps_what_is_not_said(developer: Developer, cloudformation: Any) -> None:
    make(cloudformation, stack(Sites="example.com", Moderation="none", Architecture="x86_64"))
    (developer.folder / "stack.json").unlink()
    told = developer.deploy()
    assert "stack linkback (there already: what you do not say stays as it is)\n" in told
    assert "The stack linkback in eu-central-1 is there (CREATE_COMPLETE).\n" in told
    build = ["make", "build", "ARGS=--parameter-overrides Architecture=x86_64"]
    kept = ['Sites="example.com"', 'Moderation="none"', 'Architecture="x86_64"']
    assert developer.calls == [build, [*DEPLOY, "--no-confirm-changeset", "--parameter-overrides", *kept]]


def test_somebody_elses_stack_is_not_touched(developer: Developer, cloudformation: Any) -> None:
    make(cloudformation, stack("The shop"))
    before = cloudformation.describe_stacks(StackName="linkback")["Stacks"]
    assert developer.refusal(SITES="example.com") == (
        "The stack linkback in eu-central-1 is not a Linkback (The shop): choose another name, with STACK=my-linkback "
        "after make, or as stack_name in samconfig.toml. Nothing of it was touched."
    )
    assert cloudformation.describe_stacks(StackName="linkback")["Stacks"] == before


def test_nor_is_one_that_does_not_say_what_it_is(developer: Developer, cloudformation: Any) -> None:
    make(cloudformation, json.dumps({"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}))
    assert developer.refusal(SITES="example.com").startswith(
        "The stack linkback in eu-central-1 is not a Linkback: choose"
    )


def test_the_template_is_known_by_its_description() -> None:
    assert template.load().tree["Description"].startswith("Linkback:")
    assert OURS.startswith("Linkback:")


# At a keyboard


def typed(developer: Developer, *answers: str) -> str:
    """What it says at a terminal where these lines are typed, each at a question."""
    left = list(answers)
    code, said = talk(
        *(developer.command("deploy"), re.compile(r"(.*): $"), lambda _: left.pop(0)),
        cwd=developer.folder,
        env=developer.environ,
    )
    assert (code, left) == (0, []), said
    return said


def test_a_new_stack_asks_one_question_until_the_answer_is_a_host(developer: Developer) -> None:
    said = typed(developer, "https://example.com/blog", "example.com")
    question = "The hosts of your sites, such as example.com,blog.example.org: "
    assert said.count(question) == 2
    assert "without https:// and without paths. Write example.com\n" in said
    assert developer.calls[1][7:] == ["--no-confirm-changeset", "--parameter-overrides", 'Sites="example.com"']


def test_a_change_of_a_stack_is_confirmed_where_somebody_can(developer: Developer, cloudformation: Any) -> None:
    make(cloudformation, stack(Sites="example.com"))
    (developer.folder / "stack.json").unlink()
    typed(developer)
    assert developer.calls[1][:-1] == [*DEPLOY, "--confirm-changeset", "--parameter-overrides"]


# The Makefile


def test_make_hands_on_what_is_said_behind_it(developer: Developer) -> None:
    """The recorder is in the place of SAM."""
    said = ["SITES=example.com, blog.example.org", "STACK=mine", "ARGS=--tags a=b", f"SAM={developer.folder}/bin/sam"]
    said.append("PARAMETERS=Moderation=none RebuildHook='https://h.example/$a?$(b)'")
    made = developer.make("deploy", *said)
    assert made.returncode == 0, made.stderr
    words = ["--no-confirm-changeset", "--parameter-overrides", 'Moderation="none"']
    words += ['RebuildHook="https://h.example/$a?$(b)"', 'Sites="example.com,blog.example.org"', "--tags", "a=b"]
    assert developer.calls[0] == ["sam", "build", "--parameter-overrides", "Architecture=arm64"]
    assert developer.calls[1][7:] == words
    assert developer.calls[1][3] == "mine"
