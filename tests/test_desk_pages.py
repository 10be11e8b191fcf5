"""The desk in a browser's place: signing in, forms, what is refused, and what strangers write on it."""

from __future__ import annotations

import re
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import pytest

from desk import FORM, Owner, owner, words
from linkback.mention import Author, Mention, Relation
from linkback.record import State
from linkback.signals import Signal, to_json
from linkback.tokens import Tokens
from xss import ADDRESSES, EVIL, MARKUP, WORDS, assert_harmless

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Bridge
    from internet import Web
    from linkback.table import Table
    from shelf import Shelf

TARGET = "https://example.com/post"
LINK = f'<p>A fine post: <a href="{TARGET}">this</a>.</p>'


@pytest.fixture
def first(make_bridge: Callable[..., Bridge]) -> Bridge:
    return make_bridge(MODERATION="first", SITES="example.com,example.org")


@pytest.fixture
def me(first: Bridge, dynamodb: Any, table_name: str) -> Owner:
    found = owner(first, dynamodb, table_name)
    found.sign_in()
    return found


@pytest.fixture
def waiting(first: Bridge, internet: Web) -> None:
    """Three mentions wait, from one host."""
    for number in range(3):
        first.fate(internet.put(f"/{number}", LINK), TARGET)


def claims(me: Owner) -> list[str]:
    return [item["id"] for item in me.queue()]


# Signing in and out


def test_a_token_opens_a_session_whose_cookie_no_script_and_no_other_site_can_use(me: Owner) -> None:
    told = dict(me.sign_in().headers)
    assert told["location"].endswith("/dashboard")
    name, *flags = [part.strip() for part in told["set-cookie"].split(";")]
    assert re.fullmatch(r"__Host-linkback=[A-Za-z0-9_-]{43}", name)
    assert {"Path=/", "Secure", "HttpOnly", "SameSite=Strict"} <= set(flags)
    assert me.open().status == 200
    assert me.token not in me.page()


def test_each_page_forbids_what_it_does_not_need(me: Owner) -> None:
    headers = dict(me.open().headers)
    policy = dict(part.strip().split(" ", 1) for part in headers["content-security-policy"].split(";"))
    assert (policy["default-src"], policy["frame-ancestors"], policy["base-uri"]) == ("'none'",) * 3
    assert policy["script-src"] == "http://bridge.example/dashboard/desk.js"
    assert policy["style-src"] == "http://bridge.example/dashboard/desk.css"
    assert headers["cache-control"] == "no-store"
    for place in ("", "/pings", "/rules", "/tokens"):
        page = me.page(place)
        assert not re.search(r"<script(?! src=)|<style|\son[a-z]+=|style=", page), place


@pytest.mark.parametrize("token", ["", "wrong", "x" * 100_000, "\x00", "é"])
def test_a_wrong_token_is_told_so_and_opens_nothing(first: Bridge, token: str) -> None:
    body = urlencode({"token": token}).encode()
    answer = first.call("POST", "/dashboard/sign-in", body, content_type=FORM)
    assert answer.status == 401
    assert "not a token of this bridge" in words(answer.body.decode())
    assert "set-cookie" not in dict(answer.headers)


def test_guessing_at_sign_in_is_told_to_wait(first: Bridge, me: Owner) -> None:
    statuses = [
        first.call("POST", "/dashboard/sign-in", f"token={n}".encode(), content_type=FORM).status for n in range(11)
    ]
    assert statuses == [401] * 10 + [429]
    assert me.open().status == 200  # who is signed in already goes on


def test_signing_out_ends_the_session_for_every_copy_of_its_cookie(me: Owner) -> None:
    assert me.submit("/sign-out").status == 303
    assert "Your token" in words(me.page())
    assert me.submit("/rules", ("kind", "host"), ("value", "a.example"), ("action", "block")).status == 403


def test_taking_a_token_back_signs_out_who_came_in_with_it(me: Owner, dynamodb: Any, table_name: str) -> None:
    tokens = Tokens(dynamodb, table_name)
    tokens.revoke(tokens.all()[0].name)
    assert "Your token" in words(me.page())


