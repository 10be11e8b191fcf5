"""The documents as data: sections, tables, and the names in them."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parent.parent
OPERATIONS, README = ROOT / "docs/operations.md", ROOT / "README.md"

FENCE = re.compile(r"^( *)```.*?^\1```$", re.MULTILINE | re.DOTALL)


@cache
def text(path: Path) -> str:
    return path.read_text("utf-8")


def prose(path: Path) -> str:
    return FENCE.sub("", text(path))


def named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def anchors(path: Path) -> set[str]:
    """What GitHub makes of the headings: small letters, no marks, hyphens for blanks."""
    headings = re.findall(r"^#+ +(.+?) *$", prose(path), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def section(path: Path, heading: str) -> str:
    """What stands below a heading, to the next of its rank or above."""
    rank = len(heading) - len(heading.lstrip("#"))
    found = re.search(rf"^{re.escape(heading)}$(.*?)(?=^#{{1,{rank}}} |\Z)", text(path), re.MULTILINE | re.DOTALL)
    assert found, f"{named(path)} has no heading {heading}"
    return found[1]


def rows(told: str) -> list[list[str]]:
    """The cells of every table row, headings and rules left out."""
    lines = [line for line in FENCE.sub("", told).splitlines() if line.startswith("|")]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    rules = {number for number, row in enumerate(cells) if all(re.fullmatch(r":?-+:?", cell) for cell in row)}
    return [row for number, row in enumerate(cells) if number not in rules and number + 1 not in rules]


def words(cell: str) -> list[str]:
    """The names in backquotes."""
    return re.findall(r"`([^`]+)`", cell)


def log_fields() -> dict[str, set[str]]:
    """The fields of each kind of log line."""
    return {words(row[0])[0]: set(words(row[1])) for row in rows(section(OPERATIONS, "## Log lines"))}
