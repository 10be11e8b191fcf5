"""What is read, as deployed: feeds, counts, caching, the status page and the front page."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING

import pytest

from linkback.mention import Author, Relation
from linkback.ping import Ping, Protocol
from linkback.policy import Policy, SelfMentions
from linkback.record import Record, State
from shelf import NOON, SITES, Shelf, sources

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Bridge
    from linkback.table import Table
    from linkback_cli.events import HttpAnswer

PAYLOAD = "\"><script>alert(1)</script><img src=x onerror=alert(1)>'"


@pytest.fixture
def mention(shelf: Shelf) -> Callable[..., Record]:
    """Put a mention into the table."""
    return shelf.put


@pytest.fixture
def reading(make_bridge: Callable[..., Bridge]) -> Bridge:
    return make_bridge(SITES="example.com,example.org")


def headers(answer: HttpAnswer) -> dict[str, str]:
    return dict(answer.headers)


def test_the_mentions_of_a_page_are_found_by_every_spelling_of_it(
    reading: Bridge, mention: Callable[..., Record]
) -> None:
    mention(1)
    mention(2, "https://example.com/other")
    for target in (
        "https://example.com/post",
        "http://www.example.com/post/",
        "//example.com/post",
        "https://EXAMPLE.com/post#x",
    ):
        assert sources(reading.children(f"?target={target}")) == [1], target
    assert sources(
        reading.children("?target[]=http%3A%2F%2Fexample.com%2Fpost&target[]=https://example.com/other")
    ) == [2, 1]
    assert sources(reading.children("?target%5B%5D=https://example.com/post&target%5B%5D=http://example.com/post")) == [
        1
    ]


def test_a_page_of_a_target_has_twenty_and_a_domain_has_all(reading: Bridge, mention: Callable[..., Record]) -> None:
    for number in range(25):
        mention(number)
    assert sources(reading.children("?target=https://example.com/post")) == list(range(24, 4, -1))
    assert sources(reading.children("?target=https://example.com/post&page=1")) == [4, 3, 2, 1, 0]
    assert len(reading.children("?domain=example.com")) == 25
    assert len(reading.children("?domain=www.example.com&perPage=7")) == 7
    assert reading.children("?domain=example.org") == reading.children("?domain=unknown.example") == []


def test_a_page_that_is_not_the_last_says_where_the_next_one_is(
    reading: Bridge, mention: Callable[..., Record]
) -> None:
    for number in range(5):
        mention(number)
    seen: list[int] = []
    url = "/api/mentions.jf2?domain=example.com&per-page=2"
    while url:
        answer = reading.get(url)
        seen += sources(json.loads(answer.body)["children"])
        url = headers(answer).get("link", "").partition(">")[0].removeprefix("<")
    assert seen == [4, 3, 2, 1, 0]


@pytest.mark.parametrize("query", ["domain=example.com", "target=https://example.com/post"])
def test_the_next_page_does_not_move_when_new_mentions_arrive(
    reading: Bridge, mention: Callable[..., Record], query: str
) -> None:
    for number in range(4):
        mention(number)
    first = reading.get(f"/api/mentions.jf2?{query}&per-page=2")
    mention(9)
    following = headers(first)["link"].partition(">")[0].removeprefix("<")
    assert sources(json.loads(first.body)["children"]) == [3, 2]
    assert sources(reading.json(following)["children"]) == [1, 0]


@pytest.mark.parametrize("filling", ["\N{GRINNING FACE}" * 90_000, "<" * 60_000])
def test_a_feed_that_is_too_large_for_one_answer_comes_whole_in_several(
    reading: Bridge, mention: Callable[..., Record], filling: str
) -> None:
    for number in range(14):
        mention(number, text=filling)
    seen: list[int] = []
    url, answers = "/api/mentions.jf2?domain=example.com", 0
    while url:
        answer = reading.get(url)
        assert len(answer.body) * 4 / 3 < 6_000_000
        answers += 1
        seen += sources(json.loads(answer.body)["children"])
        url = headers(answer).get("link", "").partition(">")[0].removeprefix("<")
    assert seen == list(range(13, -1, -1))
    assert answers == 2


def test_what_was_published_since_a_time_comes_whatever_way_its_plus_was_sent(
    reading: Bridge, mention: Callable[..., Record]
) -> None:
    for number in range(4):
        mention(number)
    times = (
        "2026-11-22T12:00:02Z",
        "2026-11-22T13:00:02+01:00",
        "2026-11-22T13:00:02 01:00",
        "2026-11-22T13:00:02%2B01:00",
    )
    for since in times:
        assert sources(reading.children(f"?domain=example.com&since={since}")) == [3, 2], since
    assert reading.children("?target=https://example.com/post&since=2026-11-23") == []


def test_a_burst_does_not_make_what_was_published_before_look_new(
    reading: Bridge, mention: Callable[..., Record], table: Table
) -> None:
    mention(0)
    for _ in range(60):
        table.next_number(NOON.timestamp())
    mention(1)
    assert sources(reading.children("?domain=example.com&since=2026-11-22T12:00:01Z")) == [1]
    assert reading.children("?domain=example.com&since=2026-11-22T12:00:02Z") == []
    feed = reading.get("/api/mentions.jf2")
    assert headers(feed)["last-modified"] == "Sun, 22 Nov 2026 12:01:01 GMT"  # the number's


def test_only_public_mentions_are_read(reading: Bridge, mention: Callable[..., Record]) -> None:
    for number, state in enumerate((State.HELD, State.SPAM, State.GONE, State.DELETED)):
        mention(number, state=state)
    for query in ("", "?domain=example.com", "?target=https://example.com/post"):
        assert reading.children(query) == []
    assert reading.json("/api/count?domain=example.com") == {"count": 0, "type": {}}


def test_without_a_parameter_the_whole_bridge_answers(reading: Bridge, mention: Callable[..., Record]) -> None:
    mention(1)
    mention(2, "https://example.org/x")
    assert sources(reading.children()) == [2, 1]
    assert sources(reading.children("?token=x&page=0")) == [2, 1]


def test_counts_are_by_type(reading: Bridge, mention: Callable[..., Record]) -> None:
    mention(1)
    mention(2, relation=Relation.LIKE)
    mention(3, relation=Relation.RSVP, rsvp="yes")
    counts = {"count": 3, "type": {"rsvp-yes": 1, "like": 1, "mention": 1}}
    assert reading.json("/api/count?target=https://example.com/post") == counts
    assert reading.json("/api/count.json?domain=example.com") == counts


def test_the_json_feed_is_newest_first_and_pages(reading: Bridge, mention: Callable[..., Record]) -> None:
    for number in range(3):
        mention(number, name=f"Title {number}", author=Author("Ann", "https://a.example/p.jpg", "https://a.example/"))
    answer = reading.get("/feed.json?domain=example.com&per-page=2")
    assert headers(answer)["content-type"] == "application/feed+json; charset=utf-8"
    feed = json.loads(answer.body)
    assert [item["title"] for item in feed["items"]] == ["Title 2", "Title 1"]
    assert feed["items"][0]["date_published"] == "2026-11-22T12:00:02Z"
    following = json.loads(reading.get(feed["next_url"]).body)
    assert [item["title"] for item in following["items"]] == ["Title 0"]
    assert "next_url" not in following
    assert following["feed_url"] == feed["next_url"] != feed["feed_url"]


@pytest.mark.parametrize(
    "query",
    [
        *(
            "per-page=-1",
            "per-page=0",
            "page=x",
            "page=-1",
            "since=yesterday",
            "target",
            "target[]=&x",
            "target=",
            "target[]=&x",
            "target=x",
            "target=javascript:1",
        ),
        *(
            "per-page=%00",
            "&".join(f"target[]=https://example.com/{n}" for n in range(51)),
            "&".join(["target[]=x"] * 10_000),
        ),
    ],
)
def test_a_bad_parameter_is_a_400_that_every_client_survives(reading: Bridge, query: str) -> None:
    answer = reading.get(f"/api/mentions.jf2?{query}")
    told = json.loads(answer.body)
    assert (answer.status, told["error"], told["children"]) == (400, "invalid_input", [])
    assert told["error_description"].endswith(".")
    assert headers(answer)["access-control-allow-origin"] == "*"


def test_a_client_that_has_it_already_is_told_so(reading: Bridge, mention: Callable[..., Record]) -> None:
    mention(1)
    first = reading.get("/api/mentions.jf2?domain=example.com")
    tag = headers(first)["etag"]
    assert headers(first)["last-modified"] == "Sun, 22 Nov 2026 12:00:01 GMT"
    for offered in (tag, tag.removeprefix("W/"), f'"x", {tag}', "*"):
        again = reading.get("/api/mentions.jf2?domain=example.com", if_none_match=offered)
        assert (again.status, again.body, headers(again)["etag"]) == (304, b"", tag)
    mention(2)
    assert reading.get("/api/mentions.jf2?domain=example.com", if_none_match=tag).status == 200


def test_feeds_may_be_read_across_origins_cached_and_survive_our_outage(reading: Bridge) -> None:
    for path in ("/api/mentions.jf2", "/api/count", "/feed.json"):
        told = headers(reading.get(path))
        assert told["access-control-allow-origin"] == "*"
        assert "stale-if-error=" in told["cache-control"]
        assert "stale-while-revalidate=" in told["cache-control"]
        assert told["x-content-type-options"] == "nosniff"
        preflight = reading.call("OPTIONS", path, origin="https://example.com")
        assert (preflight.status, headers(preflight)["access-control-allow-origin"]) == (204, "*")


def test_a_large_feed_is_sent_zipped_to_who_reads_that(reading: Bridge, mention: Callable[..., Record]) -> None:
    for number in range(10):
        mention(number, text="word " * 100)
    zipped = reading.get("/api/mentions.jf2", accept_encoding="gzip, br")
    assert headers(zipped)["content-encoding"] == "gzip"
    assert gzip.decompress(zipped.body) == reading.get("/api/mentions.jf2").body
    assert len(zipped.body) < 2000


def test_head_says_what_get_would(reading: Bridge) -> None:
    answer = reading.call("HEAD", "/api/mentions.jf2")
    assert (answer.status, answer.body) == (200, b"")
    assert headers(answer)["etag"] == headers(reading.get("/api/mentions.jf2"))["etag"]


def test_what_is_not_there_is_a_404_with_an_empty_feed_in_it(reading: Bridge) -> None:
    for path in ("/api/mentions.xml", "/feed.xml"):
        answer = reading.get(path)
        told = json.loads(answer.body)
        assert (answer.status, told["children"], told["links"]) == (404, [], [])
    for path in ("/nothing", "/pings/unknown", "/pings/" + "x" * 3000):
        answer = reading.get(path)
        assert (answer.status, json.loads(answer.body).keys()) == (404, {"error", "error_description"})
    answer = reading.call("POST", "/api/mentions.jf2", b"x")
    assert (answer.status, headers(answer)["allow"]) == (405, "GET, HEAD, OPTIONS")


def test_the_front_page_has_the_tags_in_the_form_that_every_sender_finds(reading: Bridge) -> None:
    page = reading.get("/").body.decode()
    assert '&lt;link rel="pingback" href="http://bridge.example/pingback"&gt;' in page
    assert '&lt;link rel="webmention" href="http://bridge.example/webmention"&gt;' in page
    assert "example.org" in page


def test_the_health_check_asks_the_table(reading: Bridge, make_bridge: Callable[..., Bridge]) -> None:
    assert reading.get("/healthz").status == 200
    answer = make_bridge(TABLE="no-such-table").get("/healthz")
    assert (answer.status, headers(answer)["retry-after"]) == (503, "60")


def test_when_the_table_is_down_a_feed_says_so_in_its_own_shape(make_bridge: Callable[..., Bridge]) -> None:
    bridge = make_bridge(TABLE="no-such-table")
    answer = bridge.get("/api/mentions.jf2?domain=example.com")
    told = json.loads(answer.body)
    assert (answer.status, told["error"], told["children"]) == (503, "server-trouble", [])
    assert headers(answer)["access-control-allow-origin"] == "*"
    [(event, line)] = bridge.logged
    assert (event, line["status"]) == ("read", 503)
    assert "ResourceNotFoundException" in line["cause"]


def test_nothing_that_a_sender_wrote_is_unescaped_on_a_page(reading: Bridge, table: Table) -> None:
    answer = reading.webmention("https://blog.example.net/?q=" + "%22%3E%3Cscript%3E'", "https://example.com/post?<b>'")
    assert b"<b>" not in answer.body
    ping = Ping("https://blog.example.net/'onmouseover=x", "https://example.com/post", Protocol.WEBMENTION, NOON)
    table.put_ping(ping, Policy(SITES, SelfMentions.REFUSE).claim(ping), "https://bridge.example")
    table.finish_ping(
        ping.id,
        {"status": "declined", "reason": "no-link", "detail": PAYLOAD, "links_found": json.dumps([PAYLOAD])},
        None,
    )
    page = reading.get(f"/pings/{ping.id}", accept="text/html")
    assert b"<script" not in page.body
    assert b"<img" not in page.body
    assert b"'onmouseover" not in page.body
    policy = headers(page)["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy


def test_a_trackbacks_claims_are_on_no_public_page(reading: Bridge) -> None:
    reading.trackback(
        "https://example.com/post", url="https://blog.example.net/", title="Claimed title", excerpt="Claimed words"
    )
    [message] = reading.messages()
    ping = json.loads(message["Body"])["id"]
    for accept in ("application/json", "text/html"):
        assert b"Claimed" not in reading.get(f"/pings/{ping}", accept=accept).body
