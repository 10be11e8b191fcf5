"""The DynamoDB table as the doors and the visits write it: every key, every item. Feeds read it by index.py."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from linkback import keys
from linkback.dynamodb import Items, pack, short
from linkback.ping import Ping, Status, stamp
from linkback.record import Record, State
from linkback.rules import Action, Key, Kind, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from linkback.dynamodb import Item
    from linkback.policy import Claim

KEPT = timedelta(days=90)
COUNTED = timedelta(days=400)
MINUTE, UNCONFIRMED = 60, 300
# Enough to say so: whoever copies a text to a thousand hosts does not make an item of a thousand.
MOST_HOSTS = 20

# Nothing was registered that a Pingback told again could be a repetition of.
_TOLD_IN_VAIN = (Status.DECLINED, Status.HIDDEN, Status.GONE, Status.WAITING)


class Conflict(Exception):  # noqa: N818 - an outcome: read again and decide again
    """Somebody else wrote the record between our reading and our writing."""


class Table:
    """One table, behind a low-level DynamoDB client. Errors of the service pass through as botocore's."""

    def __init__(self, client: Any, name: str) -> None:
        self._items = Items(client, name)

    # Pings

    def put_ping(
        self, ping: Ping, claim: Claim, base: str, status: Status = Status.QUEUED, told: Item | None = None,
        *, fresh: bool = False,
    ) -> Item | None:  # fmt: skip
        """Record a ping before it is queued; or that it was declined at the door: `told` has further members.

        With `fresh`, a record of the last minute stays and is returned, unless nothing came of that ping.
        """
        received = int(ping.received.timestamp())
        item = keys.ping(ping.id) | {
            "id": ping.id,
            "site": claim.site,
            "source": ping.source,
            "target": ping.target,
            "protocol": str(ping.protocol),
            "received": stamp(ping.received),
            "status": str(status),
            "base": base,
            "claim": claim.id,
            "feed": f"{claim.site}#pings",
            "seq": received,
            "expires": received + int(KEPT.total_seconds()),
            **(told or {}),
        }
        if status is not Status.DECLINED:
            item |= {"due": "ping", "due_at": received + UNCONFIRMED}
        if ping.claimed:
            item["claimed"] = json.dumps(dict(ping.claimed), ensure_ascii=False)
        condition = {
            "ConditionExpression": "attribute_not_exists(pk) OR seq < :minute_ago"
            " OR #status IN (:declined, :hidden, :gone) OR (#status = :waiting AND attribute_not_exists(checked))",
            "ExpressionAttributeNames": {"#status": "status"},
            "ExpressionAttributeValues": pack(
                {":minute_ago": received - MINUTE, **{f":{status}": str(status) for status in _TOLD_IN_VAIN}}
            ),
        }
        return self._items.put_or_earlier(item, condition if fresh else {})

    def finish_ping(self, ping_id: str, told: Mapping[str, Any], due_at: int | None, *, again: bool = False) -> None:
        """Write the outcome of a visit; `due_at` (seconds) puts the ping on the list `due`, None takes it off.

        `again` if the visit saw nothing new, which is counted until one does.
        """
        members = {name: value for name, value in told.items() if value not in (None, "")}
        absent = [name for name in ("reason", "detail", "links_found", "retry_at", "decided") if name not in members]
        absent += [] if again else ["repeats"]
        if due_at is not None:
            members |= {"due": "ping", "due_at": due_at}
        else:
            absent += ["due", "due_at"]
        names = {f"#{name}": name for name in (*members, *absent)}
        update = "SET " + ", ".join(f"#{name} = :{name}" for name in members)
        update += " REMOVE " + ", ".join(f"#{name}" for name in absent) if absent else ""
        values = {f":{name}": value for name, value in members.items()}
        if again:
            update, names, values = f"{update} ADD #again :one", names | {"#again": "repeats"}, values | {":one": 1}
        self._items.update(keys.ping(ping_id), update, names, values, "attribute_exists(pk)")

    def ping(self, ping_id: str) -> Item | None:
        """The record of a ping, or None."""
        return self._items.get(keys.ping(ping_id))

    def count(self, site: str, date: str, protocol: str, status: str) -> None:
        """Count a visit among those of a day (YYYY-MM-DD), by dialect and by what came of it."""
        expires = int(datetime.fromisoformat(f"{date}T00:00:00+00:00").timestamp() + COUNTED.total_seconds())
        names, values = {"#n": f"{protocol} {status}", "#e": "expires"}, {":one": 1, ":expires": expires}
        self._items.change(keys.day(site, date), "SET #e = :expires ADD #n :one", names, values)

    # Mentions

    def mention(self, page: str, claim: str) -> Record | None:
        """The newest state of one mention."""
        item = self._items.get(keys.mention(page, claim), ConsistentRead=True)
        return record_of(item) if item else None

    def mentions(self, page: str) -> Iterator[Record]:
        """Every mention of a page, whatever its state: for the owner, since strangers can make it any number."""
        values = pack({":pk": _page(page), ":mention": "MENTION#"})
        items = self._items.query(
            KeyConditionExpression="pk = :pk AND begins_with(sk, :mention)",
            ExpressionAttributeValues=values,
            ConsistentRead=True,
        )
        return map(record_of, items)

    def save(self, old: Record | None, new: Record, now: float, *beside: Item, gone: Item | None = None) -> Record:
        """Write `new` where `old` was read, numbered if the change can be seen, `now`. Raises Conflict.

        All or nothing with what is `beside` it, and with the end of the item whose key is `gone`.
        """
        if new == old and not beside and not gone:
            return new
        changed = new.face != (old.face if old else None)
        if changed or new.partition != (old.partition if old else ""):
            # Whatever becomes of what was public once, its tombstone is there, or another, or gone.
            number = self.next_number(now, *((new.site,) if changed or new.id else ()))
            new = _numbered(old, new, number, int(now))
            # Before the edit itself: told too early it is told again, told too late it might never be told.
            edited = old is not None and old.state is new.state is State.PUBLIC
            if edited and not self._items.put(_pointer(new, "EDIT", "edited", number), {}):
                raise Conflict
        new = replace(new, version=new.version + 1)
        if not self._items.put_all(record_item(new), _unless_changed(old), *_tombstone(old, new), *beside, gone=gone):
            raise Conflict
        return new

    def move(self, old: Record, new: Record, there: Record | None, now: float) -> None:
        """Write `new`, of another page, in place of `old` and of what is `there`, in one piece. Raises Conflict.

        A mention keeps its number. Who keeps a copy is told that it has another claim, and that what was there ended.
        """
        # Of an earlier time, and in no index now.
        others = [_key(new.page, sign, new.claim) for sign in ("MOVED", "TOMBSTONE")]
        if there and there.id:
            # By a claim that nobody has: the right one is that of a public mention from now on.
            end = replace(there, claim=f"{there.claim}~{there.id}")
            others.append(_pointer(end, "TOMBSTONE", State.GONE, self.next_number(now, there.site)))
        if old.id:
            number = self.next_number(now, *{old.site, new.site})
            others.append(_pointer(old, "MOVED", "moved", number))
            if new.state is State.PUBLIC:
                others.append(_pointer(new, "EDIT", "edited", number))
            if old.state is State.PUBLIC and old.site != new.site:
                others.append(_pointer(old, "TOMBSTONE", State.GONE, number))
        key, still = keys.mention(old.page, old.claim), _unless_changed(old)
        if not self._items.put_all(record_item(new), _unless_changed(there), *others, gone=key, still=still):
            raise Conflict

    # Pages, aliases, rules, the sequence

    def alias(self, page: str, *, newest: bool = False, until: str = "") -> str:
        """The key of the page that this one is an alias of, or its own; `newest` costs twice as much.

        `until` is a key at which it ends, whatever that is an alias of.
        """
        for _ in range(keys.MOST_ALIASES):
            if page == until:
                break
            found = self._items.get(keys.alias(page), ConsistentRead=newest)
            if found is None:
                break
            page = str(found["page"])
        return page

    def learn_alias(self, old: str, page: str, site: str, now: float, by: str) -> None:
        """Remember that `old` is another address of `page` on a site, unless an alias of it is known already."""
        self._put_alias(old, page, site, now, by, {"ConditionExpression": "attribute_not_exists(pk)"})

    def declare_alias(self, old: str, page: str, site: str, now: float) -> None:
        """The owner's word that `old` is another address of `page`: stronger than what was learned."""
        self._put_alias(old, page, site, now, "owner", {})

    def _put_alias(self, old: str, page: str, site: str, now: float, by: str, condition: Mapping[str, Any]) -> None:
        # Numbered as a change of the site: what its feeds answer for `old` is another thing from now on.
        told = {"old": old, "page": page, "by": by, "feed": f"{site}#aliases", "seq": self.next_number(now, site)}
        self._items.put(keys.alias(old) | told, condition)

    def forget_alias(self, old: str, site: str, now: float) -> None:
        """From now on `old` is a page of its own."""
        self.next_number(now, site)
        self._items.delete(keys.alias(old))

    def aliases(self, site: str) -> Iterator[Item]:
        """Every alias of a site, the newest first: `old` and `page` are page keys, `by` is who said so."""
        return self._items.query(
            IndexName="feed",
            KeyConditionExpression="feed = :feed",
            ExpressionAttributeValues=pack({":feed": f"{site}#aliases"}),
            ScanIndexForward=False,
        )

    def page_checked(self, page: str) -> Item | None:
        """What the target answered when last asked: `status` (0: none), `checked` (seconds), `asked`, `language`."""
        return self._items.get({"pk": _page(page), "sk": "PAGE"})

    def put_page_checked(self, page: str, asked: str, status: int, now: int, language: str = "") -> None:
        """Remember the answer of a target, at which spelling of its address, and its language."""
        told: Item = {"page": page, "asked": asked, "status": status, "checked": now, "language": language}
        self._items.put({"pk": _page(page), "sk": "PAGE", **told}, {})

    def look(self, site: str, names: Sequence[Key]) -> dict[Key, Action]:
        """The actions of those of at most MOST_AT_ONCE names that are rules of a site. Raises Busy."""
        wanted = {keys.rule(site, *name)["sk"]: name for name in names}
        items = self._items.get_many(keys.rule(site, *name) for name in names)
        return {wanted[item["sk"]]: rule.action for item in items if (rule := rule_of(site, item))}

    def put_rule(self, rule: Rule) -> None:
        """Write a rule; the same kind and value again replaces its action."""
        self._items.put(rule_item(rule), {})

    def delete_rule(self, site: str, name: Key) -> None:
        """Take a rule back, if it is there."""
        self._items.delete(keys.rule(site, *name))

    def seen_elsewhere(self, site: str, fingerprint: str, host: str, expires: int) -> tuple[str, ...]:
        """The other hosts on which a text was seen, the first MOST_HOSTS; and remember this one until then."""
        key = keys.text(site, fingerprint)
        hosts = str((self._items.get(key) or {}).get("hosts", "")).split()
        if host not in hosts and len(hosts) < MOST_HOSTS:
            self._items.put(key | {"hosts": " ".join([*hosts, host]), "expires": expires}, {})
        return tuple(other for other in hosts if other != host)

    def next_number(self, now: float, *sites: str) -> int:
        """The next of the one sequence, max(last + 1, seconds since 2020): it rises, and is never behind the clock.

        It is remembered as the last change of these sites, in the same write: what feeds show of them changes with it.
        `marked_from` is the number from which on that was so: a site without a mark has not changed since.
        """
        floor = int(now) - keys.EPOCH
        names = {"#n": "n", "#from": "marked_from"} | {f"#{place}": keys.mark(site) for place, site in enumerate(sites)}

        def all_to(value: str) -> str:
            marks = [f"#{place} = {value}" for place, _ in enumerate(sites)]
            since = "#from = if_not_exists(#from, if_not_exists(#n, :zero))"
            return f"SET {', '.join([*marks, since, f'#n = {value}'])}"

        behind, values = "attribute_not_exists(#n) OR #n < :floor", {":floor": floor, ":zero": 0}
        if self._items.update(keys.SEQUENCE, all_to(":floor"), names, values, behind):
            return floor
        return int(self._items.change(keys.SEQUENCE, all_to("#n + :one"), names, {":one": 1, ":zero": 0})["n"])


