"""A CloudFormation stack before it is deployed to: whether it is there, is a Linkback, and can be changed now."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from linkback_cli.account import in_words
from linkback_cli.trouble import Trouble

if TYPE_CHECKING:
    from linkback_cli.account import Account

# How template.yaml's Description begins, and by which a stack is known as ours.
OURS = "Linkback:"
# What a change set leaves that nobody executed: a name, and no resources.
HUSK = "REVIEW_IN_PROGRESS"
NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,127}")

WAIT = "Somebody is at work on the stack {name} ({status}): wait until that is over, then do this again."
DELETE = (
    "The stack {name} is {status}, and CloudFormation only lets it be deleted: do that (aws cloudformation "
    "delete-stack --stack-name {name} --region {region}), then do this again. The table stays."
)
ROLL_BACK = (
    "The stack {name} stands between two versions ({status}): roll it back (aws cloudformation {command} --stack-name "
    "{name} --region {region}), then do this again."
)
STUCK = {
    "CREATE_FAILED": DELETE,
    "ROLLBACK_COMPLETE": DELETE,
    "ROLLBACK_FAILED": DELETE,
    "DELETE_FAILED": DELETE,
    "UPDATE_FAILED": ROLL_BACK,
    "UPDATE_ROLLBACK_FAILED": ROLL_BACK,
}


@dataclass(frozen=True, slots=True)
class Stack:
    """A stack by its name. `status` is empty when there is none; of a secret parameter the value is `****`."""

    name: str
    status: str = ""
    description: str = ""
    parameters: dict[str, str] = field(default_factory=dict)
    outputs: dict[str, str] = field(default_factory=dict)

    @property
    def new(self) -> bool:
        """Nothing was ever made of it."""
        return self.status in ("", HUSK)


def check_name(name: str) -> None:
    """Raise Trouble if CloudFormation would not take the name."""
    if not NAME.fullmatch(name):
        raise Trouble(
            f"A stack cannot be called {name!r}: CloudFormation takes letters, digits and hyphens, a letter first, "
            "128 at most. Choose a name such as STACK=my-linkback"
        )


def find(account: Account, name: str) -> Stack:
    """The stack as it is now, or a new one. Raises Trouble."""
    cloudformation = account.client("cloudformation")
    with in_words(account.region):
        try:
            told = cloudformation.describe_stacks(StackName=name)["Stacks"][0]
        except ClientError as error:
            if "does not exist" not in error.response["Error"].get("Message", ""):
                raise
            return Stack(name)
        if told["StackStatus"] == HUSK:
            return Stack(name, HUSK)
        description = cloudformation.get_template_summary(StackName=name).get("Description", "")
    return Stack(
        name,
        told["StackStatus"],
        description,
        {one["ParameterKey"]: one.get("ParameterValue", "") for one in told.get("Parameters", [])},
        {one["OutputKey"]: one["OutputValue"] for one in told.get("Outputs", [])},
    )


def check_ours(stack: Stack, region: str) -> None:
    """Raise Trouble if the stack is somebody else's: a deployment would replace all that it has."""
    if not stack.new and not stack.description.startswith(OURS):
        about = f" ({stack.description[:80]})" if stack.description else ""
        raise Trouble(
            f"The stack {stack.name} in {region} is not a Linkback{about}: choose another name, with STACK=my-linkback "
            "after make, or as stack_name in samconfig.toml. Nothing of it was touched."
        )


def check_state(stack: Stack, region: str) -> None:
    """Raise Trouble if CloudFormation would not deploy to it now."""
    command = "rollback-stack" if stack.status == "UPDATE_FAILED" else "continue-update-rollback"
    words: dict[str, Any] = {"name": stack.name, "status": stack.status, "region": region, "command": command}
    if not stack.new and stack.status.endswith("_IN_PROGRESS"):
        raise Trouble(WAIT.format(**words))
    if stack.status in STUCK:
        raise Trouble(STUCK[stack.status].format(**words))
