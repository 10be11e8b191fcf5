"""The requirements files hold what pyproject.toml asks for: exact versions, on Lambda the same as at home."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
LAYER = ROOT / "layers/linkback/requirements.txt"
FILES = [LAYER, *sorted((ROOT / "requirements").glob("*.txt"))]


def pins(path: Path) -> dict[str, str]:
    """Name and version of every package that the file installs, those of the files it includes among them."""
    found: dict[str, str] = {}
    for line in path.read_text("utf-8").splitlines():
        if line.startswith("-r "):
            found |= pins(path.parent / line.removeprefix("-r "))
        elif not line.startswith("#"):
            name, _, version = line.partition("==")
            found[name] = version
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_line_is_one_exact_version_and_names_no_host(path: Path) -> None:
    for line in path.read_text("utf-8").splitlines():
        assert re.fullmatch(r"# .*|-r \w+\.txt|[a-z0-9.-]+==[0-9][0-9a-z.]*", line), line


@pytest.mark.parametrize(
    ("wanted", "path"),
    [
        (PROJECT["dependencies"], LAYER),
        (PROJECT["optional-dependencies"]["cli"], ROOT / "requirements/run.txt"),
        (PROJECT["optional-dependencies"]["test"], ROOT / "requirements/test.txt"),
        (PROJECT["optional-dependencies"]["lint"], ROOT / "requirements/lint.txt"),
        (PROJECT["optional-dependencies"]["runtime"], ROOT / "requirements/runtime.txt"),
    ],
    ids=["layer", "run", "test", "lint", "runtime"],
)
def test_what_pyproject_asks_for_is_pinned_within_its_bounds(wanted: list[str], path: Path) -> None:
    pinned = pins(path)
    for requirement in map(Requirement, wanted):
        assert requirement.specifier.contains(pinned[requirement.name]), requirement


def test_the_local_bridge_runs_on_lambdas_versions() -> None:
    assert pins(LAYER).items() <= pins(ROOT / "requirements/run.txt").items()


def test_nothing_of_the_command_reaches_lambda() -> None:
    assert not {"click", "rich", "ministack", "boto3", "pytest", "httpx"} & pins(LAYER).keys()