def rule_item(rule: Rule) -> Item:
    """A rule as it is stored."""
    told = {"kind": str(rule.kind), "value": rule.value, "action": str(rule.action), "made": rule.made}
    return keys.rule(rule.site, *rule.key) | told


def rule_of(site: str, item: Item) -> Rule | None:
    """A rule, which an owner may have written by hand: a mistake in it must not stop the site. None if it is none."""
    kind, value = str(item.get("kind")).lower(), item.get("value")
    if kind not in set(Kind) or not isinstance(value, str):
        return None
    action = str(item.get("action")).lower()
    known = Action(action) if action in set(Action) else Action.HOLD
    return Rule(site, Kind(kind), value, known, str(item.get("made", "")))


def _page(page: str) -> str:
    return f"PAGE#{short(page)}"


def record_item(record: Record) -> Item:
    """A mention as it is stored."""
    members = {name: getattr(record, name) for name in Record.__slots__}
    members |= {"protocols": ",".join(record.protocols), "state": str(record.state)}
    if record.partition:
        members |= {"feed": record.partition, "seq": record.number}
    if record.thread:
        members["thread"] = short(record.thread)
    return keys.mention(record.page, record.claim) | members


def record_of(item: Item) -> Record:
    """A mention as it was stored."""
    members = {name: item[name] for name in Record.__slots__ if name in item}  # older ones have fewer
    members |= {"protocols": tuple(item["protocols"].split(",")), "state": State(item["state"])}
    return Record(**members)