@pytest.mark.parametrize(
    "spoilt",
    [
        "__Host-linkback=",
        "__Host-linkback=x",
        "__Host-linkback=" + "A" * 43,
        "{0}x",
        "{0}; {0}",
        "linkback={1}",
        "__Host-linkback=" + "é" * 43,
        "x" * 100_000,
    ],
)
def test_a_tampered_cookie_is_nobodys(me: Owner, spoilt: str) -> None:
    good = me.cookie
    me.cookie = spoilt.format(good, good.partition("=")[2])
    assert "Your token" in words(me.page())
    assert me.submit("/mentions", ("do", "spam none"), ("id", "x" * 22)).status == 403


# Forms


@pytest.mark.usefixtures("waiting")
def test_a_form_without_this_sessions_csrf_token_changes_nothing(
    me: Owner, first: Bridge, dynamodb: Any, table_name: str
) -> None:
    other = owner(first, dynamodb, table_name)
    other.sign_in()
    claim, good = claims(me)[0], me.csrf
    for csrf in ("", "x", other.csrf, good[:-1], good + "0", good.upper() if good != good.upper() else "-"):
        me.csrf = csrf
        answer = me.submit("/mentions", ("do", f"approve none {claim}"))
        assert answer.status == 403
        assert "nothing was changed" in words(answer.body.decode())
    assert len(claims(me)) == 3


@pytest.mark.usefixtures("waiting")
def test_a_form_from_another_site_changes_nothing(me: Owner) -> None:
    claim = claims(me)[0]
    for site in ("cross-site", "same-site"):
        assert me.submit("/mentions", ("do", f"approve none {claim}"), sec_fetch_site=site).status == 403
    assert len(claims(me)) == 3


@pytest.mark.usefixtures("waiting")
def test_reading_changes_nothing(me: Owner, dynamodb: Any, table_name: str) -> None:
    def table() -> list[Any]:
        items = dynamodb.scan(TableName=table_name)["Items"]
        return sorted(str(sorted(item.items())) for item in items)

    claim, before = claims(me)[0], table()
    for place in (
        f"?do=approve+none+{claim}&csrf={me.csrf}", f"/mentions?do=approve+none+{claim}&csrf={me.csrf}",
        "/sign-out", "/undo", "/rules?kind=host&value=a.example&action=block", "/tokens?name=x", "/pings?retry=x",
    ):  # fmt: skip
        me.open(place)
    assert table() == before


@pytest.mark.usefixtures("waiting")
def test_one_is_approved_is_in_the_feed_and_is_put_back_by_undo(me: Owner, first: Bridge) -> None:
    claim = claims(me)[0]
    answer = me.submit("/mentions", ("do", f"approve none {claim}"), ("state", "held"))
    assert (answer.status, dict(answer.headers)["location"]) == (303, "http://bridge.example/dashboard?state=held")
    assert len(first.children()) == 1
    assert "Approved: http" in words(me.page())
    me.submit("/sign-out")
    me.sign_in()  # which loses nothing
    answer = me.submit("/undo")
    assert (answer.status, dict(answer.headers)["location"][-12:]) == (303, "?done=undone")
    assert "Undone" in words(me.page("?done=undone"))
    assert first.children() == []
    assert len(claims(me)) == 3
    assert me.get("hosts")["items"] == []  # nor is its host known
    answer = me.submit("/undo")
    assert (answer.status, "nothing to undo" in words(answer.body.decode())) == (409, True)


@pytest.mark.usefixtures("waiting")
def test_many_are_ticked_and_undone_together(me: Owner) -> None:
    ticked = [("id", claim) for claim in claims(me)]
    assert me.submit("/mentions", ("do", "delete none"), *ticked).status == 303
    assert claims(me) == []
    assert me.submit("/undo").status == 303
    assert {item["content"]["text"] for item in me.queue()} == {"A fine post: this."}


@pytest.mark.usefixtures("waiting")
def test_blocking_a_host_clears_the_queue_of_it_and_undo_brings_all_back(
    me: Owner, first: Bridge, internet: Web
) -> None:
    other = internet.put("/other", LINK).replace("127.0.0.1", "localhost")
    first.fate(other, TARGET)
    mine = next(item["id"] for item in me.queue() if "127.0.0.1" in item["wm-source"])
    assert me.submit("/mentions", ("do", f"spam host {mine}")).status == 303
    assert [item["wm-source"] for item in me.queue()] == [other]
    assert len(me.queue("spam")) == 3
    assert [rule["action"] for rule in me.get("rules")["items"]] == ["block"]
    assert me.submit("/undo").status == 303
    assert len(me.queue()) == 4
    assert me.get("rules")["items"] == []


