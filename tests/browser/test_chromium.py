"""The harness itself: that a page is used as a person uses it, and that whatever goes wrong is told."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from typing import TYPE_CHECKING

import pytest

from browser.chromium import Browser, chromium
from browser.devtools import DevtoolsError
from browser.view import PHONE, View
from internet import Web, serving
from serving import wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from browser.axe import Axe
    from browser.page import Page

pytestmark = pytest.mark.browser

STRICT = "default-src 'none'; script-src 'self'; style-src 'self'; form-action 'self'; base-uri 'none'"
HOST_COOKIE = "__Host-owner=1; Path=/; Secure; HttpOnly; SameSite=Strict"
HEAD = "<!doctype html><html lang=en><meta name=viewport content='width=device-width'><title>A page</title>"
FORM = f"""{HEAD}<h1>Form</h1><form action=/found><label>Words <input name=q></label><button>Look</button></form>
<ul><li>one<li>two<li hidden>three</ul><script src=/keys.js></script>"""
KEYS = """
const heard = [];
addEventListener("keydown", event => heard.push([event.key, event.code, event.shiftKey, event.isTrusted].join()));
addEventListener("click", event => heard.push([event.pointerType, event.isTrusted].join()));
"""


@pytest.fixture(scope="module")
def site() -> Iterator[Web]:
    with serving() as web:
        web.put("/", FORM)
        web.put("/keys.js", KEYS, content_type="text/javascript")
        web.put("/found?q=a%C3%A9%3F", f"{HEAD}<p>Found")
        web.put("/missing", f"{HEAD}<p>There is none", 404)
        yield web


def at(browser: Browser, url: str, view: View | None = None) -> Page:
    page = browser.page(view or View())
    page.open(url)
    return page


def processes(folder: Path) -> list[str]:
    """Those that keep their profile in this folder."""
    listed = subprocess.run(["ps", "-A", "-ww", "-o", "args="], capture_output=True, text=True, check=True).stdout
    return [line for line in listed.splitlines() if str(folder) in line]


# The process


def test_all_that_a_browser_started_is_gone_when_a_test_fails(tmp_path: Path) -> None:
    with pytest.raises(DevtoolsError, match="nowhere"):
        failing(tmp_path)
    wait_for(lambda: not processes(tmp_path))


def failing(folder: Path) -> None:
    """Ends in the midst of using a browser."""
    with chromium(folder) as running:
        page = running.page()
        assert len(processes(folder)) > 1
        page.evaluate("nowhere")


def test_a_browser_that_has_died_is_an_error_and_not_a_wait(tmp_path: Path) -> None:
    with chromium(tmp_path) as running:
        page = running.page()
        os.killpg(running.devtools.pid, signal.SIGKILL)
        with pytest.raises(DevtoolsError, match="the browser has ended"):
            page.evaluate("1")


@pytest.mark.parametrize("url", ["http://example.com/", "http://192.0.2.1/", "http://localhost/"])
def test_nothing_but_this_machine_can_be_visited(browser: Browser, url: str) -> None:
    started = time.monotonic()
    with pytest.raises(DevtoolsError, match="net::ERR_NAME_NOT_RESOLVED"):
        at(browser, url)
    assert time.monotonic() - started < 5


# Cookies


@pytest.mark.parametrize("cookie", [HOST_COOKIE, HOST_COOKIE.removeprefix("__Host-")])
def test_a_secure_cookie_is_kept_and_sent_on_loopback_without_tls(browser: Browser, site: Web, cookie: str) -> None:
    """So that the owner's cookie is the same on one's own machine as in the cloud."""
    page = at(browser, site.put("/sign-in", HEAD, set_cookie=cookie))
    page.open(f"{site.origin}/")
    assert page.evaluate("document.cookie") == ""
    asked = next(headers for _, path, headers in reversed(site.asked) if path == "/")
    assert asked["cookie"] == cookie.partition(";")[0]


def test_a_page_has_the_cookies_of_the_one_that_it_is_beside_and_no_others(browser: Browser, site: Web) -> None:
    page = at(browser, site.put("/sign-in", HEAD, set_cookie=HOST_COOKIE))
    for other, cookie in ((browser.page(beside=page), "__Host-owner=1"), (browser.page(), None)):
        other.open(site.put("/asked", HEAD))
        assert next(h for _, path, h in reversed(site.asked) if path == "/asked").get("cookie") == cookie


# Reading, pointing, typing


def test_what_is_shown_is_read(browser: Browser, site: Web) -> None:
    page = at(browser, f"{site.origin}/")
    assert page.status == 200
    assert page.text("h1") == "Form"
    assert page.all("li") == ["one", "two"]
    assert page.evaluate("Promise.resolve([1, 'a', null])") == [1, "a", None]


def test_what_comes_later_is_waited_for(browser: Browser, site: Web) -> None:
    page = at(browser, f"{site.origin}/")
    page.evaluate("void setTimeout(() => document.body.append(document.createElement('hr')), 200)")
    assert page.wait_for("document.querySelector('hr')") is True
    assert page.wait_for("document.querySelectorAll('hr').length") == 1


def test_a_form_is_filled_in_and_sent_with_the_keyboard(browser: Browser, site: Web) -> None:
    page = at(browser, f"{site.origin}/")
    page.type("input", "aé?")
    assert page.evaluate("heard.at(-1)") == "?,Slash,false,true"
    page.press("Enter")
    assert page.url == f"{site.origin}/found?q=a%C3%A9%3F"
    assert page.text() == "Found"


def test_the_focus_is_moved_with_the_keyboard(browser: Browser, site: Web) -> None:
    page = at(browser, f"{site.origin}/")
    focused = []
    for key in ("Tab", "Tab", "Shift+Tab"):
        page.press(key)
        focused.append(page.evaluate("document.activeElement.tagName"))
    assert focused == ["INPUT", "BUTTON", "INPUT"]


@pytest.mark.parametrize(
    ("key", "heard"),
    [
        ("j", "j,KeyJ,false,true"),
        ("J", "J,KeyJ,true,true"),
        ("1", "1,Digit1,false,true"),
        ("?", "?,Slash,false,true"),
        ("Escape", "Escape,Escape,false,true"),
        ("Shift", "Shift,ShiftLeft,false,true"),
    ],
)
def test_a_page_sees_a_key_as_a_keyboards(browser: Browser, site: Web, key: str, heard: str) -> None:
    page = at(browser, f"{site.origin}/")
    page.press(key)
    assert page.evaluate("heard") == [heard]


@pytest.mark.parametrize(("view", "pointer"), [(View(), "mouse,true"), (PHONE, "touch,true")])
def test_a_page_sees_a_click_as_a_mouses_or_a_fingers(browser: Browser, site: Web, view: View, pointer: str) -> None:
    page = at(browser, site.put("/far", f"{HEAD}<p style='height: 5000px'><b>far</b><script src=/keys.js></script>"))
    page.look(view)
    page.click("b")
    assert page.evaluate("heard") == [pointer]


def test_a_link_leads_to_a_page_that_is_there_when_it_is_read(browser: Browser, site: Web) -> None:
    page = at(browser, site.put("/link", f"{HEAD}<a href=/missing>on</a>"))
    page.click("a")
    assert (page.text(), page.status) == ("There is none", 404)
    page.open(f"{site.origin}/link")
    page.follow("a")
    assert page.url == f"{site.origin}/missing"


def test_what_lies_under_something_else_cannot_be_clicked(browser: Browser, site: Web) -> None:
    cover = "<div style='position: fixed; inset: 0; background: red' id=cover></div>"
    page = at(browser, site.put("/covered", f"{HEAD}<button>Under</button>{cover}"))
    with pytest.raises(AssertionError, match=r"id=.cover"):
        page.click("button")


def test_a_question_of_the_page_is_answered_with_yes(browser: Browser, site: Web) -> None:
    page = at(browser, f"{site.origin}/")
    assert page.evaluate("confirm('Really?')") is True


# How it is looked at


def test_a_page_is_looked_at_in_the_dark_on_a_phone_without_motion(browser: Browser, site: Web) -> None:
    page = at(browser, f"{site.origin}/", View(360, 740, dark=True, touch=True, still=True))
    queries = ("prefers-color-scheme: dark", "prefers-reduced-motion: reduce", "max-width: 360px", "pointer: coarse")
    assert [page.evaluate(f"matchMedia('({query})').matches") for query in queries] == [True] * 4
    page.look(View())
    assert [page.evaluate(f"matchMedia('({query})').matches") for query in queries] == [False] * 4


def test_without_scripts_a_page_is_still_read_and_used(browser: Browser, site: Web) -> None:
    words = (
        "<p>before<script>document.querySelector('p').innerText = 'after'</script></p><noscript><b>none</b></noscript>"
    )
    page = at(browser, site.put("/scripts", HEAD + words + "<a href=/found?q=a%C3%A9%3F>on</a>"), View(scripts=False))
    assert page.text("p") == "before"
    assert page.all("b") == ["none"]
    page.follow("a")
    assert page.text() == "Found"


def test_a_page_that_is_too_wide_for_a_phone_is_seen(browser: Browser, site: Web) -> None:
    page = at(browser, site.put("/wide", f"{HEAD}<div style='width: 500px'>wide</div>"), PHONE)
    assert page.overflow == 148  # its margin, too
    page.open(f"{site.origin}/")
    assert page.overflow == 0


def test_a_picture_is_of_the_whole_page(browser: Browser, site: Web, tmp_path: Path) -> None:
    page = at(browser, site.put("/long", f"{HEAD}<div style='height: 3000px'>long</div>"), View(400, 300))
    heights = []
    for full in (True, False):
        page.screenshot(tmp_path / "page.png", full=full)
        heights.append(int.from_bytes((tmp_path / "page.png").read_bytes()[20:24]))
    assert heights == [3_016, 300]


# What it complains of


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        ("<script>document.title = 'inline'</script>", "Content Security Policy"),
        ("<p style='color: red'>red</p>", "Content Security Policy"),
        ("<script src=/throws.js></script>", "uncaught: Error: thrown"),
        ("<script src=/says.js></script>", "console.error: said 1"),
        ("<script src=/nowhere.js></script>", "network: Failed to load resource"),
    ],
)
def test_every_complaint_of_the_browser_is_told(browser: Browser, site: Web, body: str, complaint: str) -> None:
    site.put("/throws.js", "throw new Error('thrown')", content_type="text/javascript")
    site.put("/says.js", "console.error('said', 1)", content_type="text/javascript")
    page = at(browser, site.put("/bad", f"{HEAD}<p>bad{body}", content_security_policy=STRICT))
    assert any(complaint in said for said in page.errors), page.errors


def test_a_good_page_is_not_complained_of(browser: Browser, site: Web) -> None:
    page = at(browser, f"{site.origin}/")
    page.open(f"{site.origin}/missing")  # an honest answer, and none of the page's doing
    assert page.errors == []


# axe-core


def test_axe_finds_what_cannot_be_used_and_leaves_the_policy_as_it_is(browser: Browser, site: Web, axe: Axe) -> None:
    body = f"{HEAD}<main><h1>Form</h1><input name=q><p class=pale>pale</p></main><link rel=stylesheet href=/pale.css>"
    site.put("/pale.css", ".pale { color: #eee; background: #fff }", content_type="text/css")
    for view in (View(), View(scripts=False)):
        page = at(browser, site.put("/axe", body, content_security_policy=STRICT), view)
        found = {violation.rule: violation for violation in axe.violations(page)}
        assert set(found) == {"label", "color-contrast"}
        assert all(violation.grave for violation in found.values())
        assert "<input name=" in str(found["label"])
        assert page.errors == []
        assert page.evaluate("typeof axe") == "undefined"


def test_axe_finds_nothing_on_a_good_page(browser: Browser, site: Web, axe: Axe) -> None:
    page = at(browser, site.put("/good", f"{HEAD}<main><h1>Good</h1><label>Words <input></label></main>"))
    assert axe.violations(page) == []
