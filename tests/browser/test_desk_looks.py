"""Every page of the desk, in the light and in the dark, at a desk and on a phone: who cannot see it well can use it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from browser.owner import EVIL, opened, sign_in
from browser.view import PHONE, View
from serving import wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from browser.axe import Axe
    from browser.chromium import Browser
    from browser.owner import Desk
    from browser.page import Page

pytestmark = pytest.mark.browser

LONG = "a-very-long-word-that-has-no-place-to-be-broken-" * 8
PLACES = ("", "?state=public", "?state=spam", "?state=gone", "?q=nowhere", "/pings", "/rules", "/tokens", "/nowhere")
VIEWS = [
    pytest.param(View(), id="light"),
    pytest.param(View(dark=True), id="dark"),
    pytest.param(PHONE, id="phone"),
    pytest.param(replace(PHONE, dark=True), id="phone in the dark"),
    pytest.param(View(scripts=False), id="without scripts"),
]


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """Each list has something in it, long words among it."""
    with opened(tmp_path_factory.mktemp("full")) as desk:
        desk.mentioned(0, f"/{LONG}/", f"Ada {LONG}", f"{EVIL} {LONG}")
        desk.mentioned(0, "/public/", "Bo Fern")
        desk.mentioned(1, "/spam/", "Casino")
        desk.trackback(2, "/tracks/", title=f"Title {LONG}", excerpt=f"Excerpt {EVIL} {LONG}", blog_name="A blog")
        missing = desk.blogs[0].put("/missing/", f"<p>I have read of <a href={desk.site.origin}/{LONG}/>a table</a>.")
        assert desk.told(missing)["reason"] == "no-link"
        yield desk


@pytest.fixture(scope="module")
def busy(full: Desk, running: Browser) -> Desk:
    """Its owner has decided about some, and written a rule and made a token."""
    page = full.visitor(running, View())
    sign_in(page)

    def all_wait() -> bool:
        page.open(f"{full.url}/dashboard")
        return page.text("h1") == "Waiting (4)"

    wait_for(all_wait)
    for name, act in (("Casino", "spam host"), ("Bo Fern", "approve none")):
        left = len(page.all("#list h2"))
        page.click(f"article:has([aria-label='Tick {name}']) button[value^='{act}']")
        page.wait_for(f"document.querySelectorAll('.mention').length < {left}")
    page.open(f"{full.url}/dashboard/rules")
    page.type("form.add input[name=value]", f"bo.example/{LONG}")
    page.evaluate("document.querySelector('select[name=kind]').value = 'prefix'")
    page.follow("form.add button")
    page.open(f"{full.url}/dashboard/tokens")
    page.type("form.add input[name=name]", "a-name-as-long-as-a-name-of-a-token-can-be-sixty-four-characters")
    page.follow("form.add button")
    return full


@pytest.fixture(params=VIEWS)
def page(request: pytest.FixtureRequest, busy: Desk, browser: Browser) -> Page:
    page = busy.visitor(browser, request.param)
    sign_in(page)
    return page


def seen_of(page: Page, desk: Desk) -> Iterator[str]:
    """Every page of the desk, once it is open."""
    for place in PLACES:
        page.open(f"{desk.url}/dashboard{place}")
        yield place


def test_axe_finds_nothing_serious_on_any_page(busy: Desk, page: Page, axe: Axe) -> None:
    found = {place: axe.violations(page) for place in seen_of(page, busy)}
    grave = [f"{place}: {violation}" for place, all_of in found.items() for violation in all_of if violation.grave]
    assert grave == [], "\n".join(grave)


def test_no_page_is_wider_than_what_it_is_seen_with(busy: Desk, page: Page) -> None:
    assert [place for place in seen_of(page, busy) if page.overflow] == []


def test_the_browser_complains_of_no_page(busy: Desk, page: Page) -> None:
    list(seen_of(page, busy))
    assert page.errors == []


@pytest.mark.parametrize("view", VIEWS)
def test_the_door_can_be_used_by_everybody(full: Desk, browser: Browser, axe: Axe, view: View) -> None:
    page = full.visitor(browser, view)
    found = axe.violations(page)
    sign_in(page, "wrong")
    found += axe.violations(page)
    assert [str(violation) for violation in found if violation.grave] == []
    assert page.overflow == 0
    assert page.errors == []


def test_a_decision_is_told_to_who_cannot_see_it(busy: Desk, browser: Browser, axe: Axe) -> None:
    page = busy.visitor(browser, View())
    sign_in(page)
    page.press("s")
    page.wait_for("document.querySelector('#undo[role=status]').innerText.includes('Called spam')")
    assert [str(violation) for violation in axe.violations(page) if violation.grave] == []
    with page.arrives():
        page.press("u")
