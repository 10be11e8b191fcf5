"""The whole way of a ping: door, queue, visit, table, feed. Only the internet is ours: a server on loopback."""

from __future__ import annotations

import json
import socket
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from linkback import web
from linkback.ping import Ping, Protocol, Status
from linkback.policy import Moderation, Policy, SelfMentions
from linkback.record import Record, State
from linkback.rules import Action, Kind, Rule
from linkback.site import Sites
from linkback.visit import Visitor
from linkback_cli import permits

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Bridge
    from internet import Web
    from linkback.index import Index
    from linkback.table import Table

TARGET = "https://example.com/post"
DAY = 86_400.0
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC).timestamp()


def linking(target: str = TARGET, words: str = "A fine post") -> str:
    return (
        f"<!DOCTYPE html><title>Blog</title><article class='h-entry'><h1 class='p-name'>My notes</h1>"
        f"<p class='p-author h-card'><a class='u-url p-name' href='/me'>Ann</a></p>"
        f"<div class='e-content'><p>{words}: <a href='{target}'>this</a>.</p></div></article>"
    )


@pytest.fixture
def source(internet: Web) -> str:
    """A page that links to TARGET, and the target's own site at hand."""
    return internet.put("/linking", linking())


def test_a_claim_that_is_true_becomes_a_mention_in_the_feed(bridge: Bridge, internet: Web, source: str) -> None:
    fate = bridge.fate(source, TARGET)
    assert fate["status"] == "published"
    assert fate["checked"].endswith("Z")
    [child] = bridge.children(f"?target={TARGET}")
    assert child["author"] == {"type": "card", "name": "Ann", "photo": "", "url": f"{internet.origin}/me"}
    assert child["content"]["text"] == "A fine post: this."
    assert (child["wm-source"], child["wm-target"], child["wm-protocol"]) == (source, TARGET, "webmention")
    assert (child["wm-property"], child["mention-of"]) == ("mention-of", TARGET)


def test_the_visit_says_who_it_is_and_where_to_ask(bridge: Bridge, internet: Web, source: str) -> None:
    bridge.fate(source, TARGET)
    agent = internet.asked[0][2]["user-agent"]
    assert agent.startswith("Linkback/")
    assert "verifying a webmention to example.com; +http://bridge.example/pings/" in agent


def test_a_claim_told_in_three_dialects_is_one_mention(bridge: Bridge, source: str) -> None:
    bridge.pingback(source, TARGET)
    bridge.trackback(TARGET, url=source, title="<b>Spam</b>", excerpt="Buy")
    bridge.webmention(source, TARGET)
    assert bridge.work() == []
    [child] = bridge.children()
    assert (child["wm-protocol"], child["wm-protocols"]) == ("pingback", ["pingback", "trackback", "webmention"])
    assert "Spam" not in json.dumps(child)


def test_other_spellings_of_source_and_target_are_the_same_claim(bridge: Bridge, source: str) -> None:
    bridge.fate(source, TARGET)
    bridge.fate(source + "#part", "http://www.example.com/post/?#x")
    [child] = bridge.children("?target=http://www.example.com/post/")
    assert child["wm-target"] == TARGET


def test_a_changed_page_changes_its_mention_and_keeps_its_id(bridge: Bridge, internet: Web, source: str) -> None:
    bridge.fate(source, TARGET)
    [before] = bridge.children()
    internet.put("/linking", linking(words="A better post"))
    bridge.fate(source, TARGET)
    [after] = bridge.children()
    assert after["content"]["text"] == "A better post: this."
    assert (after["wm-id"], after["wm-received"]) == (before["wm-id"], before["wm-received"])


