"""The desk's edges: whom a rule or a token covers exactly, when a repetition waits, and what is left in bad weather."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import EndpointConnectionError

from desk import FORM, Owner, owner, words
from linkback import gateway, record
from linkback.desk.desk import Desk
from linkback.dialect import Request
from linkback.door import Door
from linkback.dynamodb import pack
from linkback.keys import ping as ping_key
from linkback.ping import Ping, Protocol
from linkback.policy import Moderation, Pace, Policy, SelfMentions
from linkback.record import Impression, State
from linkback.rules import Action, Kind, Rule, nothing
from linkback.tokens import Tokens
from linkback_cli import permits
from shelf import NOON, SITES

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Bridge, Call
    from internet import Web
    from linkback.table import Table
    from shelf import Shelf

TARGET = "https://example.com/post"
TEXT = "A text of some more letters than anybody would write twice by chance, about"
LINK = f'<p>{TEXT} <a href="{TARGET}">this</a>.</p>'


@pytest.fixture
def first(make_bridge: Callable[..., Bridge]) -> Bridge:
    """Every name is this machine."""
    return make_bridge(resolve=lambda _: ("127.0.0.1",), MODERATION="first", SITES="example.com,example.org")


@pytest.fixture
def me(first: Bridge, dynamodb: Any, table_name: str) -> Owner:
    found = owner(first, dynamodb, table_name)
    found.sign_in()
    return found


def at(source: str, host: str) -> str:
    """The same page under another host's name."""
    return source.replace("127.0.0.1", host)


def add(me: Owner, kind: str, value: str, action: str) -> tuple[int, Any]:
    return me.api("POST", "rules", {"site": "example.com", "kind": kind, "value": value, "action": action})


# What a rule covers


@pytest.mark.parametrize(("moderation", "action"), [("none", "hold"), ("all", "allow"), ("first", "allow")])
def test_a_rule_for_a_dialect_decides_of_what_came_in_it_and_of_nothing_else(
    make_bridge: Callable[..., Bridge], dynamodb: Any, table_name: str, internet: Web, moderation: str, action: str
) -> None:
    bridge = make_bridge(MODERATION=moderation)
    mine = owner(bridge, dynamodb, table_name)
    mine.api("POST", "rules", {"kind": "dialect", "value": "pingback", "action": action})
    bridge.pingback(internet.put("/pingback", LINK), TARGET)
    bridge.work()
    bridge.fate(internet.put("/webmention", LINK), TARGET)
    ruled, other = {"hold": ("held", "public"), "allow": ("public", "held")}[action]
    assert mine.sources(ruled) == {"/pingback"}
    assert mine.sources(other) == {"/webmention"}


@pytest.mark.parametrize("self_mentions", list(SelfMentions))
def test_a_page_of_the_bridges_other_site_is_no_self_mention_and_waits_as_any_other(
    self_mentions: SelfMentions,
) -> None:
    policy = Policy(SITES, self_mentions, Moderation.FIRST)
    claim = policy.claim(Ping("https://example.org/a", TARGET, Protocol.WEBMENTION, NOON))
    assert policy.holds(claim.source, claim, nothing)
    at_once = replace(policy, moderation=Moderation.NONE)
    assert not at_once.holds(claim.source, claim, nothing)


@pytest.mark.parametrize("value", ["a.example:8443", "https://www.a.example:8443/"])
def test_a_rule_for_a_host_with_a_port_is_for_its_www_too_and_for_no_other_port(
    me: Owner, first: Bridge, value: str
) -> None:
    assert add(me, "host", value, "block")[1]["rule"]["value"] == "a.example:8443"
    for source in ("https://a.example:8443/x", "https://www.a.example:8443/x"):
        assert first.webmention(source, TARGET).status == 400, source
    for source in ("https://a.example/x", "https://www.a.example:8080/x", "https://b.a.example:8443/x"):
        assert first.webmention(source, TARGET).status == 201, source


@pytest.mark.parametrize("value", ["spam.example/?x", "spam.example?x=1", "spam.example#x", "spam.example/#/x"])
def test_what_is_more_than_a_host_is_no_rule_for_one(me: Owner, value: str) -> None:
    status, told = add(me, "host", value, "block")
    assert (status, told["error"]) == (400, "bad-rule")
    assert "rule for a prefix" in told["error_description"]
    assert me.get("rules")["items"] == []


