"""A fetched page becomes a mention, or a reason. The cases in tests/pages are pairs: a page, and what it says."""

from __future__ import annotations

import contextlib
import json
import re
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linkback import content, page, urls
from linkback.mention import Mention, Relation
from linkback.ping import Declined, Reason, TryLater
from linkback.web import Answer

PAGES = Path(__file__).parent / "pages"
TARGET = "https://site.example/post/"
LINK = f'<a href="{TARGET}">this</a>'


def answer(body: bytes | str, kind: str = "text/html; charset=utf-8", *, truncated: bool = False) -> Answer:
    data = body.encode() if isinstance(body, str) else body
    headers = {"content-type": kind} if kind else {}
    return Answer(urls.parse("https://blog.example/notes/1"), 200, headers, data, truncated)


def read(body: bytes | str, kind: str = "text/html; charset=utf-8", target: str = TARGET) -> Mention:
    return page.read(answer(body, kind), urls.parse(target)).mention


def refusal(body: bytes | str, kind: str = "text/html; charset=utf-8", *, truncated: bool = False) -> Declined:
    with pytest.raises(Declined) as raised:
        page.read(answer(body, kind, truncated=truncated), urls.parse(TARGET))
    return raised.value


def test_json_that_is_none_has_no_property_values() -> None:
    whole = f'{{"a": {{"b": ["x", "{TARGET}"]}}}}'
    assert read(whole, "application/json").relation is Relation.MENTION
    assert refusal(whole[:-2], "application/json").reason is Reason.NO_LINK
    assert read(f'["{TARGET}", {"9" * 5000}]', "application/json").relation is Relation.MENTION


COSTLY = {
    "escapes in the target": ("".join(f'<a href="//site.example/%{n:02x}{n}">' for n in range(12_000)), "%C3" * 600),
    "values of an entry": (
        f'<base href="//x.example/{"%C3/" * 500}"><div class=h-entry>LINK'
        + "".join(
            f'<data class="u-photo u-video u-syndication u-url u-in-reply-to u-like-of u-repost-of" value={n}>'
            for n in range(1_500)
        ),
        "post/",
    ),
    "images before a long base": (
        f'<base href="//x.example/{"y" * 2000}/"><div class=h-entry><div class=e-content>LINK'
        + "".join(f"<img src={n}>" for n in range(5_500)),
        "post/",
    ),
}


@pytest.mark.parametrize("name", COSTLY)
def test_what_took_many_seconds_takes_less_than_three(name: str) -> None:
    html, path = COSTLY[name]
    target = f"https://site.example/{path}"
    begun = time.process_time()
    with contextlib.suppress(Declined):
        page.read(answer(html.replace("LINK", f'<a href="{target}">x</a>')), urls.parse(target))
    assert time.process_time() - begun < 3


def test_the_lines_of_a_json_document_are_read_in_passing() -> None:
    begun = time.process_time()
    assert refusal("[" + ",".join([r'"\n"'] * 200_000) + "]", "application/json").reason is Reason.NO_LINK
    assert time.process_time() - begun < 3


@pytest.mark.parametrize("name", sorted(path.stem for path in PAGES.glob("*.html")))
def test_a_page_says_what_its_pair_expects(name: str) -> None:
    expected: dict[str, Any] = json.loads((PAGES / f"{name}.json").read_text("utf-8"))
    body = (PAGES / f"{name}.html").read_bytes()
    given_answer = Answer(urls.parse(expected["source"]), 200, {"content-type": "text/html; charset=utf-8"}, body)
    try:
        seen = {"mention": json.loads(page.read(given_answer, urls.parse(expected["target"])).mention.to_json())}
    except Declined as declined:
        found = {"reason": declined.reason, "gone": declined.gone, "links_found": list(declined.links_found)}
        seen = {"declined": found}
    assert seen == {key: expected[key] for key in ("mention", "declined") if key in expected}


