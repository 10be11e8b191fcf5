"""The reads of webmention.io's API as deployed: paths, parameters, order, paging, and what a client must never meet."""

from __future__ import annotations

import base64
import gzip
import hashlib
import itertools
import json
import random
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import boto3
import pytest

from linkback import query
from linkback.feed.selection import Selection
from linkback.feed.sheet import Sheet
from linkback.index import public
from linkback.keys import EPOCH
from linkback.mention import Author, Mention, Relation
from linkback.published import Published
from linkback.record import State
from linkback.table import Table
from linkback.tokens import Tokens
from published import published
from shelf import NOON, POST, SITES, Shelf, sources

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conftest import Bridge, Call
    from linkback.index import Index
    from linkback_cli.events import HttpAnswer

JSON_PATHS = (
    *("/api/mentions", "/api/mentions.jf2", "/api/mentions.json", "/api/links", "/api/links.jf2"),
    *("/api/count", "/api/count.json", "/api/deleted", "/api/changes", "/feed.json"),
)
PATHS = (*JSON_PATHS, "/api/mentions.atom", "/api/mentions.html")


@pytest.fixture
def reading(make_bridge: Callable[..., Bridge]) -> Bridge:
    return make_bridge(SITES="example.com,example.org")


def headers(answer: HttpAnswer) -> dict[str, str]:
    return dict(answer.headers)


def following(answer: HttpAnswer) -> str:
    """The address of what comes next, or ""."""
    links = headers(answer).get("link", "").split(", ")
    return next((one.partition(">")[0].removeprefix("<") for one in links if 'rel="next"' in one), "")


def whole(bridge: Bridge, url: str, list_: str = "children", **sent: str) -> list[dict[str, Any]]:
    """All that is told from here on to the end."""
    found: list[dict[str, Any]] = []
    while url:
        answer = bridge.get(url, **sent)
        assert answer.status == 200, answer.body
        found += json.loads(gzip.decompress(answer.body) if "content-encoding" in headers(answer) else answer.body)[
            list_
        ]
        url = following(answer)
    return found


# Paths


@pytest.mark.parametrize(
    ("path", "media_type", "sign"),
    [
        ("/api/mentions.jf2", "application/json", b'{"type":"feed","name":"Webmentions","children":['),
        ("/api/links.jf2", "application/json", b'{"type":"feed","name":"Webmentions","children":['),
        ("/api/mentions", "application/json", b'{"links":['),
        ("/api/mentions.json", "application/json", b'{"links":['),
        ("/api/links", "application/json", b'{"links":['),
        ("/api/mentions.atom", "application/atom+xml", b"<?xml"),
        ("/api/mentions.html", "text/html", b"<!DOCTYPE html>"),
        ("/feed.json", "application/feed+json", b'{"version":"https://jsonfeed.org/version/1.1"'),
        ("/api/count", "application/json", b'{"count":1'),
        ("/api/deleted", "application/json", b'{"type":"feed","name":"Deleted webmentions","children":[]'),
        ("/api/changes", "application/json", b'{"type":"feed","name":"Changes","children":['),
    ],
)
def test_every_path_answers_in_its_own_form(
    reading: Bridge, shelf: Shelf, path: str, media_type: str, sign: bytes
) -> None:
    shelf.put(1)
    answer = reading.get(f"{path}?domain=example.com")
    assert (answer.status, headers(answer)["content-type"]) == (200, f"{media_type}; charset=utf-8")
    assert answer.body.startswith(sign)
    assert headers(answer)["access-control-allow-origin"] == "*"


@pytest.mark.parametrize("path", ["/api/mentions", "/api/links"])
def test_a_person_at_a_path_without_a_suffix_gets_a_page(reading: Bridge, shelf: Shelf, path: str) -> None:
    shelf.put(1)
    page = reading.get(f"{path}?target={POST}", accept="text/html,application/xhtml+xml")
    assert headers(page)["content-type"] == "text/html; charset=utf-8"
    assert b'class="h-entry"' in page.body
    assert "Accept" in headers(page)["vary"].split(", ")
    for accept in ("*/*", "application/json, text/plain, */*"):
        assert json.loads(reading.get(f"{path}?target={POST}", accept=accept).body)["links"]


@pytest.mark.parametrize("glue", ["&per-page=1000&page=0", "&per-page=2&page=0&since=2026-11-22T00:00:00+00:00", "&&"])
def test_parameters_glued_to_the_path_are_read(reading: Bridge, shelf: Shelf, glue: str) -> None:
    """@chrisburnell/eleventy-cache-webmentions appends them to whatever address it is given."""
    for number in range(2):
        shelf.put(number)
    assert sources(reading.json(f"/api/mentions.jf2{glue}")["children"]) == [1, 0]
    assert len(reading.json(f"/api/mentions{glue}&per-page=1")["links"]) in (1, 2)
    assert reading.get("/pings/x&y").status == 404


def test_what_follows_a_glued_address_is_a_whole_one(reading: Bridge, shelf: Shelf) -> None:
    for number in range(3):
        shelf.put(number)
    first = reading.get("/api/mentions.jf2&per-page=2&page=0")
    assert following(first).startswith("http://bridge.example/api/mentions.jf2?per-page=2&before=")
    assert sources(reading.json(following(first))["children"]) == [0]


# Which mentions


