"""`sam deploy --guided` as a developer has it: at a terminal, with Enter for every question but one and the consent."""

from __future__ import annotations

import os
import pty
import re
import select
import shutil
import subprocess
import time
from typing import TYPE_CHECKING

import pytest

from e2e.stack import HERE, ROOT

if TYPE_CHECKING:
    from pathlib import Path

    from e2e.stack import Stack

pytestmark = pytest.mark.deployed

COLOUR = re.compile(r"\x1b\[[0-9;]*m")
QUESTION = re.compile(r"\n[\s#]*([^\n\[]*?) \[[^\n\]]*\]: $")  # with what Enter would say in brackets
PATIENCE = 120.0


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """What `sam build` leaves in a checkout, as far as `sam deploy` looks at it."""
    shutil.copytree(HERE, tmp_path / ".aws-sam/build")
    for name in ("template.yaml", "samconfig.toml", "LICENSE", "README.md"):
        shutil.copy(ROOT / name, tmp_path)
    return tmp_path


def answered(stack: Stack, folder: Path, answers: dict[str, str]) -> tuple[list[str], str]:
    """The questions that SAM asked, in their order, and all that it said. What is not in the answers gets Enter."""
    ours, its = pty.openpty()
    command = [stack.command, "deploy", "--guided", "--region", "us-east-1"]
    process = subprocess.Popen(command, stdin=its, stdout=its, stderr=its, env=stack.environment, cwd=folder)
    os.close(its)
    said, seen, asked, end = "", 0, list[str](), time.monotonic() + PATIENCE
    try:
        while process.poll() is None and time.monotonic() < end:
            if select.select([ours], [], [], 0.2)[0]:
                said = COLOUR.sub("", said + os.read(ours, 65536).decode("utf-8", "replace").replace("\r", ""))
            elif question := QUESTION.search(said[seen:]):  # it is silent, and its last line is a question
                asked.append(question[1].strip())
                seen = len(said)
                os.write(ours, f"{answers.get(asked[-1], '')}\n".encode())
        while select.select([ours], [], [], 0)[0] and (rest := os.read(ours, 65536)):
            said += rest.decode("utf-8", "replace")
    except OSError:
        pass  # Linux says so when the other end is closed
    finally:
        process.kill()
        process.wait()
        os.close(ours)
    return asked, said


def test_one_question_has_no_answer_but_the_developers(stack: Stack, checkout: Path) -> None:
    answers = {"Stack Name": "guided", "Parameter Sites": "example.com", "Deploy this changeset?": "y"}
    asked, said = answered(stack, checkout, answers)
    assert "Successfully created/updated stack - guided in us-east-1" in said
    assert next(one for one in asked if one.startswith("Parameter")) == "Parameter Sites"
    # Neither "has no authentication. Is this okay?", thirteen times, nor anything else twice.
    assert len(asked) == len(set(asked)) < 24
    assert "authentication" not in said
    stack.client("cloudformation").delete_stack(StackName="guided")


def test_a_wrong_site_is_refused_with_a_sentence_and_nothing_is_made(stack: Stack, checkout: Path) -> None:
    _, said = answered(stack, checkout, {"Stack Name": "refused", "Parameter Sites": "https://example.com"})
    assert "without https:// and without paths" in said
    stacks = stack.client("cloudformation").list_stacks()["StackSummaries"]
    assert "refused" not in {one["StackName"] for one in stacks if one["StackStatus"] != "DELETE_COMPLETE"}
