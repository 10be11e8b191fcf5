"""The pages for people: whole, without scripts, every value escaped, and under a policy that permits nothing else."""

from __future__ import annotations

import base64
import hashlib
import re
from html import escape
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linkback import human
from linkback.ping import Declined, Ping, Protocol, Reason, Status
from test_webmention import XSS, Seen, assert_harmless
from wire import BASE, NOW, get

if TYPE_CHECKING:
    from linkback.dialect import Response

TOLD = {
    "status": "declined",
    "reason": "no-link",
    "detail": "The page has no link to the target.",
    "source": "https://alice.example/post",
    "target": "https://example.com/page",
    "protocol": "webmention",
    "received": "2026-03-01T12:00:05Z",
    "checked": "2026-03-01T12:00:06Z",
    "retry_at": "2026-03-01T12:15:06Z",
    "links_found": ["https://example.com/other"],
}


NEVER = Declined(Reason.SELF, "x")


def page(main: str, **headers: str) -> Response:
    return human.page(200, "Title", main, headers, base=BASE)


@pytest.mark.parametrize(
    ("accept", "wanted"),
    [
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", True),
        ("TEXT/HTML", True),
        ("*/*", False),
        ("", False),
        ("application/json", False),
        ("application/json, text/html", False),
        ("text/plain", False),
    ],
)
def test_a_page_is_for_whom_accepts_html_by_name(accept: str, *, wanted: bool) -> None:
    assert human.wanted(get("/", accept=accept)) is wanted
    assert not human.wanted(get("/"))


def test_a_page_says_its_language_title_and_width_and_that_it_is_not_to_be_indexed() -> None:
    answer = human.page(404, "Not <found>", "<p>x</p>", {"x": "y"}, base=BASE)
    assert answer.status == 404
    assert answer.headers["x"] == "y"
    seen = assert_harmless(answer)
    assert answer.body.startswith("<!DOCTYPE html>")
    assert {("lang", "en"), ("name", "viewport"), ("content", "noindex"), ("charset", "utf-8")} <= set(seen.attributes)
    assert seen.text.count("Not <found>") == 2
    assert "<p>x</p>" in answer.body


def test_the_policy_permits_the_page_s_own_style_and_no_script() -> None:
    answer = page("")
    style = re.search("<style>(.*?)</style>", answer.body, re.DOTALL)
    assert style
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    policy = answer.headers["content-security-policy"]
    assert f"style-src 'sha256-{digest}'" in policy
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "script-src" not in policy
    assert policy.endswith("form-action 'self' https://bridge.example")  # a cache in front has another name
    assert "style=" not in answer.body
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"


def test_a_page_reloads_itself_only_when_asked() -> None:
    assert "http-equiv" not in page("").body
    assert '<meta http-equiv="refresh" content="2">' in human.page(200, "T", "", {}, base=BASE, refresh=2).body


@pytest.mark.parametrize("status", Status)
def test_every_status_has_words(status: Status) -> None:
    assert escape(human.WORDS[status]) in human.fate(TOLD | {"status": str(status)})
    assert set(human.WORDS) == set(Status)


def test_the_fate_of_a_ping_lists_all_that_is_known() -> None:
    seen = Seen(page(human.fate(TOLD)).body)
    for value in TOLD.values():
        assert (value if isinstance(value, str) else value[0]) in seen.text
    assert "Links to the site that the page does have" in seen.text


def test_the_fate_of_a_new_ping_lists_no_unknowns() -> None:
    markup = human.fate({"status": "queued", "source": "https://alice.example/", "checked": None, "detail": ""})
    assert "checked" not in markup
    assert "Links to the site" not in markup


@pytest.mark.parametrize("member", sorted(set(TOLD) - {"status"}))
def test_nothing_that_a_sender_wrote_is_markup_in_the_fate_of_a_ping(member: str) -> None:
    told: dict[str, object] = {**TOLD, member: [XSS] if member == "links_found" else XSS}
    assert XSS in assert_harmless(page(human.fate(told))).text


