"""The DynamoDB table: every key, every item, every access pattern.

Items are flat (strings, numbers), so reading ten thousand of them costs no general deserialiser.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from linkback.ping import Ping, Status, stamp
from linkback.policy import Action, Rule
from linkback.record import Record, State

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from linkback.policy import Claim

Item = dict[str, Any]

EPOCH = int(datetime(2020, 1, 1, tzinfo=UTC).timestamp())
KEPT = timedelta(days=90)
MINUTE, UNCONFIRMED = 60, 300
LONGEST_KEY = 1024

# Nothing was registered that a Pingback told again could be a repetition of.
_TOLD_IN_VAIN = (Status.DECLINED, Status.HIDDEN, Status.GONE, Status.WAITING)
_WHOLE = re.compile(r"-?[0-9]{1,38}", re.ASCII)


class Span(NamedTuple):
    """The wm-ids from `first` to `last`, both included."""

    first: int
    last: int


WHOLE = Span(1, 2**31 - 1)


class Conflict(Exception):  # noqa: N818 - an outcome: read again and decide again
    """Somebody else wrote the record between our reading and our writing."""


class Table:
    """One table, behind a low-level DynamoDB client. Errors of the service pass through as botocore's."""

    def __init__(self, client: Any, name: str) -> None:
        self._client, self._name = client, name

    # Pings

    def put_ping(
        self, ping: Ping, claim: Claim, base: str, status: Status = Status.QUEUED, *, fresh: bool = False
    ) -> Item | None:
        """Record a ping before it is queued.

        With `fresh`, a record of the last minute stays and is returned, unless nothing came of that ping.
        """
        received = int(ping.received.timestamp())
        item = _ping_key(ping.id) | {
            "id": ping.id,
            "site": claim.site,
            "source": ping.source,
            "target": ping.target,
            "protocol": str(ping.protocol),
            "received": stamp(ping.received),
            "status": str(status),
            "base": base,
            "feed": f"{claim.site}#pings",
            "seq": received,
            "due": "ping",
            "due_at": received + UNCONFIRMED,
            "expires": received + int(KEPT.total_seconds()),
        }
        if ping.claimed:
            item["claimed"] = json.dumps(dict(ping.claimed), ensure_ascii=False)
        condition = {
            "ConditionExpression": "attribute_not_exists(pk) OR seq < :minute_ago"
            " OR #status IN (:declined, :hidden, :gone) OR (#status = :waiting AND attribute_not_exists(checked))",
            "ExpressionAttributeNames": {"#status": "status"},
            "ExpressionAttributeValues": _pack(
                {":minute_ago": received - MINUTE, **{f":{status}": str(status) for status in _TOLD_IN_VAIN}}
            ),
        }
        return self._put_or_earlier(item, condition if fresh else {})

    def ping(self, ping_id: str) -> Item | None:
        """The record of a ping, or None when there is none (any more)."""
        return self._get(_ping_key(ping_id))

    def finish_ping(self, ping_id: str, told: Mapping[str, Any], due_at: int | None) -> None:
        """Write the outcome of a visit; `due_at` (seconds) puts the ping on the list `due`, None takes it off."""
        members = {name: value for name, value in told.items() if value not in (None, "")}
        absent = [name for name in ("reason", "detail", "links_found", "retry_at") if name not in members]
        if due_at is not None:
            members |= {"due": "ping", "due_at": due_at}
        else:
            absent += ["due", "due_at"]
        names = {f"#{name}": name for name in (*members, *absent)}
        update = "SET " + ", ".join(f"#{name} = :{name}" for name in members)
        update += " REMOVE " + ", ".join(f"#{name}" for name in absent) if absent else ""
        values = {f":{name}": value for name, value in members.items()}
        self._update(_ping_key(ping_id), update, names, values, "attribute_exists(pk)")

    # Mentions

    def mention(self, page: str, claim: str) -> Record | None:
        """The newest state of one mention."""
        item = self._get(_mention_key(page, claim), ConsistentRead=True)
        return _record(item) if item else None

    def save(self, old: Record | None, new: Record, now: float) -> Record:
        """Write `new` where `old` was read, numbered if the change can be seen, `now`. Raises Conflict."""
        if new == old:
            return new
        if new.partition != (old.partition if old else ""):
            number = self.next_number(now)
            new = replace(new, number=number)
            if new.state is State.PUBLIC:
                new = replace(new, id=number, shown=int(now))
        new = replace(new, version=new.version + 1)
        condition: dict[str, Any] = {"ConditionExpression": "attribute_not_exists(pk)"}
        if old:
            condition = {
                "ConditionExpression": "version = :version",
                "ExpressionAttributeValues": _pack({":version": old.version}),
            }
        if not self._put(_record_item(new), condition):
            raise Conflict
        if old and old.state is new.state is State.PUBLIC and old.seen != new.seen:
            self._note_edit(new, now)
        return new

    def _note_edit(self, record: Record, now: float) -> None:
        key = {"pk": _mention_key(record.page, record.claim)["pk"], "sk": f"EDIT#{record.claim}"}
        pointer = {"feed": f"{record.site}#edited", "seq": self.next_number(now), "id": record.id}
        self._put(key | pointer | {"page": record.page, "claim": record.claim}, {})

    def page_mentions(self, page: str, span: Span = WHOLE, limit: int | None = None) -> Iterator[Record]:
        """The public mentions of one page with a wm-id in the span, newest first, read as they are asked for."""
        return self._newest_first("thread", _short(page), span, limit)

    def site_mentions(self, site: str, span: Span = WHOLE, limit: int | None = None) -> Iterator[Record]:
        """The same of a whole site. `limit` is how many a client wants at most: no more are read in one go."""
        return self._newest_first("feed", f"{site}#{State.PUBLIC}", span, limit)

    def _newest_first(self, index: str, key: str, span: Span, limit: int | None) -> Iterator[Record]:
        if span.first > span.last:
            return iter(())
        items = self._query(
            IndexName=index,
            KeyConditionExpression="#key = :key AND seq BETWEEN :first AND :last",
            ExpressionAttributeNames={"#key": index},
            ExpressionAttributeValues=_pack({":key": key, ":first": span.first, ":last": span.last}),
            ScanIndexForward=False,
            **({"Limit": limit} if limit else {}),
        )
        return map(_record, items)

    # Pages, rules, the sequence

    def page_checked(self, page: str) -> Item | None:
        """What the target answered when last asked: `status` (0 if it gave no answer), `checked` (seconds), `asked`."""
        return self._get({"pk": _page(page), "sk": "PAGE"})

    def put_page_checked(self, page: str, asked: str, status: int, now: int) -> None:
        """Remember the answer of a target, and at which spelling of its address."""
        told = {"page": page, "asked": asked, "status": status, "checked": now}
        self._put({"pk": _page(page), "sk": "PAGE", **told}, {})

    def rules(self, site: str) -> list[Rule]:
        """Every rule of a site."""
        values = _pack({":pk": f"SITE#{site}", ":rule": "RULE#"})
        items = self._query(
            KeyConditionExpression="pk = :pk AND begins_with(sk, :rule)", ExpressionAttributeValues=values
        )
        return [rule for item in items if (rule := _rule(site, item))]

    def put_rule(self, rule: Rule) -> None:
        """Write a rule; the same kind and value again replaces its action."""
        key = {"pk": f"SITE#{rule.site}", "sk": f"RULE#{rule.kind}#{_short(rule.value)}"}
        self._put(key | {"kind": rule.kind, "value": rule.value, "action": str(rule.action)}, {})

    def next_number(self, now: float) -> int:
        """The next of the one sequence, max(last + 1, seconds since 2020): it rises, and is never behind the clock."""
        key, floor = {"pk": "SEQUENCE", "sk": "SEQUENCE"}, int(now) - EPOCH
        names, values = {"#n": "n"}, {":floor": floor}
        if self._update(key, "SET #n = :floor", names, values, "attribute_not_exists(#n) OR #n < :floor"):
            return floor
        answer = self._client.update_item(
            TableName=self._name,
            Key=_pack(key),
            UpdateExpression="ADD #n :one",
            ExpressionAttributeNames=names,
            ExpressionAttributeValues=_pack({":one": 1}),
            ReturnValues="UPDATED_NEW",
        )
        return int(answer["Attributes"]["n"]["N"])

    def ask(self) -> None:
        """One small read, for the health check: returns when the table answers."""
        self._get({"pk": "SEQUENCE", "sk": "SEQUENCE"})

    # DynamoDB's own words

    def _get(self, key: Item, **options: Any) -> Item | None:
        answer = self._client.get_item(TableName=self._name, Key=_pack(key), **options)
        return _unpack(answer["Item"]) if "Item" in answer else None

    def _put(self, item: Item, condition: Mapping[str, Any]) -> bool:
        return self._put_or_earlier(item, condition) is None

    def _put_or_earlier(self, item: Item, condition: Mapping[str, Any]) -> Item | None:
        """None if it was written, else the item that is there and does not meet the condition."""
        told = {"ReturnValuesOnConditionCheckFailure": "ALL_OLD"} if condition else {}
        try:
            self._client.put_item(TableName=self._name, Item=_pack(item), **condition, **told)
        except self._client.exceptions.ConditionalCheckFailedException as failure:
            return _unpack(failure.response.get("Item", {}))
        return None

    def _update(self, key: Item, update: str, names: Item, values: Item, condition: str) -> bool:
        try:
            self._client.update_item(
                TableName=self._name,
                Key=_pack(key),
                UpdateExpression=update,
                ExpressionAttributeNames=names,
                ExpressionAttributeValues=_pack(values),
                ConditionExpression=condition,
            )
        except self._client.exceptions.ConditionalCheckFailedException:
            return False
        return True

    def _query(self, **options: Any) -> Iterator[Item]:
        """Items to the end, one page of the index after another, each asked for only when it is needed."""
        start: dict[str, Any] = {}
        while True:
            answer = self._client.query(TableName=self._name, **options, **start)
            yield from map(_unpack, answer["Items"])
            if "LastEvaluatedKey" not in answer:
                return
            start = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}


