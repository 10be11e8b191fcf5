"""Whoever keeps a copy of a site's mentions has, after each round, what a whole reading has: whatever happened."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from linkback import urls
from linkback.alias import declare, retract
from linkback.feed.changes import MOST_EDITS, Changes, asked_next
from linkback.keys import number_at
from linkback.policy import claim_id
from linkback.published import Published, Tombstone
from linkback.record import State
from linkback_cli import changes
from linkback_cli.changes import Entry
from published import BARE, published
from shelf import NOON, SITES, Shelf, sources

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conftest import Bridge
    from linkback.record import Record
    from linkback_cli.events import HttpAnswer

PAGES = [
    "https://example.com/one",
    "https://example.com/two",
    "http://www.example.com/one/#part",
    "https://example.org/x",
]


@pytest.fixture
def reading(make_bridge: Callable[..., Bridge]) -> Bridge:
    return make_bridge(SITES="example.com,example.org")


class Owner:
    """Writes as visits and an owner do: `records` is what there is, by source and page."""

    def __init__(self, shelf: Shelf) -> None:
        self.shelf, self.time = shelf, 0
        self.records: dict[tuple[int, str], Record] = {}

    def act(self, kind: str, number: int, target: str) -> None:
        self.time += 1
        if kind == "alias":
            self.alias()
            return
        key = (number, target)
        old = self.records.get(key)
        if old is None:
            state = State.HELD if kind == "hold" else State.PUBLIC
            record = self.shelf.record(number, target, state)
            page = self.shelf.table.alias(record.page)
            site = "example.org" if page.startswith("example.org") else "example.com"
            record = replace(record, page=page, site=site, claim=claim_id(urls.parse(record.source), page))
            if self.shelf.table.mention(page, record.claim) is None:  # not another spelling of a page
                self.records[key] = self.shelf.table.save(None, record, self.shelf.at(self.time))
            return
        acts: dict[str, dict[str, Any]] = {
            "edit": {"text": f"Edited at {self.time}"},
            "dialect": {"protocols": tuple(sorted({*old.protocols, "pingback"}))},
            "hold": {"state": State.HELD},
            "spam": {"state": State.SPAM},
            "gone": {"state": State.GONE},
            "delete": {"state": State.DELETED},
            "back": {"state": State.PUBLIC},
        }
        self.records[key] = self.shelf.change(old, self.time, **acts[kind])

    def alias(self) -> None:
        """One of two pages is another's address, or is not any more."""
        old, new = PAGES[1], PAGES[self.time % 2 * 3]
        table, clock = self.shelf.table, self.shelf.clock(self.time)
        if table.alias("example.com/two") == "example.com/two":
            declare(table, SITES, old, new, clock)
        else:
            retract(table, SITES, old, clock)
        keys = {urls.page_key(urls.parse(page)) for page in PAGES}
        kept = [record for key in sorted(keys) for record in table.mentions(key)]
        self.records = {(int(one.source.rpartition("/")[2]), one.target): one for one in kept}


class Copy:
    """What `linkback fetch` keeps, brought up to date by its own rules, in answers of any size."""

    def __init__(self, bridge: Bridge, domain: str) -> None:
        self.bridge, self.domain = bridge, domain
        self.since_id, self.entries = 0, dict[str, Entry]()

    def update(self, per_page: int) -> None:
        url = f"/api/changes?domain={self.domain}&since_id={self.since_id}&per-page={per_page}"
        answers = []
        while url:
            answer = self.bridge.get(url)
            answers.append(changes.parse(answer.body))
            url = following(answer)
        self.since_id = answers[-1].since_id
        self.entries = changes.merged(self.entries, answers)


class Cache:
    """What an old plug-in keeps: by source and target, with since_id, and told by /api/deleted what to forget."""

    def __init__(self, bridge: Bridge, domain: str) -> None:
        self.bridge, self.domain = bridge, domain
        self.newest = self.ended = 0
        self.entries: dict[tuple[str, str], Entry] = {}

    def update(self, per_page: int) -> None:
        size = f"per-page={per_page}&sort-dir=up"
        for gone in pages(self.bridge, f"/api/deleted?domain={self.domain}&since_id={self.ended}&{size}"):
            self.entries.pop((gone["wm-source"], gone["wm-target"]), None)
            self.ended = max(self.ended, gone["wm-sequence"])
        for child in pages(self.bridge, f"/api/mentions.jf2?domain={self.domain}&since_id={self.newest}&{size}"):
            self.entries[child["wm-source"], child["wm-target"]] = child
            self.newest = max(self.newest, child["wm-id"])


