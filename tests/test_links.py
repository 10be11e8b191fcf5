"""Which bytes of a page are a link to the target, and which only look like one."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linkback import links, urls

PAGE = urls.parse("https://blog.example/2024/notes")
TARGET = urls.parse("https://site.example/post/")
WRITTEN = "https://site.example/post/"


def linked(html: str, target: str = WRITTEN, page: str = str(PAGE)) -> bool:
    return bool(links.in_html(html, urls.parse(page), urls.parse(target)).links)


class TestAttributes:
    """A link is a URL where HTML has one."""

    @pytest.mark.parametrize("tag", ["a", "area", "link"])
    def test_href(self, tag: str) -> None:
        assert linked(f"<{tag} href='{WRITTEN}'>")

    @pytest.mark.parametrize("tag", ["img", "video", "audio", "source", "iframe", "embed", "track"])
    def test_src(self, tag: str) -> None:
        assert linked(f"<{tag} src='{WRITTEN}'>")

    @pytest.mark.parametrize("tag", ["blockquote", "q", "ins", "del"])
    def test_cite(self, tag: str) -> None:
        assert linked(f"<{tag} cite='{WRITTEN}'>")

    @pytest.mark.parametrize("html", [f"<video poster='{WRITTEN}'>", f"<object data='{WRITTEN}'></object>"])
    def test_poster_and_data(self, html: str) -> None:
        assert linked(html)

    @pytest.mark.parametrize(
        "srcset",
        [
            WRITTEN,
            f"{WRITTEN} 2x",
            f"a.jpg 1x, {WRITTEN} 2x",
            f"a.jpg 1x,{WRITTEN} 2x,b.jpg 3x",
            f"a.jpg, {WRITTEN}",
            f"\n a.jpg 480w ,\t{WRITTEN}, b.jpg",
            f",,,{WRITTEN},,",
        ],
    )
    @pytest.mark.parametrize("tag", ["img", "source"])
    def test_every_candidate_of_a_srcset(self, tag: str, srcset: str) -> None:
        assert linked(f'<{tag} srcset="{srcset}">')

    def test_a_descriptor_of_a_srcset_is_no_url(self) -> None:
        assert not linked('<img srcset="a.jpg 2x">', "https://blog.example/2024/2x")
        assert not linked(f'<img srcset="a.jpg {WRITTEN}">')

    @pytest.mark.parametrize(
        "html",
        [
            f"<p href='{WRITTEN}'>",
            f"<a data-href='{WRITTEN}' title='{WRITTEN}' name='{WRITTEN}' ping='{WRITTEN}'>",
            f"<form action='{WRITTEN}'>",
            f"<input src='{WRITTEN}' value='{WRITTEN}'>",
            f"<meta content='0; url={WRITTEN}' http-equiv=refresh>",
            f"<base href='{WRITTEN}'>",
            f"<base href='{WRITTEN}x/y'><p>..",
            f"<div style='background:url({WRITTEN})'>",
            WRITTEN,
            f"&lt;a href='{WRITTEN}'>",
            f"</a href='{WRITTEN}'>",
            f"<a href='{WRITTEN}",
        ],
    )
    def test_nothing_else_is_a_link(self, html: str) -> None:
        assert not linked(html)


class TestWhereItDoesNotCount:
    @pytest.mark.parametrize(
        "tag", ["script", "style", "template", "textarea", "title", "xmp", "iframe", "noembed", "noframes", "plaintext"]
    )
    def test_raw_text_and_templates(self, tag: str) -> None:
        assert not linked(f"<{tag}><a href='{WRITTEN}'>x</a></{tag}>")

    @pytest.mark.parametrize("hidden", ["<!--{}-->", "<!-- --!><!--{}", "<![CDATA[{}]]>", "<?{}?>", "<!DOCTYPE {}>"])
    def test_comments(self, hidden: str) -> None:
        assert not linked(hidden.format(f"a href='{WRITTEN}'"))
        assert not linked(f"<!-- <a href='{WRITTEN}'> -->")

    def test_a_template_in_a_template_ends_with_the_outer_one(self) -> None:
        inner = f"<template><template></template><a href='{WRITTEN}'></template>"
        assert not linked(inner)
        assert linked(f"{inner}<a href='{WRITTEN}'>")
        assert linked(f"</template></template><a href='{WRITTEN}'>")


class TestNoscript:
    """What a browser without scripts would follow is a link."""

    def test_its_content_is_markup(self) -> None:
        assert linked(f"<noscript><p><img src='{WRITTEN}'></p></noscript>")
        assert linked(f"<head><noscript><link href='{WRITTEN}'></noscript></head>")

    def test_what_does_not_count_outside_does_not_count_inside(self) -> None:
        assert not linked(f"<noscript><!-- <a href='{WRITTEN}'> --></noscript>")
        assert not linked(f"<template><noscript><a href='{WRITTEN}'></noscript></template>")
        assert not linked(f"<noscript>{WRITTEN}</noscript>")

    def test_its_open_template_ends_with_it(self) -> None:
        assert linked(f"<noscript><template></noscript><a href='{WRITTEN}'>")


class TestResolving:
    @pytest.mark.parametrize(
        ("base", "reference"),
        [
            ("", "//site.example/post"),
            ("", "HTTPS://SITE.EXAMPLE:443/post"),
            ("", "\n https://site.exa\tmple/po\nst/ "),
            ("", "https://site.example/a/../post/"),
            ("<base href='https://site.example/a/b'>", "../post"),
            ("<base href='//site.example'>", "post"),
            ("<base target=x><base href='//site.example'><base href='//else.example'>", "post"),
            ("<base href='http://site.example/post/'>", ""),
            ("<base href='http://site.example/post/'>", "#c"),
        ],
    )
    def test_a_reference_is_read_as_a_browser_reads_it(self, base: str, reference: str) -> None:
        assert linked(f'{base}<a href="{reference}">')

    def test_a_base_after_the_link_holds_for_it_too(self) -> None:
        assert linked("<a href=post><base href='//site.example'>")

    @pytest.mark.parametrize("base", ["javascript:x", "data:,x", "http://[::1", "//a b", "http://:80"])
    def test_a_base_that_is_no_web_address_is_ignored(self, base: str) -> None:
        assert linked(f"<base href='{base}'><a href='/post'>", page="https://site.example/other")

    def test_a_base_in_a_template_is_none(self) -> None:
        assert not linked("<template><base href='//site.example'></template><a href='/post'>")

    def test_a_page_of_the_same_site_may_link_by_path(self) -> None:
        assert linked("<a href='/post'>", page="https://www.site.example/about")
        assert not linked("<a href='/post'>", page="https://blog.site.example/about")


class TestSamePage:
    """Scheme, `www.`, port, slash, fragment, escapes and tracking are forgiven on the source's side; a query is not."""

    @pytest.mark.parametrize(
        "written",
        [
            "http://site.example/post",
            "https://www.site.example/post/",
            "https://site.example:443/post/#comment-1",
            "https://site.example/%70ost",
            "https://site.example/post/?utm_source=a&amp;utm_medium=b",
            "https://site.example./post",
        ],
    )
    def test_what_leads_to_the_same_page(self, written: str) -> None:
        assert linked(f'<a href="{written}">')

    @pytest.mark.parametrize(
        "written",
        [
            "https://site.example/post-2",
            "https://site.example/Post",
            "https://site.example/post?id=1",
            "https://site.example/",
            "https://blog.site.example/post",
            "https://site.example.evil.example/post",
            "https://evil.example/?https://site.example/post/",
            "https://user@site.example/post",
            "https://site.example:8080/post",
            "ftp://site.example/post",
            "javascript:https://site.example/post/",
        ],
    )
    def test_what_does_not(self, written: str) -> None:
        assert not linked(f'<a href="{written}">')

    @pytest.mark.parametrize(
        ("target", "written"),
        [
            ("https://xn--bcher-kva.example/", "https://b&uuml;cher.example"),
            ("https://xn--bcher-kva.example/", "https://B\u00dcCHER.example/"),
            ("https://site.example/%C3%BC", "https://site.example/\u00fc"),
            ("https://site.example/a%20b", "https://site.example/a b"),
            ("http://[2001:db8::1]/post", "http://[2001:DB8:0:0::1]/post"),
        ],
    )
    def test_international_names_and_addresses(self, target: str, written: str) -> None:
        assert linked(f'<a href="{written}">', target)


