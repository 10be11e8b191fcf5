"""The owner's word that an address is another one of a page, and what happens to what was told of it before."""

from __future__ import annotations

import itertools
import time
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from linkback import urls
from linkback.alias import BadAlias, declare, retract
from linkback.policy import claim_id
from linkback.record import State
from linkback.table import Conflict
from shelf import POST, SITES, sources

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Bridge
    from linkback.table import Table
    from shelf import Shelf

OLD = "https://example.com/2019/old-post.html"
OTHER = "https://example.org/elsewhere"


@pytest.fixture
def reading(make_bridge: Callable[..., Bridge]) -> Bridge:
    return make_bridge(SITES="example.com,example.org")


def thread(bridge: Bridge, target: str) -> list[int]:
    return sources(bridge.children(f"?target={quote(target, safe='')}"))


def test_what_was_told_of_the_old_address_moves_and_both_answer(reading: Bridge, shelf: Shelf) -> None:
    shelf.put(1, OLD)
    shelf.put(2, POST)
    shelf.put(3, OLD, State.HELD)
    before = {child["wm-claim"]: child["wm-id"] for child in reading.children()}
    assert declare(shelf.table, SITES, OLD, POST, shelf.clock(10)) == 2
    assert thread(reading, POST) == thread(reading, OLD) == [2, 1]
    after = {child["wm-source"]: child for child in reading.children()}
    assert sorted(child["wm-id"] for child in after.values()) == sorted(before.values())  # no cache loses it
    assert after["https://blog.example.net/1"]["wm-target"] == OLD
    assert {child["wm-page"] for child in after.values()} == {"example.com/post"}
    assert [record.state for record in shelf.table.mentions("example.com/2019/old-post.html")] == []
    assert {record.state for record in shelf.table.mentions("example.com/post")} == {State.PUBLIC, State.HELD}


def test_a_client_that_keeps_a_copy_hears_of_the_move(reading: Bridge, shelf: Shelf) -> None:
    record = shelf.put(1, OLD)
    tag = dict(reading.get(f"/api/mentions.jf2?target={POST}").headers)["etag"]
    declare(shelf.table, SITES, OLD, POST, shelf.clock(10))
    [child] = reading.json(f"/api/changes?domain=example.com&since_id={record.id}")["children"]
    assert (child["wm-id"], child["wm-page"]) == (record.id, "example.com/post")
    assert reading.get(f"/api/mentions.jf2?target={POST}", if_none_match=tag).status == 200


def test_a_source_that_linked_to_both_is_one_mention(reading: Bridge, shelf: Shelf) -> None:
    shelf.put(1, OLD)
    shelf.put(1, POST)
    declare(shelf.table, SITES, OLD, POST, shelf.clock(10))
    assert thread(reading, POST) == [1]
    assert len(reading.children()) == 1
    [tombstone] = reading.json("/api/deleted")["children"]
    assert tombstone["wm-target"] == OLD


def test_a_page_that_went_to_another_site_takes_its_mentions_along(reading: Bridge, shelf: Shelf) -> None:
    record = shelf.put(1, OLD)
    declare(shelf.table, SITES, OLD, OTHER, shelf.clock(10))
    assert reading.children("?domain=example.com") == []
    assert sources(reading.children("?domain=example.org")) == [1]
    assert sources(reading.json(f"/api/deleted?domain=example.com&since_id={record.id}")["children"]) == [1]
    assert sources(reading.json(f"/api/changes?domain=example.org&since_id={record.id}")["children"]) == [1]


def test_a_mention_that_was_merged_may_come_back_when_the_pages_part(reading: Bridge, shelf: Shelf) -> None:
    shelf.put(1, OLD)
    shelf.put(1, POST)
    declare(shelf.table, SITES, OLD, POST, shelf.clock(10))
    retract(shelf.table, SITES, OLD, shelf.clock(20))
    assert thread(reading, POST) == [1]
    [hidden] = shelf.table.mentions("example.com/2019/old-post.html")
    assert hidden.state is State.GONE  # until it is told again


def test_a_mention_that_had_ended_gives_way_and_its_end_is_told(reading: Bridge, shelf: Shelf) -> None:
    ended = shelf.put(1, POST)
    shelf.change(ended, 5, state=State.GONE)
    shelf.put(1, OLD)
    declare(shelf.table, SITES, OLD, POST, shelf.clock(10))
    assert thread(reading, POST) == [1]
    [tombstone] = reading.json("/api/deleted")["children"]
    assert (tombstone["wm-id"], tombstone["wm-target"]) == (ended.id, POST)


def test_a_mention_that_ends_while_it_moves_stays_ended(reading: Bridge, shelf: Shelf) -> None:
    """Between the reading and the writing of a move comes a visit."""
    record = shelf.put(1, OLD)
    moved = replace(record, page="example.com/post", claim=claim_id(urls.parse(record.source), "example.com/post"))
    shelf.change(record, 5, state=State.GONE)
    with pytest.raises(Conflict):
        shelf.table.move(record, moved, None, shelf.at(10))
    declare(shelf.table, SITES, OLD, POST, shelf.clock(20))
    assert thread(reading, POST) == []
    assert sources(reading.json("/api/deleted")["children"]) == [1]


