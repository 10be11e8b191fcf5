"""`sam deploy --guided` as a developer has it: at a terminal, with Enter for every question but one and the consent."""

from __future__ import annotations

import re
import shutil
from typing import TYPE_CHECKING

import pytest

from e2e.stack import HERE, ROOT
from terminal import talk

if TYPE_CHECKING:
    from pathlib import Path

    from e2e.stack import Stack

pytestmark = pytest.mark.deployed

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
    command, asked = [stack.command, "deploy", "--guided", "--region", "us-east-1"], list[str]()

    def answer(question: str) -> str:
        asked.append(question.strip())
        return answers.get(asked[-1], "")

    _, said = talk(command, QUESTION, answer, PATIENCE, cwd=folder, env=stack.environment)
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