def following(answer: HttpAnswer) -> str:
    found = re.search(r'<([^>]*)>; rel="next"', dict(answer.headers).get("link", ""))
    return found[1] if found else ""


def pages(bridge: Bridge, url: str) -> Iterator[Entry]:
    while url:
        answer = bridge.get(url)
        yield from json.loads(answer.body)["children"]
        url = following(answer)


ACTS = st.tuples(
    st.sampled_from("edit dialect hold spam gone delete back back back edit gone".split()),
    st.integers(0, 1),
    st.sampled_from(PAGES[1:]),
)
STEPS = st.lists(st.one_of(ACTS, ACTS, ACTS, st.integers(1, 4)), max_size=40)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(STEPS)
def test_copies_agree_with_a_whole_reading_after_any_changes_in_any_order(
    reading: Bridge, dynamodb: Any, table_name: str, shelf: Shelf, steps: list[Any]
) -> None:
    emptied(dynamodb, table_name)
    owner = Owner(shelf)
    copies = {domain: Copy(reading, domain) for domain in SITES.names}
    caches = {domain: Cache(reading, domain) for domain in SITES.names}
    for step in [*steps, 2]:
        if isinstance(step, tuple):
            owner.act(*step)
            continue
        for domain in SITES.names:
            copies[domain].update(step)
            caches[domain].update(step)
            truth = reading.children(f"?domain={domain}")
            assert sorted(copies[domain].entries.values(), key=lambda one: -one["wm-id"]) == truth
            assert set(caches[domain].entries) == {(one["wm-source"], one["wm-target"]) for one in truth}
            assert {one["wm-id"] for one in caches[domain].entries.values()} == {one["wm-id"] for one in truth}


MOVES = st.lists(st.one_of(ACTS, ACTS, st.just(("alias", 0, "")), st.integers(1, 4)), max_size=30)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(MOVES)
def test_a_copy_agrees_whatever_page_a_mention_moves_to(
    reading: Bridge, dynamodb: Any, table_name: str, shelf: Shelf, steps: list[Any]
) -> None:
    emptied(dynamodb, table_name)
    owner = Owner(shelf)
    copies = {domain: Copy(reading, domain) for domain in SITES.names}
    for step in [*steps, 1]:
        if isinstance(step, tuple):
            owner.act(*step)
            continue
        for domain, copy in copies.items():
            copy.update(step)
            truth = reading.children(f"?domain={domain}")
            assert sorted(copy.entries.values(), key=lambda one: -one["wm-id"]) == truth


def emptied(dynamodb: Any, table_name: str) -> None:
    for item in dynamodb.scan(TableName=table_name)["Items"]:
        dynamodb.delete_item(TableName=table_name, Key={name: item[name] for name in ("pk", "sk")})


def test_a_copy_follows_mentions_that_move_to_another_page_and_site(reading: Bridge, shelf: Shelf) -> None:
    copies = {domain: Copy(reading, domain) for domain in SITES.names}
    for number, page in enumerate(PAGES):
        shelf.put(number, page)
    for old, new in ((PAGES[0], PAGES[1]), (PAGES[3], PAGES[1])):
        for copy in copies.values():
            copy.update(1)
        declare(shelf.table, SITES, old, new, shelf.clock(50))
    for domain, copy in copies.items():
        copy.update(1)
        assert sorted(copy.entries.values(), key=lambda one: -one["wm-id"]) == reading.children(f"?domain={domain}")
    assert {one["wm-page"] for one in copies["example.com"].entries.values()} == {"example.com/two"}


def test_a_whole_site_is_read_in_order_while_it_changes(reading: Bridge, shelf: Shelf) -> None:
    records = [shelf.put(number) for number in range(8)]
    url, told, number = "/api/changes?domain=example.com&per-page=2", [], 100
    answers = []
    while url:
        answer = reading.get(url)
        answers.append(changes.parse(answer.body))
        told += [child["wm-id"] for child in json.loads(answer.body)["children"]]
        url = following(answer)
        if number < 104:
            shelf.put(number)
            number += 1
            if number == 102:
                shelf.change(records[0], 200, text="Edited after it was told")
                shelf.change(records[7], 201, state=State.GONE)
    known = changes.merged({}, answers)
    truth = {child["wm-claim"]: child for child in reading.children("?domain=example.com")}
    assert known == truth
    assert told.count(records[0].id) == 2  # an edit comes at its later place
    assert all(told.count(one) == 1 for one in told if one != records[0].id)


