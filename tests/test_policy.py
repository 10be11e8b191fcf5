"""The owner's will: what is listened to, what is blocked, what waits, and how much is taken in a minute."""

from __future__ import annotations

import itertools

import pytest

from linkback import urls
from linkback.ping import Declined, Ping, Protocol, Reason, TryLater
from linkback.policy import Claim, Moderation, Pace, Policy, SelfMentions
from linkback.rules import Action, Key, Kind, Look, nothing
from linkback.site import Sites
from wire import NOW

SITES = Sites.parse("example.com, second.example")
TARGET = "https://example.com/page"


def policy(self_mentions: SelfMentions = SelfMentions.REFUSE, moderation: Moderation = Moderation.FIRST) -> Policy:
    return Policy(SITES, self_mentions, moderation)


def ping(source: str, target: str = TARGET, protocol: Protocol = Protocol.WEBMENTION) -> Ping:
    return Ping(source, target, protocol, NOW)


def claim(source: str, target: str = TARGET) -> Claim:
    return Claim(urls.parse(source), urls.parse(target), "example.com")


def look(*rules: tuple[Key, Action]) -> Look:
    """A look into these rules alone."""
    return lambda keys: {key: action for key, action in rules if key in keys}


def rule(value: str, action: Action, kind: Kind = Kind.HOST) -> tuple[Key, Action]:
    return Key(kind, value), action


def held_at(source: str, settings: Policy, rules: Look, author: str = "", doubt: int = 0) -> bool:
    told = claim(source)
    return settings.holds(told.source, told, rules, author, doubt)


# What is listened to


def test_a_claim_has_both_urls_read_and_the_site_of_its_target() -> None:
    read = policy().claim(ping("HTTPS://Alice.example:443/a#x", "http://www.example.com/page/#part"))
    assert str(read.source) == "https://alice.example/a#x"
    assert read.site == "example.com"
    assert read.page == "example.com/page"


@pytest.mark.parametrize(
    ("source", "target", "reason"),
    [
        ("nonsense", TARGET, Reason.MALFORMED),
        ("https://alice.example/", "nonsense", Reason.MALFORMED),
        ("javascript:alert(1)", TARGET, Reason.MALFORMED),
        ("http://0x7f.1/", TARGET, Reason.MALFORMED),
        ("https://alice.example/", "https://third.example/", Reason.TARGET_UNKNOWN),
        ("https://alice.example/", "https://notexample.com/", Reason.TARGET_UNKNOWN),
        ("https://alice.example/", "https://example.com.evil.example/", Reason.TARGET_UNKNOWN),
        ("https://alice.example/", "https://sub.example.com/", Reason.TARGET_UNKNOWN),
        (TARGET, TARGET, Reason.SOURCE_IS_TARGET),
        ("http://www.example.com/page/#x", TARGET, Reason.SOURCE_IS_TARGET),
        ("https://example.com/other", TARGET, Reason.SELF),
        ("http://www.example.com/", TARGET, Reason.SELF),
    ],
)
def test_a_claim_is_declined_with_its_reason_and_a_sentence(source: str, target: str, reason: Reason) -> None:
    with pytest.raises(Declined) as refusal:
        policy().claim(ping(source, target))
    assert refusal.value.reason is reason
    assert refusal.value.detail.endswith(".")


def test_a_refusal_for_the_wrong_site_names_the_right_ones() -> None:
    with pytest.raises(Declined, match=r"which listens for example\.com, second\.example\."):
        policy().claim(ping("https://alice.example/", "https://third.example/"))


def test_one_site_of_the_bridge_may_mention_another() -> None:
    assert policy().claim(ping("https://second.example/a")).site == "example.com"


@pytest.mark.parametrize("setting", [SelfMentions.HOLD, SelfMentions.ALLOW])
def test_self_mentions_are_taken_where_the_owner_wants_them_but_never_of_the_page_itself(setting: SelfMentions) -> None:
    assert policy(setting).claim(ping("https://example.com/other")).site == "example.com"
    with pytest.raises(Declined) as refusal:
        policy(setting).claim(ping(TARGET))
    assert refusal.value.reason is Reason.SOURCE_IS_TARGET


def test_the_same_link_told_in_any_dialect_and_writing_is_one_claim() -> None:
    tellings = itertools.product(
        Protocol, ("https://alice.example/a", "http://www.alice.example/a/#x"), (TARGET, "http://example.com/page/#y")
    )
    ids = {policy().claim(ping(source, target, protocol)).id for protocol, source, target in tellings}
    assert len(ids) == 1
    assert len(ids.pop()) == 22


def test_another_link_is_another_claim() -> None:
    one, other = claim("https://alice.example/a"), claim("https://alice.example/b")
    assert one.id != other.id
    assert one.id != claim("https://alice.example/a", "https://example.com/page?x").id


# What is blocked


def test_a_blocked_source_is_declined_wherever_a_redirect_leads_to_it() -> None:
    rules = look(rule("spam.example", Action.BLOCK))
    told = claim("https://alice.example/")
    policy().admit(told.source, told, rules)
    with pytest.raises(Declined) as refusal:
        policy().admit(urls.parse("https://www.spam.example/landing"), told, rules)
    assert refusal.value.reason is Reason.BLOCKED


@pytest.mark.parametrize(
    ("url", "reason"), [("https://example.com/other", Reason.SELF), (TARGET, Reason.SOURCE_IS_TARGET)]
)
def test_a_redirect_to_the_site_itself_is_declined(url: str, reason: Reason) -> None:
    with pytest.raises(Declined) as refusal:
        policy().admit(urls.parse(url), claim("https://alice.example/"), nothing)
    assert refusal.value.reason is reason


