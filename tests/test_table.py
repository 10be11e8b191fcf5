"""The table, against an emulated DynamoDB whose keys and indexes come from template.yaml."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from linkback.index import WHOLE, Index, Span, public, thread
from linkback.keys import EPOCH, number_at
from linkback.mention import Mention, Relation
from linkback.ping import Ping, Protocol, Status
from linkback.policy import Claim, Policy, SelfMentions
from linkback.published import Published
from linkback.record import Record, State
from linkback.rules import Action, Key, Kind, Rule
from linkback.site import Sites
from linkback.table import Conflict

if TYPE_CHECKING:
    from linkback.table import Table

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
SECONDS = NOW.timestamp()
POLICY = Policy(Sites(("example.com",)), SelfMentions.REFUSE)


def a_ping(path: str = "/a", protocol: Protocol = Protocol.PINGBACK, received: datetime = NOW) -> Ping:
    return Ping(f"https://blog.example.org{path}", "https://example.com/post", protocol, received, {"title": "Ein – ö"})


def a_claim(path: str = "/a") -> Claim:
    return POLICY.claim(a_ping(path))


def a_record(path: str = "/a", state: State = State.PUBLIC, words: str = "Hello") -> Record:
    claim = a_claim(path)
    seen = Mention(Relation.MENTION, str(claim.source), text=words).to_json()
    return Record(
        claim.id,
        claim.page,
        "example.com",
        str(claim.source),
        str(claim.target),
        ("pingback",),
        "2026-11-22T12:00:00Z",
        1,
        state,
        seen,
    )


def test_a_ping_is_kept_with_what_its_status_page_and_a_second_sending_need(table: Table, index: Index) -> None:
    table.put_ping(a_ping(), a_claim(), "https://bridge.example")
    item = index.ping(a_ping().id)
    assert item is not None
    assert item["status"] == "queued"
    assert item["base"] == "https://bridge.example"
    assert item["received"] == "2026-11-22T12:00:00.000Z"
    assert "Ein – ö" in item["claimed"]
    assert item["expires"] - item["seq"] == 90 * 86_400
    assert (item["due"], item["due_at"]) == ("ping", int(SECONDS) + 300)


def test_the_same_pingback_within_a_minute_is_seen_as_told_again(table: Table) -> None:
    assert table.put_ping(a_ping(), a_claim(), "b", fresh=True) is None
    soon = a_ping(received=NOW + timedelta(seconds=59))
    later = a_ping(received=NOW + timedelta(seconds=61))
    earlier = table.put_ping(soon, a_claim(), "b", fresh=True)
    assert earlier is not None
    assert (earlier["status"], earlier["received"]) == ("queued", "2026-11-22T12:00:00.000Z")
    assert table.put_ping(later, a_claim(), "b", fresh=True) is None


def test_a_ping_that_never_reached_the_queue_may_be_told_again_at_once(table: Table) -> None:
    table.put_ping(a_ping(), a_claim(), "b", Status.WAITING)
    assert table.put_ping(a_ping(received=NOW + timedelta(seconds=1)), a_claim(), "b", fresh=True) is None


@pytest.mark.parametrize(
    ("status", "again"), [("declined", True), ("gone", True), ("published", False), ("held", False)]
)
def test_only_what_was_registered_is_already_registered(table: Table, status: str, *, again: bool) -> None:
    table.put_ping(a_ping(), a_claim(), "b")
    table.finish_ping(a_ping().id, {"status": status, "checked": "now"}, due_at=None)
    soon = a_ping(received=NOW + timedelta(seconds=1))
    assert (table.put_ping(soon, a_claim(), "b", fresh=True) is None) is again


def test_the_outcome_of_a_visit_replaces_the_one_before_and_leaves_the_list_of_what_is_due(
    table: Table, index: Index
) -> None:
    ping = a_ping()
    table.put_ping(ping, a_claim(), "b")
    table.finish_ping(ping.id, {"status": "waiting", "reason": "timeout", "detail": "Slow."}, due_at=99)
    waiting = index.ping(ping.id)
    assert waiting is not None
    assert (waiting["reason"], waiting["due_at"]) == ("timeout", 99)
    table.finish_ping(ping.id, {"status": "published", "reason": "", "detail": ""}, due_at=None)
    published = index.ping(ping.id)
    assert published is not None
    assert published["status"] == "published"
    assert not {"reason", "detail", "due", "due_at"} & published.keys()


def test_the_outcome_of_a_ping_that_is_forgotten_makes_no_record(table: Table, index: Index) -> None:
    table.finish_ping("nobody", {"status": "published"}, due_at=None)
    assert index.ping("nobody") is None


def test_a_mention_is_read_back_as_it_was_written(table: Table) -> None:
    saved = table.save(None, a_record(), SECONDS)
    assert table.mention(saved.page, saved.claim) == saved
    assert saved.id == saved.number == int(SECONDS) - EPOCH
    assert saved.version == 1


def test_two_writers_who_read_the_same_do_not_overwrite_each_other(table: Table) -> None:
    saved = table.save(None, a_record(), SECONDS)
    with pytest.raises(Conflict):
        table.save(None, a_record(words="Also new"), SECONDS)
    table.save(saved, replace(saved, visited=2), SECONDS)
    with pytest.raises(Conflict):
        table.save(saved, replace(saved, visited=3), SECONDS)


def test_an_unchanged_record_costs_no_write(table: Table) -> None:
    saved = table.save(None, a_record(), SECONDS)
    assert table.save(saved, saved, SECONDS).version == saved.version


def test_only_public_mentions_are_in_the_feed_newest_first(table: Table, index: Index) -> None:
    for number, state in enumerate([State.PUBLIC, State.HELD, State.PUBLIC, State.SPAM]):
        table.save(None, a_record(f"/{number}", state), SECONDS + number)
    sources = ["https://blog.example.org/2", "https://blog.example.org/0"]
    assert [one.source for one in index.read(Published, public("example.com"))] == sources
    assert [one.source for one in index.read(Published, thread("example.com/post"))] == sources
    assert list(index.read(Published, public("example.org"))) == []


def test_a_feed_is_read_to_its_end_over_many_pages(table: Table, index: Index) -> None:
    for number in range(7):
        table.save(None, a_record(f"/{number}"), SECONDS)
    ids = [one.id for one in index.read(Published, public("example.com"), limit=2)]
    assert ids == sorted(ids, reverse=True)
    assert len(set(ids)) == 7


def test_what_was_published_since_is_a_key_condition(table: Table, index: Index) -> None:
    for number in range(4):
        table.save(None, a_record(f"/{number}"), SECONDS + 10 * number)
    since = number_at(int(SECONDS) + 20)
    span = Span(since, WHOLE.last)
    for partition in (public("example.com"), thread("example.com/post")):
        assert [one.source[-1] for one in index.read(Published, partition, span)] == ["3", "2"]
    older = index.read(Published, public("example.com"), Span(1, since - 1))
    assert [one.source[-1] for one in older] == ["1", "0"]
    assert list(index.read(Published, public("example.com"), Span(5, 4))) == []


def test_what_waits_for_a_page_costs_its_readers_nothing(
    table: Table, index: Index, dynamodb: Any, table_name: str
) -> None:
    for number in range(5):
        table.save(None, a_record(f"/{number}", State.HELD), SECONDS)
    assert list(index.read(Published, thread("example.com/post"))) == []
    assert dynamodb.scan(TableName=table_name, IndexName="thread")["ScannedCount"] == 0


def test_an_edit_keeps_the_id_and_leaves_one_pointer(table: Table, dynamodb: Any, table_name: str) -> None:
    first = table.save(None, a_record(), SECONDS)
    second = table.save(first, Record(**_members(first, words="Better")), SECONDS + 5)
    third = table.save(second, Record(**_members(second, words="Best")), SECONDS + 9)
    assert first.id == second.id == third.id
    pointers = dynamodb.query(
        TableName=table_name,
        IndexName="feed",
        KeyConditionExpression="feed = :feed",
        ExpressionAttributeValues={":feed": {"S": "example.com#edited"}},
    )["Items"]
    assert [int(pointer["seq"]["N"]) for pointer in pointers] == [int(SECONDS) + 9 - EPOCH]


def _members(record: Record, words: str) -> dict[str, Any]:
    members = {name: getattr(record, name) for name in Record.__slots__}
    return members | {"seen": Mention(Relation.MENTION, record.source, text=words).to_json()}


def test_a_mention_that_comes_back_gets_a_new_number_so_that_a_cache_sees_it(table: Table) -> None:
    public = table.save(None, a_record(), SECONDS)
    gone = table.save(public, replace(public, state=State.GONE), SECONDS + 5)
    assert gone.id == public.id
    assert gone.number == int(SECONDS) + 5 - EPOCH
    back = table.save(gone, replace(gone, state=State.PUBLIC), SECONDS + 9)
    assert back.id == int(SECONDS) + 9 - EPOCH


def test_what_was_never_public_leaves_no_tombstone(table: Table, dynamodb: Any, table_name: str) -> None:
    held = table.save(None, a_record(state=State.HELD), SECONDS)
    table.save(held, replace(held, state=State.GONE), SECONDS)
    found = dynamodb.scan(TableName=table_name, IndexName="feed")["Items"]
    assert found == []


def test_the_sequence_rises_is_unique_and_never_behind_the_clock(table: Table) -> None:
    numbers = [table.next_number(SECONDS) for _ in range(4)]
    assert numbers == [int(SECONDS) - EPOCH + n for n in range(4)]
    assert table.next_number(SECONDS + 100) == int(SECONDS) + 100 - EPOCH
    assert table.next_number(SECONDS - 500) == int(SECONDS) + 101 - EPOCH
    assert numbers[-1] < 2**31


def test_rules_are_read_per_site_and_replaced_by_kind_and_value(table: Table) -> None:
    spam, other = Key(Kind.HOST, "spam.example"), Key(Kind.HOST, "other.example")
    table.put_rule(Rule("example.com", *spam, Action.HOLD))
    table.put_rule(Rule("example.com", *spam, Action.BLOCK))
    table.put_rule(Rule("example.org", *other, Action.ALLOW))
    assert table.look("example.com", [spam, other]) == {spam: Action.BLOCK}
    table.delete_rule("example.com", spam)
    assert table.look("example.com", [spam, other]) == {}


def test_the_longest_urls_fit_into_the_keys(table: Table, index: Index) -> None:
    long = "https://example.com/" + "x" * 2000
    claim = POLICY.claim(Ping("https://blog.example.org/" + "y" * 2000, long, Protocol.WEBMENTION, NOW))
    record = replace(a_record(), page=claim.page, claim=claim.id, target=long)
    saved = table.save(None, record, SECONDS)
    assert [found.claim for found in index.read(Published, thread(claim.page))] == [saved.claim]
    name = Key(Kind.PREFIX, "z" * 2000)
    table.put_rule(Rule("example.com", *name, Action.ALLOW))
    assert table.look("example.com", [name]) == {name: Action.ALLOW}


def test_a_page_that_was_asked_for_is_remembered(table: Table) -> None:
    assert table.page_checked("example.com/post") is None
    table.put_page_checked("example.com/post", "https://example.com/post", 200, 7)
    known = table.page_checked("example.com/post")
    assert known is not None
    assert (known["status"], known["checked"]) == (200, 7)


def test_a_rule_written_by_hand_with_a_mistake_in_it_stops_nothing(
    table: Table, dynamodb: Any, table_name: str
) -> None:
    written: dict[str, dict[str, Any]] = {
        "spam.example": {"kind": {"S": "Host"}, "value": {"S": "spam.example"}, "action": {"S": "Block"}},
        "odd.example": {"kind": {"S": "host"}, "value": {"S": "odd.example"}, "action": {"S": "forbid"}},
        "no.example": {"value": {"S": "no.example"}, "action": {"S": "block"}},
        "one.example": {"kind": {"S": "host"}, "value": {"N": "1"}, "action": {"S": "block"}},
        "none.example": {"kind": {"S": "host"}, "value": {"S": "none.example"}, "since": {"BOOL": True}},
    }
    for host, rule in written.items():
        key = {"pk": {"S": "SITE#example.com"}, "sk": {"S": f"RULE#host#{host}"}}
        dynamodb.put_item(TableName=table_name, Item=key | rule)
    found = table.look("example.com", [Key(Kind.HOST, host) for host in written])
    assert {key.value: action for key, action in found.items()} == {
        "spam.example": Action.BLOCK,
        "odd.example": Action.HOLD,
        "none.example": Action.HOLD,
    }