def test_only_what_is_of_the_asked_kinds(reading: Bridge, shelf: Shelf) -> None:
    for number, relation in enumerate(Relation):
        shelf.put(number, relation=relation, rsvp="yes" if relation is Relation.RSVP else "")
    for number, relation in enumerate(Relation):
        for name in ("wm-property", "wm-property[]", "wm-property%5B%5D"):
            assert sources(reading.children(f"?target={POST}&{name}={relation}")) == [number]
    both = reading.children("?domain=example.com&wm-property[]=like-of&wm-property[]=repost-of")
    assert {child["wm-property"] for child in both} == {"like-of", "repost-of"}
    assert reading.json("/api/count?wm-property=like-of") == {"count": 1, "type": {"like": 1}}


def test_what_is_filtered_is_paged_to_its_end(reading: Bridge, shelf: Shelf) -> None:
    for number in range(12):
        shelf.put(number, relation=Relation.LIKE if number % 3 else Relation.REPLY)
    likes = whole(reading, "/api/mentions.jf2?domain=example.com&wm-property=like-of&per-page=3")
    assert sources(likes) == [11, 10, 8, 7, 5, 4, 2, 1]
    assert sources(reading.children("?domain=example.com&wm-property=like-of&per-page=3&page=1")) == [7, 5, 4]


def test_since_id_means_later_than_that(reading: Bridge, shelf: Shelf) -> None:
    records = [shelf.put(number) for number in range(4)]
    assert sources(reading.children(f"?domain=example.com&since_id={records[1].id}")) == [3, 2]
    assert sources(reading.children(f"?target={POST}&since_id={records[3].id}")) == []
    assert len(reading.children("?target=https://example.com/post&since_id=0")) == 4


def test_a_mention_that_waited_is_new_when_it_is_approved(reading: Bridge, shelf: Shelf) -> None:
    """Asked on Tuesday, approved on Wednesday, of a page that was linked on Monday."""
    waiting = shelf.put(1, state=State.HELD)
    seen = shelf.put(2)
    shelf.change(waiting, 3, state=State.PUBLIC)
    assert sources(reading.children(f"?domain=example.com&since_id={seen.id}")) == [1]
    assert sources(reading.children("?domain=example.com&since=2026-11-22T12:00:03Z")) == [1]
    [child] = reading.children(f"?domain=example.com&since_id={seen.id}")
    assert child["wm-received"] == "2026-11-22T12:00:01Z"


def test_a_part_of_a_page_has_its_own_mentions_and_the_page_has_all(reading: Bridge, shelf: Shelf) -> None:
    shelf.put(1, f"{POST}#one")
    shelf.put(2, f"{POST}#two")
    shelf.put(3)
    part, page = quote(f"{POST}#one", safe=""), quote(POST, safe="")
    assert sources(reading.children(f"?target={page}")) == [3, 2, 1]
    [child] = reading.children(f"?target={part}")
    assert (child["wm-target"], child["wm-fragment"]) == (f"{POST}#one", "one")
    assert reading.json(f"/api/count?target={part}")["count"] == 1
    assert len(reading.children(f"?target[]={part}&target[]={page}")) == 3
    assert len(reading.children(f"?target={quote(POST + '#nobody-linked-here', safe='')}")) == 3


def test_a_part_of_a_page_never_answers_with_others_because_of_a_time(reading: Bridge, shelf: Shelf) -> None:
    first = shelf.put(1, f"{POST}#part")
    shelf.put(2)
    shelf.put(3)
    part = quote(f"{POST}#part", safe="")
    for cut in (f"since_id={first.id}", "since=2026-11-22T12:00:02Z", f"before={first.id}"):
        assert reading.children(f"?target={part}&{cut}") == []
        assert reading.json(f"/api/count?target={part}&{cut}")["count"] == 0


def test_a_target_that_was_edited_by_hand_costs_its_own_place_alone(reading: Bridge, shelf: Shelf) -> None:
    shelf.put(1, f"{POST}#part")
    shelf.table.save(None, replace(shelf.record(2), target="https://[#part"), shelf.at(2))
    assert sources(reading.children(f"?target={quote(POST + '#part', safe='')}")) == [1]


def test_lists_are_read_as_php_writes_them(reading: Bridge, shelf: Shelf) -> None:
    shelf.put(1)
    shelf.put(2, "https://example.com/other", relation=Relation.LIKE)
    assert sources(reading.children(f"?target%5B0%5D={quote(POST, safe='')}")) == [1]
    assert sources(reading.children("?domain=example.com&wm-property[0]=like-of")) == [2]


def test_an_empty_target_beside_a_domain_is_passed_over(reading: Bridge, shelf: Shelf) -> None:
    shelf.put(1)
    assert sources(reading.children("?target=&domain=example.com")) == [1]
    assert sources(reading.children(f"?target=%20{quote(POST)}%20")) == [1]


def test_fifty_pages_may_be_asked_for_in_two_spellings_each(reading: Bridge, shelf: Shelf) -> None:
    shelf.put(1, "https://example.com/7")
    asked = "&".join(f"target[]={scheme}://example.com/{n}" for n in range(50) for scheme in ("http", "https"))
    assert sources(reading.children(f"?{asked}")) == [1]