def test_a_dialect_can_be_blocked_at_the_door() -> None:
    told = policy().claim(ping("https://alice.example/", protocol=Protocol.TRACKBACK))
    with pytest.raises(Declined) as refusal:
        policy().admit(told.source, told, look(rule("trackback", Action.BLOCK, Kind.DIALECT)))
    assert refusal.value.reason is Reason.BLOCKED
    other = policy().claim(ping("https://alice.example/", protocol=Protocol.PINGBACK))
    policy().admit(other.source, other, look(rule("trackback", Action.BLOCK, Kind.DIALECT)))


def test_a_blocked_author_is_declined_once_the_page_has_named_him() -> None:
    told, mallory = claim("https://brid.gy/comment/1"), "https://mallory.example/"
    with pytest.raises(Declined) as refusal:
        policy().holds(told.source, told, look(rule("mallory.example", Action.BLOCK, Kind.AUTHOR)), mallory)
    assert refusal.value.reason is Reason.BLOCKED


# What waits


@pytest.mark.parametrize(
    ("moderation", "action", "held"),
    [
        (Moderation.FIRST, None, True),
        (Moderation.ALL, None, True),
        (Moderation.NONE, None, False),
        (Moderation.FIRST, Action.ALLOW, False),
        (Moderation.ALL, Action.ALLOW, False),
        (Moderation.NONE, Action.ALLOW, False),
        (Moderation.FIRST, Action.HOLD, True),
        (Moderation.ALL, Action.HOLD, True),
        (Moderation.NONE, Action.HOLD, True),
    ],
)
def test_what_waits_for_the_owner(moderation: Moderation, action: Action | None, *, held: bool) -> None:
    rules = look(rule("alice.example", action)) if action else nothing
    assert held_at("https://alice.example/", policy(moderation=moderation), rules) is held


def test_a_host_that_was_approved_once_does_not_wait_again_unless_all_do() -> None:
    known = look(rule("alice.example", Action.ALLOW, Kind.KNOWN_HOST))
    assert not held_at("https://www.alice.example/b", policy(moderation=Moderation.FIRST), known)
    assert held_at("https://bob.alice.example/", policy(moderation=Moderation.FIRST), known)
    assert held_at("https://alice.example/b", policy(moderation=Moderation.ALL), known)


def test_so_many_signs_of_spam_that_no_setting_publishes_it_but_a_rule_does() -> None:
    known, allowed = rule("alice.example", Action.ALLOW, Kind.KNOWN_HOST), rule("alice.example", Action.ALLOW)
    for moderation in Moderation:
        assert held_at("https://alice.example/", policy(moderation=moderation), look(known), doubt=2)
        assert not held_at("https://alice.example/", policy(moderation=moderation), look(allowed), doubt=2)
    assert not held_at("https://alice.example/", policy(moderation=Moderation.NONE), nothing, doubt=1)


def test_of_a_shared_host_an_author_is_known_and_never_the_host() -> None:
    ann, bob = "https://ann.example/", "https://bob.example/"
    known = look(rule("ann.example", Action.ALLOW, Kind.KNOWN_AUTHOR), rule("brid.gy", Action.ALLOW, Kind.KNOWN_HOST))
    first = policy(moderation=Moderation.FIRST)
    assert not held_at("https://brid.gy/comment/1", first, known, author=ann)
    assert held_at("https://brid.gy/comment/2", first, known, author=bob)
    assert held_at("https://brid.gy/comment/3", first, known)
    assert held_at("https://elsewhere.example/", first, known, author=ann)


@pytest.mark.parametrize(
    ("self_mentions", "moderation", "held"),
    [
        (SelfMentions.HOLD, Moderation.NONE, True),
        (SelfMentions.HOLD, Moderation.FIRST, True),
        (SelfMentions.HOLD, Moderation.ALL, True),
        (SelfMentions.ALLOW, Moderation.NONE, False),
        (SelfMentions.ALLOW, Moderation.FIRST, False),
        (SelfMentions.ALLOW, Moderation.ALL, True),
    ],
)
def test_which_self_mentions_wait(self_mentions: SelfMentions, moderation: Moderation, *, held: bool) -> None:
    own, settings = "https://example.com/other", policy(self_mentions, moderation)
    assert held_at(own, settings, nothing) is held
    assert not held_at(own, settings, look(rule("example.com", Action.ALLOW)))
    assert held_at(own, settings, look(rule("example.com", Action.HOLD)))


# How much


def test_a_host_may_send_so_many_pings_in_a_minute_and_no_more() -> None:
    pace = Pace(3)
    for second in (0, 10, 59):
        pace.take("alice.example", 6_000 + second)
    with pytest.raises(TryLater) as refusal:
        pace.take("alice.example", 6_000 + 59.5)
    assert (refusal.value.reason, refusal.value.after) == (Reason.TOO_MANY, 1)


def test_a_new_minute_begins_anew_and_hosts_do_not_disturb_each_other() -> None:
    pace = Pace(1)
    pace.take("alice.example", 6_000)
    pace.take("bob.example", 6_000)
    pace.take("alice.example", 6_060)
    with pytest.raises(TryLater) as refusal:
        pace.take("alice.example", 6_060)
    assert refusal.value.after == 60


def test_a_pace_of_nothing_refuses_everything() -> None:
    with pytest.raises(TryLater):
        Pace(0).take("alice.example", 6_030)