class TestKinds:
    """W3C Webmention, 3.2.2: how a link is looked for depends on what the source is."""

    @pytest.mark.parametrize(
        "kind", ["text/html", "application/xhtml+xml", "TEXT/HTML;charset=x", "application/atom+xml", "text/xml"]
    )
    def test_markup_is_searched_for_attributes(self, kind: str) -> None:
        assert read(f"<p>{LINK}</p>", kind).relation is Relation.MENTION
        assert refusal(f"<p>{TARGET}</p>", kind).reason is Reason.NO_LINK

    @pytest.mark.parametrize("kind", ["application/json", "application/activity+json; charset=utf-8", "text/json"])
    def test_json_is_searched_for_property_values(self, kind: str) -> None:
        assert read(json.dumps({"a": [{"b": TARGET}]}), kind).url == "https://blog.example/notes/1"
        assert refusal(json.dumps({TARGET: f"see {TARGET}"}), kind).reason is Reason.NO_LINK

    @pytest.mark.parametrize("kind", ["text/plain", "text/markdown; charset=utf-8", ""])
    def test_text_is_searched_for_whole_urls(self, kind: str) -> None:
        assert read(f"Before. As ({TARGET}) says. After.", kind).text == f"As ({TARGET}) says."
        assert refusal("https://site.example/post-2", kind).links_found == ("https://site.example/post-2",)

    def test_what_has_no_content_type_is_sniffed(self) -> None:
        assert read(f"\ufeff\n <p>{LINK}", "").text == "this"
        assert refusal(b"\x89PNG\0\0" + TARGET.encode(), "").reason is Reason.NOT_TEXT

    @pytest.mark.parametrize(
        "kind", ["image/png", "application/pdf", "application/octet-stream", "video/mp4", ";", "x"]
    )
    def test_anything_else_is_not_text(self, kind: str) -> None:
        declined = refusal(LINK, kind) if kind != ";" else refusal(b"\0", kind)
        assert declined.reason is Reason.NOT_TEXT


class TestMissingLink:
    def test_the_reply_lists_what_links_to_our_host_were_found(self) -> None:
        declined = refusal(
            '<a href="http://www.site.example/other?x=1#y">o</a><a href="https://else.example/post/">e</a>'
        )
        assert declined.links_found == ("http://www.site.example/other?x=1#y",)
        assert "no link to https://site.example/post/" in declined.detail

    def test_at_most_twenty_are_listed_once_each_and_never_at_great_length(self) -> None:
        many = "".join(f'<a href="https://site.example/{n // 2}/{"x" * 900}">' for n in range(100))
        found = refusal(many).links_found
        assert len(found) == len(set(found)) == 20
        assert max(map(len, found)) <= 500

    def test_a_page_that_was_cut_is_too_large_unless_the_link_came_first(self) -> None:
        assert refusal("<p>nothing yet", truncated=True).reason is Reason.TOO_LARGE
        assert page.read(answer(LINK + "<p>and so", truncated=True), urls.parse(TARGET)).mention.text == "this"

    def test_a_url_that_the_cut_may_have_shortened_does_not_count(self) -> None:
        assert refusal("see https://site.example/post", "text/plain", truncated=True).reason is Reason.TOO_LARGE
        assert refusal('{"a":"https://site.example/post', "application/json", truncated=True).reason is Reason.TOO_LARGE
        assert refusal('<a href="https://site.example/post', truncated=True).reason is Reason.TOO_LARGE


class TestTombstone:
    def test_a_head_that_says_410_is_final(self) -> None:
        declined = refusal('<head><meta content="410 Gone" http-equiv=status></head>' + LINK)
        assert (declined.reason, declined.gone) == (Reason.SOURCE_MISSING, True)

    @pytest.mark.parametrize(
        "page_text",
        [
            f'<body><p>{LINK}<meta http-equiv="Status" content="410 Gone">',
            f'<head><template><meta http-equiv="Status" content="410 Gone"></template></head>{LINK}',
            f'<head><meta http-equiv="Status" content="200 OK"><meta http-equiv="Refresh" content="410"></head>{LINK}',
        ],
    )
    def test_nothing_else_is_a_tombstone(self, page_text: str) -> None:
        assert read(page_text).relation is Relation.MENTION


