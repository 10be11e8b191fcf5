"""Which pages may become a tree: measured on the tokens, never on a tree that is too large already."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from turbohtml import parse

from linkback import measure

# Each <p> opens all of these <b> again: 12 KB are 400,000 elements, 100 KB some ten million.
REOPENED = "".join(f"<p><b a={n}>" for n in range(1_000))


def size(html: str) -> int:
    """How many elements a tree of this page has."""
    return sum(1 for _ in parse(html, positions=False).iter_elements())


class TestSane:
    @pytest.mark.parametrize(
        "html",
        [
            "<ul>" + "<li>one" * 3_000 + "</ul>",
            "<p>one" * 3_000,
            "<table>" + "<tr><td>a<td>b" * 1_000 + "</table>",
            "<dl>" + "<dt>a<dd>b" * 1_000,
            "<p><b>x</b></p>" * 3_000,
            "<b>x<i>y</b></i>" * 30 + "<p>z</p>" * 500,
            "<div>" * 200,
            "<br><img><input>" * 3_000,
            "</div>" * 3_000,
            "<p>z" * 49_000,
        ],
    )
    def test_sloppy_but_honest_pages(self, html: str) -> None:
        assert measure.sane(html)

    @pytest.mark.parametrize(
        "html",
        [
            "<a href=x><svg><path d=z /><title>t</title></svg></a>" * 300 + "<p>z</p>" * 5_000,
            "<svg><g>" + "<path/>" * 500 + "</g></svg>",
            "<math><mrow><mi>x</mi><mo>&lt;</mo></mrow></math><script>'<b><i>'</script>" * 300,
            "<svg><title>x</title></svg>" + "<script>var a = '<b><p>';</script>" * 300,
            "<a><span></a></span>" * 300 + "<p>z</p>" * 3_000,
            "<noscript><img src=x><p>z</p></noscript>" * 300,
        ],
    )
    def test_drawings_scripts_and_noscript_of_honest_pages(self, html: str) -> None:
        assert measure.sane(html)

    @pytest.mark.parametrize(
        "html",
        [
            "<div>" * 300,
            "<p " + " ".join(f"a{n}=1" for n in range(300)) + ">",
            "<p class='" + "a " * 6_000 + "'>",
            "<p><b><i>" * 300,
            "<p>" * 51_000,
            "</p>" * 51_000,
            REOPENED,
            "".join(f"<b a={n}><p></b></p>" for n in range(1_000)),
            "".join(f"<div><b a={n}></div>" for n in range(1_000)),
            "".join(f"<b a={n}>" + "<div>" * 9 + "</b>" + "</div>" * 9 for n in range(1_000)),
            "".join(f"<p><b a={n}>" for n in range(100)) + "<p>x</p>" * 2_000,
        ],
    )
    def test_pages_that_would_grow_or_nest_without_end_are_not(self, html: str) -> None:
        assert not measure.sane(html)


class TestGrown:
    """What is raw text to a tokenizer may be markup to a tree builder."""

    @pytest.mark.parametrize(
        "before",
        [
            "",
            "<noscript>",
            "<noscript><style></noscript>",
            "<noscript><!-- </noscript><style> -->",
            "<noscript><a title='</noscript><style>'></a>",
            "<svg><style>",
            "<svg><title>",
            "<math><script>",
            "<svg><![CDATA[ > <!-- ]]>",
            "<svg><![CDATA[ > <style> ]]>",
            "<svg><style><!-- </style></svg><style> -->",
            "<svg><desc><g></svg></g></desc><style>",
            "<svg></math><style>",
            "<svg><desc><marquee></svg></marquee></desc><xmp>",
            "<template><col><iframe>",
            "<font><style/><script>",
        ],
    )
    def test_nothing_hides_markup_that_grows(self, before: str) -> None:
        grown = measure.grown(before + REOPENED)
        assert grown is None or sum(1 for _ in grown.iter_elements()) < 100

    def test_raw_text_that_could_be_markup_is_left_out_and_the_rest_is_read(self) -> None:
        grown = measure.grown("<p>a &lt;b></p><svg><style>a{}<x></style></svg><noscript><p title='</noscript><b>c</b>")
        assert grown is not None
        assert [one.text for name in ("p", "style", "b") for one in grown.find_all(name)] == ["a <b>", "", "c"]

    def test_markup_in_noscript_is_read(self) -> None:
        grown = measure.grown("<body><noscript><b>x</b></noscript>")
        assert grown is not None
        assert len(grown.find_all("b")) == 1


TAGS = (
    "div p span b i a font marquee object button table tr td th li ul h1 select option svg math style title textarea "
    "script xmp noscript template desc foreignObject mi iframe head body col g path br"
).split()
PIECES = st.sampled_from(
    [f"<{tag}>" for tag in TAGS]
    + [f"</{tag}>" for tag in TAGS]
    + [
        "x",
        "<!--",
        "-->",
        "<![CDATA[",
        "]]>",
        '"',
        "<a title='",
        "'>",
        "<path/>",
        "<style/>",
        "</",
        "<svg/>",
        "<title/>",
    ]
)


@settings(max_examples=400, deadline=None, derandomize=True)
@given(before=st.lists(PIECES, max_size=10), after=st.lists(PIECES, max_size=10), count=st.integers(0, 60))
def test_a_tree_is_never_larger_than_it_was_measured(before: list[str], after: list[str], count: int) -> None:
    page = "".join(before) + "".join(f"<p><b a={n}>" for n in range(count)) + "".join(after * 5)
    measured = measure.Measure(deepest=10_000)
    if measured.walk(page):
        # A table makes up to two elements that were not written, a page three.
        assert size(page) <= 3 * measured.elements + measured.reopened + 3