def test_a_host_of_so_many_labels_that_no_visit_would_look_it_up_is_refused(me: Owner, first: Bridge) -> None:
    longest = ".".join(["a"] * 19 + ["example"])
    status, told = add(me, "host", f"b.{longest}", "block")
    assert (status, "at most 20 labels" in told["error_description"]) == (400, True)
    assert add(me, "host", longest, "block")[0] == 200
    assert first.webmention(f"https://{longest}/", TARGET).status == 400


@pytest.mark.parametrize("kind", [Kind.HOST, Kind.PREFIX])
def test_a_rule_that_would_not_be_taken_today_can_be_taken_back(me: Owner, table: Table, kind: Kind) -> None:
    rule = Rule("example.com", kind, "medium.com", Action.BLOCK)
    assert add(me, kind, rule.value, rule.action)[1]["error"] == "shared-host"
    told = {"site": "example.com", "kind": kind, "value": rule.value}
    table.put_rule(rule)
    status, answer = me.api("DELETE", "rules", told)
    assert (status, answer["removed"]["value"], answer["removed"]["action"]) == (200, "medium.com", "block")
    table.put_rule(rule)
    assert me.submit("/rules", ("remove", f"{kind} medium.com"), ("site", "example.com")).status == 303
    assert me.get("rules?site=example.com")["items"] == []
    assert me.api("DELETE", "rules", told)[0] == 404


def test_trust_in_one_host_publishes_nothing_of_another_that_a_rule_allows(
    me: Owner, first: Bridge, internet: Web
) -> None:
    sources = {host: at(internet.put(f"/{host}", LINK), host) for host in ("x.example", "other.example")}
    second = at(internet.put("/second", LINK), "x.example")
    for source in (*sources.values(), second):
        assert first.fate(source, TARGET)["status"] == "held"
    assert add(me, "host", "other.example", "allow")[0] == 200
    claim = next(item["id"] for item in me.queue() if item["wm-source"] == sources["x.example"])
    assert me.submit("/mentions", ("do", f"approve host {claim}")).status == 303
    assert {child["wm-source"] for child in first.children()} == {sources["x.example"], second}
    assert [item["wm-source"] for item in me.queue()] == [sources["other.example"]]


# Tokens


def test_whoever_has_a_token_for_one_site_neither_sees_nor_takes_back_one_for_two(
    me: Owner, first: Bridge, dynamodb: Any, table_name: str
) -> None:
    tokens = Tokens(dynamodb, table_name)
    tokens.create("of both", ("example.com", "example.org"), time.time())
    tokens.create("of the same", ("example.org",), time.time())
    narrow = owner(first, dynamodb, table_name, "example.org")
    narrow.sign_in()
    page = words(narrow.page("/tokens"))
    assert ("of both" in page, "of the same" in page) == (False, True)
    assert narrow.submit("/tokens", ("revoke", "of both")).status == 400
    assert narrow.submit("/tokens", ("revoke", "of the same")).status == 303
    names = {one.name for one in tokens.all()}
    assert ("of both" in names, "of the same" in names) == (True, False)
    assert "of both" in words(me.page("/tokens"))


def test_the_use_of_a_token_is_noted(first: Bridge, dynamodb: Any, table_name: str) -> None:
    tokens = Tokens(dynamodb, table_name)
    mine = owner(first, dynamodb, table_name)
    assert tokens.all()[0].used == ""
    mine.get("rules")
    used = datetime.fromisoformat(tokens.all()[0].used)
    assert abs((datetime.now(UTC) - used).total_seconds()) < 60


def test_what_is_too_long_for_a_token_costs_no_read(calls: list[Call], make_bridge: Callable[..., Bridge]) -> None:
    bridge = make_bridge()
    for length, read in ((256, ["GetItem"]), (257, [])):
        calls.clear()
        token = "x" * length
        assert bridge.call("GET", "/moderation/rules", authorization=f"Bearer {token}").status == 401
        assert [name for name, _ in calls] == read
        calls.clear()
        answer = bridge.call("POST", "/dashboard/sign-in", f"token={token}".encode(), content_type=FORM)
        assert (answer.status, [name for name, _ in calls]) == (401, read)


# What a visit looks up


def test_of_a_host_that_was_approved_nothing_is_looked_up_and_nothing_told(
    calls: list[Call], make_bridge: Callable[..., Bridge], dynamodb: Any, table_name: str, internet: Web
) -> None:
    bridge = make_bridge(MODERATION="first")
    mine = owner(bridge, dynamodb, table_name)
    bridge.fate(internet.put("/one", LINK), TARGET)
    assert texts(calls)
    mine.act(mine.queue()[0]["id"], "approve")
    calls.clear()
    source = internet.put("/two", LINK)
    assert bridge.fate(source, TARGET)["status"] == "published"
    assert calls
    assert texts(calls) == []
    [item] = [item for item in mine.queue("public") if item["wm-source"] == source]
    assert "first-seen" not in {signal["name"] for signal in item["signals"]}


