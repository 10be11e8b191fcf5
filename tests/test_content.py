"""What strangers wrote is kept clean: no markup that acts, no characters that are none, no more than was agreed."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linkback import content, urls

BASE = urls.parse("https://blog.example/notes/1")


class TestSanitise:
    def test_ordinary_words_pass_and_links_tell_no_one_to_trust_them(self) -> None:
        html = '<p>One <em>two</em><br><a href="https://a.example/">three</a></p><ul><li>x</li></ul><pre><code>y</code></pre>'
        assert content.sanitise(html) == html.replace(
            ' href="https://a.example/"', ' href="https://a.example/" rel="nofollow ugc noopener"'
        )

    @pytest.mark.parametrize(
        "html",
        [
            "<script>alert(1)</script>",
            "<style>*{x:y}</style>",
            "<svg onload=alert(1)><a xlink:href='javascript:x'>",
            "<img src=x onerror=alert(1)>",
            "<a href='javascript:alert(1)' onclick=x style='x:y' target=_blank class=x id=x title=x>",
            "<a href='java\nscript:alert(1)'>",
            "<a href=' &#1; javascript:alert(1)'>",
            "<a href='data:text/html,<script>alert(1)</script>'>",
            "<a href='vbscript:x'><a href='//evil.example'><a href='mailto:x@y.example'><a href='/relative'>",
            "<img src='data:image/svg+xml,<svg onload=alert(1)>' srcset='x'>",
            "<textarea></textarea><script>alert(1)</script>",
            "<textarea><img title='</textarea><img src=x onerror=alert(1)>'>",
            "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
            "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)></style>",
            "<form><math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
            "<svg></p><style><a id='</style><img src=1 onerror=alert(1)>'>",
            "<iframe srcdoc='<script>alert(1)</script>'></iframe><object data='javascript:x'></object><embed src=x>",
            "<base href='https://evil.example/'><meta http-equiv=refresh content='0;url=x'><link href=x>",
            "<form action='https://evil.example'><input name=x><button formaction='javascript:x'>",
            "<!--><img src=x onerror=alert(1)>--><![CDATA[<script>]]><?x <script>?>",
            "<xmp><script>alert(1)</script></xmp><plaintext><script>",
            "<template><script>alert(1)</script></template>",
            "<a href='https://a.example/\" onclick=\"alert(1)'>x</a>",
        ],
    )
    def test_nothing_that_acts_comes_out(self, html: str) -> None:
        cleaned = content.sanitise(f"<p>{html}</p>")
        assert not re.search(r"<(?!/?(?:p|a|img|em|b)[\s>])", cleaned)
        assert not re.search(r'<[^>]*\s(?!(?:href|src|alt|rel)=)[a-z:-]+="[^>]*>', re.sub(r'="[^"]*"', '=""', cleaned))
        assert not re.search(r'(?:href|src)="(?!https?://)', cleaned)

    @pytest.mark.parametrize(
        "html",
        [
            "<p><b><i>" * 5_000,
            "<div>" * 60 + "x",
            "<p " + " ".join(f"a{n}=1" for n in range(500)) + ">",
            "x" * 70_000,
            "&" * 70_000,
        ],
    )
    def test_what_is_too_large_or_odd_is_left_out_whole(self, html: str) -> None:
        assert content.sanitise(html) == ""

    def test_html_is_never_cut(self) -> None:
        assert content.sanitise("<p>" + "\u00e9" * 9_000 + "</p>") == ""
        assert len(content.sanitise("<p>" + "e" * 15_000 + "</p>")) == 15_007


class TestPlain:
    def test_a_block_is_a_line(self) -> None:
        assert (
            content.plain("<h1>A</h1><p>one\n two<br>three</p><div> <p>four</p></div>five")
            == "A\none two\nthree\nfour\nfive"
        )

    def test_scripts_styles_and_templates_are_not_words(self) -> None:
        html = "a<script>b</script><style>c</style><template><p>d</p></template><svg><text>e</text></svg>f"
        assert content.plain(html) == "af"

    def test_long_text_is_cut_by_characters(self) -> None:
        text = content.plain("\U0001f600" * 30_000)
        assert len(text) == 8_000
        assert text.endswith("\U0001f600\u2026")


class TestLines:
    def test_controls_surrogates_and_direction_marks_are_dropped(self) -> None:
        assert content.line(" a\x00\x1b[31m\ud800 \u202eb\r\n\tc\x7f\x85\ufffe ") == "a[31m b c"

    def test_a_placeholder_is_no_title(self) -> None:
        assert content.title(" Bridgy  Response ") == ""
        assert content.title("Bridgy Responses") == "Bridgy Responses"

    @settings(max_examples=100, deadline=None, derandomize=True)
    @given(text=st.text(alphabet=st.characters(exclude_categories=()), max_size=700))
    def test_whatever_is_kept_can_be_stored(self, text: str) -> None:
        for kept in (content.line(text), content.safe(text), content.plain(text), content.sanitise(text)):
            kept.encode("utf-8")
            assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f]", kept)
        assert len(content.line(text)) <= 500


class TestUrls:
    @pytest.mark.parametrize(
        "value",
        [
            "javascript:x",
            "java\nscript:x",
            "data:,x",
            "vbscript:x",
            "mailto:a@b.example",
            "tag:x",
            "",
            "http://",
            "http://[",
            "x" * 5000,
            "\ud800",
        ],
    )
    def test_what_is_no_web_address_is_dropped(self, value: str) -> None:
        assert content.url(BASE, value) == ""

    def test_relative_ones_are_resolved_and_at_most_ten_kept_once_each(self) -> None:
        assert content.urls_of(BASE, ["a", "a", "/b", "javascript:x"]) == (
            "https://blog.example/notes/a",
            "https://blog.example/b",
        )
        assert len(content.urls_of(BASE, map(str, range(30)))) == 10


@pytest.mark.parametrize(
    ("given_time", "kept"),
    [
        ("2024-05-06T07:08:09-07:00", "2024-05-06T07:08:09-07:00"),
        ("2024-05-06 07:08:09+0530", "2024-05-06T07:08:09+05:30"),
        ("2024-05-06T07:08Z", "2024-05-06T07:08:00Z"),
        ("2024-05-06T07:08:09.123z", "2024-05-06T07:08:09.123Z"),
        ("2024-05-06 07:08 +01", "2024-05-06T07:08:00+01:00"),
        ("2024-05-06T07:08:09", "2024-05-06T07:08:09"),
        (" 2024-05-06 ", "2024-05-06"),
        ("2024-02-30", ""),
        ("2024-05-06T25:00:00", ""),
        ("2024-05-06T07:08:09+99:00", ""),
        ("6 May 2024", ""),
        ("2024", ""),
        ("\u0662\u0660\u0662\u0664-05-06", ""),
        ("2024-05-06" + " " * 100_000 + "x", ""),
        ("", ""),
    ],
)
def test_a_time_keeps_its_offset_as_given_or_is_none(given_time: str, kept: str) -> None:
    assert content.when(given_time) == kept
