"""The owner's word that an address is another one of a page, and what happens to what was told of it before."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from linkback.alias import BadAlias, declare, retract
from linkback.record import State
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
    assert declare(shelf.table, SITES, OLD, POST, shelf.at(10)) == 2
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
    declare(shelf.table, SITES, OLD, POST, shelf.at(10))
    [child] = reading.json(f"/api/changes?domain=example.com&since_id={record.id}")["children"]
    assert (child["wm-id"], child["wm-page"]) == (record.id, "example.com/post")
    assert reading.get(f"/api/mentions.jf2?target={POST}", if_none_match=tag).status == 200


def test_a_source_that_linked_to_both_is_one_mention(reading: Bridge, shelf: Shelf) -> None:
    shelf.put(1, OLD)
    shelf.put(1, POST)
    declare(shelf.table, SITES, OLD, POST, shelf.at(10))
    assert thread(reading, POST) == [1]
    assert len(reading.children()) == 1
    [tombstone] = reading.json("/api/deleted")["children"]
    assert tombstone["wm-target"] == OLD


def test_a_page_that_went_to_another_site_takes_its_mentions_along(reading: Bridge, shelf: Shelf) -> None:
    record = shelf.put(1, OLD)
    declare(shelf.table, SITES, OLD, OTHER, shelf.at(10))
    assert reading.children("?domain=example.com") == []
    assert sources(reading.children("?domain=example.org")) == [1]
    assert sources(reading.json(f"/api/deleted?domain=example.com&since_id={record.id}")["children"]) == [1]
    assert sources(reading.json(f"/api/changes?domain=example.org&since_id={record.id}")["children"]) == [1]


def test_aliases_of_aliases_lead_to_the_page(reading: Bridge, shelf: Shelf) -> None:
    older = "https://example.com/oldest"
    shelf.put(1, older)
    declare(shelf.table, SITES, older, OLD, shelf.at(10))
    declare(shelf.table, SITES, OLD, POST, shelf.at(20))
    assert thread(reading, older) == thread(reading, OLD) == thread(reading, POST) == [1]


def test_it_is_undone_by_taking_it_back(reading: Bridge, shelf: Shelf) -> None:
    shelf.put(1, OLD)
    shelf.put(2, POST)
    declare(shelf.table, SITES, OLD, POST, shelf.at(10))
    assert [one["old"] for one in shelf.table.aliases("example.com")] == ["example.com/2019/old-post.html"]
    assert retract(shelf.table, SITES, OLD, shelf.at(20)) == 1
    assert (thread(reading, OLD), thread(reading, POST)) == ([1], [2])
    assert list(shelf.table.aliases("example.com")) == []


def test_whoever_is_stopped_half_way_says_it_again(reading: Bridge, shelf: Shelf, table: Table) -> None:
    for number in range(4):
        shelf.put(number, OLD)
    table.declare_alias("example.com/2019/old-post.html", "example.com/post", "example.com", shelf.at(10))
    assert declare(table, SITES, OLD, POST, shelf.at(20)) == 4
    assert declare(table, SITES, OLD, POST, shelf.at(30)) == 0
    assert thread(reading, OLD) == [3, 2, 1, 0]


def test_the_owners_word_is_stronger_than_what_is_learned(table: Table, shelf: Shelf) -> None:
    declare(table, SITES, OLD, POST, shelf.at(10))
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
        declare(table, SITES, old, new, 0)
    assert words in str(refused.value)
    assert list(table.aliases("example.com")) == []


def test_a_circle_is_refused_and_one_that_is_there_ends(table: Table, shelf: Shelf, reading: Bridge) -> None:
    declare(table, SITES, OLD, POST, shelf.at(10))
    with pytest.raises(BadAlias):
        declare(table, SITES, POST, OLD, shelf.at(20))
    table.declare_alias("example.com/post", "example.com/2019/old-post.html", "example.com", shelf.at(30))
    assert thread(reading, POST) == []
    with pytest.raises(BadAlias, match="is no alias"):
        retract(table, SITES, "https://example.com/unknown", shelf.at(40))
