"""What strangers try against an owner's word: to be let in, to get others blocked, to bring back what was hidden."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from desk import Owner, owner, words
from linkback import web
from linkback.ping import Ping, Protocol, Status
from linkback.policy import Moderation, Policy, SelfMentions
from linkback.record import State
from linkback.site import Sites
from linkback.visit import Visitor
from linkback_cli import permits

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Bridge, Call
    from internet import Web
    from linkback.table import Table

TARGET = "https://example.com/post"
LINK = f'<p>A fine post: <a href="{TARGET}">this</a>.</p>'
TEXT = f'<p>A text of some more letters than anybody would write twice by chance, on <a href="{TARGET}">this</a>.</p>'
ALICE = "https://mastodon.social/@alice"


def card(author: str) -> str:
    """An entry whose page names this author."""
    by = f'<a class="p-author h-card" href="{author}">A</a>'
    return f"<article class=h-entry>{by}<div class=e-content>{LINK}</div></article>"


def at(source: str, host: str) -> str:
    """The same page under another host's name."""
    return source.replace("127.0.0.1", host)


@pytest.fixture
def first(make_bridge: Callable[..., Bridge]) -> Bridge:
    """Every name is this machine."""
    return make_bridge(resolve=lambda _: ("127.0.0.1",), MODERATION="first")


@pytest.fixture
def me(first: Bridge, dynamodb: Any, table_name: str) -> Owner:
    found = owner(first, dynamodb, table_name)
    found.sign_in()
    return found


def claim(me: Owner, part: str) -> str:
    """The claim that waits from a source with these words in its address."""
    return next(str(item["id"]) for item in me.queue() if part in item["wm-source"])


def public(first: Bridge) -> list[str]:
    return [child["wm-source"] for child in first.children()]


# Authors


def test_a_page_that_only_names_a_trusted_author_is_not_approved_along(me: Owner, first: Bridge, internet: Web) -> None:
    good, evil = (
        at(internet.put(f"/{name}", card(ALICE)), host) for name, host in (("g", "brid.gy"), ("e", "evil.example"))
    )
    for source in (good, evil):
        first.fate(source, TARGET)
    assert me.submit("/mentions", ("do", f"approve author {claim(me, 'brid.gy')}")).status == 303
    assert public(first) == [good]
    assert first.fate(at(internet.put("/e2", card(ALICE)), "evil.example"), TARGET)["status"] == "held"
    assert {known["value"] for known in me.get("hosts")["items"]} == {"mastodon.social/@alice"}


@pytest.mark.parametrize("host", ["granary.io", "web.archive.org", "telegra.ph", "sites.google.com", "pastebin.com"])
def test_a_host_whose_pages_are_whatever_anybody_writes_vouches_for_nobody(
    me: Owner, first: Bridge, internet: Web, host: str
) -> None:
    first.fate(at(internet.put("/good", card(ALICE)), "brid.gy"), TARGET)
    me.act(claim(me, "brid.gy"), "approve", trust="author")
    evil = at(internet.put("/evil", card(ALICE)), host)
    assert first.fate(evil, TARGET)["status"] == "held"
    status, told = me.api("POST", f"mentions/{claim(me, '/evil')}", {"action": "spam", "trust": "author"})
    assert (status, told["error"]) == (400, "author-elsewhere")
    assert [rule["action"] for rule in me.get("rules")["items"]] == ["allow"]


def test_on_a_host_of_many_whoever_writes_below_his_own_address_is_known(
    me: Owner, first: Bridge, internet: Web
) -> None:
    bob = at(internet.put("/@bob/1", ""), "elsewhere.example").removesuffix("/1")
    for number in (1, 2):
        internet.put(f"/@bob/{number}", card(bob))
    internet.put("/@eve/1", card(bob))
    assert first.fate(f"{bob}/1", TARGET)["status"] == "held"
    me.act(claim(me, "/@bob/1"), "approve")
    assert first.fate(f"{bob}/2", TARGET)["status"] == "published"
    assert first.fate(bob.replace("@bob", "@eve/1"), TARGET)["status"] == "held"
    assert me.api("POST", f"mentions/{claim(me, '/@eve')}", {"action": "spam", "trust": "host"})[0] == 400


# Rules


