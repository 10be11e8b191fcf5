"""The sites in examples/, built by their own generators: what strangers wrote stands where it belongs, as words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from bs4 import BeautifulSoup, Tag

from examples.conftest import PAGES, Built
from examples.generators import ASTRO, ELEVENTY, HUGO, JEKYLL, PELICAN, PLAIN, Generator
from examples.strangers import LIKE, REPLY, REPOST, STRANGERS, Stranger

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.examples

TITLES = dict(zip(PAGES, ("One Plank", "A stool from one plank", "Oil before winter"), strict=True))
GENERATED = (HUGO, JEKYLL, PELICAN, ELEVENTY, ASTRO)
NONE = "No mentions yet."


def name(generator: Generator) -> str:
    return generator.name


every = pytest.mark.parametrize("built", [*GENERATED, PLAIN], indirect=True, ids=name, scope="session")
generated = pytest.mark.parametrize("built", GENERATED, indirect=True, ids=name, scope="session")
plain = pytest.mark.parametrize("built", [PLAIN], indirect=True, ids=name, scope="session")


def soup(html: str) -> BeautifulSoup:
    """The page as a browser reads it."""
    return BeautifulSoup(html, "html5lib")


def text(part: Tag) -> str:
    return " ".join(part.get_text().split())


def mentions(html: str) -> Tag:
    """The part of the page that is strangers'."""
    found = soup(html).select_one("#webmentions") or soup(html).select_one("main section")
    assert found
    return found


def who(stranger: Stranger, built: Built) -> str:
    """What a page calls the stranger: by name, or, where there is none, by host."""
    return stranger.name or built.blog.removeprefix("http://")


def shown(built: Built, pages: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Each stranger's name and each page that shows it, in a link or, as webmention.js does it, in a link's title."""
    for path, html in pages.items():
        part = mentions(html)
        told = [text(part), *(str(link["title"]) for link in part.find_all("a", title=True))]
        for one in STRANGERS:
            if any(who(one, built) in words for words in told):
                yield one.path, path


@every
def test_the_site_has_its_three_pages(built: Built) -> None:
    assert {path: text(soup(html).title or soup(html)) for path, html in built.pages.items()} == TITLES
    for path, html in built.pages.items():
        page = soup(html)
        assert [text(h1) for h1 in page.select("main h1")] == [TITLES[path]]
        assert page.html
        assert page.html["lang"] == "en-GB"
        assert all(image.has_attr("alt") for image in page.find_all("img"))
    assert [link["href"] for link in soup(built.pages["/"]).select(".posts a")] == list(PAGES[:0:-1])


@every
def test_both_tags_are_in_the_head_to_the_letter(built: Built) -> None:
    for html in [*built.pages.values(), *built.later.values()]:
        head = html.partition("</head>")[0]
        for rel in ("pingback", "webmention"):
            assert f'<link rel="{rel}" href="{built.base}/{rel}">' in head


@every
def test_each_mention_is_on_the_page_that_it_is_about_and_on_no_other(built: Built) -> None:
    assert sorted(shown(built, built.pages)) == sorted((one.path, one.post) for one in STRANGERS)


@every
def test_a_mention_leads_to_the_page_that_was_visited(built: Built) -> None:
    for one in STRANGERS:
        links = mentions(built.pages[one.post]).find_all("a", href=built.blog + one.path)
        assert links
        assert all(link["rel"] == ["nofollow", "ugc"] for link in links)


@every
def test_replies_and_links_stand_with_their_words(built: Built) -> None:
    for one in STRANGERS:
        entries = [text(entry) for entry in mentions(built.pages[one.post]).find_all("li")]
        told = [entry for entry in entries if who(one, built) in entry and one.words in entry]
        assert len(told) == (1 if one.words else 0)


@generated
def test_likes_and_reposts_are_a_line_of_names(built: Built) -> None:
    lines = [text(line) for line in mentions(built.pages[LIKE.post]).select("p.reactions")]
    assert sorted(lines) == [f"Liked by {LIKE.name}", f"Shared by {REPOST.name}"]


@generated
def test_the_markup_of_a_reply_is_kept_as_far_as_the_bridge_let_it_through(built: Built) -> None:
    assert [text(em) for em in mentions(built.pages[REPLY.post]).find_all("em")] == ["four legs"]


@every
def test_nothing_of_a_stranger_is_run(built: Built) -> None:
    ours = ["/bridge.js", "/webmention.min.js"] if built.generator is PLAIN else []
    for path, html in [*built.pages.items(), *built.later.items()]:
        page = soup(html)
        assert text(page.title or page) == TITLES[path]
        assert [script.get("src") for script in page.find_all("script")] == ours
        for tag in page.select("*"):
            assert [key for key in tag.attrs if key.startswith("on")] == [], tag
            assert not any(str(tag.get(key, "")).lower().startswith("javascript:") for key in ("href", "src")), tag


@every
def test_a_page_without_mentions_says_so(built: Built) -> None:
    assert NONE in text(soup(built.pages["/"]))
    assert mentions(built.pages["/"]).find_all("a") == []


@generated
def test_a_page_with_mentions_does_not_say_that_it_has_none(built: Built) -> None:
    assert [path for path, html in built.pages.items() if NONE in html] == ["/"]


@generated
def test_the_site_is_the_same_when_it_is_built_without_the_bridge(built: Built) -> None:
    assert built.later == built.pages


@plain
def test_without_the_bridge_a_plain_page_is_still_a_page(built: Built) -> None:
    assert list(shown(built, built.later)) == []
    assert all(NONE in html for html in built.later.values())
