"""Atom: the rules of RFC 4287 that a reader relies on."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from hypothesis import given, settings

from linkback.feed import atom
from published import BARE, CHANNEL, FULL, SOURCE, TARGET, published, text
from test_mention import MENTIONS

if TYPE_CHECKING:
    from linkback.mention import Mention

ATOM = "{http://www.w3.org/2005/Atom}"


def feed(*mentions: Mention, following: str = "", hub: str = "") -> ET.Element:
    given = [published(mention, id=number) for number, mention in enumerate(mentions, 1)]
    return ET.fromstring(text(atom, given, replace(CHANNEL, hub=hub), following))


def links(element: ET.Element) -> dict[str, str]:
    return {link.attrib["rel"]: link.attrib["href"] for link in element.findall(f"{ATOM}link")}


def assert_atom(told: ET.Element) -> None:
    """RFC 4287, sections 4.1.1 and 4.1.2."""
    assert told.tag == f"{ATOM}feed"
    for required in ("id", "title", "updated", "author"):
        assert len(told.findall(ATOM + required)) == 1, required
    ids = [entry.findtext(f"{ATOM}id") for entry in told.iter(f"{ATOM}entry")]
    assert len(set(ids)) == len(ids)
    for entry in told.iter(f"{ATOM}entry"):
        for required in ("id", "title", "updated", "author", "content"):
            assert len(entry.findall(ATOM + required)) == 1, required
        assert entry.findtext(f"{ATOM}author/{ATOM}name")
        assert links(entry)["alternate"]


def test_a_feed_says_what_it_is_and_where() -> None:
    told = feed(FULL, BARE)
    assert_atom(told)
    assert links(told) == {"self": CHANNEL.here, "alternate": CHANNEL.home}
    assert told.findtext(f"{ATOM}updated") == CHANNEL.changed


def test_an_entry_says_who_did_what_to_which_page() -> None:
    entry = feed(FULL).find(f"{ATOM}entry")
    assert entry is not None
    assert entry.findtext(f"{ATOM}id") == "https://bridge.example/api/mention/1"
    assert entry.findtext(f"{ATOM}title") == "alice.example replied to /page"
    assert entry.findtext(f"{ATOM}published") == "2026-01-02T03:04:05+01:00"
    assert (links(entry)["alternate"], links(entry)["related"]) == (FULL.url, TARGET)
    assert entry.findtext(f"{ATOM}author/{ATOM}name") == "Alice"
    content = entry.find(f"{ATOM}content")
    assert content is not None
    assert (content.attrib["type"], content.text) == ("html", "<p>Well said</p>")


def test_an_entry_of_a_bare_mention_is_called_by_its_host() -> None:
    entry = feed(BARE).find(f"{ATOM}entry")
    assert entry is not None
    assert entry.findtext(f"{ATOM}author/{ATOM}name") == "alice.example"
    assert links(entry)["alternate"] == SOURCE


def test_what_comes_next_and_a_hub_are_links() -> None:
    told = feed(FULL, following="https://bridge.example/x?a=1&b=2", hub="https://hub.example/")
    assert links(told)["next"] == "https://bridge.example/x?a=1&b=2"
    assert links(told)["hub"] == "https://hub.example/"


def test_characters_that_xml_has_no_way_to_write_are_left_out() -> None:
    entry = feed(replace(BARE, text="a\x00b\x0cc\ufffed")).find(f"{ATOM}entry")
    assert entry is not None
    assert entry.findtext(f"{ATOM}content") == "abcd"


@settings(max_examples=60)
@given(MENTIONS)
def test_any_mention_makes_an_entry(mention: Mention) -> None:
    assert_atom(feed(mention, mention))
