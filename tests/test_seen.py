"""What a feed shows of a mention is looked at once more: whatever the table has, nothing in it acts."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linkback import content
from linkback.feed import atom, h_feed, jf2, json_feed, legacy, seen
from linkback.mention import Author, Mention, Relation
from published import BARE, FULL, SOURCE, published, text, written
from test_mention import MENTIONS
from xss import ADDRESSES, MARKUP, WORDS, assert_harmless

# What our own page has around the entries.
PAGE = {
    **{tag: {"lang"} for tag in ("html", "head", "body", "header", "main", "footer", "title", "style", "small")},
    "meta": {"charset", "name", "content"},
    "article": {"class"},
    "div": {"class"},
    "span": {"class"},
    "p": {"class"},
    "a": {"class", "href", "rel"},
    "time": {"class", "datetime"},
    "data": {"class", "value"},
}


def evil(payload: str) -> Mention:
    """A mention that is this payload in every member, as no visit would have written it."""
    many = (payload, f"https://a.example/{payload}")
    return Mention(
        Relation.REPLY, payload, Author(payload, payload, payload), payload, payload, payload, payload, payload,
        many, many, many, many, canonical=payload,
    )  # fmt: skip


@pytest.mark.parametrize("markup", [*MARKUP, *WORDS])
def test_markup_that_is_not_the_sanitisers_own_is_not_shown(markup: str) -> None:
    shown = seen.as_html({"html": markup, "text": "Plain words"})
    assert_harmless(shown)
    assert shown in ("Plain words", markup)


@pytest.mark.parametrize("markup", MARKUP)
def test_what_the_sanitiser_makes_of_it_is_shown(markup: str) -> None:
    for words in (markup, f"<p>{markup}</p>", f"{markup}<b>x</b>"):
        cleaned = content.sanitise(words)
        assert seen.html({"html": cleaned}) == cleaned
        assert_harmless(cleaned)


FRAGMENTS = st.sampled_from(
    [*MARKUP, *WORDS, "<p>", "</p>", "<b>", "&lt;", "<", ">", '"', "&amp;", "\x00", "é", "<br>", "<hr>",
     '<a href="https://a.example/?a=1&b=<c>">', "</a>", "<img src='https://a.example/x' alt='\">'>", "<td>", "<li>"]
)  # fmt: skip


@settings(max_examples=300)
@given(st.lists(FRAGMENTS, max_size=8).map("".join))
def test_all_that_the_sanitiser_writes_is_known_here_and_harmless(words: str) -> None:
    cleaned = content.sanitise(words)
    assert seen.html({"html": cleaned}) == cleaned
    assert_harmless(cleaned)


@settings(max_examples=300)
@given(st.lists(st.one_of(FRAGMENTS, st.text(max_size=6)), max_size=8).map("".join))
def test_whatever_is_shown_is_harmless(words: str) -> None:
    assert_harmless(seen.as_html({"html": words, "text": words}))


@pytest.mark.parametrize("address", ADDRESSES)
def test_what_is_no_web_address_is_no_address(address: str) -> None:
    shown = seen.url(address)
    assert shown in ("", address)
    assert '"' not in shown
    assert " " not in shown
    assert shown == "" or shown.startswith("https://")


@pytest.mark.parametrize("payload", [*MARKUP, *WORDS, *ADDRESSES])
def test_no_payload_in_any_member_acts_in_any_format(payload: str) -> None:
    mention = published(evil(payload), source=payload, target=payload)
    assert "<" not in text(jf2, [mention])
    [child] = written(jf2, [mention])["children"]
    assert_harmless(child.get("content", {}).get("html", ""))
    assert_addresses(child)
    [item] = written(json_feed, [mention])["items"]
    assert_harmless(item.get("content_html", ""))
    assert_addresses(item)
    [link] = written(legacy, [mention])["links"]
    assert_harmless(link["data"]["content"] or "")
    assert_harmless(link["activity"]["sentence_html"])
    assert_addresses(link)
    assert_harmless(text(h_feed, [mention]), PAGE)
    for entry in ET.fromstring(text(atom, [mention])).iter("{http://www.w3.org/2005/Atom}entry"):
        assert_harmless(entry.findtext("{http://www.w3.org/2005/Atom}content") or "")
        assert_addresses([link.get("href") for link in entry.iter("{http://www.w3.org/2005/Atom}link")], "href")


def assert_addresses(told: Any, name: str = "") -> None:
    """Whatever is called an address is one of the web, or empty."""
    if isinstance(told, dict):
        for key, value in told.items():
            assert_addresses(value, key)
    elif isinstance(told, list):
        for value in told:
            assert_addresses(value, name)
    elif isinstance(told, str) and name in {
        "url", "photo", "avatar", "image", "video", "audio", "syndication", "canonical", "external_url", "source",
        "target", "wm-source", "wm-target", "href", "in-reply-to",
    }:  # fmt: skip
        assert told == seen.url(told), (name, told)


@settings(max_examples=60)
@given(MENTIONS)
def test_every_format_writes_any_mention(mention: Mention) -> None:
    one = published(mention)
    for form in (jf2, json_feed, legacy):
        json.loads(text(form, [one, one]))
    assert len(ET.fromstring(text(atom, [one, one])).findall("{http://www.w3.org/2005/Atom}entry")) == 2
    assert_harmless(text(h_feed, [one]), PAGE)


def test_an_honest_mention_loses_nothing() -> None:
    html = '<p>One <a href="https://a.example/?x=1&amp;y=2" rel="nofollow ugc noopener">two</a><br>3 &lt; 4</p>'
    assert seen.html({"html": html}) == html
    kept = written(jf2, [published(replace(FULL, html=html))])["children"][0]
    assert (kept["content"]["html"], kept["url"], kept["wm-source"]) == (html, FULL.url, SOURCE)
    address = "https://example.com/it's/ä?q=(1)&x=[2]"
    assert written(jf2, [published(BARE, target=address)])["children"][0]["wm-target"] == address


def test_a_hundred_kilobytes_of_almost_clean_markup_are_looked_at_at_once() -> None:
    """The expression has no way back: its time is that of the length."""
    for nearly in ("<p>" * 30_000 + "<", "a" * 100_000 + "<x>", '<a href="https://' + "a" * 100_000, "<img" * 20_000):
        assert seen.html({"html": nearly}) == ""
