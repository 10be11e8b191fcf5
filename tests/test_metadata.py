"""What a page says without microformats, and the sentence around its link."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linkback import links, metadata, sentence, urls
from linkback.mention import Author
from linkback.metadata import Metadata

PAGE = urls.parse("https://blog.example/2024/notes")
TARGET = urls.parse("https://site.example/post/")
LINK = '<a href="https://site.example/post/">this post</a>'


def read(html: str) -> Metadata:
    found = links.in_html(html, PAGE, TARGET)
    return metadata.read(html, found.links[0], found.base)


def ld(document: object) -> str:
    return f'<script type="application/ld+json">{json.dumps(document)}</script>{LINK}'


class TestTitle:
    def test_open_graph_wins_over_json_ld_and_that_over_the_title(self) -> None:
        graph, title = '<meta property="og:title" content=" A  &amp; B ">', "<title>\n C </title>"
        article = ld({"@type": "Article", "headline": "D"})
        assert read(graph + title + article).title == "A & B"
        assert read(title + article).title == "D"
        assert read(title + LINK).title == "C"

    def test_the_first_title_counts_and_a_long_one_is_cut(self) -> None:
        assert read(f"<title>One</title><svg><title>Two</title></svg>{LINK}").title == "One"
        assert len(read(f"<title>{'x' * 5000}</title>{LINK}").title) == 500

    def test_a_tools_placeholder_is_none(self) -> None:
        assert read(f"<title>Bridgy Response</title>{LINK}").title == ""


class TestAuthor:
    @pytest.mark.parametrize(
        ("author", "expected"),
        [
            ("Ann", Author("Ann")),
            ({"@type": "Person", "name": "Ann", "url": "/ann"}, Author("Ann", "", "https://blog.example/ann")),
            (
                [{"name": "Ann", "image": {"url": "/a.jpg"}}, {"name": "Bob"}],
                Author("Ann", "https://blog.example/a.jpg"),
            ),
            ({"name": "Ann", "url": "javascript:x", "image": "data:,x"}, Author("Ann")),
            ({"name": ["Ann"]}, Author()),
            ([[]], Author()),
            ({"name": {"name": "x"}, "url": 5}, Author()),
            ("\ud800\x00", Author()),
        ],
    )
    def test_json_ld(self, author: object, expected: Author) -> None:
        assert read(ld({"@type": "BlogPosting", "author": author})).author == expected
        assert (
            read(ld({"@graph": [{"@type": "WebSite"}, {"@type": ["x", "Article"], "author": author}]})).author
            == expected
        )

    def test_meta_author_is_a_name_or_an_address(self) -> None:
        assert read(f'<meta name="author" content="Ann">{LINK}').author == Author("Ann")
        assert read(f'<meta property="article:author" content="https://fb.example/a">{LINK}').author == Author(
            url="https://fb.example/a"
        )

    def test_rel_author_is_the_first_such_link(self) -> None:
        assert read(
            f'<a rel="me author" href="/ann"><b>Ann</b> A.</a><a rel=author href=/bob>Bob</a>{LINK}'
        ).rel_author == Author("Ann A.", "", "https://blog.example/ann")

    @pytest.mark.parametrize(
        "text", ["{", "[" * 50_000, '{"@type":"Article","author":' + "9" * 9_000 + "}", "null", '"x"', "[1,null]"]
    )
    def test_broken_json_ld_is_nothing(self, text: str) -> None:
        assert read(f'<script type="application/ld+json">{text}</script>{LINK}').author == Author()


class TestTimesAndAddresses:
    def test_published_comes_from_open_graph_or_json_ld(self) -> None:
        meta = '<meta property="article:published_time" content="2024-05-06T07:08:09+02:00">'
        assert read(meta + LINK).published == "2024-05-06T07:08:09+02:00"
        assert read(ld({"@type": "Article", "datePublished": "2024-05-06"})).published == "2024-05-06"
        assert read(ld({"@type": "Article", "datePublished": "yesterday"})).published == ""

    def test_canonical_is_resolved_and_http_only(self) -> None:
        assert read(f'<link rel="canonical" href="/a">{LINK}').canonical == "https://blog.example/a"
        assert read(f'<link rel="canonical" href="javascript:x">{LINK}').canonical == ""


class TestWords:
    """The sentence that holds the link, whatever tags stand around it."""

    @pytest.mark.parametrize(
        ("html", "words"),
        [
            (f"<p>One. Two is in {LINK} here! Three.</p>", "Two is in this post here!"),
            (f"<p>One.</p><div>As <b>in {LINK}</b>, <i>too</i><p>Three", "As in this post, too"),
            (f"<p>Version 1.2 of e.g. {LINK}", "this post"),
            (f"<p>Is it? {LINK}", "this post"),
            (f"<p>{LINK}. More.", "this post."),
            (f"Line<br>by line<br>{LINK}", "Line by line this post"),
            (f"<ul><li>first<li>in {LINK}<li>third</ul>", "in this post"),
            (
                f"<p>\u4eca\u65e5\u306f\u3002\u3053\u308c\u306f{LINK}\u3067\u3059\u3002\u307e\u305f\u3002",
                "\u3053\u308c\u306fthis post\u3067\u3059\u3002",
            ),
            (f"<p>a<script>b</script><style>c</style><textarea>d</textarea><!-- e -->f {LINK}", "af this post"),
            ("<p>Look <a href='https://site.example/post/'><h2>A title</h2></a> there", "Look A title"),
            ("<p>Look <img src='https://site.example/post/'> there.", "Look there."),
            ("<link href='https://site.example/post/'><p>Text", ""),
            ("<p>Look <a href='https://site.example/post/'></a></p><p>Text", "Look"),
            ("<blockquote cite='https://site.example/post/'><p>Said</p></blockquote>", ""),
            (f"<p>Out <noscript>in {LINK}</noscript> side", "Out in this post side"),
        ],
    )
    def test_sentence(self, html: str, words: str) -> None:
        assert read(html).words == words

    def test_a_long_sentence_is_cut_at_words_around_the_link(self) -> None:
        found = read(f"<p>{'word ' * 500}{LINK}{' more' * 500}.</p>").words
        assert len(found) <= 300
        assert found.startswith("\u2026word ")
        assert found.endswith(" more\u2026")
        assert "this post" in found

    def test_a_character_with_its_marks_is_never_cut(self) -> None:
        family = "\U0001f468\u200d\U0001f469\u200d\U0001f467\u0301"
        found = read(f"<p>{family * 200}{LINK}{family * 200}</p>").words
        before, _, after = found.partition("this post")
        assert before.removeprefix("\u2026").replace(family, "") == ""
        assert after.removesuffix("\u2026").replace(family, "") == ""

    @settings(max_examples=200, deadline=None, derandomize=True)
    @given(before=st.text(max_size=600), inside=st.text(max_size=400), after=st.text(max_size=600))
    def test_any_words_fit(self, before: str, inside: str, after: str) -> None:
        found = sentence.around(before + inside + after, len(before), len(before) + len(inside))
        assert len(found) <= 300
        assert "\n" not in found


PIECES = st.sampled_from(
    "<p>|</p>|</a>|<title>|</title>|<br>|words. |</script>|<template>|</template>|<noscript>|</noscript>|"
    '<a rel=author href=/x>|<meta property=og:title>|<script type=application/ld+json>|{"@type":"Article"}'.split("|")
)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(pieces=st.lists(PIECES, max_size=20))
def test_every_page_with_a_link_can_be_read(pieces: list[str]) -> None:
    html = LINK + "".join(pieces)
    assert isinstance(read(html), Metadata)
    assert read(html).words.startswith("this post")