def texts(calls: list[Call]) -> list[Any]:
    return [params for _, params in calls if "TEXT#" in str(params)]


def test_the_targets_language_is_read_only_where_the_source_has_one_to_compare(
    calls: list[Call], make_bridge: Callable[..., Bridge], internet: Web
) -> None:
    bridge = make_bridge(MODERATION="first")
    bridge.fate(internet.put("/before", LINK), TARGET)  # from now on it is known what the target answered

    def reads(path: str, lang: str) -> int:
        calls.clear()
        assert bridge.fate(internet.put(path, f"<html{lang}>{LINK}"), TARGET)["status"] == "held"
        told = [params["Key"] for name, params in calls if name == "GetItem"]
        return len([key for key in told if key["sk"] == {"S": "PAGE"}])

    without = reads("/without", "")
    assert reads("/with", " lang=fr") == without + 1


def test_a_visit_tells_its_signals_of_the_record_that_it_made_and_of_nothing_deleted(shelf: Shelf) -> None:
    made, told = shelf.record(1, state=State.HELD), Impression("signals", "claimed", "sentence", 1)
    impressed = record.impressed(made, told, made.visited)
    assert (impressed.signals, impressed.claimed, impressed.sentence, impressed.doubt) == told
    for visited in (made.visited - 1, made.visited + 1):
        assert record.impressed(made, told, visited) == made
    deleted = replace(made, state=State.DELETED)
    assert record.impressed(deleted, told, made.visited) == deleted


# Repetitions


def test_a_ping_of_what_waits_that_changes_nothing_again_and_again_costs_one_read(
    calls: list[Call], make_bridge: Callable[..., Bridge], internet: Web
) -> None:
    bridge, source = make_bridge(MODERATION="first"), internet.put("/again", LINK)
    for _ in range(4):
        assert bridge.fate(source, TARGET)["status"] == "held"
    calls.clear()
    answer = bridge.webmention(source, TARGET)
    assert (answer.status, [name for name, _ in calls]) == (201, ["GetItem"])
    assert bridge.messages() == []


@pytest.mark.parametrize("status", ["published", "held"])
@pytest.mark.parametrize(
    ("repeats", "wait"), [(2, 0), (3, 60), (4, 120), (5, 240), (8, 1920), (9, 3600), (13, 3600), (99, 3600)]
)
def test_the_more_often_nothing_changed_the_longer_it_is_not_looked_again(
    table: Table, dynamodb: Any, table_name: str, status: str, repeats: int, wait: int
) -> None:
    queued: list[dict[str, str]] = []
    door = Door(Policy(SITES, SelfMentions.REFUSE), table, queued.append, Pace(9), permits.everything)
    body = f"source=https://blog.example/a&target={TARGET}".encode()
    request = Request("POST", "/webmention", "", {"content-type": FORM}, body, "https://bridge.example", "192.0.2.1")
    _, told = door.answer(request, NOON)
    dynamodb.update_item(
        TableName=table_name,
        Key=pack(ping_key(told["id"])),
        UpdateExpression="SET #status = :status, repeats = :repeats, checked = :checked",
        ExpressionAttributeNames={"#status": "status"},
        ExpressionAttributeValues=pack(
            {":status": status, ":repeats": repeats, ":checked": NOON.strftime("%Y-%m-%dT%H:%M:%SZ")}
        ),
    )
    queued.clear()
    if wait:
        _, told = door.answer(request, NOON + timedelta(seconds=wait - 1))
        assert (told["outcome"], queued) == ("again", [])
    _, told = door.answer(request, NOON + timedelta(seconds=wait))
    assert (told["outcome"], len(queued)) == ("accepted", 1)


# Weather


class Weather:
    """A client of DynamoDB that fails at its transactions from the one with this number (from 0) on, till it is over.

    Nothing else fails: as where a mention's partition is busy and the others are not.
    """

    def __init__(self, client: Any, begins: int) -> None:
        self._client, self._left = client, begins
        self.over = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def transact_write_items(self, **asked: Any) -> Any:
        """One transaction."""
        self._left -= 1
        if self._left < 0 and not self.over:
            raise EndpointConnectionError(endpoint_url="https://dynamodb.example")
        return self._client.transact_write_items(**asked)


