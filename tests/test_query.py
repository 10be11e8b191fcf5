"""What a client of the feeds may ask: every parameter of the contract, and a sentence for what cannot be read."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import parse_qs, quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linkback import query
from linkback.query import BadQuery, read

PAGE = "https://example.com/page"
ENCODED = quote(PAGE, safe="")


def targets(text: str) -> list[str]:
    return [str(target) for target in read(text).targets]


# What is asked for


@pytest.mark.parametrize(
    "text",
    [
        f"target={PAGE}",
        f"target={ENCODED}",
        f"target[]={ENCODED}",
        f"target%5B%5D={ENCODED}",
        "target=//example.com/page",
        f"&&target={ENCODED}&&",
        f"target=&target[]={ENCODED}&domain=&per-page=&page=&since=&token=secret&sort-by=published",
    ],
)
def test_a_target_is_read_in_every_writing_of_the_clients(text: str) -> None:
    asked = read(text)
    assert [str(target) for target in asked.targets] == [PAGE]
    assert (asked.per_page, asked.page, asked.since, asked.domain) == (20, 0, None, "")


def test_several_targets_are_kept_in_their_order() -> None:
    assert targets("target[]=https://example.com/b&target=http://example.com/a&target%5B%5D=//example.com/c,d") == [
        "https://example.com/b",
        "http://example.com/a",
        "https://example.com/c,d",
    ]


def test_what_webmention_js_sends_is_read() -> None:
    asked = read(
        f"per-page=30&sort-by=published&sort-dir=up&target[]={ENCODED}&target[]={ENCODED.replace('https', 'http')}"
    )
    assert (len(asked.targets), asked.per_page) == (2, 30)


def test_what_eleventy_cache_webmentions_sends_is_read() -> None:
    asked = read("domain=example.com&token=x&since=2026-01-02T03:04:05+00:00&per-page=1000&page=3")
    assert (asked.domain, asked.per_page, asked.page) == ("example.com", 1000, 3)
    assert asked.since == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def test_without_a_question_everything_is_meant() -> None:
    assert (read("").targets, read("").domain, read("").per_page) == ((), "", 10_000)


@pytest.mark.parametrize(
    ("value", "domain"),
    [
        ("example.com", "example.com"),
        ("www.example.com", "example.com"),
        ("EXAMPLE.com.", "example.com"),
        ("%20example.com%20", "example.com"),
        ("b%C3%BCcher.example", "xn--bcher-kva.example"),
        ("127.0.0.1:8788", "127.0.0.1:8788"),
        ("", ""),
    ],
)
def test_a_domain_is_read_as_sites_has_it(value: str, domain: str) -> None:
    assert read(f"domain={value}").domain == domain


@pytest.mark.parametrize(
    ("text", "per_page"),
    [
        (f"target={PAGE}", 20),
        ("domain=example.com", 10_000),
        ("per-page=5", 5),
        ("perPage=9999", 9999),
        ("per-page=7&perPage=8", 7),
        ("per-page=&perPage=8", 8),
        ("per-page=10000", 10_000),
        ("per-page=10001", 10_000),
        ("per-page=1", 1),
        ("per-page=007", 7),
        ("per-page=%2030%20", 30),
    ],
)
def test_per_page_is_honoured(text: str, per_page: int) -> None:
    assert read(text).per_page == per_page


MOMENT = datetime(2026, 1, 2, 2, 4, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "since"),
    [
        ("2026-01-02T02:04:05Z", MOMENT),
        ("2026-01-02T03:04:05%2B01:00", MOMENT),
        ("2026-01-02T03:04:05+01:00", MOMENT),
        ("2026-01-02T03:04:05%2001:00", MOMENT),
        ("2026-01-02T03:04:05+0100", MOMENT),
        ("2026-01-01T21:04:05-05:00", MOMENT),
        ("2026-01-02T02:04:05", MOMENT),
        ("2026-01-02+02:04:05", MOMENT),
        ("2026-01-02%2002:04", MOMENT.replace(second=0)),
        ("2026-01-02", MOMENT.replace(hour=0, minute=0, second=0)),
        ("2026-01-02T02:04:05.678Z", MOMENT.replace(microsecond=678_000)),
        ("0001-01-01", datetime(1, 1, 1, tzinfo=UTC)),
    ],
)
def test_since_is_a_time_with_any_offset_or_none(value: str, since: datetime) -> None:
    assert read(f"since={value}").since == since


# What cannot be read


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("target=nonsense", "target"),
        ("target=javascript:alert(1)", "target"),
        ("target=https://example.com/%00", "target"),
        ("target=https://example.com/\0", "target"),
        ("target=https://user@example.com/", "target"),
        ("target=/page", "target"),
        (f"target={PAGE}{'x' * 2048}", "target"),
        (f"target={PAGE}&target[]=%FF", "target"),
        ("domain=https://example.com/", "domain"),
        ("domain=a b", "domain"),
        ("domain=%00", "domain"),
        ("domain=<script>", "domain"),
        ("per-page=0", "per-page"),
        ("per-page=-1", "per-page"),
        ("per-page=x", "per-page"),
        ("per-page=1e3", "per-page"),
        ("per-page=1.5", "per-page"),
        ("per-page=٣", "per-page"),
        ("per-page=1_000", "per-page"),
        ("perPage=99999999999999999999", "per-page"),
        ("page=-1", "page"),
        ("page=1000001", "page"),
        ("page=x%00", "page"),
        ("since=yesterday", "since"),
        ("since=2026-13-01", "since"),
        ("since=2026-01-02T25:00:00Z", "since"),
        ("since=1767319445", "since"),
        ("since=9999-12-31T23:59:59-01:00", "since"),
        ("since=0001-01-01T00:00:00%2B01:00", "since"),
        ("since=%00", "since"),
    ],
)
def test_a_parameter_that_cannot_be_read_is_named_in_a_sentence(text: str, name: str) -> None:
    with pytest.raises(BadQuery) as bad:
        read(text)
    assert str(bad.value).startswith(f"{name} ")
    assert str(bad.value).endswith(".")
    assert not {"<", ">"} & set(str(bad.value).replace("\\ < >", ""))


def test_fifty_targets_are_taken_and_one_more_is_not() -> None:
    fifty = "&".join(f"target[]=https://example.com/{number}" for number in range(50))
    assert len(read(fifty).targets) == 50
    with pytest.raises(BadQuery, match=r"^At most 50 targets can be asked for at once; ask by domain instead\.$"):
        read(f"{fifty}&target={PAGE}")


@pytest.mark.parametrize(
    "text", ["&".join([f"target[]={PAGE}"] * 10_000), "&" * 100_000, "a=b&" * 25_000, "x=" + "&x=".join("y" * 300)]
)
def test_very_many_parameters_are_refused_in_a_sentence(text: str) -> None:
    with pytest.raises(BadQuery, match=r"^The query has more than 200 parameters\.$"):
        read(text)


def test_100_kb_of_an_unknown_parameter_are_passed_over() -> None:
    assert read(f"x={'%41' * 33_000}&target={PAGE}").per_page == 20
    with pytest.raises(BadQuery):
        read("since=" + " 1" * 50_000)
    with pytest.raises(BadQuery):
        read("per-page=" + "9" * 100_000)


# The page behind


def test_what_is_older_is_asked_for_by_the_id_it_is_older_than() -> None:
    asked = read(f"target%5B%5D={ENCODED}&page=2&since=2026-01-02T03:04:05+01:00&per-page=7&x={'(' * 9000}")
    following = asked.onward("before", 217_000_000)
    again = read(following)
    assert (again.targets, again.per_page, again.since) == (asked.targets, 7, asked.since)
    assert (again.page, again.before) == (0, 217_000_000)
    assert "x" not in parse_qs(following)  # it would be three times as long, in a header
    assert parse_qs(again.onward("before", 5))["before"] == ["5"]


def test_without_any_question_there_is_something_older() -> None:
    assert read("").onward("before", 7) == "before=7"


PIECES = st.sampled_from(
    ["target=", "target[]=", "target%5B%5D=", "domain=", "per-page=", "perPage=", "page=", "since=", "&", "&&", "=",
     "%", "%00",
     "+", " ", "-1", "0", "7", "99999999999", "2026-01-02", "T03:04:05", "Z", "+01:00", "//",
     "https://example.com/", "[", "]",
     "example.com", "\0", "\ud800", "ü", ";", "#", "%FF", "٣", "W53", "24:00"]
)  # fmt: skip


@settings(deadline=None, max_examples=300)
@given(st.one_of(st.lists(PIECES, max_size=12).map("".join), st.text(st.characters(), max_size=60)))
def test_any_query_is_read_or_refused_in_a_sentence(text: str) -> None:
    try:
        asked = read(text)
    except BadQuery as bad:
        assert str(bad).endswith(".")  # noqa: PT017 - a value or this refusal
        return
    assert 1 <= asked.per_page <= query.MOST_PER_PAGE
    assert asked.page >= 0
    assert asked.since is None or asked.since.tzinfo is UTC
    again = read(asked.onward("before", 9))
    assert (again.targets, again.per_page, again.page, again.before) == (asked.targets, asked.per_page, 0, 9)