def test_what_a_more_specific_rule_holds_is_not_approved_along(me: Owner, first: Bridge, internet: Web) -> None:
    good, held = (at(internet.put(path, LINK), "tilde.example") for path in ("/b/x", "/e/x"))
    me.api("POST", "rules", {"kind": "prefix", "value": held.removesuffix("/x"), "action": "hold"})
    for source in (good, held):
        first.fate(source, TARGET)
    me.submit("/mentions", ("do", f"approve host {claim(me, '/b/')}"))
    assert public(first) == [good]


@pytest.mark.parametrize(
    "path", ["/~bob/..%2F~eve/post", "/~bob/%2e%2e%2f~eve/post", "/~bob/..%5c~eve/post", "/~bob//../~eve"]
)
def test_no_way_of_writing_a_path_is_let_in_by_another_ones_prefix(
    me: Owner, first: Bridge, internet: Web, path: str
) -> None:
    source = at(internet.put(path, LINK), "tilde.example")
    bob = source.partition("/~")[0] + "/~bob/"
    assert me.api("POST", "rules", {"kind": "prefix", "value": bob, "action": "allow"})[0] == 200
    assert first.fate(source, TARGET)["status"] != "published"


@pytest.mark.parametrize("path", ["//~bob/x", "/x/..%2F~bob/x", "/%7Ebob//x", "/~bob%2Fx"])
def test_no_way_of_writing_a_path_passes_a_block(me: Owner, first: Bridge, path: str) -> None:
    me.api("POST", "rules", {"kind": "prefix", "value": "tilde.example/~bob", "action": "block"})
    for start in ("https://tilde.example", "http://www.tilde.example:8080"):
        assert first.webmention(start + path, TARGET).status == 400, start


@pytest.mark.parametrize("host", ["www.xyz", "www.co.uk", "s3.amazonaws.com"])
def test_no_button_writes_a_rule_for_a_whole_suffix(me: Owner, first: Bridge, internet: Web, host: str) -> None:
    first.fate(at(internet.put("/p", LINK), host), TARGET)
    status, told = me.api("POST", f"mentions/{claim(me, '/p')}", {"action": "spam", "trust": "host"})
    assert (status, told["error"]) == (400, "shared-host")
    assert len(me.queue()) == 1


def test_an_ipv6_host_is_blocked_as_it_is_written(me: Owner, first: Bridge) -> None:
    for value in ("[2001:db8::1]", "http://[2001:DB8:0::1]:8080/"):
        assert me.api("POST", "rules", {"kind": "host", "value": value, "action": "block", "replace": True})[0] == 200
    assert first.webmention("http://[2001:db8::1]/x", TARGET).status == 400
    assert first.webmention("http://[2001:db8::2]/x", TARGET).status == 201


def test_a_prefix_with_a_fragment_is_refused(me: Owner) -> None:
    rule = {"kind": "prefix", "value": "https://app.example/#/user/bob", "action": "block"}
    assert me.api("POST", "rules", rule)[0] == 400


# Bringing back


def test_a_hold_outlasts_a_link_that_goes_and_comes(
    make_bridge: Callable[..., Bridge], internet: Web, dynamodb: Any, table_name: str
) -> None:
    bridge = make_bridge(MODERATION="none")
    source, mine = internet.put("/p", LINK), owner(bridge, dynamodb, table_name)
    bridge.fate(source, TARGET)
    mine.act(mine.queue("public")[0]["id"], "hold")
    internet.put("/p", "<p>nothing</p>")
    assert bridge.fate(source, TARGET)["status"] == "hidden"
    internet.put("/p", LINK)
    assert bridge.fate(source, TARGET)["status"] == "held"
    assert bridge.children() == []


def test_undo_takes_back_trust_though_the_page_changed_meanwhile(me: Owner, first: Bridge, internet: Web) -> None:
    source = at(internet.put("/p", LINK), "evil.example")
    first.fate(source, TARGET)
    me.submit("/mentions", ("do", f"approve host {claim(me, '/p')}"))
    internet.put("/p", "<p>nothing</p>")
    first.fate(source, TARGET)
    answer = me.submit("/undo")
    assert (answer.status, "was not put back" in words(answer.body.decode())) == (409, True)
    assert me.get("rules")["items"] == me.get("hosts")["items"] == []
    assert first.fate(at(internet.put("/p2", LINK), "evil.example"), TARGET)["status"] == "held"


# Making it costly, or worse for others