def number_at(seconds: int) -> int:
    """The least sequence number of anything published in this second (since 1970) or later: a key condition."""
    return seconds - EPOCH


def _rule(site: str, item: Item) -> Rule | None:
    """A rule, which an owner may have written by hand: a mistake in it must not stop the site. None if it is none."""
    kind, value = item.get("kind"), item.get("value")
    if not isinstance(kind, str) or not isinstance(value, str):
        return None
    action = str(item.get("action")).lower()
    known = Action(action) if action in set(Action) else Action.HOLD
    return Rule(site, kind.lower(), value.lower() if kind.lower() == "host" else value, known)


def _pack(members: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    return {name: {"N": str(value)} if isinstance(value, int) else {"S": value} for name, value in members.items()}


def _unpack(item: Mapping[str, Mapping[str, str]]) -> Item:
    """Strings and whole numbers, which is all that we write; what an owner added by hand is passed over."""
    strings = {name: value["S"] for name, value in item.items() if "S" in value}
    return strings | {name: int(value["N"]) for name, value in item.items() if _WHOLE.fullmatch(value.get("N", ""))}


def _ping_key(ping_id: str) -> Item:
    return {"pk": f"PING#{ping_id}", "sk": "PING"}


def _mention_key(page: str, claim: str) -> Item:
    return {"pk": _page(page), "sk": f"MENTION#{claim}"}


def _page(page: str) -> str:
    return f"PAGE#{_short(page)}"


def _short(text: str) -> str:
    """DynamoDB takes 2,048 bytes of partition key and 1,024 of sort key: what is longer is hashed."""
    return text if len(text) <= LONGEST_KEY - 64 else f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def _record_item(record: Record) -> Item:
    members = {name: getattr(record, name) for name in Record.__slots__}
    members |= {"protocols": ",".join(record.protocols), "state": str(record.state)}
    if record.partition:
        members |= {"feed": record.partition, "seq": record.number}
    if record.thread:
        members["thread"] = _short(record.thread)
    return _mention_key(record.page, record.claim) | members


def _record(item: Item) -> Record:
    members = {name: item[name] for name in Record.__slots__}
    members |= {"protocols": tuple(item["protocols"].split(",")), "state": State(item["state"])}
    return Record(**members)