def test_both_schemes_of_a_page_are_one_row(reading: Bridge, shelf: Shelf) -> None:
    """As webmention.js asks."""
    shelf.put(1)
    plain = quote(POST.replace("https", "http"), safe="")
    asked = f"per-page=30&sort-by=published&sort-dir=up&target[]={plain}&target[]={quote(POST, safe='')}"
    assert sources(reading.children(f"?{asked}")) == [1]


# In which order


def test_orders(reading: Bridge, shelf: Shelf) -> None:
    dates = ["2026-03-01", "", "2026-01-01T00:00:00Z", "2026-02-01T00:00:00+05:00"]
    for number, date in enumerate(dates):
        shelf.put(number, published=date)
    ask = "?domain=example.com&sort-by="
    assert sources(reading.children(f"{ask}created")) == [3, 2, 1, 0]
    assert sources(reading.children(f"{ask}created&sort-dir=up")) == [0, 1, 2, 3]
    assert sources(reading.children(f"{ask}published")) == [1, 0, 3, 2]  # without a date, the receipt counts
    assert sources(reading.children(f"{ask}published&sort-dir=up")) == [2, 3, 0, 1]
    assert sources(reading.children(f"{ask}published&sort-dir=anything")) == [2, 3, 0, 1]


def test_updated_is_when_it_was_last_visited(reading: Bridge, shelf: Shelf) -> None:
    first, _ = shelf.put(1), shelf.put(2)
    shelf.table.save(first, replace(first, visited=first.visited + 60_000), shelf.at(60))
    assert sources(reading.children("?domain=example.com&sort-by=updated")) == [1, 2]


def test_answers_to_an_invitation_are_put_together(reading: Bridge, shelf: Shelf) -> None:
    for number, rsvp in enumerate(["yes", "no", "yes", "maybe"]):
        shelf.put(number, relation=Relation.RSVP, rsvp=rsvp)
    told = [child["rsvp"] for child in reading.children("?domain=example.com&sort-by=rsvp")]
    assert told == ["yes", "yes", "no", "maybe"]


@pytest.mark.parametrize("order", ["created", "published", "updated", "rsvp"])
@pytest.mark.parametrize("way", ["up", "down"])
def test_every_order_is_paged_to_its_end_with_nothing_twice(
    reading: Bridge, shelf: Shelf, order: str, way: str
) -> None:
    for number in range(7):
        shelf.put(number, published=f"2026-01-0{number % 3 + 1}")
    url = f"/api/mentions.jf2?domain=example.com&sort-by={order}&sort-dir={way}"
    found = sources(whole(reading, f"{url}&per-page=2"))
    assert found == sources(whole(reading, url))
    assert sorted(found) == list(range(7))
    pages = [sources(reading.json(f"{url}&per-page=3&page={page}")["children"]) for page in range(4)]
    assert [number for page in pages for number in page] == found


class Endless:
    """An index of more mentions than anyone puts in order."""

    taken = 0

    def read(self, *_: Any, **__: Any) -> Iterator[Published]:
        for number in itertools.count(1):
            self.taken = number
            yield published(Mention(Relation.LIKE, POST), id=number)


def test_an_order_for_which_too_much_must_be_read_is_refused_in_a_sentence() -> None:
    endless: Any = Endless()
    asked = query.read("domain=example.com&sort-by=published")
    with pytest.raises(query.BadQuery, match=r"sort-by=published puts at most 10000 .* sort-by=created\."):
        Selection(endless, SITES, asked, {"example.com": None}).mentions()
    assert endless.taken == 10_001


# To the end


def test_a_site_is_read_to_the_end_while_new_ones_arrive(reading: Bridge, shelf: Shelf) -> None:
    for number in range(9):
        shelf.put(number)
    for way, old in (("down", list(range(8, -1, -1))), ("up", list(range(9)))):
        url, found, next_one = f"/api/mentions.jf2?domain=example.com&per-page=2&sort-dir={way}", [], 100
        while url:
            answer = reading.get(url)
            found += sources(json.loads(answer.body)["children"])
            url = following(answer) if len(found) < 60 else ""
            if next_one < 104:
                shelf.put(next_one + (way == "up") * 50)
                next_one += 1
        assert len(set(found)) == len(found)
        assert [number for number in found if number < 100] == old


def test_what_is_too_large_for_lambda_comes_at_once_to_who_reads_gzip(reading: Bridge, shelf: Shelf) -> None:
    """Seven megabytes, where six are all that Lambda hands over: what counts is what is sent."""
    for number in range(50):
        shelf.put(number, text=f"{number} is a word of many. " * 6_000)
    for path, list_ in (("/api/mentions.jf2", "children"), ("/feed.json", "items"), ("/api/mentions", "links")):
        zipped = reading.get(f"{path}?domain=example.com", accept_encoding="gzip")
        assert (headers(zipped)["content-encoding"], following(zipped)) == ("gzip", "")
        body = gzip.decompress(zipped.body)
        assert len(json.loads(body)[list_]) == 50
        assert len(body) > 6_300_000 > len(zipped.body) * 4
        plain = reading.get(f"{path}?domain=example.com")
        assert len(plain.body) < 4_400_000
        assert following(plain)
        for encoding in ("gzip", "identity"):
            tag = headers(zipped)["etag"]
            again = reading.get(f"{path}?domain=example.com", if_none_match=tag, accept_encoding=encoding)
            assert again.status == 304


