"""What an owner does with mentions: approve, hold, spam, delete; trust and block with it; and undo.

Each act is one mention's, written in one piece with the rule that goes with it; a list of acts is one after another,
each done or refused. Everything can be undone for a day, deletion too; then what was deleted is erased.
"""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from botocore.exceptions import BotoCoreError, ClientError

from linkback import keys, rules, urls
from linkback.desk.refused import Refused
from linkback.mention import Mention, Relation
from linkback.ping import Status, stamp_at
from linkback.record import Record, State
from linkback.rules import KINDS, Action, Key, Kind, Rule
from linkback.shared_hosts import is_shared_page
from linkback.table import Conflict, rule_item

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from linkback.desk.ledger import Found, Ledger
    from linkback.dynamodb import Item
    from linkback.shared_hosts import IsSuffix
    from linkback.table import Table
    from linkback.tokens import Owner

ATTEMPTS = 5
UNDONE_FOR = 86_400  # seconds
CLAIM = re.compile(r"[A-Za-z0-9_-]{22}", re.ASCII)


class Act(StrEnum):
    """What can be done with a mention."""

    APPROVE = "approve"
    HOLD = "hold"
    SPAM = "spam"
    DELETE = "delete"


class Scope(StrEnum):
    """For whom a rule is written along: nobody, the host of the source, or the author that its page names."""

    NONE = "none"
    HOST = "host"
    AUTHOR = "author"


STATES = {Act.APPROVE: State.PUBLIC, Act.HOLD: State.HELD, Act.SPAM: State.SPAM, Act.DELETE: State.DELETED}
# What an act says of others of the same host or author; a rule goes with it where its owner says so.
RULES = {Act.APPROVE: Action.ALLOW, Act.HOLD: Action.HOLD, Act.SPAM: Action.BLOCK, Act.DELETE: Action.BLOCK}
_BACK = {state: act for act, state in STATES.items()}
_PAST = {State.PUBLIC: "approved", State.HELD: "held", State.SPAM: "called spam", State.DELETED: "deleted"}


class Changed(NamedTuple):
    """One rule, or one approval's mark (rules.KNOWN), as it is now and as it was; None where there is none."""

    site: str
    key: Key
    now: Action | None
    before: Action | None


@dataclass(frozen=True, slots=True)
class Done:
    """One act: enough to tell of it, and to undo it. `held_back` is Record.held_back of before."""

    claim: str
    site: str
    source: str
    before: State
    after: State
    held_back: int
    changed: tuple[Changed, ...] = ()

    def to_item(self) -> dict[str, Any]:
        """As JSON has it."""
        return asdict(self)

    @classmethod
    def from_item(cls, told: dict[str, Any]) -> Done:
        """The inverse of to_item, after JSON."""
        changed = tuple(
            Changed(site, Key(Kind(key[0]), key[1]), now and Action(now), before and Action(before))
            for site, key, now, before in told["changed"]
        )
        states = {"before": State(told["before"]), "after": State(told["after"])}
        return cls(**{**told, **states, "changed": changed})


