"""deploy/release.py: a release whose parts disagree is refused before anything is published."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

import pytest

import linkback
from linkback_cli import template

if TYPE_CHECKING:
    from pathlib import Path

HEADING, WORDS = "## [1.2.3] - 2026-12-31", "### Added\n\n- A thing.\n"
PARTS = ("deploy/release.py", "template.yaml", "layers/linkback/linkback/__init__.py", "CHANGELOG.md")


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of what is checked, of version 1.2.3."""
    for part in PARTS:
        (tmp_path / part).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(template.ROOT / part, tmp_path / part)
    change(tmp_path / PARTS[1], r"SemanticVersion: .*", "SemanticVersion: 1.2.3")
    change(tmp_path / PARTS[2], r'__version__ = ".*"', '__version__ = "1.2.3"')
    (tmp_path / "CHANGELOG.md").write_text(
        f"# Changelog\n\n## [Unreleased]\n\n{HEADING}\n\n{WORDS}\n## [1.2.2] - 2026-01-01\n"
    )
    return tmp_path


def change(path: Path, old: str, new: str) -> None:
    told, times = re.subn(old, new, path.read_text("utf-8"))
    assert times == 1
    path.write_text(told, "utf-8")


def release(tree: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(tree / "deploy/release.py"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_a_release_whose_parts_agree_is_let_through(tree: Path) -> None:
    assert release(tree, "check", "v1.2.3").stdout == "1.2.3\n"


@pytest.mark.parametrize(
    ("part", "old", "new", "says"),
    [
        ("template.yaml", "SemanticVersion: 1.2.3", "SemanticVersion: 1.2.2", "template.yaml says 1.2.2, not 1.2.3."),
        ("layers/linkback/linkback/__init__.py", "1.2.3", "1.3.0", "__init__.py says 1.3.0, not 1.2.3."),
        ("CHANGELOG.md", re.escape(HEADING), "## [1.2.3]", "CHANGELOG.md has no section ## [1.2.3] with a date"),
        ("CHANGELOG.md", re.escape(WORDS), "", "CHANGELOG.md has no section ## [1.2.3] with a date"),
    ],
)
def test_a_part_that_disagrees_is_named(tree: Path, part: str, old: str, new: str, says: str) -> None:
    change(tree / part, old, new)
    refused = release(tree, "check", "v1.2.3")
    assert refused.returncode != 0
    assert says in refused.stderr


@pytest.mark.parametrize("tag", ["1.2.3", "v1.2.4", "v1.2"])
def test_a_tag_that_is_not_the_version_is_refused(tree: Path, tag: str) -> None:
    assert release(tree, "check", tag).returncode != 0


def test_the_notes_are_the_versions_section_of_the_changelog(tree: Path) -> None:
    assert release(tree, "notes", "v1.2.3").stdout.strip() == WORDS.strip()


@pytest.mark.parametrize("architecture", ["arm64", "x86_64"])
def test_a_packaged_template_offers_only_the_architecture_that_was_built(tree: Path, architecture: str) -> None:
    assert release(tree, "narrow", architecture).returncode == 0
    parameter = template.load(tree / "template.yaml").tree["Parameters"]["Architecture"]
    assert (parameter["AllowedValues"], parameter["Default"]) == ([architecture], architecture)
    assert release(tree, "narrow", architecture).returncode != 0


def test_what_is_installed_is_every_file_of_the_packages() -> None:
    """The desk's style and script, too: setuptools takes modules alone unless it is told."""
    told = tomllib.loads((template.ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["setuptools"]
    for name, folder in told["package-dir"].items():
        root = template.ROOT / folder
        for path in (path for path in root.rglob("*") if path.is_file() and path.suffix != ".pyc"):
            package = ".".join([name, *path.relative_to(root).parts[:-1]])
            patterns = ["*.py", *told["package-data"].get(package, [])]
            assert package in told["packages"]
            assert any(fnmatchcase(path.name, pattern) for pattern in patterns), path


def test_the_template_and_the_package_have_one_version() -> None:
    told = template.load().tree["Metadata"]["AWS::ServerlessRepo::Application"]
    assert told["SemanticVersion"] == linkback.__version__