class TestJson:
    """W3C Webmention, 3.2.2: "a property with an exact match of the target"."""

    def found(self, text: str) -> bool:
        return bool(links.in_json(text, PAGE, TARGET).links)

    @pytest.mark.parametrize(
        "document",
        [
            {"url": WRITTEN},
            {"a": {"b": [1, [WRITTEN]]}},
            [WRITTEN],
            WRITTEN,
            {"a": 1, "b": "http://www.site.example/post"},
        ],
    )
    def test_an_exact_value_anywhere(self, document: object) -> None:
        assert self.found(json.dumps(document))
        assert self.found(json.dumps(document, indent=2).replace("/", "\\/").replace("site", "\\u0073ite"))

    @pytest.mark.parametrize(
        "document",
        [{WRITTEN: 1}, {"a": f"see {WRITTEN}"}, {"a": "/post/"}, {"a": json.dumps({"b": WRITTEN})}, {"a": 1}],
    )
    def test_a_name_and_a_longer_text_are_none(self, document: object) -> None:
        assert not self.found(json.dumps(document))
        assert not links.in_json('{"a":"/post"}', urls.parse("https://site.example/x"), TARGET).links

    @pytest.mark.parametrize(
        "odd",
        [
            "[" * 100_000,
            '{"a":' * 50_000,
            "9" * 100_000 + ",",
            "[NaN,-Infinity,1e999,",
            '{"a":1,"a":',
            '"\\ud800",',
            '"\\x",',
        ],
    )
    def test_what_stops_a_parser_does_not_matter(self, odd: str) -> None:
        assert self.found(f'{odd}"{WRITTEN}"')

    def test_a_string_without_an_end_is_none(self) -> None:
        assert not self.found('{"a":"' + WRITTEN)
        assert not self.found('{"a":"' + WRITTEN + '\\"' * 50_000)