@pytest.mark.parametrize(
    ("page", "status", "fate", "reason"),
    [("<p>no more</p>", 200, "hidden", "no-link"), ("", 410, "gone", "source-missing")],
)
def test_a_link_or_page_that_is_gone_hides_the_mention_at_once_and_may_come_back(  # noqa: PLR0913, PLR0917 - a row
    bridge: Bridge, internet: Web, source: str, page: str, status: int, fate: str, reason: str
) -> None:
    bridge.fate(source, TARGET)
    [first] = bridge.children()
    internet.put("/linking", page, status)
    told = bridge.fate(source, TARGET)
    assert (told["status"], told["reason"]) == (fate, reason)
    assert bridge.children() == []
    internet.put("/linking", linking())
    assert bridge.fate(source, TARGET)["status"] == "published"
    [again] = bridge.children()
    assert again["wm-id"] > first["wm-id"]


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        ("<title>Just a moment...</title>", {}),
        ("<html><title>Making sure you&#39;re not a bot!</title>", {}),
        ("<title>Blog</title>", {"cf_mitigated": "challenge"}),
    ],
)
def test_a_captcha_is_weather_even_if_it_answers_200(
    bridge: Bridge, internet: Web, source: str, body: str, headers: dict[str, str]
) -> None:
    bridge.fate(source, TARGET)
    internet.put("/linking", body, 200, **headers)
    told = bridge.fate(source, TARGET)
    assert (told["status"], told["reason"]) == ("waiting", "server-trouble")
    assert len(bridge.children()) == 1


@pytest.mark.parametrize("status", [500, 503, 429, 403])
def test_bad_weather_hides_nothing(bridge: Bridge, internet: Web, source: str, status: int) -> None:
    bridge.fate(source, TARGET)
    internet.put("/linking", "", status)
    told = bridge.fate(source, TARGET)
    assert (told["status"], told["reason"]) == ("waiting", "server-trouble")
    assert told["retry_at"] > told["checked"]
    assert len(bridge.children()) == 1


class Visits:
    """Visits at times of the test's choice (seconds after NOON), with no door and no queue."""

    def __init__(self, table: Table, moderation: Moderation = Moderation.NONE, own: str = "refuse") -> None:
        self.table = table
        policy = Policy(Sites(("example.com",)), SelfMentions(own), moderation)
        self.policy, self.now = policy, NOON
        self.visitor = self.visitor_of(policy)

    def __call__(self, source: str, at: float, target: str = TARGET) -> Status:
        ping = Ping(source, target, Protocol.WEBMENTION, datetime.fromtimestamp(NOON + at, UTC))
        self.table.put_ping(ping, self.policy.claim(ping), "https://bridge.example")
        self.now = NOON + at
        return self.visitor.visit(ping, "https://bridge.example", self.now).status

    def visitor_of(self, policy: Policy, fetch: Any = None) -> Visitor:
        return Visitor(policy, self.table, fetch or partial(web.get, permit=permits.everything), lambda: self.now)

    def words(self) -> list[str]:
        return [json.loads(record.seen)["text"] for record in self.public()]

    def public(self) -> list[Record]:
        found = [record for record in self.table.mentions("example.com/post") if record.state is State.PUBLIC]
        return sorted(found, key=lambda record: -record.id)


def test_a_404_hides_a_mention_only_when_it_is_seen_again_a_day_later(table: Table, internet: Web, source: str) -> None:
    visit = Visits(table)
    assert visit(source, 1000.0) is Status.PUBLISHED
    del internet.pages["/linking"]
    assert visit(source, 2000.0) is Status.WAITING
    assert visit(source, 2000.0 + DAY / 2) is Status.WAITING
    assert len(visit.words()) == 1
    assert visit(source, 2000.0 + DAY) is Status.GONE
    assert visit.words() == []


def test_a_404_that_ends_in_between_starts_anew(table: Table, internet: Web, source: str) -> None:
    visit = Visits(table)
    visit(source, 1000.0)
    del internet.pages["/linking"]
    visit(source, 2000.0)
    internet.put("/linking", linking())
    visit(source, 3000.0)
    del internet.pages["/linking"]
    assert visit(source, 2000.0 + DAY) is Status.WAITING
    assert len(visit.words()) == 1


def test_a_visit_that_began_earlier_never_overwrites_a_later_one(table: Table, internet: Web, source: str) -> None:
    visit = Visits(table)
    visit(source, 5000.0)
    internet.put("/linking", linking(words="An old copy"))
    visit(source, 4000.0)
    internet.put("/linking", "<p>An even older copy, before there was a link</p>")
    visit(source, 3000.0)
    assert visit.words() == ["A fine post: this."]