@pytest.mark.usefixtures("waiting")
def test_undo_does_not_overwrite_what_was_decided_since(me: Owner) -> None:
    claim = claims(me)[0]
    me.submit("/mentions", ("do", f"approve none {claim}"))
    me.act(claim, "spam")
    answer = me.submit("/undo")
    assert (answer.status, "called spam" in words(answer.body.decode())) == (409, True)
    assert [item["id"] for item in me.queue("spam")] == [claim]


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ([("do", "approve none")], "Tick the mentions first"),
        ([("do", "publish none x")], "This button is unknown"),
        ([("do", "approve everybody x")], "This button is unknown"),
        ([], "This button is unknown"),
        ([("do", "spam none"), *[("id", f"{n:022}") for n in range(1000)]], "too many"),
        ([("do", "spam none"), *[("id", "x") for n in range(2500)]], "too many fields"),
        ([("do", "spam none"), ("id", "x")], "There is no mention x"),
        ([("do", f"spam none {EVIL}<script>")], "There is no mention"),
    ],
)
@pytest.mark.usefixtures("waiting")
def test_a_button_that_cannot_be_meant_is_refused_with_a_sentence(
    me: Owner, fields: list[tuple[str, str]], told: str
) -> None:
    answer = me.submit("/mentions", *fields)
    assert answer.status in (400, 404)
    assert told in words(answer.body.decode())
    assert len(claims(me)) == 3


@pytest.mark.usefixtures("waiting")
def test_a_script_is_answered_in_json_and_told_of_each(me: Owner) -> None:
    claim = claims(me)[0]
    answer = me.submit("/mentions", ("do", f"spam none {claim}"), accept="application/json")
    assert (answer.status, claim in answer.body.decode()) == (200, True)
    answer = me.submit("/mentions", ("do", "spam none nothing"), accept="application/json")
    assert (answer.status, b"unknown-mention" in answer.body) == (404, True)


# What is listed


def test_the_likely_ham_is_first_and_the_newest_of_it(me: Owner, shelf: Shelf) -> None:
    for number, doubt in enumerate((2, 0, 1, 0, 2, 1)):
        record = replace(shelf.record(number, state=State.HELD), doubt=doubt)
        shelf.table.save(None, record, shelf.at(number))
    order = [item["wm-source"].rpartition("/")[2] for item in me.queue()]
    assert order == ["3", "1", "5", "2", "4", "0"]


def test_a_long_queue_is_paged_without_losing_or_repeating_any(me: Owner, shelf: Shelf) -> None:
    for number in range(120):
        record = replace(shelf.record(number, state=State.HELD), doubt=number % 3)
        shelf.table.save(None, record, shelf.at(number))
    seen, place = list[str](), ""
    while True:
        page = me.page(place)
        seen += re.findall(r'id="m-([^"]+)"', page)
        following = re.search(r'rel="next" href="/dashboard([^"]+)"', page)
        if not following:
            break
        place = following[1].replace("&amp;", "&")
    assert len(seen) == len(set(seen)) == 120


def test_a_search_looks_into_addresses_authors_and_words(me: Owner, shelf: Shelf) -> None:
    shelf.put(1, state=State.HELD, text="Of tomatoes", author=Author("Ada", "", "https://ada.example/"))
    shelf.put(2, state=State.HELD, text="Of potatoes")
    for query, found in (("TOMATOES", 1), ("of", 2), ("ada", 1), ("of ada", 1), ("net/2", 1), ("nobody", 0)):
        assert len(re.findall('class="mention"', me.page(f"?{urlencode({'q': query})}"))) == found, query
    assert "has these words" in words(me.page("?q=nobody"))


def test_the_log_tells_why_and_what_was_found_instead_and_a_button_visits_again(
    me: Owner, first: Bridge, internet: Web
) -> None:
    source = internet.put("/late", '<a href="https://example.com/another">another</a>')
    first.fate(source, TARGET)
    page = me.page("/pings?status=declined")
    assert "https://example.com/another" in words(page)
    assert "check that the link leads to this very page" in words(page)
    internet.put("/late", LINK)
    [ping] = re.findall(r'name="retry" value="([^"]+)"', page)
    assert me.submit("/pings", ("retry", ping)).status == 303
    first.work()
    assert len(claims(me)) == 1


