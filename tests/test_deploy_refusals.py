"""What can be wrong with a developer's machine, credentials and stack: one sentence each, and nothing was begun."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

import pytest

from developer import Developer, aws, error, linkback_in
from linkback_cli import account, stack
from linkback_cli.trouble import Trouble

if TYPE_CHECKING:
    from pathlib import Path

EXPIRED = (
    "Your AWS credentials have expired: get new ones (aws sso login, aws login or what you use), then do this again."
)
UNKNOWN = (
    "AWS does not know the access key of your credentials, or has switched it off: `aws configure list` shows where it "
    "comes from. If it is right, the region eu-central-1 may not be enabled in your account."
)
MISMATCH = (
    "The secret access key of your credentials does not belong to their access key: set both anew (aws configure)."
)
CLOCK = "The clock of this machine is wrong by minutes, so AWS takes no request from it: set it, then do this again."
NONE = "There are no AWS credentials in this shell: run aws configure, or aws sso login and set AWS_PROFILE."


@pytest.fixture
def developer(tmp_path: Path) -> Developer:
    return Developer(tmp_path, {"SITES": "example.com"})


# The machine


def test_python_3_13_must_be_there(developer: Developer) -> None:
    (developer.folder / "bin/python3.13").unlink()
    said = developer.refusal(PATH=str(developer.folder / "bin"))
    assert said == "SAM builds with Python 3.13, and there is no python3.13 on your PATH: install it, or put it there."


def test_a_shim_of_an_inactive_version_is_not_python_3_13(developer: Developer) -> None:
    shims = developer.folder / "shims"
    (developer.folder / "bin").rename(shims)
    (shims / "python3.13").write_text("#!/bin/sh\necho 'pyenv: python3.13: command not found' >&2\nexit 127\n")
    path = shims / "python3.13"
    assert developer.refusal(PATH=f"{shims}:/usr/bin:/bin") == (
        f"SAM builds with Python 3.13, and {path} does not run: activate or mend it (pyenv shell 3.13)."
    )


def test_python_3_13_needs_pip_to_build_with(developer: Developer) -> None:
    developer.tool("python3.13", '#!/bin/sh\ntest -z "$2"\n')
    path = developer.folder / "bin/python3.13"
    said = f"SAM builds with the pip of Python 3.13, and {path} lacks pip or venv: install both."
    assert developer.refusal() == said


# Credentials and region


def test_without_credentials_it_says_how_to_get_some(developer: Developer) -> None:
    assert developer.refusal(AWS_ACCESS_KEY_ID="", AWS_SECRET_ACCESS_KEY="") == NONE


def test_half_a_key_is_none(developer: Developer) -> None:
    assert developer.refusal(AWS_SECRET_ACCESS_KEY="") == NONE


def test_a_profile_that_is_not_there_is_named_as_the_cause(developer: Developer) -> None:
    assert developer.refusal(AWS_PROFILE="nobody") == (
        "The profile of your AWS settings cannot be used: set AWS_PROFILE to one that `aws configure "
        "list-profiles` names."
    )


def test_an_sso_session_that_is_over_has_expired(developer: Developer) -> None:
    start = "https://example.awsapps.com/start"
    lines = ["[profile me]", f"sso_start_url = {start}", "sso_region = eu-central-1", "sso_role_name = admin"]
    cache = developer.folder / ".aws/sso/cache"
    cache.mkdir(parents=True)
    (developer.folder / ".aws/config").write_text("\n".join([*lines, "sso_account_id = 123456789012"]))
    token = {"startUrl": start, "accessToken": "x", "expiresAt": "2020-01-01T00:00:00Z", "region": "eu-central-1"}
    name = hashlib.sha1(start.encode()).hexdigest()  # noqa: S324 - the name that the AWS CLI gives the file
    (cache / f"{name}.json").write_text(json.dumps(token))
    # As a process: botocore finds its cache when it is imported.
    ran = developer.start("deploy", AWS_PROFILE="me", AWS_ACCESS_KEY_ID="", AWS_SECRET_ACCESS_KEY="")
    assert (ran.returncode, ran.stderr) == (1, f"Error: {EXPIRED}\n")


@pytest.mark.parametrize(
    ("code", "message", "said"),
    [
        ("ExpiredToken", "The security token included in the request is expired", EXPIRED),
        ("ExpiredTokenException", "Token too old: 441398", EXPIRED),
        ("RequestExpired", "Request has expired.", EXPIRED),
        ("InvalidClientTokenId", "The security token included in the request is expired", EXPIRED),
        ("InvalidClientTokenId", "The security token included in the request is invalid.", UNKNOWN),
        ("UnrecognizedClientException", "The security token included in the request is invalid.", UNKNOWN),
        (
            "SignatureDoesNotMatch",
            "The request signature we calculated does not match the signature you provided.",
            MISMATCH,
        ),
        (
            "SignatureDoesNotMatch",
            "Signature expired: 20160609T184512Z is now earlier than 20160610T013008Z (20160610T014508Z - 15 min.)",
            CLOCK,
        ),
        (
            "SignatureDoesNotMatch",
            "Signature not yet current: 20160610T034512Z is still later than 20160610T014508Z",
            CLOCK,
        ),
        ("RequestTimeTooSkewed", "The difference between the request time and the current time is too large.", CLOCK),
        ("Throttling", "Rate exceeded", "AWS asks for patience (Throttling): wait a minute, then do this again."),
        (
            "AccessDenied",
            "User: me is not authorized",
            "Your credentials may not do this: use some that may deploy stacks. AWS said: User: me is not authorized",
        ),
        ("NewToUs", "Something else.", "AWS refused GetCallerIdentity (NewToUs): Something else."),
    ],
)
def test_what_aws_says_becomes_a_sentence(monkeypatch: pytest.MonkeyPatch, code: str, message: str, said: str) -> None:
    with aws({"*": (403, error(code, message))}) as endpoint:
        monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
        with pytest.raises(Trouble) as trouble:
            account.sign_in(None, "eu-central-1")
    assert trouble.value.message == said


@pytest.mark.parametrize("module", ["deploy", "deploy.redrive"])
def test_both_commands_end_with_that_sentence(developer: Developer, module: str) -> None:
    expired = error("ExpiredToken", "The security token included in the request is expired")
    with aws({"*": (403, expired)}) as endpoint:
        ran = developer.start(module, AWS_ENDPOINT_URL=endpoint)
    assert (ran.returncode, ran.stderr) == (1, f"Error: {EXPIRED}\n")


def test_a_region_must_be_said_somewhere(developer: Developer) -> None:
    said = (
        "No region is set: say which one, as in REGION=eu-central-1 (after make deploy, before linkback token), or set "
        "AWS_DEFAULT_REGION."
    )
    assert developer.refusal(AWS_DEFAULT_REGION="") == said


def test_a_region_must_look_like_one(developer: Developer) -> None:
    said = "Frankfurt/Main is no region of AWS: write it like REGION=eu-central-1."
    assert developer.refusal(REGION="Frankfurt/Main") == said


def test_an_aws_that_does_not_answer_is_the_regions_name_or_the_network(developer: Developer) -> None:
    with aws({}) as endpoint:
        pass
    assert developer.refusal(AWS_ENDPOINT_URL=endpoint) == (
        f'AWS cannot be reached (Could not connect to the endpoint URL: "{endpoint}/"): is the region eu-central-1 '
        "spelt right, and is there a network?"
    )


@pytest.mark.parametrize(
    ("said", "region"),
    [({"REGION": "eu-west-1", "AWS_REGION": "eu-west-2"}, "eu-west-1"), ({"AWS_REGION": "eu-west-2"}, "eu-west-2")],
)
def test_regions_are_believed_in_the_usual_order(developer: Developer, said: dict[str, str], region: str) -> None:
    with aws({"*": (403, error("InvalidClientTokenId", "invalid"))}) as endpoint:
        assert f"the region {region} may not be" in developer.refusal(AWS_ENDPOINT_URL=endpoint, **said)


# The stack


DELETE = (
    "The stack linkback is {}, and CloudFormation only lets it be deleted: do that (aws cloudformation delete-stack "
    "--stack-name linkback --region eu-central-1), then do this again. The table stays."
)
ROLL_BACK = (
    "The stack linkback stands between two versions ({}): roll it back (aws cloudformation {} --stack-name linkback "
    "--region eu-central-1), then do this again."
)
NO_NAME = (
    "A stack cannot be called {!r}: CloudFormation takes letters, digits and hyphens, a letter first, 128 at most. "
    "Choose a name such as STACK=my-linkback"
)
WAIT = "Somebody is at work on the stack linkback ({}): wait until that is over, then do this again."


@pytest.mark.parametrize(
    ("status", "said"),
    [
        ("CREATE_IN_PROGRESS", WAIT),
        ("DELETE_IN_PROGRESS", WAIT),
        ("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", WAIT),
        ("CREATE_FAILED", DELETE),
        ("ROLLBACK_COMPLETE", DELETE),
        ("ROLLBACK_FAILED", DELETE),
        ("DELETE_FAILED", DELETE),
        ("UPDATE_FAILED", ROLL_BACK.format("{}", "rollback-stack")),
        ("UPDATE_ROLLBACK_FAILED", ROLL_BACK.format("{}", "continue-update-rollback")),
    ],
)
def test_a_stack_that_cannot_be_deployed_to_now(status: str, said: str) -> None:
    with pytest.raises(Trouble) as trouble:
        stack.check_state(stack.Stack("linkback", status), "eu-central-1")
    assert trouble.value.message == said.format(status)


def test_such_a_stack_is_not_touched(developer: Developer) -> None:
    with aws(linkback_in("UPDATE_IN_PROGRESS")) as endpoint:
        assert developer.refusal(AWS_ENDPOINT_URL=endpoint) == WAIT.format("UPDATE_IN_PROGRESS")


def test_credentials_that_may_not_look_at_stacks(developer: Developer) -> None:
    denied = error("AccessDenied", "User: me is not authorized to perform: cloudformation:DescribeStacks")
    with aws({**linkback_in(""), "DescribeStacks": (403, denied)}) as endpoint:
        assert developer.refusal(AWS_ENDPOINT_URL=endpoint) == (
            "Your credentials may not do this: use some that may deploy stacks. AWS said: User: me is not authorized "
            "to perform: cloudformation:DescribeStacks"
        )


@pytest.mark.parametrize("name", ["1st", "link_back", "-a", "a" * 129, "ünder", "a\n"])
def test_a_name_that_cloudformation_would_not_take(name: str) -> None:
    with pytest.raises(Trouble) as trouble:
        stack.check_name(name)
    assert trouble.value.message == NO_NAME.format(name)


def test_it_is_refused_before_aws_is_asked(developer: Developer) -> None:
    assert developer.refusal(STACK="link_back", AWS_ACCESS_KEY_ID="") == NO_NAME.format("link_back")