@pytest.mark.parametrize(
    ("moderation", "rule", "expected"),
    [
        (Moderation.NONE, None, Status.PUBLISHED),
        (Moderation.ALL, None, Status.HELD),
        (Moderation.FIRST, None, Status.HELD),
        (Moderation.FIRST, Action.ALLOW, Status.PUBLISHED),
        (Moderation.NONE, Action.HOLD, Status.HELD),
    ],
)
def test_moderation_holds_what_the_owner_wants_to_see_first(
    table: Table, source: str, moderation: Moderation, rule: Action | None, expected: Status
) -> None:
    if rule:
        table.put_rule(Rule("example.com", Kind.HOST, "127.0.0.1", rule))
    visit = Visits(table, moderation)
    assert visit(source, 1000.0) is expected
    assert len(visit.words()) == (expected is Status.PUBLISHED)


def test_what_is_held_becomes_public_when_the_owner_trusts_its_host(table: Table, source: str) -> None:
    visit = Visits(table, Moderation.FIRST)
    visit(source, 1000.0)
    table.put_rule(Rule("example.com", Kind.HOST, "127.0.0.1", Action.ALLOW))
    assert visit(source, 2000.0) is Status.PUBLISHED


@pytest.mark.parametrize(("own", "expected"), [("hold", Status.HELD), ("allow", Status.PUBLISHED)])
def test_links_within_the_site_are_held_or_shown_as_the_owner_says(
    table: Table, internet: Web, own: str, expected: Status
) -> None:
    site = internet.origin.removeprefix("http://")
    visit = Visits(table, Moderation.FIRST)
    visit.policy = Policy(Sites((site,)), SelfMentions(own), Moderation.FIRST)
    visit.visitor = visit.visitor_of(visit.policy)
    internet.put("/post", "<p>the target</p>")
    page = internet.put("/other", "<p><a href='/post'>relative</a></p>")
    assert visit(page, 1000.0, f"{internet.origin}/post") is expected


def test_another_spelling_of_a_source_that_is_missing_hides_nothing(table: Table, internet: Web) -> None:
    visit = Visits(table)
    source = internet.put("/slash/", linking())
    assert visit(source, 1000.0) is Status.PUBLISHED
    for status in (410, 404, 200):
        internet.put("/slash", "no such page here", status)
        assert visit(source.removesuffix("/"), 2000.0 + status) is Status.PUBLISHED
    assert len(visit.words()) == 1
    internet.put("/slash/", "", 410)
    assert visit(source.removesuffix("/"), 3000.0) is Status.GONE


def test_another_spelling_of_a_source_does_not_change_what_was_found(table: Table, internet: Web, source: str) -> None:
    visit = Visits(table)
    visit(source, 1000.0)
    internet.put("/linking/", linking(words="Somebody else's words"))
    assert visit(f"{source}/", 2000.0) is Status.PUBLISHED
    assert visit.words() == ["A fine post: this."]


def test_a_page_that_moved_to_another_spelling_is_found_there(table: Table, internet: Web, source: str) -> None:
    visit = Visits(table)
    visit(source, 1000.0)
    internet.put("/linking", "", 410)
    internet.put("/linking/", linking(words="Moved"))
    assert visit(f"{source}/", 2000.0) is Status.PUBLISHED
    [record] = visit.public()
    assert (record.source, visit.words()) == (f"{source}/", ["Moved: this."])


def test_a_sender_cannot_write_words_into_a_feed_by_the_spelling_of_addresses(table: Table, source: str) -> None:
    visit = Visits(table)
    detour = source.replace("/linking", "/buy-pills/../%2E/linking#call-now")
    assert visit(detour, 1000.0, "https://example.com/buy-pills/../post") is Status.PUBLISHED
    [record] = visit.public()
    assert (record.source, record.target) == (source, TARGET)


@pytest.mark.parametrize("state", [State.HELD, State.SPAM, State.DELETED])
def test_a_sender_learns_nothing_of_what_the_owner_called_spam(
    table: Table, internet: Web, source: str, state: State
) -> None:
    visit = Visits(table, Moderation.ALL)
    visit(source, 1000.0)
    [item] = [table.mention("example.com/post", claim) for claim in [visit.policy.claim(_ping(source)).id]]
    assert item is not None
    table.save(item, replace(item, state=state), NOON)
    assert visit(source, 2000.0) is Status.HELD
    internet.put("/linking", "<p>no more</p>")
    assert visit(source, 3000.0) is Status.HIDDEN
    del internet.pages["/linking"]
    internet.put("/linking", "", 410)
    assert visit(source, 4000.0) is Status.GONE


def _ping(source: str) -> Ping:
    return Ping(source, TARGET, Protocol.WEBMENTION, datetime.fromtimestamp(NOON, UTC))


