"""An owner's word, and taking it back: what acts leave behind, what undo brings back, and how long a session lasts."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest

from desk import Owner, owner, words
from linkback.desk.acts import Done
from linkback.desk.ledger import Ledger
from linkback.desk.sessions import COOKIE, Sessions
from linkback.record import State
from linkback.tokens import Tokens

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Bridge
    from internet import Web

TARGET = "https://example.com/post"
LINK = f'<p>A fine post: <a href="{TARGET}">this</a>.</p>'
DAY = 86_400


@pytest.fixture
def first(make_bridge: Callable[..., Bridge]) -> Bridge:
    """As deployed by default: the first mention of each host waits."""
    return make_bridge(MODERATION="first")


@pytest.fixture
def me(first: Bridge, dynamodb: Any, table_name: str) -> Owner:
    found = owner(first, dynamodb, table_name)
    found.sign_in()
    return found


@pytest.fixture
def waiting(first: Bridge, internet: Web) -> list[str]:
    """The addresses of three pages of one host, whose mentions wait."""
    sources = [internet.put(f"/{number}", LINK) for number in range(3)]
    for source in sources:
        assert first.fate(source, TARGET)["status"] == "held"
    return sources


@pytest.fixture
def host(internet: Web) -> str:
    """What an owner calls the host of these pages."""
    return internet.origin.partition("://")[2]


@pytest.fixture
def sessions(dynamodb: Any, table_name: str) -> Sessions:
    return Sessions(Ledger(dynamodb, table_name), Tokens(dynamodb, table_name))


def claims(me: Owner, state: str = "held") -> list[str]:
    return [item["id"] for item in me.queue(state)]


def rules(me: Owner) -> list[tuple[str, str, str]]:
    return [(one["kind"], one["value"], one["action"]) for one in me.get("rules")["items"]]


def known(me: Owner) -> list[tuple[str, str]]:
    return [(one["value"], one["action"]) for one in me.get("hosts")["items"]]


def press(me: Owner, act: str, *ticked: str) -> None:
    """Press a button that does it."""
    answer = me.submit("/mentions", ("do", act), *[("id", claim) for claim in ticked])
    assert answer.status == 303, answer.body


def undo(me: Owner) -> None:
    answer = me.submit("/undo")
    assert answer.status == 303, answer.body


# Rules and marks that go with it


@pytest.mark.usefixtures("waiting")
@pytest.mark.parametrize("before", ["allow", "hold", "block"])
@pytest.mark.parametrize("act", ["approve", "spam"])
def test_undo_leaves_the_rule_that_was_there_before(me: Owner, host: str, act: str, before: str) -> None:
    rule = {"kind": "host", "value": host, "action": before}
    assert me.api("POST", "rules", rule)[0] == 200
    press(me, f"{act} host {claims(me)[0]}")
    assert rules(me) == [("host", host, {"approve": "allow", "spam": "block"}[act])]
    undo(me)
    assert rules(me) == [("host", host, before)]
    assert known(me) == []
    assert len(claims(me)) == 3


@pytest.mark.usefixtures("waiting")
def test_the_host_of_what_is_called_spam_is_known_no_more_until_that_is_undone(
    me: Owner, first: Bridge, internet: Web, host: str
) -> None:
    approved, second, _ = claims(me)
    press(me, f"approve none {approved}")
    assert known(me) == [(host, "allow")]
    press(me, f"spam none {second}")
    assert known(me) == []
    assert first.fate(internet.put("/next", LINK), TARGET)["status"] == "held"
    undo(me)
    assert known(me) == [(host, "allow")]
    assert first.fate(internet.put("/last", LINK), TARGET)["status"] == "published"


@pytest.mark.usefixtures("waiting")
@pytest.mark.parametrize("scope", ["none", "host"])
def test_two_of_one_host_are_approved_at_once_and_after_undo_it_is_not_known(
    me: Owner, first: Bridge, internet: Web, host: str, scope: str
) -> None:
    press(me, f"approve {scope}", *claims(me)[:2])
    assert known(me) == [(host, "allow")]
    undo(me)
    assert (known(me), rules(me), len(claims(me))) == ([], [], 3)
    assert first.fate(internet.put("/next", LINK), TARGET)["status"] == "held"


@pytest.mark.usefixtures("waiting")
def test_of_whom_its_owner_knows_already_an_approval_says_nothing_more(me: Owner, host: str) -> None:
    one, other, _ = claims(me)
    assert [rule["kind"] for rule in me.act(one, "approve")["rules"]] == ["known-host"]
    assert me.act(other, "approve")["rules"] == []
    assert known(me) == [(host, "allow")]


@pytest.mark.usefixtures("waiting")
def test_undo_leaves_a_rule_that_was_changed_since(me: Owner, host: str) -> None:
    press(me, f"approve host {claims(me)[0]}")
    rule = {"kind": "host", "value": host, "action": "hold", "replace": True}
    assert me.api("POST", "rules", rule)[0] == 200
    undo(me)
    assert rules(me) == [("host", host, "hold")]
    assert len(claims(me)) == 3


def test_after_undo_a_mention_waits_no_longer_than_before_its_owner_held_it(
    me: Owner, first: Bridge, waiting: list[str], host: str
) -> None:
    claim = claims(me)[0]
    [source] = [item["wm-source"] for item in me.queue() if item["id"] == claim]
    press(me, f"hold none {claim}")
    undo(me)
    me.api("POST", "rules", {"kind": "host", "value": host, "action": "allow"})
    assert source in waiting
    assert first.fate(source, TARGET)["status"] == "published"


@pytest.mark.usefixtures("waiting")
def test_what_its_owner_held_waits_for_him_again_once_its_approval_is_undone(
    me: Owner, first: Bridge, host: str
) -> None:
    item = me.queue()[0]
    press(me, f"hold none {item['id']}")
    press(me, f"approve none {item['id']}")
    undo(me)
    me.api("POST", "rules", {"kind": "host", "value": host, "action": "allow"})
    assert first.fate(item["wm-source"], TARGET)["status"] == "held"


@pytest.mark.usefixtures("waiting")
def test_two_acts_are_undone_the_last_one_first(me: Owner, first: Bridge) -> None:
    one, other, third = claims(me)
    press(me, f"approve none {one}")
    press(me, f"spam none {other}")
    undo(me)
    assert (claims(me), claims(me, "public"), claims(me, "spam")) == ([other, third], [one], [])
    undo(me)
    assert sorted(claims(me)) == sorted([one, other, third])
    assert first.children() == []
    assert me.submit("/undo").status == 409


# The gone and the deleted


def test_the_gone_cannot_be_held(me: Owner, first: Bridge, waiting: list[str], internet: Web) -> None:
    press(me, "approve none", *claims(me))
    internet.put("/0", "<p>no more</p>")
    assert first.fate(waiting[0], TARGET)["status"] == "hidden"
    [claim] = claims(me, "gone")
    status, told = me.api("POST", f"mentions/{claim}", {"action": "hold"})
    assert (status, told["error"]) == (409, "gone")
    assert claims(me, "gone") == [claim]


def told_with_words(first: Bridge, source: str) -> None:
    first.trackback(TARGET, url=source, title="Cheap watches")
    first.work()


def places_of_words(dynamodb: Any, table_name: str) -> set[str]:
    """The sort keys of what in the table still has the page's words, or its sender's."""
    items = dynamodb.scan(TableName=table_name)["Items"]
    return {item["sk"]["S"] for item in items if "fine post" in str(item) or "Cheap watches" in str(item)}


def test_what_was_deleted_twice_comes_back_with_its_words(me: Owner, first: Bridge, internet: Web) -> None:
    told_with_words(first, internet.put("/tb", LINK))
    [claim] = claims(me)
    for _ in range(2):
        me.act(claim, "delete")
    me.act(claim, "approve")
    assert first.children()[0]["content"]["text"] == "A fine post: this."
    [item] = me.queue("public")
    assert (item["claimed"], item["sentence"]) == ({"title": "Cheap watches"}, "A fine post: this.")
    assert "claim-differs" in {signal["name"] for signal in item["signals"]}


def test_after_undo_of_an_approval_the_deleted_has_no_words_again(
    me: Owner, first: Bridge, internet: Web, dynamodb: Any, table_name: str
) -> None:
    told_with_words(first, internet.put("/tb", LINK))
    [claim] = claims(me)
    me.act(claim, "delete")
    assert places_of_words(dynamodb, table_name) == {f"UNDO#{claim}"}
    press(me, f"approve none {claim}")
    assert len(first.children()) == 1
    undo(me)
    assert first.children() == []
    assert places_of_words(dynamodb, table_name) == {f"UNDO#{claim}"}


def test_what_was_erased_is_approved_only_once_its_page_was_read_anew(
    me: Owner, first: Bridge, internet: Web, dynamodb: Any, table_name: str
) -> None:
    source = internet.put("/erased", LINK)
    first.fate(source, TARGET)
    [claim] = claims(me)
    me.act(claim, "delete")
    [kept] = [item for item in dynamodb.scan(TableName=table_name)["Items"] if item["sk"]["S"] == f"UNDO#{claim}"]
    dynamodb.put_item(TableName=table_name, Item=kept | {"expires": {"N": str(int(time.time()) - 1)}})
    status, told = me.api("POST", f"mentions/{claim}", {"action": "approve"})
    assert (status, told["error"]) == (409, "erased")
    assert "hold it, try its ping again, then approve it" in told["error_description"]
    assert first.children() == []
    me.act(claim, "hold")
    [ping] = me.get("pings")["items"]
    assert me.api("POST", f"pings/{ping['id']}/retry")[0] == 200
    first.work()
    assert [item["content"]["text"] for item in me.queue()] == ["A fine post: this."]
    me.act(claim, "approve")
    assert [child["content"]["text"] for child in first.children()] == ["A fine post: this."]


# Sessions


def test_a_session_ends_after_its_thirty_days_though_the_table_still_has_it(
    me: Owner, sessions: Sessions, dynamodb: Any, table_name: str
) -> None:
    [one] = Tokens(dynamodb, table_name).all()
    value = sessions.open(one, 1_000_000.0)
    session = sessions.read(f"{COOKIE}={value}", 1_000_000.0 + 30 * DAY - 1)
    assert session is not None
    kept = Ledger(dynamodb, table_name).get({"pk": f"SESSION#{session.key}", "sk": "SESSION"})
    assert kept is not None
    assert kept["expires"] == 1_000_000 + 30 * DAY
    assert sessions.read(f"{COOKIE}={value}", 1_000_000.0 + 30 * DAY + 1) is None
    assert me.open().status == 200  # the other one goes on


def test_what_was_done_is_undone_for_a_day_and_no_longer(
    me: Owner, sessions: Sessions, dynamodb: Any, table_name: str
) -> None:
    session = sessions.read(me.cookie, time.time())
    assert session is not None
    done = [Done("x" * 22, "example.com", "https://blog.example/", State.HELD, State.PUBLIC, 0)]
    sessions.remember(session, done, 1_000_000.0)
    last = sessions.last(session, 1_000_000.0 + DAY - 1)
    assert last is not None
    assert last.done == done
    kept = Ledger(dynamodb, table_name).get(last.key)
    assert kept is not None
    assert kept["expires"] == 1_000_000 + DAY
    assert sessions.last(session, 1_000_000.0 + DAY + 1) is None
    assert "nothing to undo" in words(me.submit("/undo").body.decode())


def test_a_browser_keeps_the_cookie_for_as_long_as_the_session_and_drops_it_at_sign_out(me: Owner) -> None:
    for answer, age in ((me.sign_in(), 30 * DAY), (me.submit("/sign-out"), 0)):
        value, *flags = [part.strip() for part in dict(answer.headers)["set-cookie"].split(";")]
        assert f"Max-Age={age}" in flags
        assert {"Path=/", "Secure", "HttpOnly", "SameSite=Strict"} <= set(flags)
        assert (value == f"{COOKIE}=") is (age == 0)