def test_what_zipping_does_not_make_small_is_paged_and_comes_whole(reading: Bridge, shelf: Shelf) -> None:
    noise = random.Random(1)  # noqa: S311 - the same in every run
    for number in range(60):
        shelf.put(number, text=base64.b64encode(noise.randbytes(90_000)).decode())
    url = "/api/mentions.jf2?domain=example.com"
    assert sources(whole(reading, url)) == list(range(59, -1, -1))
    assert sources(whole(reading, url, accept_encoding="gzip")) == list(range(59, -1, -1))
    answer = reading.get(url, accept_encoding="gzip")
    assert 3_900_000 < len(answer.body) < 4_600_000
    assert following(answer)


def test_a_page_behind_the_last_is_empty_and_one_too_far_to_count_is_refused(reading: Bridge, shelf: Shelf) -> None:
    for number in range(3):
        shelf.put(number)
    for query_ in ("domain=example.com&page=999", "page=1000000", f"target={POST}&page=60000&sort-by=published"):
        assert reading.children(f"?{query_}") == []
    endless: Any = Endless()
    asked = query.read("domain=example.com&page=11")
    with pytest.raises(query.BadQuery, match="page and per-page reach past 100000 mentions: follow the Link header"):
        Selection(endless, SITES, asked, {"example.com": None}).mentions()


def test_deep_pages_are_counted_and_not_read(calls: list[Call], reading: Bridge, shelf: Shelf) -> None:
    for number in range(12):
        shelf.put(number)
    calls.clear()
    assert sources(reading.children("?domain=example.com&per-page=2&page=4")) == [3, 2]
    counted = [params for name, params in calls if name == "Query" and params.get("Select") == "COUNT"]
    assert [params["Limit"] for params in counted] == [8]
    assert reading.children("?domain=example.com&per-page=12&page=1") == []
    assert reading.children("?domain=example.com&per-page=5&page=9") == []


# What it costs


def queries(calls: list[Call]) -> int:
    return sum(name == "Query" for name, _ in calls)


def test_since_with_nothing_new_is_one_small_read(calls: list[Call], reading: Bridge, shelf: Shelf) -> None:
    last = shelf.put(1)
    asked = [f"since_id={last.id}", "since=2026-11-22T12:00:02Z"]
    for question in (f"{scope}&{since}" for scope in ("domain=example.com", f"target={POST}") for since in asked):
        for path in ("/api/mentions.jf2", "/api/count", "/api/deleted", "/api/mentions"):
            calls.clear()
            answer = reading.get(f"{path}?{question}")
            assert answer.status == 200
            assert [name for name, _ in calls] == ["GetItem"], (path, question)
    calls.clear()
    assert reading.json(f"/api/changes?domain=example.com&since_id={last.id}")["children"] == []
    assert [name for name, _ in calls] == ["GetItem"]


def test_a_304_is_one_small_read(calls: list[Call], reading: Bridge, shelf: Shelf) -> None:
    shelf.put(1)
    for path in PATHS:
        url = path + ("?domain=example.com" if "changes" in path else f"?target={POST}")
        tag = headers(reading.get(url))["etag"]
        calls.clear()
        again = reading.get(url, if_none_match=tag)
        assert (again.status, again.body, headers(again)["etag"]) == (304, b"", tag)
        assert [name for name, _ in calls] == ["GetItem"], path


def test_a_domain_is_read_in_as_few_pieces_as_its_bytes_need(calls: list[Call], reading: Bridge, shelf: Shelf) -> None:
    """DynamoDB hands out a megabyte at once."""
    for number in range(30):
        shelf.put(number, text="x" * 100_000)
    calls.clear()
    found = reading.children("?domain=example.com")
    assert len(found) == 30
    assert queries(calls) <= 4


# Whether anything is new


@pytest.mark.parametrize("path", PATHS)
def test_every_change_of_what_is_shown_has_another_tag(reading: Bridge, shelf: Shelf, path: str) -> None:
    def tag(scope: str = "domain=example.com") -> str:
        return headers(reading.get(f"{path}?{scope}"))["etag"]

    tags = [tag()]
    record = shelf.put(1)
    tags.append(tag())
    record = shelf.change(record, 2, text="Edited")
    tags.append(tag())
    record = shelf.change(record, 3, protocols=("webmention", "pingback"))
    tags.append(tag())
    record = shelf.change(record, 4, state=State.GONE)
    tags.append(tag())
    record = shelf.change(record, 5, state=State.PUBLIC)
    tags.append(tag())
    record = shelf.change(record, 6, state=State.SPAM)
    tags.append(tag())
    assert len(set(tags)) == len(tags)
    shelf.put(7, state=State.HELD)
    shelf.put(8, "https://example.org/other")
    assert tag() == tags[-1]  # nothing of this site that is shown
    assert tag("domain=example.org") != tag()


def test_two_questions_never_share_a_tag(reading: Bridge, shelf: Shelf) -> None:
    shelf.put(1)
    asked = ["", "?domain=example.com", "?domain=example.com&per-page=1", f"?target={POST}", "?jsonp=f"]
    tags = [headers(reading.get(path + question))["etag"] for path in JSON_PATHS[:6] for question in asked]
    assert len(set(tags)) == len(tags)