def test_what_changed_twice_is_told_once_and_as_it_is_now(reading: Bridge, shelf: Shelf) -> None:
    record = shelf.put(1)
    since = record.id
    record = shelf.change(record, 10, text="First edit")
    record = shelf.change(record, 20, text="Second edit")
    told = reading.json(f"/api/changes?domain=example.com&since_id={since}")
    assert [child["content"]["text"] for child in told["children"]] == ["Second edit"]
    record = shelf.change(record, 30, state=State.GONE)
    told = reading.json(f"/api/changes?domain=example.com&since_id={since}")
    assert (told["children"], sources(told["deleted"])) == ([], [1])
    shelf.change(record, 40, state=State.PUBLIC)
    told = reading.json(f"/api/changes?domain=example.com&since_id={since}")
    assert (sources(told["children"]), told["deleted"]) == ([1], [])


def test_many_edits_are_told_in_several_answers(make_bridge: Callable[..., Bridge], shelf: Shelf) -> None:
    """Each is read by itself, and a function has seconds; one that is not public any more is read in vain."""
    bridge = make_bridge()
    answer = Changes()
    edits = ((number, None if number % 2 else published(BARE, id=1, claim=str(number))) for number in range(2, 2_000))
    answer.fill(edits, 10_000)
    assert (answer.more, answer.last, len(answer.children)) == (True, MOST_EDITS + 1, MOST_EDITS // 2)
    records = [shelf.put(number) for number in range(5)]
    for number, record in enumerate(records):
        edited = shelf.change(record, 20 + number, text="Edited")
        if number % 2:
            shelf.change(edited, 40 + number, state=State.GONE)
    told = bridge.json(f"/api/changes?domain=example.com&since_id={records[-1].id}")
    assert (sources(told["children"]), sources(told["deleted"])) == ([0, 2, 4], [1, 3])


def test_whoever_was_told_to_the_end_has_the_tag_of_the_last_change(reading: Bridge, shelf: Shelf) -> None:
    """As `linkback fetch` asks: with the number and the tag that the last answer gave."""
    for number in range(3):
        shelf.put(number)
    page = reading.get("/api/changes?domain=example.com&per-page=2")
    last = reading.get(following(page))
    first_tag, tag = (dict(answer.headers)["etag"] for answer in (page, last))
    since = json.loads(last.body)["since_id"]
    assert reading.get(f"/api/changes?domain=example.com&since_id={since}", if_none_match=tag).status == 304
    assert reading.get(following(page), if_none_match=first_tag).status == 200
    shelf.put(4)
    again = reading.get(f"/api/changes?domain=example.com&since_id={since}", if_none_match=tag)
    assert (again.status, sources(json.loads(again.body)["children"])) == (200, [4])


# The number to ask with next

AN_HOUR_AGO, NOW = number_at(int(NOON.timestamp())), NOON.timestamp() + 3600


def test_within_a_minute_of_a_change_it_is_told_again() -> None:
    """What took a number before may be seen after what took one later."""
    at_once = asked_next(Changes(), 0, number_at(int(NOW)), NOW)
    assert at_once == number_at(int(NOW)) - 60
    assert asked_next(Changes(), 0, AN_HOUR_AGO, NOW) == AN_HOUR_AGO
    ahead = number_at(int(NOW)) + 500  # in a burst
    assert asked_next(Changes(), ahead, ahead, NOW) == number_at(int(NOW)) - 60


def test_while_there_is_more_it_is_where_the_answer_ends() -> None:
    answer = Changes()
    answer.fill(((number, published(BARE, id=number, claim=str(number))) for number in range(1, 9)), 3)
    assert (answer.more, answer.last, list(answer.children)) == (True, 3, ["1", "2", "3"])
    assert asked_next(answer, 0, number_at(int(NOW)), NOW) == 3


def test_changes_of_one_number_are_told_together() -> None:
    """A mention that moves to another site is told to both with one number."""
    answer = Changes()
    answer.fill(((7, published(BARE, id=number, claim=str(number))) for number in range(1, 5)), 2)
    assert (answer.more, len(answer.children)) == (False, 4)


def test_of_a_mention_and_its_end_the_later_word_counts() -> None:
    def told(*order: int) -> tuple[int, int]:
        here: Published | Tombstone = published(BARE, id=5, claim="c")
        gone = Tombstone("c", "example.com/page", "s", "t", 5, 9)
        answer = Changes()
        answer.fill(zip(order, (here, gone) if order[0] == 5 else (gone, here), strict=True), 10)
        return len(answer.children), len(answer.deleted)

    assert told(5, 9) == (0, 1)
    assert told(9, 12) == (1, 0)


def test_changes_are_of_sites(reading: Bridge) -> None:
    told = json.loads(reading.get("/api/changes?target=https://example.com/one").body)
    assert "ask with domain instead of target" in told["error_description"]