class TestText:
    """A whole URL, as a reader would copy it out of a sentence."""

    def found(self, text: str) -> bool:
        return bool(links.in_text(text, PAGE, TARGET).links)

    @pytest.mark.parametrize(
        "text",
        [
            WRITTEN,
            "See https://site.example/post.",
            "(https://site.example/post),",
            "[post](https://site.example/post/)!",
            "<https://site.example/post>",
            '"https://site.example/post"',
            "HTTP://www.Site.example/post?utm_source=x\nnext",
            "\u300chttps://site.example/post\u3002",
        ],
    )
    def test_a_url_with_punctuation_around_it(self, text: str) -> None:
        assert self.found(text)

    @pytest.mark.parametrize(
        "text",
        [
            "https://site.example/post-2",
            "https://site.example/post.html",
            "xhttps://site.example/post",
            "view-source+https://site.example/post",
            "https://else.example/?u=https://site.example/post/x",
            "site.example/post",
            "https://site.example/post/" + "x" * 5_000,
            "https://site.example/post" + "." * 5_000 + "x",
        ],
    )
    def test_a_part_of_something_longer_is_none(self, text: str) -> None:
        assert not self.found(text)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(text=st.text() | st.text(alphabet="<>\"'=/! ahrefscit:.,?#&;\n\t%[]{}\\", max_size=60))
def test_every_reader_is_total(text: str) -> None:
    for look in (links.in_html, links.in_json, links.in_text):
        assert not look(text, PAGE, TARGET).links
