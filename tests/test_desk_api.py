"""The owner's actions over HTTP: what waits, approve, hold, spam, delete, rules, the attempt log."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest

from desk import Owner, owner
from linkback import alias
from linkback.site import Sites
from linkback.tokens import Tokens

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Bridge
    from internet import Web
    from linkback.table import Table

TARGET = "https://example.com/post"
LINK = f'<p>A fine post: <a href="{TARGET}">this</a>.</p>'


@pytest.fixture
def first(make_bridge: Callable[..., Bridge]) -> Bridge:
    """As deployed by default: the first mention of each host waits."""
    return make_bridge(MODERATION="first", SITES="example.com,example.org")


@pytest.fixture
def me(first: Bridge, dynamodb: Any, table_name: str) -> Owner:
    return owner(first, dynamodb, table_name)


@pytest.fixture
def waiting(first: Bridge, internet: Web) -> str:
    """The address of a page whose mention waits."""
    source = internet.put("/linking", LINK)
    assert first.fate(source, TARGET)["status"] == "held"
    return source


def test_what_waits_has_its_words_its_signals_and_what_the_sender_claimed(
    me: Owner, first: Bridge, internet: Web
) -> None:
    source = internet.put("/tb", LINK)
    first.trackback(TARGET, url=source, title="Cheap watches", excerpt="Buy them here")
    first.work()
    [item] = me.queue()
    assert (item["wm-source"], item["wm-target"], item["state"]) == (source, TARGET, "held")
    assert item["claimed"] == {"title": "Cheap watches", "excerpt": "Buy them here"}
    assert item["sentence"] == "A fine post: this."
    told = {signal["name"]: signal["words"] for signal in item["signals"]}
    assert "Cheap watches" in told["claim-differs"]
    assert told["first-seen"].endswith(".")
    assert item["id"] == item["wm-claim"]
    assert first.children() == []


def test_an_approved_mention_is_in_the_feed_and_its_senders_page_says_so(
    me: Owner, waiting: str, first: Bridge
) -> None:
    [item] = me.queue()
    done = me.act(item["id"], "approve")
    assert (done["state"], done["before"]) == ("public", "held")
    assert [child["wm-source"] for child in first.children()] == [waiting]
    assert me.queue() == []
    assert [one["state"] for one in me.queue("public")] == ["public"]
    [attempt] = me.get("pings")["items"]
    assert attempt["status"] == first.json(f"/pings/{attempt['id']}")["status"] == "published"


def test_a_host_that_was_approved_once_is_trusted_from_then_on(
    me: Owner, waiting: str, first: Bridge, internet: Web
) -> None:
    me.act(me.queue()[0]["id"], "approve")
    assert first.fate(internet.put("/second", LINK), TARGET)["status"] == "published"
    assert me.get("rules")["items"] == []
    [known] = me.get("hosts")["items"]
    assert known["kind"] == "known-host"
    assert me.api("DELETE", "hosts", known)[0] == 200
    assert first.fate(internet.put("/third", LINK), TARGET)["status"] == "held"
    assert waiting


@pytest.mark.parametrize(
    ("action", "rule"), [("approve", "allow"), ("spam", "block"), ("delete", "block"), ("hold", "hold")]
)
def test_an_act_can_write_the_rule_that_goes_with_it(me: Owner, waiting: str, action: str, rule: str) -> None:
    done = me.act(me.queue()[0]["id"], action, trust="host")
    host = waiting.split("/")[2]
    assert [(one["kind"], one["value"], one["action"]) for one in me.get("rules")["items"]] == [("host", host, rule)]
    assert {"site": "example.com", "kind": "host", "value": host, "action": rule, "before": None} in done["rules"]


def test_a_blocked_host_is_refused_at_the_door_and_at_redirects(
    me: Owner, waiting: str, first: Bridge, internet: Web
) -> None:
    me.act(me.queue()[0]["id"], "spam", trust="host")
    answer = first.webmention(internet.put("/again", LINK), TARGET)
    assert (answer.status, b'"blocked"' in answer.body) == (400, True)
    [attempt] = me.get("pings?status=declined")["items"]
    assert (attempt["reason"], attempt["detail"]) == (
        "blocked", f"The owner of example.com does not take mentions from {waiting.split('/')[2]}.",
    )  # fmt: skip
    there = internet.put("/there", LINK).replace("127.0.0.1", "localhost")
    internet.put("/hop", "", 301, location=waiting)
    assert first.fate(there.replace("/there", "/hop"), TARGET)["reason"] == "blocked"


@pytest.mark.parametrize("action", ["spam", "delete"])
def test_what_was_called_spam_or_deleted_is_not_resurrected_by_any_ping(
    me: Owner, waiting: str, first: Bridge, internet: Web, action: str
) -> None:
    claim = me.queue()[0]["id"]
    me.act(claim, "approve")
    me.act(claim, action)
    internet.put("/linking", LINK.replace("fine", "changed"))
    for _ in range(2):
        assert first.fate(waiting, TARGET)["status"] == "held"
        first.pingback(waiting, TARGET)
        first.trackback(TARGET, url=waiting)
        first.work()
    assert first.children() == []
    assert me.queue() == []


def test_what_its_owner_holds_stays_held_though_its_host_is_trusted(me: Owner, waiting: str, first: Bridge) -> None:
    claim = me.queue()[0]["id"]
    me.act(claim, "approve", trust="host")
    me.act(claim, "hold")
    assert first.fate(waiting, TARGET)["status"] == "held"
    assert first.children() == []


def test_a_deleted_mention_comes_back_with_its_words_within_a_day(me: Owner, waiting: str, first: Bridge) -> None:
    claim = me.queue()[0]["id"]
    me.act(claim, "delete")
    me.act(claim, "approve")
    assert first.children()[0]["content"]["text"] == "A fine post: this."
    assert waiting


def test_deletion_erases_the_words(me: Owner, waiting: str, dynamodb: Any, table_name: str) -> None:
    claim = me.queue()[0]["id"]
    me.act(claim, "delete")
    kept = dynamodb.scan(TableName=table_name)["Items"]
    told = [item for item in kept if "fine post" in str(item)]
    assert [item["sk"]["S"] for item in told] == [f"UNDO#{claim}"]
    assert int(told[0]["expires"]["N"]) - time.time() <= 86_400
    assert waiting


def test_what_was_deleted_is_not_brought_back_after_its_day_though_the_table_still_has_it(
    me: Owner, waiting: str, dynamodb: Any, table_name: str
) -> None:
    claim = me.queue()[0]["id"]
    me.act(claim, "delete")
    [kept] = [item for item in dynamodb.scan(TableName=table_name)["Items"] if item["sk"]["S"].startswith("UNDO#")]
    dynamodb.put_item(TableName=table_name, Item=kept | {"expires": {"N": str(int(time.time()) - 1)}})
    me.act(claim, "hold")
    [item] = me.queue()
    assert (item["wm-source"], item.get("content")) == (waiting, None)


def test_an_alias_does_not_outweigh_what_its_owner_holds(
    me: Owner, waiting: str, first: Bridge, table: Table, internet: Web
) -> None:
    old = f"{TARGET}-old"
    internet.put("/linking", f'{LINK} <a href="{old}">old</a>')
    me.act(me.queue()[0]["id"], "hold")
    assert first.fate(waiting, old)["status"] == "held"
    [other] = [item for item in me.queue() if item["wm-target"] == old]
    me.act(other["id"], "approve")
    assert len(first.children()) == 1
    alias.declare(table, Sites(("example.com",)), old, TARGET, time.time)
    assert [item["state"] for item in me.queue()] == ["held"]
    assert first.children() == []


def test_what_was_deleted_is_listed_with_the_gone_and_the_log_tells_its_owner_alone(
    me: Owner, waiting: str, first: Bridge
) -> None:
    me.act(me.queue()[0]["id"], "delete")
    assert [(item["wm-source"], item["state"]) for item in me.queue("gone")] == [(waiting, "deleted")]
    for _ in range(2):
        [ping] = me.get("pings")["items"]
        assert (ping["status"], ping["decided"]) == ("held", "deleted")
        assert "decided" not in first.json(f"/pings/{ping['id']}")
        first.fate(waiting, TARGET)
    assert first.json("/api/deleted")["children"] == []  # which nobody was shown


def test_a_feed_hears_of_what_is_hidden_and_of_what_comes_back(me: Owner, waiting: str, first: Bridge) -> None:
    claim = me.queue()[0]["id"]
    me.act(claim, "approve")
    [child] = first.children()
    me.act(claim, "hold")
    [gone] = first.json("/api/deleted")["children"]
    assert gone["wm-id"] == child["wm-id"]
    me.act(claim, "approve")
    [again] = first.children(f"?since_id={child['wm-id']}")
    assert (again["wm-source"], again["wm-id"] > child["wm-id"]) == (waiting, True)
    assert first.json("/api/deleted")["children"] == []


def test_the_gone_cannot_be_approved_and_the_sentence_says_what_to_do(
    me: Owner, waiting: str, first: Bridge, internet: Web
) -> None:
    claim = me.queue()[0]["id"]
    me.act(claim, "approve")
    internet.put("/linking", "<p>no more</p>")
    assert first.fate(waiting, TARGET)["status"] == "hidden"
    status, told = me.api("POST", f"mentions/{claim}", {"action": "approve"})
    assert (status, told["error"]) == (409, "gone")
    assert "try its ping again" in told["error_description"]


@pytest.mark.parametrize(
    ("method", "place", "body", "refusal"),
    [
        ("POST", "mentions/{}", b"{", (400, "bad-json")),
        ("POST", "mentions/{}", b"[" * 60_000, (400, "bad-json")),
        ("POST", "mentions/{}", b"\xff\xfe", (400, "bad-json")),
        ("POST", "mentions/{}", b"[]", (400, "bad-json")),
        ("POST", "mentions/{}", {}, (400, "bad-action")),
        ("POST", "mentions/{}", {"action": "publish"}, (400, "bad-action")),
        ("POST", "mentions/{}", {"action": 1}, (400, "bad-json")),
        ("POST", "mentions/{}", {"action": "approve", "trust": "everybody"}, (400, "bad-trust")),
        ("POST", "mentions/{}", {"action": "approve", "trust": "author"}, (400, "no-author")),
        ("POST", "mentions/nothing", {"action": "approve"}, (404, "unknown-mention")),
        ("POST", f"mentions/{'x' * 22}", {"action": "approve"}, (404, "unknown-mention")),
        ("POST", "mentions", {"action": "spam", "ids": []}, (400, "bad-ids")),
        ("POST", "mentions", {"action": "spam", "ids": "all"}, (400, "bad-ids")),
        ("POST", "mentions", {"action": "spam", "ids": [f"{n:022}" for n in range(1000)]}, (400, "too-many")),
        ("GET", "mentions?state=deleted", None, (400, "bad-state")),
        ("GET", "mentions?cursor=x", None, (400, "bad-cursor")),
        ("GET", "mentions?cursor=9999999999.1", None, (400, "bad-cursor")),
        ("GET", "mentions?site=elsewhere.example", None, (404, "unknown-site")),
        ("GET", "pings?status=lost", None, (400, "bad-status")),
        ("GET", "pings?cursor=1.x", None, (400, "bad-cursor")),
        ("GET", "rules?cursor=PING%23x", None, (400, "bad-cursor")),
        ("POST", "pings/nothing/retry", None, (404, "unknown-ping")),
        ("POST", "pings/nothing", None, (404, "not-found")),
        ("GET", "mentions?" + "a=b&" * 3000, None, (400, "too-many")),
        ("GET", "nothing", None, (404, "not-found")),
        ("DELETE", "mentions", None, (405, "method-not-allowed")),
    ],
)
def test_what_cannot_be_meant_is_refused_with_a_sentence_and_changes_nothing(
    me: Owner, waiting: str, method: str, place: str, body: Any, refusal: tuple[int, str]
) -> None:
    claim = me.queue()[0]["id"]
    status, told = me.api(method, place.format(claim), body)
    assert (status, told["error"]) == refusal
    assert told["error_description"].endswith((".", "}."))
    assert len(told["error_description"]) > 20
    assert [item["wm-source"] for item in me.queue()] == [waiting]


def test_many_are_acted_on_at_once_and_each_is_told(me: Owner, first: Bridge, internet: Web) -> None:
    for number in range(3):
        first.fate(internet.put(f"/{number}", LINK), TARGET)
    ids = [item["id"] for item in me.queue()]
    status, told = me.api("POST", "mentions", {"ids": [*ids, "x" * 22], "action": "spam"})
    assert status == 200
    assert {one["id"] for one in told["done"]} == set(ids)
    assert [one["error"] for one in told["refused"]] == ["unknown-mention"]
    assert me.sources("spam") == {"/0", "/1", "/2"}


# Who may


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer x", "Basic dTpw", "Bearer " + "x" * 5000])
def test_nobody_comes_in_without_a_token(first: Bridge, header: str | None) -> None:
    headers = {} if header is None else {"authorization": header}
    for place in ("mentions", "rules", "pings"):
        answer = first.call("GET", f"/moderation/{place}", b"", **headers)
        assert answer.status == 401
        assert dict(answer.headers)["www-authenticate"].startswith("Bearer")
        assert b"Authorization: Bearer" in answer.body or b"linkback token create" in answer.body


def test_whoever_guesses_is_told_to_wait_and_others_are_not(first: Bridge, me: Owner) -> None:
    statuses = [first.call("GET", "/moderation/rules", authorization=f"Bearer {n}").status for n in range(12)]
    assert statuses == [401] * 10 + [429] * 2
    first.sender = "198.51.100.7"
    assert me.api("GET", "rules")[0] == 200


def test_a_token_that_was_taken_back_opens_nothing(first: Bridge, me: Owner, dynamodb: Any, table_name: str) -> None:
    tokens = Tokens(dynamodb, table_name)
    [one] = tokens.all()
    tokens.revoke(one.name)
    assert me.api("GET", "rules")[0] == 401


def test_a_token_of_another_site_sees_and_changes_nothing_of_this_one(
    me: Owner, waiting: str, first: Bridge, dynamodb: Any, table_name: str
) -> None:
    claim, other = me.queue()[0]["id"], owner(first, dynamodb, table_name, "example.org")
    assert other.queue() == []
    status, told = other.api("GET", "mentions?site=example.com")
    assert (status, told["error"]) == (403, "forbidden")
    assert "example.org" in told["error_description"]
    assert other.api("POST", f"mentions/{claim}", {"action": "approve"})[0] == 404
    rule = {"site": "example.com", "kind": "host", "value": "spam.example", "action": "block"}
    assert other.api("POST", "rules", rule)[0] == 403
    [ping] = me.get("pings")["items"]
    assert other.api("POST", f"pings/{ping['id']}/retry")[0] == 404
    assert [item["wm-source"] for item in me.queue()] == [waiting]


def test_a_cookie_opens_no_api(first: Bridge, me: Owner) -> None:
    me.sign_in()
    assert first.call("GET", "/moderation/rules", cookie=me.cookie).status == 401


# Rules


def test_rules_are_written_listed_and_taken_back(me: Owner, first: Bridge, internet: Web) -> None:
    told = {"site": "example.com", "kind": "host", "value": "HTTPS://www.Spam.example/", "action": "block"}
    status, answer = me.api("POST", "rules", told)
    assert (status, answer["rule"]["value"], answer["before"]) == (200, "spam.example", None)
    assert me.api("POST", "rules", told)[0] == 200  # the same again
    assert [one["value"] for one in me.get("rules?site=example.com")["items"]] == ["spam.example"]
    assert me.get("rules?site=example.org")["items"] == []
    assert first.webmention("https://a.spam.example/", TARGET).status == 400
    status, answer = me.api("DELETE", "rules", {"site": "example.com", "kind": "host", "value": "spam.example"})
    assert (status, answer["removed"]["action"]) == (200, "block")
    assert me.get("rules?site=example.com")["items"] == []
    assert me.api("DELETE", "rules?site=example.com&kind=host&value=spam.example")[0] == 404


def test_a_rule_that_contradicts_another_is_refused_unless_it_replaces_it(me: Owner) -> None:
    told = {"site": "example.com", "kind": "host", "value": "a.example"}
    me.api("POST", "rules", {**told, "action": "allow"})
    status, answer = me.api("POST", "rules", {**told, "action": "block"})
    assert (status, answer["error"]) == (409, "contradiction")
    assert "says allow" in answer["error_description"]
    assert [one["action"] for one in me.get("rules")["items"]] == ["allow"]
    status, answer = me.api("POST", "rules", {**told, "action": "block", "replace": True})
    assert (status, answer["before"]) == (200, "allow")
    assert [one["action"] for one in me.get("rules")["items"]] == ["block"]


@pytest.mark.parametrize(
    ("members", "words"),
    [
        ({"kind": "planet"}, "kind must be one of host, prefix, author, dialect"),
        ({"action": "destroy"}, "action must be one of allow, hold, block"),
        ({"site": "elsewhere.example"}, "site must be one of"),
        ({"value": ""}, "cannot be used"),
        ({"value": "a b"}, "cannot be used"),
        ({"value": "javascript:alert(1)"}, "cannot be used"),
        ({"value": "x" * 3000}, "cannot be used"),
        ({"value": 7}, "value must be a string"),
        ({"value": "spam.example/path"}, "rule for a prefix"),
        ({"value": "brid.gy"}, "pages of many people"),
        ({"value": "www.medium.com"}, "pages of many people"),
        ({"value": "github.io"}, "pages of many people"),
        ({"value": "co.uk"}, "pages of many people"),
        ({"value": "com"}, "one word"),
        ({"value": "*.spam.example"}, "Leave the *. out"),
        ({"kind": "prefix", "value": "https://medium.com/"}, "pages of many people"),
        ({"kind": "prefix", "value": "a.example/" + "b/" * 60}, "at most 30 segments"),
        ({"kind": "dialect", "value": "smtp"}, "one of webmention, pingback, trackback"),
        ({"kind": "author", "value": "Bob"}, "one word"),
        ({"kind": "author", "value": "https://brid.gy/"}, "pages of many people"),
    ],
)
def test_a_rule_that_cannot_be_meant_is_refused_with_what_to_do(me: Owner, members: Any, words: str) -> None:
    told = {"site": "example.com", "kind": "host", "value": "spam.example", "action": "block"} | members
    status, answer = me.api("POST", "rules", told)
    assert status in (400, 404), answer
    assert words in answer["error_description"]
    assert me.get("rules")["items"] == []


@pytest.mark.parametrize("value", ["alice.github.io", "medium.com/@bob", "https://alice.substack.com"])
def test_what_is_one_persons_can_be_judged(me: Owner, value: str) -> None:
    kind = "prefix" if "/@" in value else "host"
    told = {"site": "example.com", "kind": kind, "value": value, "action": "allow"}
    assert me.api("POST", "rules", told)[0] == 200


# The attempt log


def test_every_ping_of_a_site_is_in_the_log_with_its_reason_and_what_was_found_instead(
    me: Owner, first: Bridge, internet: Web
) -> None:
    source = internet.put("/other", '<a href="https://example.com/another">another page</a>')
    first.fate(source, TARGET)
    assert first.webmention("https://example.com/own", TARGET).status == 400
    first.work()
    told = {(one["status"], one.get("reason")): one for one in me.get("pings")["items"]}
    assert told["declined", "no-link"]["links_found"] == ["https://example.com/another"]
    assert told["declined", "self"]["source"] == "https://example.com/own"
    assert {one["source"] for one in me.get("pings?status=declined")["items"]} == {source, "https://example.com/own"}
    assert me.get("pings?status=published")["items"] == []


def test_a_ping_is_visited_again_at_once(me: Owner, first: Bridge, internet: Web) -> None:
    source = internet.put("/late", "<p>not yet</p>")
    assert first.fate(source, TARGET)["reason"] == "no-link"
    [one] = me.get("pings")["items"]
    internet.put("/late", LINK)
    status, told = me.api("POST", f"pings/{one['id']}/retry")
    assert (status, told["status"]) == (200, "queued")
    first.work()
    assert me.get("pings")["items"][0]["status"] == "held"
    for _ in range(2):  # as often as its owner wants, within the five minutes in which the queue drops what it has had
        me.api("POST", f"pings/{one['id']}/retry")
        time.sleep(0.002)
    assert len(first.messages()) == 2


def test_the_log_goes_on_where_it_ended(me: Owner, first: Bridge, internet: Web) -> None:
    for number in range(55):
        first.webmention(internet.put(f"/{number}", LINK), TARGET)
    page = me.get("pings")
    assert len(page["items"]) == 50
    rest = me.get(f"pings?cursor={page['cursor']}")
    assert (len(rest["items"]), rest["cursor"]) == (5, None)
    assert len({one["id"] for one in page["items"] + rest["items"]}) == 55
