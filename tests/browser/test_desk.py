"""The owner's desk in a real browser: what waits is decided by key, mouse and finger, and each mistake is undone."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from browser.owner import EVIL, OWNER, go, sign_in
from browser.view import PHONE, View
from serving import ask, wait_for

if TYPE_CHECKING:
    from collections.abc import Callable

    from browser.owner import Desk
    from browser.page import Page

pytestmark = pytest.mark.browser

PLAIN = View(scripts=False)
HEADINGS = "#list h2"


def of(name: str, act: str) -> str:
    """The button of the first mention by somebody."""
    return f"article:has([aria-label={f'Tick {name}'!r}]) button[value^={act!r}]"


# Coming and going


def test_a_wrong_token_is_told_in_a_sentence_and_the_right_one_lets_in(visitor: Callable[..., Page]) -> None:
    page = visitor()
    sign_in(page, "wrong")
    assert page.status == 401
    assert page.text("[role=alert]").startswith("This is not a token of this bridge")
    sign_in(page, OWNER)
    assert page.text("h1") == "Waiting (0)"
    assert page.text("#list") == "Nothing waits for you."


def test_who_signs_out_is_out(owner: Callable[..., Page]) -> None:
    page = owner()
    page.follow("nav form[action$='sign-out'] button")
    assert page.text("h1") == "Sign in"
    page.open(page.url + "/rules")
    assert page.text("h1") == "Sign in"


# Deciding


def test_a_mention_is_approved_with_a_key_is_in_the_feed_and_is_taken_back(
    desk: Desk, owner: Callable[..., Page]
) -> None:
    source = desk.mentioned(0, "/reply/", "Ada Quill")
    page = owner()
    assert page.all(HEADINGS) == ["Ada Quill"]
    page.press("a")
    page.wait_for("document.querySelectorAll('.mention').length === 0")
    assert page.text("h1") == "Waiting (0)"
    assert page.text("#did") == f"Last: Approved: {source}."
    assert desk.public() == [source]
    with page.arrives():
        page.press("u")
    assert page.all(HEADINGS) == ["Ada Quill"]
    assert desk.public() == []


def test_keys_go_up_and_down_and_decide_about_the_one_they_stand_on(desk: Desk, owner: Callable[..., Page]) -> None:
    for name in ("Ada", "Bo", "Cy"):
        desk.mentioned(0, f"/{name}/", name)
    page = owner()
    page.press("j", "j", "j", "k")
    assert page.all(".mention.at h2") == ["Bo"]
    page.press("s")
    page.wait_for("document.querySelectorAll('.mention').length === 2")
    assert page.all(HEADINGS) == ["Cy", "Ada"]
    assert page.all(".mention.at h2") == ["Ada"]
    page.press("/")
    page.type("#q", "ads")  # letters in a field are words
    page.press("Escape", "k", "d")
    page.wait_for("document.querySelectorAll('.mention').length === 1")
    go(page, "Spam")
    assert page.all(HEADINGS) == ["Bo"]
    assert desk.public() == []


def test_a_host_is_blocked_with_all_that_waits_of_it(desk: Desk, owner: Callable[..., Page]) -> None:
    for number in range(3):
        desk.mentioned(1, f"/casino-{number}/", "Casino")
    ham = desk.mentioned(0, "/reply/", "Ada")
    page = owner()
    page.click(of("Casino", "spam host"))
    page.wait_for("document.querySelectorAll('.mention').length === 1")
    assert page.all(HEADINGS) == ["Ada"]
    fate = ask(f"{desk.url}/webmention", {"source": f"{desk.blogs[1].origin}/casino-9/", "target": desk.post})
    assert (fate[0], "blocked" in fate[1]) == (400, True)
    go(page, "Rules")
    assert rows(page) == [["host", desk.host(1), "block"]]
    go(page, "Mentions")
    page.follow("#undo button")
    assert page.text("h1") == "Waiting (4)"
    go(page, "Rules")
    assert rows(page) == []
    assert ham not in desk.public()


def test_who_is_trusted_does_not_wait_again(desk: Desk, owner: Callable[..., Page]) -> None:
    first = desk.mentioned(0, "/reply/", "Ada")
    page = owner()
    page.press("t")
    page.wait_for("document.querySelectorAll('.mention').length === 0")
    second = desk.blogs[0].put("/again/", f"<a href={desk.post}>a stool</a>")
    assert desk.told(second)["status"] == "published"
    assert sorted(desk.public()) == sorted([first, second])


def test_many_are_ticked_and_called_spam_at_once(desk: Desk, owner: Callable[..., Page]) -> None:
    for name in ("Ada", "Bo", "Cy"):
        desk.mentioned(0, f"/{name}/", name)
    page = owner()
    for name in ("Ada", "Cy"):
        page.click(f"input[aria-label='Tick {name}']")
    assert page.text("#ticked") == "2 ticked:"
    page.click(".bulk button[value^=spam]")
    page.wait_for("document.querySelectorAll('.mention').length === 1")
    assert page.all(HEADINGS) == ["Bo"]
    assert page.text("#did") == "Last: Called spam: 2 mentions."
    go(page, "Spam")
    assert sorted(page.all(HEADINGS)) == ["Ada", "Cy"]


def test_fifty_pings_of_which_forty_are_spam_are_decided_in_less_than_a_minute(
    desk: Desk, owner: Callable[..., Page]
) -> None:
    for number in range(10):
        desk.mentioned(0, f"/reply-{number}/", f"Ada {number}")
    for number in range(40):
        desk.mentioned(1 + number % 2, f"/casino-{number}/", "Casino")
    page, started, presses = owner(), time.monotonic(), 0
    while names := page.all(".mention.at h2"):
        left = len(page.all(HEADINGS))
        page.press("a" if names[0].startswith("Ada") else "b")
        presses += 1
        page.wait_for(f"document.querySelectorAll('.mention').length < {left}")
    assert presses == 12  # each spammer's host once
    assert time.monotonic() - started < 60
    assert sorted(desk.public()) == sorted(f"{desk.blogs[0].origin}/reply-{number}/" for number in range(10))


def test_what_strangers_wrote_is_shown_as_words(desk: Desk, owner: Callable[..., Page]) -> None:
    desk.mentioned(0, "/evil/", f"Ada {EVIL}", EVIL)
    desk.trackback(1, "/tracks/", title=EVIL, excerpt=f"Excerpt {EVIL}", blog_name="A blog")
    page = wait_for(lambda: (opened := owner()).all(".claimed") and opened)
    assert page.evaluate("document.title") == "Waiting (2) - Linkback"
    assert f"Ada {EVIL}" in page.all(HEADINGS)
    assert EVIL in page.text("blockquote, .excerpt")
    assert f"Excerpt {EVIL}" in page.text(".claimed")


def test_words_are_searched_for(desk: Desk, owner: Callable[..., Page]) -> None:
    desk.mentioned(0, "/reply/", "Ada Quill")
    desk.mentioned(1, "/other/", "Bo Fern", "Not so about")
    page = owner()
    page.press("/")
    for letter in "quill":
        page.press(letter)
    with page.arrives():
        page.press("Enter")
    assert page.all(HEADINGS) == ["Ada Quill"]
    page.open(f"{desk.url}/dashboard?q=nowhere")
    assert page.text("#list") == "Nothing here has these words."


# Rules, tokens, the log


def rows(page: Page) -> list[list[str]]:
    """The rules that are listed, and who is known: kind, value, action."""
    return [row.split()[:3] for row in page.all("tbody tr")]


def add_rule(page: Page, value: str, action: str) -> None:
    page.type("form.add input[name=value]", value)
    page.evaluate(f"document.querySelector('select[name=action]').value = {action!r}")
    page.follow("form.add button")


def test_a_rule_is_added_and_taken_back_and_does_not_contradict_another(desk: Desk, owner: Callable[..., Page]) -> None:
    page = owner()
    go(page, "Rules")
    add_rule(page, "https://spam.example/", "block")
    assert rows(page) == [["host", "spam.example", "block"]]
    add_rule(page, "spam.example", "allow")
    assert page.status == 409
    assert "There is a rule for host spam.example that says block" in page.text("[role=alert]")
    page.open(f"{desk.url}/dashboard/rules")
    page.follow("button[name=remove]")
    assert rows(page) == []


def test_a_token_is_made_shown_once_used_and_revoked(owner: Callable[..., Page], visitor: Callable[..., Page]) -> None:
    page, guest = owner(), visitor()
    go(page, "Tokens")
    page.type("input[name=name]", "laptop")
    page.follow("form.add button")
    token = page.text("#new")
    go(page, "Tokens")
    assert token not in page.text()
    sign_in(guest, token)
    assert guest.text("h1") == "Waiting (0)"
    page.follow("button[value=laptop]")
    assert "laptop" not in page.text("tbody")
    go(guest, "Rules")
    assert guest.text("h1") == "Sign in"


def test_the_log_says_why_a_ping_was_declined_and_it_is_tried_again(desk: Desk, owner: Callable[..., Page]) -> None:
    other = f"{desk.site.origin}/table/"
    source = desk.blogs[0].put("/reply/", f"<p>I have read of <a href={other}>a table</a>.")
    assert desk.told(source)["reason"] == "no-link"
    page = owner()
    go(page, "Pings")
    attempt = page.text(".attempt")
    assert [word in attempt for word in ("declined", "no-link", source, desk.post)] == [True] * 4
    assert page.all(".attempt li") == [other]
    desk.blogs[0].put("/reply/", f"<p>I have read of <a href={desk.post}>a stool</a>.")
    page.follow("button[name=retry]")

    def status() -> bool:
        page.open(f"{desk.url}/dashboard/pings")
        return page.text(".attempt .status") == "held"

    wait_for(status)
    go(page, "Mentions")
    assert page.text("h1") == "Waiting (1)"


# Without scripts, on a phone


def test_all_of_it_works_without_scripts(desk: Desk, owner: Callable[..., Page]) -> None:
    for name in ("Ada", "Bo", "Cy"):
        desk.mentioned(0, f"/{name}/", name)
    page = owner(PLAIN)
    page.follow(of("Ada", "approve none"))
    assert page.all(HEADINGS) == ["Cy", "Bo"]
    assert desk.public() == [f"{desk.blogs[0].origin}/Ada/"]
    page.follow("#undo button")
    assert page.all(HEADINGS) == ["Ada", "Cy", "Bo"]
    assert desk.public() == []
    for name in ("Ada", "Bo"):
        page.click(f"input[aria-label='Tick {name}']")
    page.follow(".bulk button[value^=spam]")
    assert page.all(HEADINGS) == ["Cy"]
    page.type("#q", "nowhere")
    with page.arrives():
        page.press("Enter")
    assert page.text("#list") == "Nothing here has these words."
    page.open(f"{desk.url}/dashboard")
    page.follow(of("Cy", "spam host"))
    go(page, "Rules")
    assert page.all("tbody td:nth-child(2)") == [desk.host(0)]
    page.follow("button[name=remove]")
    page.follow("nav form[action$='sign-out'] button")
    assert page.text("h1") == "Sign in"


def test_a_mention_is_approved_with_a_finger(desk: Desk, owner: Callable[..., Page]) -> None:
    source = desk.mentioned(0, "/reply/", "Ada")
    page = owner(PHONE)
    page.click(of("Ada", "approve none"))
    wait_for(desk.public)
    assert desk.public() == [source]