def test_what_was_changed_just_now_is_known_by_its_bytes(calls: list[Call], reading: Bridge, shelf: Shelf) -> None:
    """A number is taken before what has it can be seen: it stands for the answer only when a minute has passed."""
    now = time.time() - NOON.timestamp()
    record = shelf.table.save(None, shelf.record(1), shelf.at(now))
    url = "/api/mentions.jf2?domain=example.com"
    fresh = reading.get(url)
    tag = headers(fresh)["etag"]
    assert reading.get(url, if_none_match=tag).status == 304
    shelf.table.next_number(shelf.at(now), "example.com")  # of a visit that has not written yet
    early = headers(reading.get(url))["etag"]
    shelf.table.save(record, replace(record, visited=record.visited + 1, source="https://blog.example.net/2"), 0)
    late = reading.get(url, if_none_match=early)
    assert late.status == 200
    assert sources(json.loads(late.body)["children"]) == [2]


def test_a_bridge_whose_numbers_are_of_another_version_says_nothing_of_freshness(
    reading: Bridge, shelf: Shelf, dynamodb: Any, table_name: str
) -> None:
    shelf.put(1)
    dynamodb.delete_item(TableName=table_name, Key={"pk": {"S": "SEQUENCE"}, "sk": {"S": "SEQUENCE"}})
    answer = reading.get("/api/mentions.jf2?domain=example.com&since_id=1")
    assert sources(json.loads(answer.body)["children"]) == [1]
    assert "last-modified" not in headers(answer)
    assert (
        reading.get("/api/mentions.jf2?domain=example.com&since_id=1", if_none_match=headers(answer)["etag"]).status
        == 304
    )


def test_a_visit_that_changes_nothing_changes_the_order_by_visits(reading: Bridge, shelf: Shelf) -> None:
    first, _ = shelf.put(1), shelf.put(2)
    url = "/api/mentions.jf2?domain=example.com&sort-by=updated"
    tag = headers(reading.get(url))["etag"]
    assert reading.get(url, if_none_match=tag).status == 304
    shelf.table.save(first, replace(first, visited=first.visited + 60_000), shelf.at(60))
    again = reading.get(url, if_none_match=tag)
    assert (again.status, sources(json.loads(again.body)["children"])) == (200, [1, 2])


def test_a_site_whose_changes_were_not_noted_yet_is_read(
    reading: Bridge, shelf: Shelf, dynamodb: Any, table_name: str
) -> None:
    """A table of a version that knew no marks, since when another site has changed."""
    record = shelf.put(1)
    old = {"pk": {"S": "SEQUENCE"}, "sk": {"S": "SEQUENCE"}, "n": {"N": str(record.id)}}
    dynamodb.put_item(TableName=table_name, Item=old)
    shelf.put(2, "https://example.org/x")
    assert sources(reading.children("?domain=example.com")) == [1]
    assert sources(reading.children(f"?domain=example.com&since_id={record.id - 1}")) == [1]
    assert reading.children(f"?domain=example.com&since_id={record.id}") == []


# Tombstones


def test_a_cache_hears_what_it_must_forget(reading: Bridge, shelf: Shelf) -> None:
    records = [shelf.put(number) for number in range(5)]
    gone = shelf.change(records[1], 10, state=State.GONE)
    shelf.change(records[2], 20, state=State.SPAM)
    shelf.change(records[3], 30, state=State.DELETED)
    told = reading.json("/api/deleted?domain=example.com")
    assert (told["type"], sources(told["children"])) == ("feed", [3, 2, 1])
    assert told["children"][2] == {
        "wm-id": records[1].id,
        "wm-source": records[1].source,
        "wm-target": POST,
        "wm-deleted": "2026-11-22T12:00:10Z",
        "wm-claim": records[1].claim,
        "wm-page": "example.com/post",
        "wm-sequence": gone.number,
    }
    assert sources(reading.json(f"/api/deleted?domain=example.com&since_id={gone.number}")["children"]) == [3, 2]
    assert sources(reading.json("/api/deleted?since=2026-11-22T12:00:20Z")["children"]) == [3, 2]
    assert sources(reading.json(f"/api/deleted?target={POST}&per-page=2")["children"]) == [3, 2]
    assert reading.json("/api/deleted?target=https://example.com/other")["children"] == []
    for order in ("", "&sort-by=published"):
        assert sources(whole(reading, f"/api/deleted?domain=example.com&per-page=1{order}")) == [3, 2, 1]
    for scope in ("domain=example.com", f"target={POST}"):
        pages = [reading.json(f"/api/deleted?{scope}&per-page=2&page={page}")["children"] for page in range(3)]
        assert [sources(page) for page in pages] == [[3, 2], [1], []]


@pytest.mark.parametrize("first", [State.GONE, State.SPAM, State.HELD, State.DELETED])
@pytest.mark.parametrize("second", [State.GONE, State.SPAM, State.HELD, State.DELETED])
def test_what_comes_back_is_no_tombstone_and_what_stays_away_is_one(
    reading: Bridge, shelf: Shelf, first: State, second: State
) -> None:
    record = shelf.put(1)
    record = shelf.change(record, 10, state=first)
    record = shelf.change(record, 20, state=second) if second is not first else record
    claims = [child["wm-claim"] for child in reading.json("/api/deleted")["children"]]
    assert claims == [record.claim]
    shelf.change(record, 30, state=State.PUBLIC)
    assert reading.json("/api/deleted")["children"] == []
    assert sources(reading.children()) == [1]