class TestCharsets:
    @pytest.mark.parametrize(
        ("charset", "codec", "words"),
        [
            ("utf-8", "utf-8", "Grüße Ёлка 日本語 \U0001f600"),
            ("ISO-8859-1", "cp1252", "Grüße \u2013 \u201cwell\u201d \u20ac"),
            ("shift_jis", "cp932", "日本語のテキスト"),
            ("EUC-JP", "euc_jp", "日本語のテキスト"),
            ("iso-2022-jp", "iso2022_jp", "日本語のテキスト"),
            ("windows-1251", "cp1251", "Ёлка и снег"),
            ("gb2312", "gbk", "中文網頁"),
            ("utf-16", "utf-16-le", "Grüße \U0001f600"),
        ],
    )
    def test_the_header_names_the_encoding(self, charset: str, codec: str, words: str) -> None:
        body = f"<p>{words} {LINK}</p>".encode(codec)
        assert read(body, f'text/html; charset="{charset}"').text == f"{words} this"

    @pytest.mark.parametrize(
        "declaration",
        ['<meta charset="windows-1251">', '<META http-equiv=Content-Type content="text/html; charset=windows-1251">'],
    )
    def test_the_page_may_name_it_itself(self, declaration: str) -> None:
        assert (
            read(f"<!-- {'x' * 3000} -->{declaration}<p>Ёлка {LINK}".encode("cp1251"), "text/html").text == "Ёлка this"
        )
        xml = f'<?xml version="1.0" encoding="windows-1251"?><p>Ёлка {LINK}</p>'
        assert read(xml.encode("cp1251"), "application/xhtml+xml").text == "Ёлка this"

    def test_the_header_wins_over_the_page_and_the_mark_over_both(self) -> None:
        body = f"<meta charset=windows-1251><p>ö {LINK}".encode()
        assert read(body, "text/html; charset=utf-8").text == "ö this"
        assert read(b"\xef\xbb\xbf" + body, "text/html; charset=windows-1251").text == "ö this"
        marked = b"\xfe\xff" + f"<p>ö {LINK}".encode("utf-16-be")
        assert read(marked, "text/html; charset=utf-8").text == "ö this"

    def test_utf_8_is_assumed_and_windows_1252_is_what_does_not_fit(self) -> None:
        assert read(f"<p>ö {LINK}".encode(), "text/html").text == "ö this"
        assert read(f"<p>ö {LINK}".encode("latin-1"), "text/html").text == "ö this"
        assert read(f"<p>ö {LINK}".encode() + "ö".encode()[:1], "text/html").text == "ö this"

    @pytest.mark.parametrize(
        "charset", ["utf-7", "zlib", "rot13", "idna", "unicode_escape", "hex", "punycode", "x" * 5000]
    )
    def test_a_codec_that_is_no_web_encoding_is_never_reached(self, charset: str) -> None:
        assert read(f"<p>ö {LINK}", f"text/html; charset={charset}").text == "ö this"
        hidden = "+ADw-a href+AD0-https://site.example/post/+AD4-"
        assert refusal(hidden, f"text/html; charset={charset}").reason is Reason.NO_LINK
        assert refusal(f"<meta charset={charset}>{hidden}", "text/html").reason is Reason.NO_LINK


class TestSize:
    def test_a_mention_of_any_page_fits_into_an_item_of_the_table(self) -> None:
        words = "\U0001f600" * 60_000
        address = "https://blog.example/" + "y" * 5_000
        body = (
            f"<title>{words}</title><div class=h-entry><p class=p-name>{words}</p><p class=p-summary>{words[:9000]}</p>"
            f"<img class=u-photo src={address}><a class='p-author h-card' href=/><b class=p-name>{words[:9000]}</b></a>"
            + "".join(f"<a class=u-syndication href=/{n}{'z' * 500}></a>" for n in range(40))
            + f"<div class=e-content>{LINK}{words[:30_000]}</div></div>"
        )
        mention = read(body)
        assert len(mention.to_json().encode()) < 90_000
        assert len(mention.syndication) == 10
        assert len(mention.text) <= 8_000

    def test_html_beyond_16_kb_is_dropped_and_its_words_are_kept(self) -> None:
        small, large = (f"<p>{LINK} {'word ' * count}</p>" for count in (3_000, 3_300))
        kept, dropped = (read(f"<div class=h-entry><div class=e-content>{html}</div></div>") for html in (small, large))
        assert 15_000 < len(kept.html.encode()) <= 16_000
        assert (dropped.html, len(dropped.text)) == ("", 8_000)

    def test_an_entry_whose_content_is_too_large_keeps_its_relation_and_author(self) -> None:
        reply = f"<a class='u-in-reply-to' href='{TARGET}'>re</a><p class='p-author h-card'>Ann</p>"
        long = "<p>word</p>" * 40_000
        mention = read(f"<div class=h-entry>{reply}<div class=e-content>{long}</div></div>")
        assert (mention.relation, mention.author.name) == (Relation.REPLY, "Ann")