def test_whoever_tells_a_claim_in_a_thousand_spellings_does_not_make_an_act_dear(
    calls: list[Call], me: Owner, first: Bridge, internet: Web
) -> None:
    source = internet.put("/p", LINK)
    first.fate(source, TARGET)
    for number in range(60):
        first.webmention(f"{source}#{number}", TARGET)
    calls.clear()
    me.act(claim(me, "/p"), "approve")
    assert 0 < len(calls) < 45


def test_a_redirect_to_an_honest_page_does_not_make_it_look_copied(me: Owner, first: Bridge, internet: Web) -> None:
    honest = at(internet.put("/honest", TEXT), "honest.example")
    first.fate(at(internet.put("/r", "", 301, location=honest), "evil.example"), TARGET)
    first.fate(honest, TARGET)
    told = {signal["name"] for item in me.queue() if item["wm-source"] == honest for signal in item["signals"]}
    assert told == {"first-seen"} or "same-text" not in told


def test_a_later_telling_does_not_put_words_into_anothers_mouth(me: Owner, first: Bridge, internet: Web) -> None:
    source = internet.put("/honest", TEXT)
    first.trackback(TARGET, url=source, title="", excerpt="A text of some more letters than anybody would write")
    first.work()
    first.trackback(TARGET, url=source, title="BUY PILLS", excerpt="cheap")
    first.work()
    [item] = me.queue()
    assert "claim-differs" not in {signal["name"] for signal in item["signals"]}
    assert "PILLS" not in str(item["claimed"])


def test_what_was_told_with_false_words_stays_told_so(me: Owner, first: Bridge, internet: Web) -> None:
    source = internet.put("/spam", TEXT)
    first.trackback(TARGET, url=source, title="BUY PILLS")
    first.work()
    first.fate(source, TARGET)
    assert "claim-differs" in {signal["name"] for signal in me.queue()[0]["signals"]}


def test_a_neighbour_who_guesses_does_not_lock_the_owner_out(me: Owner, first: Bridge) -> None:
    assert me.api("GET", "rules")[0] == 200
    statuses = [first.call("GET", "/moderation/rules", authorization=f"Bearer {n}").status for n in range(12)]
    assert statuses[-1] == 429
    assert me.api("GET", "rules")[0] == 200


@pytest.mark.parametrize("body", [b'{"kind": "host", "value": "\\ud800", "action": "block"}', b'{"kind": "\\udfff"}'])
def test_half_a_surrogate_pair_is_refused(me: Owner, body: bytes) -> None:
    assert [me.api(method, "rules", body)[0] for method in ("POST", "DELETE")] == [400, 400]


# Telling spam from held


@pytest.mark.parametrize("action", ["spam", "delete", "hold"])
def test_a_sender_is_told_and_visited_the_same_whatever_its_owner_decided(
    me: Owner, first: Bridge, internet: Web, action: str
) -> None:
    source = internet.put("/p", LINK)
    first.fate(source, TARGET)
    me.act(claim(me, "/p"), action)
    told = []
    for number in range(6):
        internet.put("/p", LINK.replace("fine", f"fine {number}"))
        seen = len([one for one in internet.asked if one[1] == "/p"])
        told.append(
            (first.fate(source, TARGET)["status"], len([one for one in internet.asked if one[1] == "/p"]) - seen)
        )
    assert told == [("held", 1)] * 6
    internet.put("/p", "gone", 404)
    assert first.fate(source, TARGET)["status"] == "waiting"


@pytest.mark.parametrize("state", [State.HELD, State.SPAM, State.DELETED])
def test_a_page_that_is_missing_for_a_day_is_told_gone_whatever_its_owner_decided(
    table: Table, internet: Web, state: State
) -> None:
    policy = Policy(Sites(("example.com",)), SelfMentions.REFUSE, Moderation.ALL)
    visitor = Visitor(policy, table, partial(web.get, permit=permits.everything), lambda: 1e9)
    ping = Ping(internet.put("/p", LINK), TARGET, Protocol.WEBMENTION, datetime.now(UTC))
    visitor.visit(ping, "https://bridge.example", 1000.0)
    told = policy.claim(ping)
    record = table.mention(told.page, told.id)
    assert record
    table.save(record, replace(record, state=state), 1e9)
    internet.put("/p", "", 404)
    fates = [visitor.visit(ping, "https://bridge.example", 2000.0 + days * 86_400).status for days in range(2)]
    assert fates == [Status.WAITING, Status.GONE]
