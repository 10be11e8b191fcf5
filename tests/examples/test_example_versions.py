"""What the examples install is what was tested: exact versions, and nothing of others in the repository."""

from __future__ import annotations

import json
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"
FOLDERS = ("astro", "eleventy", "hugo", "jekyll", "pelican", "plain")


def test_every_example_says_what_it_is() -> None:
    assert {path.parent.name for path in EXAMPLES.glob("*/README.md")} == set(FOLDERS)


def test_npm_is_told_exact_versions() -> None:
    for path in EXAMPLES.glob("*/package.json"):
        for name, version in json.loads(path.read_text("utf-8"))["dependencies"].items():
            assert re.fullmatch(r"\d+\.\d+\.\d+", version), f"{path}: {name}"


def test_pip_is_told_the_versions_that_are_tested() -> None:
    tested = (ROOT / "requirements/examples.txt").read_text("utf-8").splitlines()
    for path in EXAMPLES.glob("*/requirements.txt"):
        told = [line.replace("[markdown]", "") for line in path.read_text("utf-8").splitlines()]
        assert told
        assert set(told) <= set(tested), path