def test_what_was_told_of_an_alias_of_the_alias_moves_back_with_it(reading: Bridge, shelf: Shelf) -> None:
    older = "https://example.com/oldest"
    shelf.put(1, older)
    declare(shelf.table, SITES, older, OLD, shelf.clock(10))
    declare(shelf.table, SITES, OLD, POST, shelf.clock(20))
    retract(shelf.table, SITES, OLD, shelf.clock(30))
    assert (thread(reading, older), thread(reading, OLD), thread(reading, POST)) == ([1], [1], [])


def test_whoever_asked_before_an_alias_gets_another_answer_after_it(reading: Bridge, shelf: Shelf) -> None:
    shelf.put(1, POST)
    urls_ = [f"/api/{path}?target={quote(OLD, safe='')}" for path in ("mentions.jf2", "count")]
    tags = [dict(reading.get(url).headers)["etag"] for url in urls_]
    declare(shelf.table, SITES, OLD, POST, shelf.clock(1000))
    later = [reading.get(url, if_none_match=tag) for url, tag in zip(urls_, tags, strict=True)]
    assert [answer.status for answer in later] == [200, 200]
    retract(shelf.table, SITES, OLD, shelf.clock(2000))
    tags = [dict(answer.headers)["etag"] for answer in later]
    assert [reading.get(url, if_none_match=tag).status for url, tag in zip(urls_, tags, strict=True)] == [200, 200]


def test_an_alias_that_leads_out_of_the_bridge_leads_nowhere(make_bridge: Callable[..., Bridge], shelf: Shelf) -> None:
    shelf.put(1, OLD)
    shelf.table.declare_alias("example.com/2019/old-post.html", "elsewhere.example/x", "example.com", shelf.at(10))
    assert thread(make_bridge(SITES="example.com"), OLD) == [1]


def test_aliases_of_aliases_lead_to_the_page(reading: Bridge, shelf: Shelf) -> None:
    older = "https://example.com/oldest"
    shelf.put(1, older)
    declare(shelf.table, SITES, older, OLD, shelf.clock(10))
    declare(shelf.table, SITES, OLD, POST, shelf.clock(20))
    assert thread(reading, older) == thread(reading, OLD) == thread(reading, POST) == [1]


def test_it_is_undone_by_taking_it_back(reading: Bridge, shelf: Shelf) -> None:
    shelf.put(1, OLD)
    shelf.put(2, POST)
    declare(shelf.table, SITES, OLD, POST, shelf.clock(10))
    assert [one["old"] for one in shelf.table.aliases("example.com")] == ["example.com/2019/old-post.html"]
    assert retract(shelf.table, SITES, OLD, shelf.clock(20)) == 1
    assert (thread(reading, OLD), thread(reading, POST)) == ([1], [2])
    assert list(shelf.table.aliases("example.com")) == []


def test_whoever_is_stopped_half_way_says_it_again(reading: Bridge, shelf: Shelf, table: Table) -> None:
    for number in range(4):
        shelf.put(number, OLD)
    table.declare_alias("example.com/2019/old-post.html", "example.com/post", "example.com", shelf.at(10))
    assert declare(table, SITES, OLD, POST, shelf.clock(20)) == 4
    assert declare(table, SITES, OLD, POST, shelf.clock(30)) == 0
    assert thread(reading, OLD) == [3, 2, 1, 0]


def test_whoever_is_stopped_while_he_takes_one_back_says_it_again(reading: Bridge, shelf: Shelf) -> None:
    for number in range(3):
        shelf.put(number, OLD)
    declare(shelf.table, SITES, OLD, POST, shelf.clock(10))
    ticks = itertools.count(20)

    def broken() -> float:
        if (tick := next(ticks)) == 22:
            raise KeyboardInterrupt
        return shelf.at(tick)

    with pytest.raises(KeyboardInterrupt):
        retract(shelf.table, SITES, OLD, broken)
    assert retract(shelf.table, SITES, OLD, shelf.clock(30)) == 1
    assert (thread(reading, OLD), thread(reading, POST)) == ([2, 1, 0], [])


def test_the_owners_word_is_stronger_than_what_is_learned(table: Table, shelf: Shelf) -> None:
    declare(table, SITES, OLD, POST, shelf.clock(10))
    table.learn_alias("example.com/2019/old-post.html", "example.com/else", "example.com", shelf.at(20), "redirect")
    assert table.alias("example.com/2019/old-post.html") == "example.com/post"


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (OLD, OLD, "are the same page already."),
        (OLD, OLD.replace("https://", "http://www.") + "/#x", "are the same page already."),
        ("/old", POST, "Give a whole address, such as https://example.com/page."),
        (OLD, "https://elsewhere.example/", "is not on a site of this bridge, which has example.com, example.org."),
        ("javascript:x", POST, "cannot be used"),
    ],
)
def test_what_cannot_be_meant_is_refused_in_a_sentence(table: Table, old: str, new: str, words: str) -> None:
    with pytest.raises(BadAlias) as refused:
        declare(table, SITES, old, new, time.time)
    assert words in str(refused.value)
    assert list(table.aliases("example.com")) == []


def test_a_circle_is_refused_and_one_that_is_there_ends(table: Table, shelf: Shelf, reading: Bridge) -> None:
    declare(table, SITES, OLD, POST, shelf.clock(10))
    with pytest.raises(BadAlias):
        declare(table, SITES, POST, OLD, shelf.clock(20))
    table.declare_alias("example.com/post", "example.com/2019/old-post.html", "example.com", shelf.at(30))
    assert thread(reading, POST) == []
    with pytest.raises(BadAlias, match="is no alias"):
        retract(table, SITES, "https://example.com/unknown", shelf.clock(40))
