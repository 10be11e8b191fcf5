"""The cost tables of docs/operations.md: each cell is units times price, and the units are what the code does."""

from __future__ import annotations

import math
import re
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from linkback import rules, urls
from linkback.ping import Protocol
from linkback_cli import template

if TYPE_CHECKING:
    from conftest import Call

COSTS = re.split(r"^## ", (template.ROOT / "docs/operations.md").read_text("utf-8"), flags=re.MULTILINE)
(TOLD,) = (part for part in COSTS if part.startswith("What it costs"))
TABLES = re.findall(r"(?:^\|.*\n)+", TOLD, re.MULTILINE)
PINGS, CALLS, READS = (
    [[cell.strip() for cell in row.strip("|").split("|")] for row in table.splitlines()] for table in TABLES
)

# Where replies stand: what the table of calls says of rules is for an address like this.
BLOG = "https://blog.example.org/notes/2026/a-reply/"
# A reply of 470 letters, as people write them.
REPLY = ("A paragraph of an honest reply, with a few words more than it needs. " * 7)[:470]
PAGE = """<html lang="en"><title>Ponds</title>
<article class="h-entry"><h1 class="p-name">A post of mine about ponds</h1>
<a class="p-author h-card" href="/">Ada Author<img class="u-photo" src="/ada.jpg" alt=""></a>
<time class="dt-published" datetime="2026-11-22T10:00:00Z"></time>
<div class="e-content"><p>{reply}</p><p>See <a class="u-in-reply-to" href="{target}">this</a></p></div></article>"""


def number(cell: str) -> float:
    """Of `14`, `0.50`, `**50.46**` or `2 × 0.5` the value; an empty cell is nothing."""
    factors = [float(one) for one in cell.strip("*").split("×")] if cell else [0.0]
    return float(math.prod(factors))


@pytest.mark.parametrize("row", PINGS[2:-1], ids=lambda row: row[0])
def test_a_pings_cost_is_its_units_at_their_price(row: list[str]) -> None:
    million, alone, bursts, *dollars = map(number, row[1:])
    wanted = (million * alone / 1000, million * alone, million * bursts)
    assert [f"{one:.4f}" for one in dollars[:1]] == [f"{_half_up(wanted[0], 4):.4f}"]
    assert dollars[1:] == [_half_up(one, 2) for one in wanted[1:]]


@pytest.mark.parametrize("row", READS[2:-1], ids=lambda row: row[0])
def test_a_builds_cost_is_its_units_at_their_price(row: list[str]) -> None:
    million, units, thousand = map(number, row[1:])
    assert thousand == _half_up(million * units / 1000, 4)


@pytest.mark.parametrize(("table", "columns"), [(PINGS, (4, 5, 6)), (CALLS, (1, 2)), (READS, (3,))])
def test_the_sums_are_the_sums_of_their_rows(table: list[list[str]], columns: tuple[int, ...]) -> None:
    for column in columns:
        assert math.isclose(number(table[-1][column]), sum(number(row[column]) for row in table[2:-1]))


def _half_up(value: float, digits: int) -> float:
    return float(math.floor(value * 10**digits + 0.5 + 1e-9)) / float(10**digits)


# What the code does


def size(item: dict[str, dict[str, str]]) -> int:
    """Bytes as DynamoDB counts them, a little more for numbers."""
    return sum(len(name.encode()) + len(str(next(iter(value.values()))).encode()) for name, value in item.items())


def units(item: dict[str, Any]) -> int:
    """Write units of a new item: each KB begun, in the table and each index that has all of it; two have keys alone."""
    whole, keys = 1 + ("feed" in item) + ("thread" in item), ("due" in item) + ("claim" in item)
    return math.ceil(size(item) / 1024) * whole + keys


def names(source: str, author: str = "") -> int:
    """How many rules could speak of a source, and the one mark of an approval."""
    return len(rules.covering(urls.parse(source), Protocol.WEBMENTION, author)) + 1


def told(name: str) -> list[float]:
    (row,) = (row for row in CALLS if name in row[0])
    return [number(cell) for cell in row[1:]]


def test_a_published_ping_writes_and_reads_what_the_table_says(
    calls: list[Call], internet: Any, request: pytest.FixtureRequest, dynamodb: Any, table_name: str
) -> None:
    bridge = request.getfixturevalue("make_bridge")(SITES="127.0.0.1", SELF_MENTIONS="allow")
    target = internet.put("/a-post-of-mine/", "<title>It exists</title>")
    calls.clear()
    source = internet.put("/notes/2026/a-reply/", PAGE.format(reply=REPLY, target=target))
    bridge.webmention(source, target)
    bridge.work()

    items = {
        params["Item"]["pk"]["S"][:5] + params["Item"]["sk"]["S"][:4]: params["Item"]
        for name, params in calls
        if name == "PutItem"
    }
    assert units(items["PING#PING"]) == told("the ping's record")[0]
    assert units(items["PAGE#PAGE"]) == told("what the target answered")[0]
    assert units(items["TEXT#TEXT"]) == told("where its text was seen")[0]
    assert 1536 < size(items["PAGE#MENT"]) < 2048
    assert units(items["PAGE#MENT"]) == told("the mention, 2 units")[0]
    number_taken, ended, counted = (params for name, params in calls if name == "UpdateItem")
    assert number_taken["Key"]["pk"]["S"] == "SEQUENCE"
    assert counted["Key"]["pk"]["S"].startswith("DAY#")
    assert told("the next number")[0] == told("one more of the day")[0] == 1
    record = dynamodb.get_item(TableName=table_name, Key=ended["Key"])["Item"]
    assert "due" not in record  # one unit to take it out of the index, one each for the table and `feed`
    assert record["claim"] == items["PING#PING"]["claim"]  # so the index `claim` is not written
    assert units(record) - 1 + 1 == told("the ping's end")[0]

    made = {"BatchGetItem": 3, "PutItem": 4, "GetItem": 7, "UpdateItem": 3}
    assert Counter(name for name, _ in calls) == made
    consistent = [params.get("ConsistentRead", False) for name, params in calls if name == "GetItem"]
    rows = ("did this ping", "is the target another", "is the mention known", "was the target", "is it one by now")
    assert [1.0 if one else 0.5 for one in consistent] == [
        told(row)[1] for row in (*rows, "where its text was seen", "in what language")
    ]
    assert number(CALLS[-1][1]) == number(next(row for row in PINGS if "write units" in row[0])[2])
    assert number(CALLS[-1][2]) == number(next(row for row in PINGS if "read units" in row[0])[2])
    assert looked_up(calls) == names(source) + names(source, internet.origin)
    assert told("the site's rules")[1] == 0.5 * (names(BLOG) + names(BLOG, "https://blog.example.org/"))
    read = next(row for row in READS if "read units" in row[0])
    assert math.isclose(number(read[2]), 1000 * size(items["PAGE#MENT"]) / 4096 / 2, rel_tol=0.05)


def looked_up(calls: list[Call]) -> int:
    """The keys of rules that were asked for: each is a read of its own, whether or not there is one."""
    tables = [params["RequestItems"].values() for name, params in calls if name == "BatchGetItem"]
    return sum(len(one["Keys"]) for table in tables for one in table)
