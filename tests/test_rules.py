"""Rules: which covers what, which of them wins, and who may speak for an author. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkback import rules, urls
from linkback.dynamodb import MOST_AT_ONCE
from linkback.ping import Protocol
from linkback.rules import Action, Key, Kind, Look, Looked, covering, strongest
from linkback.shared_hosts import is_shared
from linkback.urls import BadUrl

if TYPE_CHECKING:
    from collections.abc import Sequence

ANN = "https://ann.example/"


def look(told: dict[Key, Action]) -> Look:
    """A look into these rules alone."""
    return lambda keys: {key: told[key] for key in keys if key in told}


@pytest.mark.parametrize(
    ("value", "kind", "source", "covered"),
    [
        ("spam.example", Kind.HOST, "https://spam.example/x", True),
        ("spam.example", Kind.HOST, "https://a.b.spam.example/", True),
        ("spam.example", Kind.HOST, "https://notspam.example/", False),
        ("spam.example", Kind.HOST, "https://spam.example.other.example/", False),
        ("spam.example", Kind.HOST, "https://example/spam.example", False),
        ("spam.example", Kind.HOST, "https://spam.example:8443/", True),
        ("sub.spam.example", Kind.HOST, "https://spam.example/", False),
        ("spam.example/~bob", Kind.PREFIX, "https://spam.example/~bob", True),
        ("spam.example/~bob", Kind.PREFIX, "http://www.spam.example/%7Ebob/x?y", True),
        ("spam.example/~bob/", Kind.PREFIX, "https://spam.example/~bob/x", False),  # not its normal form
        ("spam.example/~bob", Kind.PREFIX, "https://spam.example/~bob?x", True),
        ("spam.example/~bob", Kind.PREFIX, "https://spam.example/~bobby", False),
        ("spam.example/~bob", Kind.PREFIX, "https://spam.example/", False),
        ("good.example", Kind.PREFIX, "https://good.example/x", True),
        ("good.example", Kind.PREFIX, "https://good.example.evil.example/", False),
        ("good.example", Kind.PREFIX, "https://good.example:8444/", False),
        ("", Kind.PREFIX, "https://good.example/", False),
        ("", Kind.HOST, "https://good.example/", False),
    ],
)
def test_a_rule_covers_whole_names_and_segments_only(value: str, kind: Kind, source: str, *, covered: bool) -> None:
    assert (Key(kind, value) in covering(urls.parse(source), None)) is covered


RULES = {
    Key(Kind.DIALECT, "pingback"): Action.HOLD,
    Key(Kind.HOST, "blog.example"): Action.BLOCK,
    Key(Kind.HOST, "alice.blog.example"): Action.ALLOW,
    Key(Kind.HOST, "alice.blog.example:8080"): Action.HOLD,
    Key(Kind.PREFIX, "alice.blog.example/old"): Action.BLOCK,
    Key(Kind.PREFIX, "alice.blog.example/old/best"): Action.HOLD,
    Key(Kind.PREFIX, "alice.blog.example/old/best?page=1"): Action.ALLOW,
    Key(Kind.AUTHOR, "mallory.example"): Action.BLOCK,
}


@pytest.mark.parametrize(
    ("source", "author", "action"),
    [
        ("https://bob.blog.example/", "", Action.BLOCK),
        ("https://alice.blog.example/new", "", Action.ALLOW),
        ("https://alice.blog.example:8080/new", "", Action.HOLD),
        ("https://alice.blog.example/old/x", "", Action.BLOCK),
        ("https://alice.blog.example/old/best/x", "", Action.HOLD),
        ("https://alice.blog.example/old/best?page=1", "", Action.ALLOW),
        ("https://alice.blog.example/old/best?page=1", "http://mallory.example", Action.BLOCK),
        ("https://elsewhere.example/", "", Action.HOLD),
    ],
)
def test_the_most_specific_rule_wins(source: str, author: str, action: Action) -> None:
    assert strongest(look(RULES), urls.parse(source), Protocol.PINGBACK, author) is action


def test_a_prefix_without_a_port_lets_in_no_other_port_though_it_blocks_the_usual_ones() -> None:
    key, source = Key(Kind.PREFIX, "good.example"), urls.parse("https://good.example:8443/x")
    assert strongest(look({key: Action.ALLOW}), source, None) is None
    assert strongest(look({key: Action.BLOCK}), source, None) is Action.BLOCK


def test_without_a_rule_that_covers_it_nothing_is_said() -> None:
    assert strongest(look(RULES), urls.parse("https://elsewhere.example/"), Protocol.WEBMENTION) is None


@pytest.mark.parametrize(
    ("source", "author", "believed"),
    [
        ("https://ann.example/post", ANN, True),
        ("http://www.ann.example/post", "https://ann.example/about", True),
        ("https://brid.gy/comment/mastodon/x", ANN, True),  # a bridge says truly who wrote
        ("https://spam.example/post", ANN, False),
        ("https://ann.example.spam.example/post", ANN, False),
        ("https://spam.example/post", "javascript:alert(1)", False),
        ("https://spam.example/post", "", False),
    ],
)
def test_an_author_is_allowed_only_where_the_page_may_speak_for_him(
    source: str, author: str, *, believed: bool
) -> None:
    told = {Key(Kind.AUTHOR, "ann.example"): Action.ALLOW, Key(Kind.AUTHOR, "ann.example/about"): Action.ALLOW}
    told[Key(Kind.HOST, "spam.example")] = Action.BLOCK
    assert rules.believed(author, urls.parse(source)) is believed
    action = strongest(look(told), urls.parse(source), None, author)
    assert action is (Action.ALLOW if believed else Action.BLOCK)


@pytest.mark.parametrize(
    ("host", "shared"),
    [
        ("brid.gy", True), ("fed.brid.gy", True), ("www.medium.com", True), ("en.wikipedia.org", True), ("t.co", True),
        ("web.archive.org", True), ("substack.com", True), ("alice.substack.com", False), ("github.com", True),
        ("alice.github.io", False), ("github.io", True), ("notbrid.gy", False), ("brid.gy.evil.example", False),
        ("alice.example", False), ("127.0.0.1", False), ("::1", False),
    ],
)  # fmt: skip
def test_which_hosts_are_shared_by_many(host: str, *, shared: bool) -> None:
    assert is_shared(host) is shared


@given(
    st.text("abc.:-0123456789", min_size=1, max_size=240),
    st.lists(st.text("ab/%2F.?=", max_size=40), max_size=120),
    st.text(max_size=60),
)
def test_the_names_of_any_source_fit_into_one_read_and_none_comes_twice(
    host: str, path: list[str], author: str
) -> None:
    try:
        source = urls.parse(f"https://{host}/{'/'.join(path)}")
    except BadUrl:
        return
    keys = covering(source, Protocol.WEBMENTION, author)
    assert len(set(keys)) == len(keys) < MOST_AT_ONCE
    assert all(key.value for key in keys)


def test_the_longest_addresses_have_few_names() -> None:
    source = urls.parse("https://" + "a." * 100 + "example/" + "b/" * 800 + "?c")
    assert len(covering(source, Protocol.WEBMENTION, ANN)) < MOST_AT_ONCE - 2


def test_each_name_is_asked_for_once() -> None:
    asked: list[Key] = []

    def table(keys: Sequence[Key]) -> dict[Key, Action]:
        asked.extend(keys)
        return {Key(Kind.HOST, "a.example"): Action.HOLD}

    looked, keys = Looked(table), [Key(Kind.HOST, "a.example"), Key(Kind.HOST, "b.example")]
    assert looked(keys[:1]) == looked(keys) == looked(keys) == {keys[0]: Action.HOLD}
    assert asked == keys


def test_ten_thousand_rules_are_asked_for_no_more_than_one() -> None:
    many = {Key(Kind.HOST, f"host{number}.example"): Action.BLOCK for number in range(10_000)}
    seen: list[int] = []

    def table(keys: Sequence[Key]) -> dict[Key, Action]:
        seen.append(len(keys))
        return {}

    strongest(table, urls.parse("https://alice.example/a/b"), Protocol.WEBMENTION)
    assert seen == [7]
    assert strongest(look(many), urls.parse("https://alice.example/a/b"), Protocol.WEBMENTION) is None
