"""Webmention (W3C Recommendation of 12 January 2017), the receiver's side: 3.2 and its sections."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linkback import webmention
from linkback.ping import Declined, Ping, Protocol, Reason, TryLater
from wire import BASE, FORM, NOW, captured, get, post

if TYPE_CHECKING:
    from linkback.dialect import Response

SOURCE, TARGET = "https://alice.example/post?a=1&b=2", "https://example.com/page#part"
BODY = urlencode({"source": SOURCE, "target": TARGET})
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
XSS = "https://x.example/'\"><script>alert(1)</script><img src=x onerror=alert(1)>&lt;"


def ping_of(source: str = SOURCE, target: str = TARGET) -> Ping:
    return Ping(source, target, Protocol.WEBMENTION, NOW)


class Seen(HTMLParser):
    """The tags and attributes of a page, as a browser would have them."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.text += data


def assert_harmless(answer: Response) -> Seen:
    seen = Seen(answer.body)
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert not {"script", "img", "iframe", "object", "svg"} & set(seen.tags)
    assert not [name for name, value in seen.attributes if name.startswith("on")]
    assert not [value for _, value in seen.attributes if value and value.lower().startswith(("javascript:", "data:"))]
    return seen


# 3.2.1 Request verification


def test_3_2_1_source_and_target_are_read_and_other_fields_passed_over() -> None:
    ping = webmention.read(post("/webmention", f"vouch=x&{BODY}&code=abc&source=second"), NOW)
    assert ping == ping_of()


def test_3_2_1_a_captured_webmention_is_read() -> None:
    ping = webmention.read(captured("pelican-linkbacks/003-POST-webmention.bin"), NOW)
    assert ping.source == (
        "http://127.0.0.9:9911/source?title=Src&target=http%3A%2F%2F127.0.0.1%3A9911%2Fpost-both.html"
    )
    assert ping.target == "http://127.0.0.1:9911/post-both"


@pytest.mark.parametrize("content_type", [FORM, f"{FORM}; charset=UTF-8", f"{FORM};charset=nonsense", "text/plain", ""])
def test_3_2_1_any_charset_parameter_is_taken(content_type: str) -> None:
    assert webmention.read(post("/webmention", BODY, content_type), NOW) == ping_of()


@pytest.mark.parametrize(
    ("body", "missing"),
    [
        ("", "source and target"),
        ("target=x", "source"),
        ("source=x", "target"),
        ("source=x&target=", "target"),
        ("source=%20&target=%00", "source and target"),
        ('{"source":"x","target":"y"}', "source and target"),
        ("\0\xff", "source and target"),
    ],
)
def test_3_2_1_a_missing_parameter_is_named(body: str, missing: str) -> None:
    with pytest.raises(Declined) as refusal:
        webmention.read(post("/webmention", body), NOW)
    assert refusal.value.reason is Reason.MALFORMED
    assert f"There is no {missing} in the form" in refusal.value.detail


# 3.2 Receiving


@pytest.mark.parametrize("again", [False, True])
def test_3_2_a_webmention_is_answered_201_with_the_address_of_its_status(*, again: bool) -> None:
    answer = webmention.accept(post("/webmention", BODY), ping_of(), again=again)
    location = f"{BASE}/pings/{ping_of().id}"
    assert answer.status == 201
    assert answer.headers["location"] == location
    assert answer.headers["content-type"].startswith("application/json")
    assert json.loads(answer.body) == {"status": "queued", "location": location, "source": SOURCE, "target": TARGET}


@pytest.mark.parametrize("accept", ["", BROWSER])
def test_3_2_no_retry_after_on_success(accept: str) -> None:
    """Pushl sends again whenever it sees one, on success, too."""
    answer = webmention.accept(post("/webmention", BODY, accept=accept), ping_of(), again=False)
    assert "retry-after" not in answer.headers


def test_3_2_a_browser_gets_a_page_and_the_location_all_the_same() -> None:
    answer = webmention.accept(post("/webmention", BODY, accept=BROWSER), ping_of(), again=False)
    assert answer.status == 201
    assert answer.headers["location"] == f"{BASE}/pings/{ping_of().id}"
    seen = assert_harmless(answer)
    assert ("href", SOURCE) in seen.attributes
    assert TARGET in seen.text


@pytest.mark.parametrize("accept", ["", "*/*", "application/json", "application/json, text/html;q=0.5"])
def test_3_2_a_program_gets_json(accept: str) -> None:
    answer = webmention.accept(post("/webmention", BODY, accept=accept), ping_of(), again=False)
    assert json.loads(answer.body)["status"] == "queued"


@pytest.mark.parametrize("reason", Reason)
def test_3_2_1_the_sender_s_fault_is_400_exactly(reason: Reason) -> None:
    answer = webmention.decline(post("/webmention", BODY), Declined(reason, 'It has a "<b>".'))
    assert answer.status == 400
    assert json.loads(answer.body) == {"error": str(reason), "error_description": 'It has a "<b>".'}
    assert "retry-after" not in answer.headers
    assert answer.headers["access-control-allow-origin"] == "*"


@pytest.mark.parametrize("reason", Reason)
@pytest.mark.parametrize("accept", ["", BROWSER])
def test_3_2_3_our_own_trouble_is_503_and_too_many_is_429_with_a_numeric_retry_after(
    reason: Reason, accept: str
) -> None:
    answer = webmention.decline(post("/webmention", BODY, accept=accept), TryLater(reason, "Later.", after=17))
    assert answer.status == (429 if reason is Reason.TOO_MANY else 503)
    assert answer.headers["retry-after"] == "17"


def test_3_2_the_page_of_a_get_has_a_form_that_posts_here() -> None:
    answer = webmention.form_page(get("/webmention"))
    seen = assert_harmless(answer)
    assert answer.status == 200
    assert {("action", f"{BASE}/webmention"), ("method", "post"), ("name", "source"), ("name", "target")} <= set(
        seen.attributes
    )


# 4.3 Security: cross-site scripting


@pytest.mark.parametrize(
    "source", [XSS, "javascript:alert(1)", "JaVaScRiPt:alert(1)", "data:text/html,<script>", "' onx='"]
)
def test_4_3_nothing_a_sender_wrote_is_markup_on_the_page_of_success(source: str) -> None:
    ping = ping_of(source, XSS)
    assert source in assert_harmless(webmention.accept(post("/", "", accept=BROWSER), ping, again=False)).text


@pytest.mark.parametrize("kind", [Declined, TryLater])
def test_4_3_nothing_a_sender_wrote_is_markup_on_the_page_of_a_refusal(kind: type[Declined | TryLater]) -> None:
    answer = webmention.decline(post("/", "", accept=BROWSER), kind(Reason.MALFORMED, f"cannot use {XSS}"))
    assert XSS in assert_harmless(answer).text


def test_4_3_json_is_never_sniffed_as_html() -> None:
    ping = ping_of(XSS)
    for answer in (
        webmention.accept(post("/", ""), ping, again=False),
        webmention.decline(post("/", ""), Declined(Reason.SELF, XSS)),
    ):
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["content-type"] == "application/json; charset=utf-8"


@settings(max_examples=100)
@given(st.binary(max_size=120), st.text(max_size=20))
def test_any_body_is_a_ping_or_declined(body: bytes, charset: str) -> None:
    try:
        ping = webmention.read(post("/webmention", b"source=a&" + body, f"{FORM}; charset={charset}"), NOW)
    except Declined:
        return
    assert ping.source == "a"
    assert len(ping.id) == 22