def test_what_was_never_shown_is_never_told_to_be_gone(reading: Bridge, shelf: Shelf) -> None:
    held = shelf.put(1, state=State.HELD)
    shelf.change(held, 2, state=State.SPAM)
    assert reading.json("/api/deleted")["children"] == []


# What is echoed


@pytest.mark.parametrize(
    "path",
    [
        "/api/mentions.jf2&x=\r\nSet-Cookie: a=b\r\n",
        '/feed.json&x=>;rel="next",<https://evil.example/>;rel="x',
        '/api/mentions.atom?x=>;rel="next",<https://evil.example/>;rel="x',
        "/feed.json&target=https://example.com/\u00fc\u2028",
        "/api/mentions.jf2&domain=example.com&x=\ud800",
    ],
)
def test_nothing_of_a_query_leaves_a_header(make_bridge: Callable[..., Bridge], shelf: Shelf, path: str) -> None:
    shelf.put(1)
    bridge = make_bridge(WEBSUB_HUB="https://hub.example/")
    answer = bridge.get(path)
    assert answer.status in (200, 400)
    for name, value in answer.headers:
        assert value.isascii(), name
        assert not set(value) & set("\r\n")
        assert "evil.example" not in value
    assert headers(answer).get("link", "").count('rel="next"') == 0


def test_a_page_that_is_not_ours_is_not_called_by_its_name(reading: Bridge) -> None:
    for path in ("/api/mentions.html", "/feed.json", "/api/mentions.atom"):
        body = reading.get(f"{path}?target=https://evil.example/").body
        assert b"Mentions of example.com, example.org" in body
        assert b"Mentions of https://evil" not in body


def test_the_times_that_were_glued_to_a_path_are_read_as_they_were_sent(reading: Bridge, shelf: Shelf) -> None:
    for number in range(3):
        shelf.put(number)
    assert sources(reading.json("/api/mentions.jf2&since=2026-11-22T13:00:02+01:00")["children"]) == [2]


# Scripts


def test_a_script_calls_the_function_that_it_was_given(reading: Bridge, shelf: Shelf) -> None:
    """As jekyll-webmention_io's browser part asks."""
    shelf.put(1, text="a\u2028b</script>")
    name = "window.JekyllWebmentionIO.processWebmentions"
    for path in JSON_PATHS:
        if "changes" in path:
            continue
        answer = reading.get(f"{path}?jsonp={name}&target[]={quote(POST)}")
        assert headers(answer)["content-type"] == "text/javascript; charset=utf-8"
        assert headers(answer)["x-content-type-options"] == "nosniff"
        script = answer.body.decode()
        assert script.startswith(f"/**/{name}(")
        assert script.endswith(");")
        assert "\u2028" not in script
        assert "<" not in script
        assert json.loads(script.removeprefix(f"/**/{name}(").removesuffix(");"))


# What cannot be meant


@pytest.mark.parametrize(
    "query",
    [
        *("per-page=-1", "page=x", "since=yesterday", "since_id=-1", "since_id=99999999999", "before=0", "offset=x"),
        *("sort-by=size", "wm-property=follow", "target=javascript:1", "target=%00", "domain=https://example.com"),
        *("jsonp=alert(1)//", "jsonp=%3Cscript%3E", "jsonp=" + "a" * 65, "jsonp=a%0Ab", "per-page=%00"),
        *("target[0]=", "target%5B0%5D=&target%5B1%5D="),
        *(
            "&".join(f"target[]=https://example.com/{n}" for n in range(51)),
            "&".join(["target[]=x"] * 10_000),
            "target=",
        ),
    ],
)
def test_a_bad_parameter_is_a_400_that_every_client_survives(reading: Bridge, query: str) -> None:
    for path in PATHS:
        answer = reading.get(f"{path}?{query}")
        told = json.loads(answer.body)
        assert answer.status == 400
        assert (told["error"], told["children"], told["links"]) == ("invalid_input", [], [])
        assert told["error_description"].endswith(".")
        assert headers(answer)["access-control-allow-origin"] == "*"
        assert headers(answer)["content-type"].startswith("application/json")


@pytest.mark.parametrize(
    "query",
    [
        *("x=" + "y" * 100_000, "domain=unknown.example&x", "target=https://unknown.example/", "&&&=&", "%00"),
        "sort-dir=%00",
    ],
)
def test_what_is_odd_and_means_nothing_is_an_empty_feed(reading: Bridge, query: str) -> None:
    for path in PATHS:
        answer = reading.get(f"{path}?{query}")
        if path == "/api/changes" and "unknown" in query:
            assert answer.status in (400, 404)
            continue
        assert answer.status == 200, answer.body
        if path in JSON_PATHS:
            told = json.loads(answer.body)
            assert told.get("children", told.get("links", told.get("items", []))) == []


def test_changes_of_an_unknown_domain_are_a_mistake_that_is_told(reading: Bridge) -> None:
    answer = reading.get("/api/changes?domain=unknown.example")
    told = json.loads(answer.body)
    assert (answer.status, told["error"], told["children"]) == (404, "unknown-domain", [])
    assert told["error_description"] == "unknown.example is no site of this bridge. It has example.com, example.org."


# The owner's own


TOKEN = "a-token-of-the-owner"  # noqa: S105 - of this test