def test_a_redirect_does_not_launder_where_a_page_is_from(table: Table, internet: Web) -> None:
    site = internet.origin.removeprefix("http://")
    visit = Visits(table)
    visit.policy = Policy(Sites((site,)), SelfMentions.HOLD, Moderation.NONE)
    visit.visitor = visit.visitor_of(visit.policy)
    internet.put("/post", "<p>the target</p>")
    internet.put("/own", "<p><a href='/post'>relative</a></p>")
    internet.put("/short", "", 302, location=f"{internet.origin}/own")
    foreign = internet.origin.replace("127.0.0.1", "localhost")
    assert visit(f"{foreign}/short", 1000.0, f"{internet.origin}/post") is Status.HELD


def test_a_visit_that_found_no_link_outlasts_an_older_one_that_did(table: Table, internet: Web, source: str) -> None:
    visit = Visits(table)
    assert visit(source, 1000.0) is Status.PUBLISHED
    internet.put("/linking", "<p>no more</p>")
    assert visit(source, 3000.0) is Status.HIDDEN
    assert visit(source, 5000.0) is Status.HIDDEN
    internet.put("/linking", linking())
    assert visit(source, 4000.0) is not Status.PUBLISHED
    assert visit.words() == []


# Every reason that a visit can end with, produced from outside. (Those of the door are in test_door.py.)


def test_reason_no_link_lists_what_links_to_the_site_there_are(bridge: Bridge, internet: Web) -> None:
    page = internet.put("/other", "<a href='https://example.com/another'>x</a> https://example.com/post")
    fate = bridge.fate(page, TARGET)
    assert (fate["status"], fate["reason"]) == ("declined", "no-link")
    assert fate["links_found"] == ["https://example.com/another"]
    html = bridge.get(dict(bridge.webmention(page, TARGET).headers)["location"], accept="text/html").body.decode()
    assert "What became of a mention" in html


def test_reason_source_missing(bridge: Bridge, internet: Web) -> None:
    for path, status in (("/404", 404), ("/410", 410)):
        fate = bridge.fate(internet.put(path, "", status), TARGET)
        assert (fate["status"], fate["reason"]) == ("declined", "source-missing")


def test_reason_not_text(bridge: Bridge, internet: Web) -> None:
    page = internet.put("/image", b"\x89PNG" + TARGET.encode(), content_type="image/png")
    assert bridge.fate(page, TARGET)["reason"] == "not-text"


def test_reason_too_large_when_the_link_may_be_behind_the_cut(bridge: Bridge, internet: Web) -> None:
    page = internet.put("/large", "<p>" + "x" * web.LARGEST_BODY + linking())
    assert bridge.fate(page, TARGET)["reason"] == "too-large"
    page = internet.put("/large2", linking() + "x" * web.LARGEST_BODY)
    assert bridge.fate(page, TARGET)["status"] == "published"


def test_reason_server_trouble(bridge: Bridge, internet: Web) -> None:
    fate = bridge.fate(internet.put("/broken", "", 502), TARGET)
    assert (fate["status"], fate["reason"]) == ("waiting", "server-trouble")


def test_reason_unreachable(bridge: Bridge) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        fate = bridge.fate(f"http://127.0.0.1:{closed.getsockname()[1]}/", TARGET)
    assert (fate["status"], fate["reason"]) == ("waiting", "unreachable")


def test_reason_timeout(table: Table, index: Index) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        visit = Visits(table)
        fetch = partial(web.get, permit=permits.everything)

        def impatient(url: Any, **options: Any) -> web.Answer:
            return fetch(url, **{**options, "seconds": 0.2})

        visit.visitor = visit.visitor_of(visit.policy, impatient)
        source = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        assert visit(source, 1000.0) is Status.WAITING
        item = index.ping(Ping(source, TARGET, Protocol.WEBMENTION, datetime.now(UTC)).id)
    assert item is not None
    assert item["reason"] == "timeout"


def test_reason_forbidden_address_on_a_redirect(internet: Web, table: Table, index: Index) -> None:
    origin = internet.origin.removeprefix("http://")
    visit = Visits(table)
    visit.visitor = visit.visitor_of(visit.policy, partial(web.get, permit=permits.public_and({origin})))
    for number, inside in enumerate(("http://169.254.169.254/latest/", "http://localhost/", "file:///etc/passwd")):
        page = internet.put(f"/hop{number}", "", 302, location=inside)
        assert visit(page, 1000.0) is Status.DECLINED
        item = index.ping(Ping(page, TARGET, Protocol.WEBMENTION, datetime.now(UTC)).id)
        assert item is not None
        assert item["reason"] == "forbidden-address"