@pytest.mark.parametrize("source", ["https://alice.example/?a=1&b='2'\"", "HTTPS://alice.example/"])
def test_a_source_is_a_link_that_gains_nothing_from_us(source: str) -> None:
    seen = assert_harmless(page(human.accepted(f"{BASE}/pings/x", Ping(source, "t", Protocol.WEBMENTION, NOW))))
    assert ("href", source) in seen.attributes
    assert ("rel", "nofollow ugc") in seen.attributes
    assert ("href", f"{BASE}/pings/x") in seen.attributes


@pytest.mark.parametrize("url", ["javascript:alert(1)", "data:text/html,x", " https://x", "//x", "", "vbscript:x"])
def test_what_is_not_a_web_address_is_no_link(url: str) -> None:
    assert human.link(url) == ""


def test_the_tags_are_in_the_one_form_that_every_sender_finds() -> None:
    """Pingback 1.0, 2.2; WordPress takes the first href behind rel="pingback", so the webmention tag comes second."""
    tags = human.tags(BASE)
    assert re.findall('<link rel="pingback" href="([^"]+)" ?/?>', tags) == [f"{BASE}/pingback"]
    assert tags.index("pingback") < tags.index("webmention")
    assert re.findall('href="([^"]*)"', tags[tags.index('rel="pingback"') :])[0] == f"{BASE}/pingback"


def test_the_front_page_shows_tags_to_copy_and_never_as_tags_of_its_own() -> None:
    answer = page(human.home(BASE, ["example.com", "127.0.0.1:8788"]))
    seen = assert_harmless(answer)
    assert human.tags(BASE) in seen.text
    assert "link" not in seen.tags
    assert ("href", "/feed.json?domain=127.0.0.1:8788") in seen.attributes
    assert f"{BASE}/trackback/example.com/path/of/page" in seen.text


def test_a_refusal_says_why_and_leads_back() -> None:
    seen = assert_harmless(page(human.refused(Declined(Reason.SELF, "Not <from> here."), BASE)))
    assert "Not <from> here." in seen.text
    assert "(self)" in seen.text
    assert ("href", "/webmention") in seen.attributes


@pytest.mark.parametrize("base", ["https://example.com/linkback", "https://example.com/a/b", "http://127.0.0.1:1/x"])
def test_below_a_path_every_link_of_a_page_to_the_bridge_begins_with_that_path(base: str) -> None:
    mains = [
        human.home(base, ["example.com"]),
        human.mention_form(base),
        human.refused(NEVER, base),
        human.accepted(f"{base}/pings/x", Ping("https://alice.example/", "t", Protocol.WEBMENTION, NOW)),
        human.fate(TOLD),
    ]
    root = base.partition("://")[2].partition("/")[2]
    for main in mains:
        seen = assert_harmless(human.page(200, "Title", main, {}, base=base))
        links = [value for name, value in seen.attributes if name in ("href", "action") and value]
        assert f"/{root}/" in links
        ours = [one for one in links if one not in ("https://alice.example/", "https://www.w3.org/TR/webmention/")]
        assert [one for one in ours if not one.startswith((f"/{root}/", f"{base}/"))] == []


def test_at_a_domain_of_the_bridge_s_own_links_begin_at_its_root() -> None:
    attributes = Seen(human.page(200, "Title", human.home(BASE, ["example.com"]), {}, base=BASE).body).attributes
    assert {("href", "/"), ("href", "/webmention"), ("href", "/feed.json?domain=example.com")} <= set(attributes)


def test_no_base_is_markup() -> None:
    base = f"https://bridge.example/{XSS}"
    for main in (human.home(base, ["example.com"]), human.mention_form(base), human.refused(NEVER, base)):
        assert_harmless(human.page(200, "Title", main, {}, base=base))


@settings(max_examples=80)
@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), max_size=30))
def test_any_text_is_shown_as_itself(text: str) -> None:
    told = TOLD | {"source": f"https://a.example/{text}", "detail": f"x{text}", "links_found": [f"x{text}"]}
    seen = assert_harmless(page(human.fate(told)))
    assert seen.text.count(f"x{text}") >= 2
    assert sorted(seen.tags) == sorted(Seen(page(human.fate(TOLD)).body).tags)
