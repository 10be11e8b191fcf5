"""A developer at `make deploy` and `make redrive`, with a recording stand-in for SAM and for make."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
from contextlib import chdir, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from click.testing import CliRunner

from deploy.__main__ import main as deploy
from deploy.alias import main as alias
from deploy.redrive import main as redrive

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from click.testing import Result

ROOT = Path(__file__).parent.parent
OURS = "Linkback: made by a test"
MODULES = {"deploy": deploy, "deploy.redrive": redrive, "deploy.alias": alias}

# Writes down its words; as `sam deploy` it makes the stack that lies in stack.json, as SAM would make ours.
RECORDER = f"""#!{sys.executable}
import json, pathlib, sys
with open("calls", "a") as calls:
    calls.write(json.dumps(sys.argv) + chr(10))
made = pathlib.Path("stack.json")
if sys.argv[1] == "deploy" and made.exists():
    import boto3
    name, region = (sys.argv[sys.argv.index(word) + 1] for word in ("--stack-name", "--region"))
    boto3.client("cloudformation", region_name=region).create_stack(StackName=name, TemplateBody=made.read_text())
sys.exit(int(pathlib.Path(sys.argv[1] + ".code").read_text()) if pathlib.Path(sys.argv[1] + ".code").exists() else 0)
"""


@dataclass
class Developer:
    """Somebody at a shell in an empty folder, with a Python 3.13 that runs and, in `environ`, an AWS to talk to."""

    folder: Path
    environ: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        tools = self.folder / "bin"
        tools.mkdir()
        self.tool("python3.13", "#!/bin/sh\nexit 0\n")
        for name in ("sam", "make"):
            self.tool(name, RECORDER)
        self.environ = {
            "PATH": f"{tools}:/usr/bin:/bin",
            "PYTHONPATH": os.pathsep.join(map(str, (ROOT, ROOT / "layers/linkback", ROOT / "cli"))),
            "HOME": str(self.folder),
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": "eu-central-1",
            "AWS_EC2_METADATA_DISABLED": "true",
            **self.environ,
        }

    def tool(self, name: str, script: str) -> None:
        path = self.folder / "bin" / name
        path.write_text(script)
        path.chmod(0o755)

    def make(self, *words: str) -> subprocess.CompletedProcess[str]:
        """What the project's Makefile does with these words, in this folder, with a `.venv` that is ready."""
        venv = self.folder / ".venv/bin"
        venv.mkdir(parents=True)
        # Not a link: Python would look for its packages beside it.
        (venv / "python").write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
        (venv / "python").chmod(0o755)
        for name in ("requirements/run.txt", "pyproject.toml", ".venv/run"):
            path = self.folder / name
            path.parent.mkdir(exist_ok=True)
            path.touch()
        (self.folder / "Makefile").write_text((ROOT / "Makefile").read_text("utf-8"), "utf-8")
        command = [str(shutil.which("make")), "--no-print-directory", *words]
        return subprocess.run(command, cwd=self.folder, env=self.environ, capture_output=True, text=True, check=False)

    def tools(self, module: str) -> list[str]:
        tools = ["--sam", str(self.folder / "bin/sam"), "--make", str(self.folder / "bin/make")]
        return tools if module == "deploy" else []

    def command(self, module: str) -> list[str]:
        return [sys.executable, "-m", module, *self.tools(module)]

    def run(self, module: str, **said: str) -> Result:
        """The command with what stands behind `make deploy`, and nobody at the keyboard; within this process."""
        environ = dict.fromkeys(os.environ) | {name: value or None for name, value in (self.environ | said).items()}
        with chdir(self.folder):
            return CliRunner().invoke(MODULES[module], self.tools(module), env=environ, catch_exceptions=False)

    def start(self, module: str, **said: str) -> subprocess.CompletedProcess[str]:
        """The same as a process of its own."""
        return subprocess.run(
            self.command(module),
            cwd=self.folder,
            env={name: value for name, value in {**self.environ, **said}.items() if value},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )

    def deploy(self, **said: str) -> str:
        """What it prints, once it succeeded."""
        ran = self.run("deploy", **said)
        assert ran.exit_code == 0, ran.stderr
        return ran.stdout

    def refusal(self, module: str = "deploy", **said: str) -> str:
        """The sentence that it ends with, once it failed without a call of SAM or make."""
        ran = self.run(module, **said)
        assert ran.exit_code == 1, ran.stdout + ran.stderr
        assert self.calls == []
        return ran.stderr.removeprefix("Error: ").rstrip("\n")

    @property
    def calls(self) -> list[list[str]]:
        """The words of each call of SAM and make: first the tool's name."""
        path = self.folder / "calls"
        lines = path.read_text().splitlines() if path.exists() else []
        return [[Path(words[0]).name, *words[1:]] for words in map(json.loads, lines)]


@contextmanager
def aws(answers: Mapping[str, tuple[int, str]]) -> Iterator[str]:
    """The address of a server that answers each action (`*`: any other) of the query protocol as it is told."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"])).decode()
            (action,) = parse_qs(body)["Action"]
            status, answer = answers.get(action) or answers["*"]
            self.send_response(status)
            self.send_header("content-type", "text/xml")
            self.send_header("content-length", str(len(answer.encode())))
            self.end_headers()
            self.wfile.write(answer.encode())

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


def error(code: str, message: str) -> str:
    """An error as STS and CloudFormation word it."""
    return (
        '<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type>'
        f"<Code>{code}</Code><Message>{message}</Message></Error>"
        "<RequestId>1fd1964b-1544-11ea-ba37-99c3c1dede42</RequestId></ErrorResponse>"
    )


IDENTITY = (
    '<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>'
    "<Arn>arn:aws:iam::123456789012:user/me</Arn><UserId>AIDA</UserId><Account>123456789012</Account>"
    "</GetCallerIdentityResult><ResponseMetadata><RequestId>1</RequestId></ResponseMetadata></GetCallerIdentityResponse>"
)


SUMMARY = (
    '<GetTemplateSummaryResponse xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/"><GetTemplateSummaryResult>'
    f"<Description>{OURS}</Description></GetTemplateSummaryResult></GetTemplateSummaryResponse>"
)


def linkback_in(status: str) -> dict[str, tuple[int, str]]:
    """The answers of an AWS that has the one stack `linkback`, ours, in this state."""
    stacks = (
        '<DescribeStacksResponse xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/"><DescribeStacksResult><Stacks>'
        "<member><StackId>arn:aws:cloudformation:eu-central-1:123456789012:stack/linkback/1</StackId>"
        "<StackName>linkback</StackName><CreationTime>2026-11-22T10:00:00Z</CreationTime>"
        f"<StackStatus>{status}</StackStatus></member></Stacks></DescribeStacksResult></DescribeStacksResponse>"
    )
    answers = {"GetCallerIdentity": IDENTITY, "DescribeStacks": stacks, "GetTemplateSummary": SUMMARY}
    return {action: (200, answer) for action, answer in answers.items()}