HOSTILE = {
    "divs": "<div>" * 20_000,
    "selects": "<select>" * 20_000,
    "anchors": "<a " * 20_000,
    "an open attribute": '<a href="' * 10_000,
    "an open comment": "<!--" * 10_000,
    "attributes": "<p " + " ".join(f"a{n}=1" for n in range(20_000)),
    "formatting": "<p><b><i>" * 5_000,
    "formatting, all different": "".join(f"<p><b a={n}>" for n in range(5_000)),
    "formatting out of turn": "".join(f"<b a={n}><i><div></b></div>" for n in range(3_000)),
    "ampersands": "&" * 100_000,
    "entries": "<div class=h-entry>" * 3_000,
    "named entries": "<div class='h-entry p-name e-content'>" * 90,
    "items that are many properties": "<div class='h-entry p-a u-b dt-c e-d p-e p-f'>" * 40,
    "agents": "<div class='vcard agent'>" * 400,
    "few agents": "<div class='vcard agent'>" * 80,
    "bases": "<base href=/x>" * 10_000,
    "commas": "<img srcset='" + "," * 100_000 + "'>",
    "noscripts": "<noscript>" * 10_000,
    "templates": "<template></template>" * 5_000,
    "JSON": "<script type=application/ld+json>" + '{"@graph":[' * 8_000 + "</script>",
    "NULs": "\0<\0b\0>" * 5_000,
    "twice the same": "<p class=h-entry class=h-entry id=a id=a>" * 500,
    "surrogates": "&#xD800;&#xDFFF;&#x110000;&#0;&#x1;" * 2_000,
}


class TestHostilePages:
    """None of these may hang, crash or raise; bench/pages.py reads them at a megabyte and prints what it costs."""

    @pytest.mark.parametrize("name", HOSTILE)
    @pytest.mark.parametrize(
        "inside", ["%s", "<div class=h-entry>%s", "<div class='hentry vcard'><p class=entry-content>%s"]
    )
    def test_a_link_before_it_is_a_mention(self, name: str, inside: str) -> None:
        mention = read(inside.replace("%s", LINK + HOSTILE[name]))
        assert mention.relation is Relation.MENTION
        well_kept(mention)

    @pytest.mark.parametrize("name", HOSTILE)
    def test_a_link_after_it_is_a_mention_or_a_reason(self, name: str) -> None:
        mention_or_reason((HOSTILE[name] + f"<p>{LINK}</p>").encode(), "text/html")

    def test_more_links_to_one_host_than_anyone_writes_are_too_many_to_follow(self) -> None:
        assert refusal("".join(f"<a href=//site.example/{n}>" for n in range(10_001)) + LINK).reason is Reason.TOO_LARGE