@pytest.fixture
def signed_in(dynamodb: Any, table_name: str) -> str:
    digest = hashlib.sha256(TOKEN.encode()).hexdigest()
    key = {"pk": {"S": f"TOKEN#{digest}"}, "sk": {"S": "TOKEN"}}
    dynamodb.put_item(TableName=table_name, Item=key)
    return TOKEN


@pytest.mark.parametrize("path", ["/api/export", "/api/export.jf2"])
def test_an_export_has_everything_for_its_owner_alone(reading: Bridge, shelf: Shelf, signed_in: str, path: str) -> None:
    states = (State.PUBLIC, State.HELD, State.SPAM, State.GONE, State.DELETED)
    records = [shelf.put(number) for number in range(5)]
    for number, state in enumerate(states):
        if state is not State.PUBLIC:
            shelf.change(records[number], 10 + number, state=state)
    shelf.put(7, state=State.HELD)
    for sent in ({"authorization": f"Bearer {signed_in}"}, {}):
        query = "domain=example.com" + ("" if sent else f"&token={signed_in}")
        answer = reading.get(f"{path}?{query}", **sent)
        assert headers(answer)["cache-control"] == "no-store"
        assert headers(answer)["content-disposition"] == 'attachment; filename="example.com.jf2.json"'
        children = json.loads(answer.body)["children"]
        assert [(sources([child])[0], child["wm-state"]) for child in children] == [
            (0, "public"), (1, "held"), (2, "spam"), (3, "gone"), (4, "deleted"), (7, "held"),
        ]  # fmt: skip
        assert len({child["wm-id"] for child in children}) == 6
    one_by_one = f"{path}?domain=example.com&per-page=1&access_token={signed_in}&target={POST}"
    assert sources(whole(reading, one_by_one)) == [0, 1, 2, 3, 4, 7]
    assert reading.get(f"{path}?domain=unknown.example&token={signed_in}").status == 404
    for refused in ("", "?token=", "?token=wrong", "?token=%00", "?token=" + "x" * 5_000):
        answer = reading.get(path + refused, authorization="Basic x")
        assert (answer.status, json.loads(answer.body)["error"]) == (401, "forbidden")
        assert headers(answer)["www-authenticate"].startswith("Bearer")
        assert "wm-source" not in answer.body.decode()


@pytest.fixture
def for_example_org(dynamodb: Any, table_name: str) -> dict[str, str]:
    """The headers of who has a token for example.org alone."""
    return {"authorization": f"Bearer {Tokens(dynamodb, table_name).create('org', ('example.org',), 0)}"}


def test_an_export_has_the_sites_of_its_token_and_no_other(
    reading: Bridge, shelf: Shelf, for_example_org: dict[str, str]
) -> None:
    shelf.put(1)
    shelf.put(2, "https://example.org/post", state=State.HELD)
    for asked in ("", "?domain=example.org"):
        answer = reading.get(f"/api/export{asked}", **for_example_org)
        assert sources(json.loads(answer.body)["children"]) == [2]
    answer = reading.get("/api/export?domain=example.com", **for_example_org)
    told = json.loads(answer.body)
    assert (answer.status, told["error"], told["children"]) == (403, "forbidden", [])
    assert told["error_description"].startswith("This token is for example.org only: ask for that domain")
    assert reading.get("/api/export?domain=unknown.example", **for_example_org).status == 404


def test_a_token_of_a_site_that_left_the_bridge_exports_nothing(
    make_bridge: Callable[..., Bridge], shelf: Shelf, for_example_org: dict[str, str]
) -> None:
    shelf.put(1)
    answer = make_bridge(SITES="example.com").get("/api/export", **for_example_org)
    assert (answer.status, json.loads(answer.body)["children"]) == (403, [])


def test_no_feed_shows_what_is_not_public_whatever_the_token(reading: Bridge, shelf: Shelf, signed_in: str) -> None:
    shelf.put(1, state=State.HELD, text="Held words")
    for path in PATHS:
        assert b"Held words" not in reading.get(f"{path}?token={signed_in}", authorization=f"Bearer {signed_in}").body


# A hub


def test_a_hub_is_named_in_the_feeds_and_their_headers(make_bridge: Callable[..., Bridge], shelf: Shelf) -> None:
    shelf.put(1)
    bridge = make_bridge(WEBSUB_HUB="https://hub.example/")
    answer = bridge.get("/feed.json?domain=example.com")
    assert json.loads(answer.body)["hubs"] == [{"type": "WebSub", "url": "https://hub.example/"}]
    assert '<https://hub.example/>; rel="hub"' in headers(answer)["link"]
    assert '<http://bridge.example/feed.json?domain=example.com>; rel="self"' in headers(answer)["link"]
    assert b'rel="hub"' in bridge.get("/api/mentions.atom?domain=example.com").body
    assert "link" not in headers(make_bridge().get("/feed.json?domain=example.com"))


# A table that is not as we left it


NO_MENTIONS = [
    *("", "{", "null", "[]", "5", '"x"', '{"relation":"follow-of","url":"https://a.example/"}', '{"url":""}'),
    *('{"relation":["like-of"],"url":""}', '{"relation":"like-of","url":null}', '{"relation":"like-of","url":{}}'),
    *(
        f'{{"relation":"like-of","url":"","{name}":{value}}}'
        for name in ("html", "text", "name", "author", "photo", "published", "canonical", "rsvp", "summary")
        for value in ("5", "null", '{"name":5}', "true", "[5]")
    ),
    '{"relation":"like-of","url":"","name":"\\ud800"}',
]