def _numbered(old: Record | None, new: Record, number: int, now: int) -> Record:
    """An edit keeps its number, for it keeps its place; what became public is known by its own."""
    if old and old.state is new.state is State.PUBLIC:
        return new
    new = replace(new, number=number)
    return replace(new, id=number, shown=now) if new.state is State.PUBLIC else new


def _unless_changed(old: Record | None) -> dict[str, Any]:
    if old is None:
        return {"ConditionExpression": "attribute_not_exists(pk)"}
    return {
        "ConditionExpression": "version = :version",
        "ExpressionAttributeValues": pack({":version": old.version}),
    }


def _tombstone(old: Record | None, new: Record) -> tuple[Item, ...]:
    """What tells a cache to forget what was public and is held or spam now: there the record itself tells nobody.

    A record that is gone is its own tombstone. What is public again needs none: it stays, and is in no index.
    """
    if old is None or not old.id or old.state is new.state:
        return ()
    hidden = (State.HELD, State.SPAM)
    if new.state in hidden:
        return () if old.state in hidden else (_pointer(old, "TOMBSTONE", State.GONE, new.number),)
    return (_key(new.page, "TOMBSTONE", new.claim),) if old.state in hidden or new.state is State.PUBLIC else ()


def _pointer(record: Record, sign: str, partition: str, number: int) -> Item:
    """What says of a mention that something happened to it, in a partition of the index `feed` for that alone."""
    told = {name: getattr(record, name) for name in ("id", "claim", "page", "source", "target")}
    return _key(record.page, sign, record.claim) | told | {"feed": f"{record.site}#{partition}", "seq": number}


def _key(page: str, sign: str, claim: str) -> Item:
    return {"pk": _page(page), "sk": f"{sign}#{claim}"}
