"""The piece of a page that is handed to a parser that recurses: small, shallow, in today's names."""

from __future__ import annotations

from contextlib import suppress

import pytest
from turbohtml import Element, parse

from linkback import tree


def first(html: str) -> Element:
    element = parse(f"<body>{html}").find("body")
    assert element is not None
    return next(one for one in element if isinstance(one, Element))


def taken(html: str) -> int:
    """How many steps it takes to write this, or to find out that it is too odd."""
    steps = tree.Steps()
    before = steps.left
    with suppress(tree.TooOdd):
        tree.write(first(html), (), steps)
    return before - steps.left


class TestLinkedCard:
    URL = '<data class="u-url" value="/"></data>'

    def test_one_with_a_picture_has_its_link_for_its_url(self) -> None:
        assert self.URL in tree.write(first("<a class=h-card href=/><b><img class=u-photo src=x></b>Ann</a>"))

    @pytest.mark.parametrize(
        "html",
        [
            "<a class=h-card href=/>Ann</a>",
            "<a class='h-card u-photo' href=/>Ann</a>",
            "<a class=h-card href=/><img class=u-photo src=x><data class=u-url value=/x></data></a>",
            "<p class=h-card><img class=u-photo src=x></p>",
            "<p><img class=u-photo src=x><a class=h-card href=/>Ann</a></p>",
        ],
    )
    def test_no_other(self, html: str) -> None:
        assert self.URL not in tree.write(first(html))


class TestSteps:
    def test_cards_in_cards_take_a_step_more_for_each_element_not_for_each_pair(self) -> None:
        nested = "<a class=h-card href=/><marquee>" * 40
        once, twice = (taken(f"<div>{nested}" + "<br>" * count) for count in (0, 1))
        assert once < 4_000
        assert twice - once < 100

    def test_what_is_left_out_costs_a_step_too(self) -> None:
        assert taken("<div>" + "<script></script>" * 200) >= 200
        assert taken("<div>" + "<!---->" * 200) >= 200

    def test_class_names_cost_what_reading_them_does(self) -> None:
        assert taken(f"<div><p class='{'x ' * 4_000}'>") - taken("<div><p>") >= 400

    def test_a_piece_ends_at_its_own_limit_and_at_that_of_the_page(self) -> None:
        steps = tree.Steps(left=1_000)
        large = first("<div>" + "<br>" * 5_000)
        with pytest.raises(tree.TooOdd):
            tree.write(large, (), steps, most=100)
        assert 890 <= steps.left <= 900
        with pytest.raises(tree.TooOdd):
            tree.write(large, (), steps)
        assert steps.left <= 0
        with pytest.raises(tree.TooOdd):
            tree.write(first("<p>x</p>"), (), steps)