def served(bridge: Bridge, client: Any, table: str, send: Callable[[dict[str, str]], None]) -> Bridge:
    """The bridge with a desk on this client, and with this way to the queue."""
    desk = Desk(Policy(SITES, SelfMentions.REFUSE), client, table, send, time.time)

    def moderate(event: dict[str, Any], _: Any) -> dict[str, Any]:
        request = gateway.request(event)
        return gateway.payload(desk.answer(request, {}), request)

    return replace(bridge, moderate=moderate)


def down(_: dict[str, str]) -> None:
    raise EndpointConnectionError(endpoint_url="https://sqs.example")


@pytest.fixture
def stormy(first: Bridge, dynamodb: Any, table_name: str, internet: Web) -> tuple[Owner, Weather]:
    """An owner for whom four mentions wait, of which two can be approved before the store fails."""
    for number in range(4):
        first.fate(at(internet.put(f"/{number}", LINK), f"host{number}.example"), TARGET)
    weather = Weather(dynamodb, begins=2)
    found = owner(served(first, weather, table_name, down), dynamodb, table_name)
    found.sign_in()
    return found, weather


def test_where_the_store_fails_in_the_middle_each_is_told_done_or_not(stormy: tuple[Owner, Weather]) -> None:
    mine, _ = stormy
    ids = [item["id"] for item in mine.queue()]
    status, told = mine.api("POST", "mentions", {"ids": ids, "action": "approve"})
    assert (status, [one["id"] for one in told["done"]]) == (200, ids[:2])
    assert [(one["id"], one["error"]) for one in told["refused"]] == [(one, "server-trouble") for one in ids[2:]]
    assert {item["id"] for item in mine.queue("public")} == set(ids[:2])
    assert {item["id"] for item in mine.queue()} == set(ids[2:])
    assert len(mine.get("hosts")["items"]) == 2


@pytest.mark.parametrize("accept", ["text/html", "application/json"])
def test_what_was_done_before_the_store_failed_is_told_and_undone(stormy: tuple[Owner, Weather], accept: str) -> None:
    mine, weather = stormy
    ids = [item["id"] for item in mine.queue()]
    answer = mine.submit("/mentions", ("do", "approve none"), *[("id", one) for one in ids], accept=accept)
    said = words(answer.body.decode())
    assert answer.status == (503 if accept == "text/html" else 200)
    assert "2 mentions" in said
    assert "store does not answer" in said
    assert ("Partly done" in said, "(2 were not done.)" in said) == ((accept == "text/html",) * 2)
    assert {item["id"] for item in mine.queue("public")} == set(ids[:2])
    weather.over = True
    assert mine.submit("/undo").status == 303
    assert {item["id"] for item in mine.queue()} == set(ids)
    assert mine.get("hosts")["items"] == []


def test_where_the_store_fails_at_once_nothing_is_done_and_nothing_is_undone(stormy: tuple[Owner, Weather]) -> None:
    mine, _ = stormy
    ids = [item["id"] for item in mine.queue()]
    for one in ids[:2]:
        mine.act(one, "approve")
    answer = mine.submit("/mentions", ("do", "approve none"), *[("id", one) for one in ids[2:]])
    assert (answer.status, dict(answer.headers)["retry-after"]) == (503, "60")
    assert "Not done" in words(answer.body.decode())
    assert mine.submit("/undo").status == 409


@pytest.mark.parametrize("status", ["declined", "held", "waiting"])
def test_where_the_queue_is_down_a_ping_that_is_tried_again_stays_as_it_was(
    first: Bridge, dynamodb: Any, table_name: str, internet: Web, status: str
) -> None:
    pages = {
        "declined": ('<a href="https://example.com/another">x</a>', 200),
        "held": (LINK, 200),
        "waiting": ("", 500),
    }
    body, code = pages[status]
    assert first.fate(internet.put("/p", body, code), TARGET)["status"] == status
    mine = owner(served(first, dynamodb, table_name, down), dynamodb, table_name)
    mine.sign_in()
    [one] = mine.get("pings")["items"]

    def kept() -> Any:
        return dynamodb.get_item(TableName=table_name, Key=pack(ping_key(one["id"])))["Item"]

    before = kept()
    status_code, told = mine.api("POST", f"pings/{one['id']}/retry")
    assert (status_code, told["error"]) == (503, "server-trouble")
    assert "the page is not visited" in told["error_description"]
    answer = mine.submit("/pings", ("retry", one["id"]))
    assert (answer.status, dict(answer.headers)["retry-after"]) == (503, "60")
    assert kept() == before
