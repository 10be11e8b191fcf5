"""How one visit changes what is kept of a mention: every state, every outcome, in any order of arrival."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import timedelta

import pytest

from linkback import urls
from linkback.mention import Mention, Relation
from linkback.ping import Declined, Ping, Protocol, Reason
from linkback.policy import Claim
from linkback.record import DAY, STICKY, Record, State, address, found, lost, moment
from linkback.urls import parse
from wire import NOW

SOURCE, TARGET = "https://alice.example/post", "https://example.com/page"
PING = Ping(SOURCE, TARGET, Protocol.WEBMENTION, NOW)
CLAIM = Claim(urls.parse(SOURCE), urls.parse(TARGET), "example.com")
SEEN = Mention(Relation.MENTION, SOURCE, text="first")
SEEN_LATER = Mention(Relation.REPLY, SOURCE, text="second")
T = 1_780_000_000_000

NO_LINK = Declined(Reason.NO_LINK, "")
NOT_FOUND = Declined(Reason.SOURCE_MISSING, "")
GONE = Declined(Reason.SOURCE_MISSING, "", gone=True)


def record(state: State = State.PUBLIC, missing_since: int = 0, id_: int = 7) -> Record:
    first = found(None, CLAIM, PING, SEEN, held=False, visited=T)
    return replace(first, state=state, missing_since=missing_since, id=id_, number=7, version=1)


# The link was there


@pytest.mark.parametrize(("held", "state"), [(True, State.HELD), (False, State.PUBLIC)])
def test_the_first_visit_makes_the_record(held: bool, state: State) -> None:  # noqa: FBT001 - a parameter of the test
    assert found(None, CLAIM, PING, SEEN, held=held, visited=T) == Record(
        claim=CLAIM.id,
        page="example.com/page",
        site="example.com",
        source=SOURCE,
        target=TARGET,
        protocols=("webmention",),
        received="2026-03-01T12:00:05Z",
        visited=T,
        state=state,
        seen=SEEN.to_json(),
    )


@pytest.mark.parametrize(
    ("before", "held", "after"),
    [
        (State.PUBLIC, False, State.PUBLIC),
        (State.PUBLIC, True, State.PUBLIC),
        (State.HELD, True, State.HELD),
        (State.HELD, False, State.PUBLIC),
        (State.GONE, True, State.HELD),
        (State.GONE, False, State.PUBLIC),
        (State.SPAM, False, State.SPAM),
        (State.SPAM, True, State.SPAM),
        (State.DELETED, False, State.DELETED),
        (State.DELETED, True, State.DELETED),
    ],
)
def test_a_newer_visit_that_finds_the_link_updates_and_judges_anew(before: State, held: bool, after: State) -> None:  # noqa: FBT001 - a parameter of the test
    old = record(before, missing_since=T - DAY)
    new = found(old, CLAIM, PING, SEEN_LATER, held=held, visited=T + 1)
    seen = old.seen if before is State.DELETED else SEEN_LATER.to_json()  # what was deleted is not stored again
    assert new == replace(old, state=after, visited=T + 1, seen=seen, missing_since=0)


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("visited", [T, T - 1])
def test_an_older_visit_that_finds_the_link_changes_nothing(state: State, visited: int) -> None:
    old = record(state)
    assert found(old, CLAIM, PING, SEEN_LATER, held=True, visited=visited) == old


@pytest.mark.parametrize("visited", [T - 1, T + 1])
def test_a_claim_told_in_several_dialects_lists_them_in_order_even_when_late(visited: int) -> None:
    by_pingback = Ping(SOURCE, TARGET, Protocol.PINGBACK, NOW)
    twice = found(record(), CLAIM, by_pingback, SEEN, held=False, visited=visited)
    again = found(twice, CLAIM, by_pingback, SEEN, held=False, visited=visited + 1)
    assert twice.protocols == again.protocols == ("webmention", "pingback")


def test_target_and_time_of_receipt_stay_those_of_the_first_telling_and_source_is_where_it_was_found() -> None:
    later = Ping(f"{SOURCE}/", f"{TARGET}/", Protocol.WEBMENTION, NOW + timedelta(days=1))
    new = found(record(), CLAIM, later, SEEN_LATER, held=False, visited=T + 1)
    assert (new.source, new.target, new.received) == (f"{SOURCE}/", TARGET, "2026-03-01T12:00:05Z")


@pytest.mark.parametrize(
    ("told", "kept"),
    [
        ("https://Example.com/a?b#c", "https://Example.com/a?b#c"),
        ("https://example.com/words/../a#c", "https://example.com/a"),
        ("https://example.com/words/%2E%2e/a", "https://example.com/a"),
    ],
)
def test_an_address_is_kept_as_told_without_detours(told: str, kept: str) -> None:
    assert address(told, parse(told)) == kept
    assert address(told, parse(told), fragment=False) == kept.partition("#")[0]


# The link was not there


@pytest.mark.parametrize("state", [State.PUBLIC, State.HELD])
@pytest.mark.parametrize(
    "refusal", [NO_LINK, GONE, Declined(Reason.NOT_TEXT, ""), Declined(Reason.NO_LINK, "", gone=True)]
)
def test_410_and_a_page_without_the_link_hide_at_once(state: State, refusal: Declined) -> None:
    old = record(state)
    assert lost(old, refusal, T + 1) == replace(old, state=State.GONE, visited=T + 1)


@pytest.mark.parametrize("state", [State.PUBLIC, State.HELD])
def test_404_hides_when_seen_twice_a_day_apart_and_not_before(state: State) -> None:
    once = lost(record(state), NOT_FOUND, T + 1)
    assert (once.state, once.missing_since) == (state, T + 1)
    too_soon = lost(once, NOT_FOUND, T + DAY)
    assert (too_soon.state, too_soon.missing_since) == (state, T + 1)
    assert lost(once, NOT_FOUND, T + 1 + DAY).state is State.GONE
    assert lost(too_soon, NOT_FOUND, T + 1 + DAY).state is State.GONE


def test_a_page_that_was_back_in_between_begins_anew() -> None:
    once = lost(record(), NOT_FOUND, T + 1)
    back = found(once, CLAIM, PING, SEEN, held=False, visited=T + 2)
    assert lost(back, NOT_FOUND, T + 2 * DAY).state is State.PUBLIC


@pytest.mark.parametrize("reason", sorted(set(Reason) - {Reason.NO_LINK, Reason.NOT_TEXT, Reason.SOURCE_MISSING}))
def test_nothing_else_hides_a_mention(reason: Reason) -> None:
    old = record()
    assert lost(old, Declined(reason, ""), T + 10 * DAY) == old


@pytest.mark.parametrize("refusal", [NO_LINK, GONE, NOT_FOUND])
@pytest.mark.parametrize("state", State)
def test_an_older_visit_that_lost_the_link_changes_nothing(state: State, refusal: Declined) -> None:
    old = record(state, missing_since=1)
    assert lost(old, refusal, T) == old
    assert lost(old, refusal, T - DAY) == old


@pytest.mark.parametrize("refusal", [NO_LINK, GONE, NOT_FOUND])
@pytest.mark.parametrize("state", sorted(STICKY))
def test_the_owner_s_word_outlasts_a_lost_link(state: State, refusal: Declined) -> None:
    old = record(state)
    kept = lost(old, refusal, T + DAY)
    assert replace(kept, missing_since=0) == old
    assert kept.missing_since == (T + DAY if refusal is NOT_FOUND else 0)


@pytest.mark.parametrize("refusal", [NO_LINK, GONE, NOT_FOUND])
def test_what_is_gone_stays_gone_against_an_older_visit_told_late(refusal: Declined) -> None:
    gone = lost(record(), NO_LINK, T + 1)
    seen_again = lost(gone, refusal, T + 100)
    assert seen_again == replace(gone, visited=T + 100)
    assert found(seen_again, CLAIM, PING, SEEN, held=False, visited=T + 50).state is State.GONE
    assert found(seen_again, CLAIM, PING, SEEN, held=False, visited=T + 101).state is State.PUBLIC


def test_the_newest_visit_wins_in_any_order_of_arrival() -> None:
    def by(visit: int, old: Record) -> Record:
        if visit % 2:
            return lost(old, NO_LINK, T + visit)
        return found(old, CLAIM, PING, SEEN_LATER, held=False, visited=T + visit)

    for order in itertools.permutations((1, 2, 3, 4)):
        end = record()
        for visit in order:
            end = by(visit, end)
        assert (end.state, end.visited) == (State.PUBLIC, T + 4)


# Where the index has it


@pytest.mark.parametrize(
    ("state", "id_", "partition"),
    [
        (State.PUBLIC, 7, "example.com#public"),
        (State.HELD, 0, "example.com#held"),
        (State.HELD, 7, "example.com#held"),
        (State.SPAM, 0, "example.com#spam"),
        (State.GONE, 7, "example.com#gone"),
        (State.GONE, 0, ""),
        (State.DELETED, 7, "example.com#gone"),
        (State.DELETED, 0, "example.com#deleted"),
    ],
)
def test_a_tombstone_is_shown_only_for_what_was_shown(state: State, id_: int, partition: str) -> None:
    assert record(state, id_=id_).partition == partition


def test_the_time_of_receipt_ends_in_z() -> None:
    """A `+00:00` would come back as a space in the query of a client that does not encode it."""
    assert moment(PING) == "2026-03-01T12:00:05Z"