def test_reason_too_many_for_redirects_in_a_circle(bridge: Bridge, internet: Web) -> None:
    internet.put("/ping", "", 302, location="/pong")
    internet.put("/pong", "", 302, location="/ping")
    assert bridge.fate(f"{internet.origin}/ping", TARGET)["reason"] == "too-many"


def test_reasons_blocked_and_self_and_source_is_target_hold_for_every_redirect(
    bridge: Bridge, internet: Web, table: Table
) -> None:
    table.put_rule(Rule("example.com", Kind.HOST, "spam.example", Action.BLOCK))
    for place, reason in (
        ("https://spam.example/x", "blocked"),
        ("https://www.example.com/other", "self"),
        (TARGET, "source-is-target"),
    ):
        page = internet.put("/hop", "", 301, location=place)
        assert bridge.fate(page, TARGET)["reason"] == reason


def test_reason_target_missing_is_asked_once_a_page(make_bridge: Callable[..., Bridge], internet: Web) -> None:
    site = internet.origin.removeprefix("http://").replace("127.0.0.1", "localhost")
    bridge = make_bridge(SITES=site)
    there, missing = f"http://{site}/there", f"http://{site}/missing"
    internet.put("/there", "<p>a page</p>")
    page = internet.put("/linking", linking(there) + linking(missing))
    assert bridge.fate(page, missing)["reason"] == "target-missing"
    assert bridge.fate(page, there)["status"] == "published"
    bridge.fate(internet.put("/linking2", linking(there)), there)
    assert [path for _, path, _ in internet.asked].count("/there") == 1


def test_another_spelling_of_a_target_that_is_missing_blocks_nobody(
    make_bridge: Callable[..., Bridge], internet: Web
) -> None:
    site = internet.origin.removeprefix("http://").replace("127.0.0.1", "localhost")
    bridge = make_bridge(SITES=site)
    internet.put("/there", "<p>a page</p>")
    page = internet.put("/linking", linking(f"http://{site}/there//"))
    assert bridge.fate(page, f"http://{site}/there//")["reason"] == "target-missing"
    assert bridge.fate(internet.put("/honest", linking(f"http://{site}/there")), f"http://{site}/there")["status"] == (
        "published"
    )


def test_another_spelling_does_not_stand_in_while_the_weather_is_bad(table: Table, internet: Web, source: str) -> None:
    visit = Visits(table)
    visit(source, 1000.0)
    internet.put("/linking", "", 503)
    internet.put("/linking/", linking(words="Somebody else's words"))
    assert visit(f"{source}/", 2000.0) is Status.WAITING
    assert visit.words() == ["A fine post: this."]


def test_a_poison_message_fails_alone(bridge: Bridge, source: str) -> None:
    bridge.webmention(source, TARGET)
    [good] = bridge.messages()

    def record(number: int, body: str, group: str) -> dict[str, Any]:
        return {"messageId": str(number), "body": body, "attributes": {"MessageGroupId": group}}

    records = [record(1, "{", "a"), record(2, good["Body"], "a"), record(3, good["Body"], "b")]
    failed = bridge.verify({"Records": records}, None)["batchItemFailures"]
    assert failed == [{"itemIdentifier": "1"}]
    assert [event for event, _ in bridge.logged].count("trouble") == 1
    assert len(bridge.children()) == 1


def test_what_cannot_be_begun_in_time_goes_back_to_the_queue(bridge: Bridge, source: str) -> None:
    class Hurried:
        def get_remaining_time_in_millis(self) -> int:
            return 5_000

    record = {"messageId": "1", "body": "{}", "attributes": {"MessageGroupId": "a"}}
    assert bridge.verify({"Records": [record]}, Hurried()) == {"batchItemFailures": [{"itemIdentifier": "1"}]}


def test_every_visit_is_one_log_line(bridge: Bridge, source: str) -> None:
    bridge.fate(source, TARGET)
    [line] = [fields for event, fields in bridge.logged if event == "visit"]
    assert (line["outcome"], line["source"], line["target"]) == ("published", source, TARGET)