class Acts:
    """The acts of one bridge's owners. `clock` tells the time, in seconds since 1970."""

    def __init__(self, table: Table, ledger: Ledger, clock: Callable[[], float], is_suffix: IsSuffix) -> None:
        self._table, self._ledger, self._clock, self._is_suffix = table, ledger, clock, is_suffix

    def act(self, claim: str, act: Act, scope: Scope, owner: Owner, *, alone: bool = True) -> Done:
        """Do it, now. Raises Refused where it cannot be done, and nothing was.

        Not `alone`: along with another of which a rule was written, so that it says nothing more of its host.
        """
        for _ in range(ATTEMPTS):
            found, record = self._find(claim, owner)
            new = self._wanted(record, act)
            changed = self._changed(record if act is Act.DELETE else new, act, scope, alone=alone)
            beside = [rule_item(self._now(one)) for one in changed if one.now]
            ended = next((keys.rule(one.site, *one.key) for one in changed if one.now is None), None)
            if act is Act.DELETE and record.state is not State.DELETED:
                beside.append(_kept_for_undo(record, self._clock()))
            with suppress(Conflict):
                self._table.save(record, new, self._clock(), *beside, gone=ended)
                self._tell(found, new.state)
                return Done(claim, record.site, record.source, record.state, new.state, record.held_back, changed)
        raise _busy(claim)

    def alike(self, done: Iterable[Done], act: Act) -> list[str]:
        """The claims that wait on the first page of the queue, and that the rules just written decide."""
        acts = list(done)
        keys = {change.key for one in acts for change in one.changed if change.key.kind in KINDS}
        sites = {one.site for one in acts} if keys else set()
        held = [record for site in sorted(sites) for record in self._ledger.mentions(site, State.HELD).items]
        names = {one.claim for one in acts}
        return [one.claim for one in held if one.claim not in names and self._covered(one, keys, RULES[act])]

    def _covered(self, record: Record, keys: set[Key], action: Action) -> bool:
        with suppress(urls.BadUrl):
            source, who = urls.parse(record.source), author(record)
            if keys & set(rules.covering(source, None, who)):
                return rules.strongest(partial(self._table.look, record.site), source, None, who) is action
        return False

    def undo(self, done: Done, owner: Owner) -> None:
        """Put a mention, and the rules that went with it, where they were. Raises Refused if either changed since.

        The rules are put back in any case: what was not meant must not let others in.
        """
        for change in reversed(done.changed):
            self._put_back(change, owner)
        for _ in range(ATTEMPTS):
            found, record = self._find(done.claim, owner)
            if record.state is done.before is not done.after:
                return  # where weather ended an undo half-way
            if record.state is not done.after:
                told = f"{done.source} was not put back: since then it was {_PAST.get(record.state, 'changed')}."
                raise Refused(409, "changed", told)
            old = self._wanted(record, _BACK.get(done.before, Act.HOLD))
            new = replace(old, state=done.before, held_back=done.held_back)
            with suppress(Conflict):
                self._table.save(record, new, self._clock())
                self._tell(found, new.state)
                return
        raise _busy(done.claim)

    # One mention

    def _find(self, claim: str, owner: Owner) -> tuple[Found, Record]:
        found = self._ledger.find(claim) if CLAIM.fullmatch(claim) else None
        record = self._ledger.record(found.mention) if found and found.mention else None
        if not found or not record or not owner.may(record.site):  # of other sites no token tells that there is one
            raise Refused(404, "unknown-mention", f"There is no mention {claim[:40]} for this token to act on.")
        return found, record

    def _wanted(self, record: Record, act: Act) -> Record:
        if record.state is State.GONE and act in (Act.APPROVE, Act.HOLD):
            told = f"{record.source} does not link here any more: try its ping again, and if the link is back so is it."
            raise Refused(409, "gone", told)
        if act is Act.DELETE:
            nothing = Mention(Relation.MENTION, record.source).to_json()
            bare = replace(record, seen=nothing, signals="", claimed="", sentence="")
            return replace(bare, state=State.DELETED, held_back=0)
        if record.state is State.DELETED:
            record = self._restored(record, act)
        return replace(record, state=STATES[act], held_back=int(act is Act.HOLD))

    def _restored(self, record: Record, act: Act) -> Record:
        """With the words it had before it was deleted. Raises Refused where they are erased and would be shown."""
        kept = self._ledger.get(_undo_key(record)) or {}
        # DynamoDB takes away what has expired within days, not at once.
        if int(kept.get("expires", 0)) >= self._clock():
            words = {name: kept[name] for name in ("seen", "signals", "claimed", "sentence") if name in kept}
            return replace(record, **words)
        if act is Act.APPROVE:
            told = (
                f"{record.source} was deleted, and its words are erased: hold it, try its ping again, then approve it."
            )
            raise Refused(409, "erased", told)
        return record

    def _tell(self, found: Found, state: State) -> None:
        """The decision stands: that a status page could not be written must not hide it from its owner."""
        status = Status.PUBLISHED if state is State.PUBLIC else Status.HELD
        with suppress(BotoCoreError, ClientError):
            self._ledger.told(found.pings, status, str(state), forget=state is State.DELETED)

    # What goes with it

    def _changed(self, record: Record, act: Act, scope: Scope, *, alone: bool) -> tuple[Changed, ...]:
        """The rule that is wanted, and what an act says of its host or author: the approved is known, spam is not."""
        wanted = [] if scope is Scope.NONE else [(rule_key(record, scope, self._is_suffix), RULES[act])]
        standing = rules.standing_of(urls.parse(record.source), author(record)) if alone else None
        before = self._table.look(record.site, [key for key, _ in wanted] + ([standing] if standing else []))
        if standing and act is Act.APPROVE and standing not in before:
            wanted.append((standing, Action.ALLOW))
        changed = [Changed(record.site, key, action, before.get(key)) for key, action in wanted]
        if standing in before and act is Act.SPAM:
            changed.append(Changed(record.site, standing, None, before[standing]))
        return tuple(changed)

    def _now(self, change: Changed) -> Rule:
        return Rule(change.site, *change.key, change.now or Action.HOLD, stamp_at(self._clock()))

    def _put_back(self, change: Changed, owner: Owner) -> None:
        unchanged = self._table.look(change.site, [change.key]).get(change.key) is change.now
        if owner.may(change.site) and unchanged:
            self._set(change.site, change.key, change.before)

    def _set(self, site: str, key: Key, action: Action | None) -> None:
        if action is None:
            self._table.delete_rule(site, key)
        else:
            self._table.put_rule(Rule(site, *key, action, stamp_at(self._clock())))


def author(record: Record) -> str:
    """The address that its page gives for its author, or ""."""
    with suppress(ValueError, KeyError, TypeError):
        return Mention.from_json(record.seen).author.url
    return ""


def rule_key(record: Record, scope: Scope, is_suffix: IsSuffix) -> Key:
    """The name of the rule that speaks of others like this one. Raises Refused where there is none to be had."""
    source = urls.parse(record.source)
    if scope is Scope.HOST:
        host = source.host.removeprefix("www.")
        if is_shared_page(source) or (":" not in host and is_suffix(host)):
            told = f"{source.host} has pages of many people: judge its author, or write a rule for a prefix."
            raise Refused(400, "shared-host", told)
        return Key(Kind.HOST, rules.authority(source))
    name = author(record)
    if not rules.author_key(name):
        told = f"{record.source} gives no address for its author: judge its host, or a prefix."
        raise Refused(400, "no-author", told)
    if not rules.believed(name, source):
        told = f"{record.source} calls {name} its author, and any page may: judge its host, or a prefix."
        raise Refused(400, "author-elsewhere", told)
    return Key(Kind.AUTHOR, rules.author_key(name))


def _kept_for_undo(record: Record, now: float) -> Item:
    words = {name: getattr(record, name) for name in ("seen", "signals", "claimed", "sentence")}
    return _undo_key(record) | words | {"expires": int(now) + UNDONE_FOR}


def _undo_key(record: Record) -> Item:
    return {"pk": keys.mention(record.page, record.claim)["pk"], "sk": f"UNDO#{record.claim}"}


def _busy(claim: str) -> Refused:
    return Refused(409, "busy", f"{claim} is being visited just now: do this again in a moment.")