def test_rows_that_are_no_mentions_stop_no_feed(reading: Bridge, shelf: Shelf) -> None:
    shelf.put(100)
    for number, seen in enumerate(NO_MENTIONS):
        shelf.table.save(None, replace(shelf.record(number), seen=seen), shelf.at(number))
    for path in PATHS:
        for order in ("", "&sort-by=published", "&sort-by=rsvp", "&wm-property=mention-of"):
            answer = reading.get(f"{path}?domain=example.com{order}")
            assert answer.status == 200, (path, answer.body)
    assert len(reading.children()) == len(NO_MENTIONS) + 1
    assert reading.json("/api/count") == {"count": len(NO_MENTIONS) + 1, "type": {"mention": len(NO_MENTIONS) + 1}}


def test_a_number_is_a_time(index: Index, shelf: Shelf) -> None:
    record = shelf.put(1)
    assert record.id + EPOCH == NOON.timestamp() + 1
    assert [one.id for one in index.read(Published, public("example.com"))] == [record.id]
    assert index.changes(["example.com", "example.org"]) == {"example.com": record.id, "example.org": 0}


def test_the_words_of_a_mention_are_read_from_the_table_as_they_were_written(reading: Bridge, shelf: Shelf) -> None:
    seen = Mention(Relation.REPLY, "https://blog.example.net/1", Author("日本 \N{GRINNING FACE}"), text="é")
    record = shelf.record(1)
    shelf.table.save(None, replace(record, seen=seen.to_json()), shelf.at(1))
    [child] = reading.children()
    assert (child["author"]["name"], child["content"]) == ("日本 \N{GRINNING FACE}", {"text": "é"})


# Several at once


def test_several_pages_and_sites_are_one_order_either_way(reading: Bridge, shelf: Shelf) -> None:
    pages = [POST, "https://example.com/other", "https://example.org/x"]
    for number in range(9):
        shelf.put(number, pages[number % 3])
    scopes = ("", "&".join(f"target[]={quote(page, safe='')}" for page in pages))
    for scope in scopes:
        for way, wanted in (("down", list(range(8, -1, -1))), ("up", list(range(9)))):
            url = f"/api/mentions.jf2?{scope}&sort-dir={way}&per-page=2"
            assert sources(whole(reading, url)) == wanted
            assert sources(reading.json(f"{url}&page=1")["children"]) == wanted[2:4]
    gone = [shelf.change(record, 50 + place, state=State.GONE) for place, record in enumerate(_records(shelf, pages))]
    for way, rising in (("down", False), ("up", True)):
        told = whole(reading, f"/api/deleted?sort-dir={way}&per-page=2")
        numbers = sorted((record.number for record in gone), reverse=not rising)
        assert [one["wm-sequence"] for one in told] == numbers


def _records(shelf: Shelf, pages: list[str]) -> list[Any]:
    keys = [page.removeprefix("https://") for page in pages]
    return [record for key in keys for record in shelf.table.mentions(key)]


def test_a_target_beside_a_domain_is_what_is_meant_and_tells_whether_it_is_new(reading: Bridge, shelf: Shelf) -> None:
    shelf.put(1)
    shelf.put(2, "https://example.org/x")
    url = f"/api/mentions.jf2?target={quote(POST, safe='')}&domain=example.org"
    answer = reading.get(url)
    assert sources(json.loads(answer.body)["children"]) == [1]
    shelf.put(3)
    assert reading.get(url, if_none_match=headers(answer)["etag"]).status == 200


def test_an_answer_has_an_end_however_small_it_is_zipped() -> None:
    """What is read must be held: by us, and by who asked."""
    sheet = Sheet(zips=True)
    piece = b"x" * 1_000_000
    while sheet.fits(piece):
        sheet.add(piece)
    body, headers_ = sheet.body()
    assert headers_ == {"content-encoding": "gzip"}
    assert 40_000_000 < len(gzip.decompress(body)) <= 48_000_000


def test_an_edit_is_announced_before_it_is_written(calls: list[Call], dynamodb: Any, table_name: str) -> None:
    """Whoever is stopped in between has announced too much, which is told again, and not too little."""
    shelf = Shelf(Table(boto3.client("dynamodb", endpoint_url=dynamodb.meta.endpoint_url), table_name))
    record = shelf.put(1)
    calls.clear()
    shelf.change(record, 5, text="Edited")
    written = [params["Item"]["sk"]["S"].partition("#")[0] for name, params in calls if name == "PutItem"]
    assert written == ["EDIT", "MENTION"]


@pytest.mark.parametrize("path", [path for path in PATHS if path != "/api/changes"])  # which says where to go on
def test_while_numbers_are_ahead_of_the_clock_an_answer_stays_the_same(
    reading: Bridge, table: Table, path: str
) -> None:
    """After a burst: else what says when it changed would say another second each second."""
    for number in range(30):
        Shelf(table).put(number)
    table.next_number(time.time() + 45, "example.com")
    first = reading.get(f"{path}?domain=example.com")
    time.sleep(1.1)
    assert reading.get(f"{path}?domain=example.com", if_none_match=headers(first)["etag"]).status == 304