def test_rules_are_added_and_taken_back_on_their_page(me: Owner) -> None:
    fields = [("kind", "host"), ("value", "spam.example"), ("action", "block"), ("site", "example.com")]
    assert me.submit("/rules", *fields).status == 303
    assert 'value="host spam.example"' in me.page("/rules")
    answer = me.submit("/rules", *fields[:2], ("action", "allow"), ("site", "example.com"))
    assert (answer.status, "says block" in words(answer.body.decode())) == (409, True)
    assert me.submit("/rules", ("remove", "host spam.example"), ("site", "example.com")).status == 303
    assert "There are none" in words(me.page("/rules"))


def test_a_token_is_shown_once_and_revoked(me: Owner, first: Bridge) -> None:
    answer = me.submit("/tokens", ("name", "phone"))
    [token] = re.findall(r'id="new">(lb_[^<]+)<', answer.body.decode())
    assert token not in me.page("/tokens")
    assert first.call("GET", "/moderation/rules", authorization=f"Bearer {token}").status == 200
    assert me.submit("/tokens", ("revoke", "phone")).status == 303
    assert first.call("GET", "/moderation/rules", authorization=f"Bearer {token}").status == 401


def test_whoever_has_a_token_for_one_site_makes_and_sees_no_wider_one(
    first: Bridge, me: Owner, dynamodb: Any, table_name: str
) -> None:
    narrow = owner(first, dynamodb, table_name, "example.org")
    narrow.sign_in()
    page = narrow.page("/tokens")
    assert "all sites" not in page
    [wide] = [one.name for one in Tokens(dynamodb, table_name).all() if not one.sites]
    assert narrow.submit("/tokens", ("revoke", wide)).status == 400
    narrow.submit("/tokens", ("name", "mine"))
    [made] = [one for one in Tokens(dynamodb, table_name).all() if one.name == "mine"]
    assert made.sites == ("example.org",)
    assert me.open("/tokens").status == 200


# What strangers write


# What the desk's own markup is made of, beside what a mention may have.
OURS: dict[str, set[str]] = {
    "a": {"href", "rel", "target", "aria-current"},
    "input": {"type", "name", "value", "id", "placeholder", "aria-label", "required", "maxlength", "autofocus"}
    | {"autocomplete", "spellcheck"},
    "form": {"method", "action", "class", "id", "role"},
    "button": {"name", "value", "data-key", "class"},
    "article": {"class", "id", "tabindex", "aria-labelledby"},
    "h2": {"id"},
    "p": {"class", "role"},
    "ul": {"class", "aria-label"},
    "li": {"class"},
    "time": {"datetime"},
    "div": {"class", "id", "role", "aria-live"},
    "span": {"id", "class"},
    "label": {"for", "class"},
    "select": {"name"},
    "option": {"value", "selected"},
    "link": {"rel", "href"},
    "script": {"src", "defer"},
    "meta": {"charset", "name", "content"},
    "html": {"lang"},
    "details": {"class"},
    **{
        tag: set[str]()
        for tag in "head title body header main nav small summary kbd dl dt dd blockquote h1 mark".split()
    },
}


@pytest.mark.parametrize("evil", [*MARKUP, *WORDS, *ADDRESSES])
def test_nothing_that_a_stranger_wrote_acts_on_the_desk(me: Owner, table: Table, shelf: Shelf, evil: str) -> None:
    """In every field of a mention, a ping and what its sender claimed; as the table may have it, whoever wrote it."""
    seen = Mention(
        Relation.REPLY, f"https://a.example/?{evil}", Author(evil, evil, evil), evil, evil, evil, evil, evil, (evil,)
    )
    record = replace(
        shelf.record(1, state=State.HELD),
        seen=seen.to_json(), sentence=evil, claimed=f'{{"title": "{EVIL}", "excerpt": "<script>{EVIL}</script>"}}',
        signals=to_json((Signal(evil, evil, 2),)), source="https://blog.example.net/1", received=evil,
    )  # fmt: skip
    table.save(None, record, time.time())
    me.submit("/mentions", ("do", "spam none"), ("id", evil))
    pages = [me.page(), me.page(f"?{urlencode({'q': evil})}"), me.page("?state=spam")]
    refused = me.submit("/mentions", ("do", f"spam none {evil}")).body.decode()
    for page in (*pages, refused):
        assert_harmless(page, OURS)
    assert 'id="m-' in pages[0]
