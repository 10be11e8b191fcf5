"""The stack, deployed by SAM as a developer does it, into an emulator that enforces IAM."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3

from built import visiting
from e2e import emulated_routes

if TYPE_CHECKING:
    from linkback_cli.emulator import Emulator

ROOT = Path(__file__).parents[2]
HERE = ROOT / ".aws-sam/here"
NAME, REGION = "linkback", "us-east-1"
ARCHITECTURE = {"aarch64": "arm64"}.get(platform.machine(), platform.machine())

# Everything that template.yaml has a resource of, and what SAM needs. The name is AWS's own, so that an API's addresses
# are those that the stack's outputs say.
SETTINGS = {
    "AUTH": "true",
    "MINISTACK_HOST": f"{REGION}.amazonaws.com",
    "SERVICES": "acm,apigateway,cloudformation,cloudfront,cloudwatch,dynamodb,iam,lambda,logs,route53,s3,sns,sqs,sts",
}


def with_addresses(addresses: dict[str, str]) -> Path:
    """A copy of the build whose receive and verify also visit these addresses; its template.

    The copy lies beside the build, for the template names its own licence by where it is.
    """
    into = HERE.with_name("e2e")
    shutil.rmtree(into, ignore_errors=True)
    shutil.copytree(HERE, into)
    for name in ("Receive", "Verify"):
        visiting(into / name, addresses)
    return into / "template.yaml"


class Stack:
    """One deployed stack and the AWS that it is in: `client` makes clients of an administrator."""

    def __init__(self, emulator: Emulator, sam: str) -> None:
        self.endpoint, self.command = emulator.endpoint, str(Path(sam).absolute())

    def deploy(self, template: Path, **parameters: str) -> str:
        """Create or update the stack from a build; what SAM printed. What no parameter says stays as it was."""
        told = [f"{name}={value}" for name, value in parameters.items()]
        printed = self.sam(
            *("deploy", "--template-file", str(template), "--stack-name", NAME, "--region", REGION, "--resolve-s3"),
            *("--capabilities", "CAPABILITY_IAM", "--no-confirm-changeset", "--no-fail-on-empty-changeset"),
            *(("--parameter-overrides", *told) if told else ()),
        )
        self.__dict__.pop("outputs", None)
        emulated_routes.make(self.client("cloudformation"), self.client("apigatewayv2"), self.functions(), NAME)
        return printed

    def delete(self) -> None:
        """Remove the stack."""
        self.sam("delete", "--stack-name", NAME, "--region", REGION, "--no-prompts")

    def sam(self, *arguments: str) -> str:
        """What a SAM command printed; it did not fail."""
        command = [self.command, *arguments]
        ran = subprocess.run(command, env=self.environment, capture_output=True, text=True, check=False, timeout=300)
        assert ran.returncode == 0, f"{ran.stdout[-4000:]}\n{ran.stderr[-4000:]}"
        return ran.stdout

    @property
    def environment(self) -> dict[str, str]:
        """For a command that shall see this AWS and nothing of the user's own."""
        return {
            **{name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ},
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
            "SAM_CLI_TELEMETRY": "0",
        }

    def client(self, service: str, **credentials: str) -> Any:
        """A boto3 client; of an administrator, unless it is handed somebody's credentials."""
        return boto3.client(service, endpoint_url=self.endpoint, region_name=REGION, **credentials)

    @cached_property
    def outputs(self) -> dict[str, str]:
        """What the stack tells its owner."""
        [told] = self.client("cloudformation").describe_stacks(StackName=NAME)["Stacks"]
        return {one["OutputKey"]: one["OutputValue"] for one in told["Outputs"]}

    def physical(self, name: str) -> str:
        """The physical id of a resource of the template."""
        told = self.client("cloudformation").describe_stack_resource(StackName=NAME, LogicalResourceId=name)
        return str(told["StackResourceDetail"]["PhysicalResourceId"])

    def functions(self) -> dict[str, str]:
        """The functions' ARNs by logical id."""
        lambda_ = self.client("lambda")
        return {
            name: lambda_.get_function(FunctionName=self.physical(name))["Configuration"]["FunctionArn"]
            for name in ("Receive", "Verify", "Publish", "Moderate")
        }