PIECES = st.sampled_from(
    [
        LINK,
        f"<a class='u-in-reply-to' href='{TARGET}'>",
        "<div class=h-entry>",
        "<div class='h-feed'>",
        "<div class='u-comment h-cite'>",
        "<article class='hentry h-entry'>",
        "<div class=hentry>",
        "<span class='author vcard'>",
        "<span class='p-author h-card'>",
        "<a class='u-url fn url' href='/x' rel='author bookmark'>",
        "<img class='u-photo photo' src='a,b' srcset='x 1x, y' alt='\U0001f600'>",
        "<time class='dt-published published' datetime='2024-13-99T99:99+9999'>",
        "<div class='e-content entry-content p-name'>",
        '<script type=\'application/ld+json\'>{"@type":"Article","author":[[{}],1e999,"\\ud800"]}</script>',
        "<base href='http://[::1'>",
        "<base href='//site.example:99999/\ud7ff'>",
        "<meta property='og:title' content='\x00\x1b\u202e'>",
        "<noscript>",
        "</noscript>",
        "<template>",
        "</template>",
        "<svg><title>",
        "<math><mtext><mglyph>",
        "<table><tr><td>",
        "<b><i><p>",
        "</b>",
        "</div>",
        "</a>",
        "<!--",
        "-->",
        "<![CDATA[",
        "<plaintext>",
        "<data class='p-rsvp value' value='\x00'>",
        "<p>Words. More words! \u0301\u200d\U0001f1e6\U0001f1e6",
        "&#xD800;&lt;&#0;",
        "<a href='java\nscript:x'>",
        "<a href='https://site.example\\@x/\t/post'>",
        "<abbr class='value-title e-content' title='2024-01-01' lang=en>",
        "\r\n\t ",
    ]
)


class TestTotal:
    """For any bytes at all: a mention, or Declined. Never another exception, never anything unclean in a mention."""

    @settings(max_examples=300, deadline=None, derandomize=True)
    @given(pieces=st.lists(PIECES, max_size=25))
    def test_pages_made_of_nasty_pieces(self, pieces: list[str]) -> None:
        mention_or_reason("".join(pieces).encode("utf-8", "surrogatepass"), "text/html")

    @settings(max_examples=300, deadline=None, derandomize=True)
    @given(
        body=st.binary(max_size=300)
        | st.lists(PIECES | st.text(max_size=9), max_size=9).map(lambda p: "".join(p).encode("utf-16")),
        kind=st.sampled_from(
            ["text/html", "application/json", "text/plain", "", "image/svg+xml", "text/html;;=,", "x+json"]
        )
        | st.text(max_size=20),
        charset=st.sampled_from(["utf-8", "utf-16be", "iso-2022-jp", "big5", "gb18030", "replacement", "utf-7"])
        | st.text(max_size=20),
    )
    def test_any_bytes_types_and_charsets(self, body: bytes, kind: str, charset: str) -> None:
        mention_or_reason(body + LINK.encode(), f"{kind}; charset={charset}")

    @settings(max_examples=200, deadline=None, derandomize=True)
    @given(
        body=st.recursive(
            st.none() | st.booleans() | st.floats() | st.text(max_size=9) | st.just(TARGET), st.lists, max_leaves=9
        )
    )
    def test_any_json(self, body: Any) -> None:
        mention_or_reason(json.dumps(body).encode(), "application/json")


def mention_or_reason(body: bytes, kind: str) -> None:
    outcome = outcome_of(body, kind)
    if isinstance(outcome, Mention):
        well_kept(outcome)
    else:
        assert outcome.reason in (Reason.NO_LINK, Reason.NOT_TEXT, Reason.SOURCE_MISSING)
        assert outcome.detail


def outcome_of(body: bytes, kind: str) -> Mention | Declined | TryLater:
    try:
        return page.read(answer(body, kind), urls.parse(TARGET)).mention
    except (Declined, TryLater) as declined:
        return declined


def well_kept(mention: Mention) -> None:
    """What holds of every mention: it can be stored and read again, its URLs are http(s), its HTML is harmless."""
    text = mention.to_json()
    assert Mention.from_json(text) == mention
    assert len(text.encode("utf-8")) < 150_000
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]", json.loads(text).__repr__())
    addresses = [mention.url, mention.canonical, mention.author.url, mention.author.photo]
    addresses += [*mention.photo, *mention.video, *mention.audio, *mention.syndication]
    assert all(re.match(r"https?://", one) for one in addresses if one)
    assert not re.search(rf"<(?!/?(?:{'|'.join(sorted(content.TAGS))})[\s>])", mention.html)
    assert not re.search(r"<[^>]*\s(?!(?:href|src|alt|rel)=)[a-z-]+=\"", mention.html)
    assert not re.search(r"(?:href|src)=\"(?!https?://)", mention.html)
