"""DynamoDB's own words: the few calls that Linkback makes, on items of strings and whole numbers.

Items are flat, so reading ten thousand of them costs no general deserialiser. Errors of the service pass through as
botocore's.
"""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

Item = dict[str, Any]

LONGEST_KEY = 1024
MOST_AT_ONCE = 100  # keys of one BatchGetItem

_ROUNDS = 8
_WHOLE = re.compile(r"-?[0-9]{1,38}", re.ASCII)


class Busy(Exception):  # noqa: N818 - a state of the service, which passes
    """DynamoDB did not hand out all items, however often it was asked."""


class Items:
    """The items of one table, behind a low-level client."""

    def __init__(self, client: Any, name: str) -> None:
        self._client, self._name = client, name

    def get(self, key: Item, **options: Any) -> Item | None:
        """One item, or None."""
        answer = self._client.get_item(TableName=self._name, Key=pack(key), **options)
        return unpack(answer["Item"]) if "Item" in answer else None

    def get_many(self, keys: Iterable[Item]) -> list[Item]:
        """Those of at most MOST_AT_ONCE items that are there, in any order. Raises Busy."""
        found: list[Item] = []
        wanted = {self._name: {"Keys": packed}} if (packed := [pack(key) for key in keys]) else {}
        for _ in range(_ROUNDS):
            if not wanted:
                return found
            answer = self._client.batch_get_item(RequestItems=wanted)
            found += map(unpack, answer["Responses"].get(self._name, ()))
            wanted = answer.get("UnprocessedKeys") or {}
        if wanted:
            raise Busy(self._name)
        return found

    def put(self, item: Item, condition: Mapping[str, Any]) -> bool:
        """Whether it was written: False where the condition is not met."""
        return self.put_or_earlier(item, condition) is None

    def put_or_earlier(self, item: Item, condition: Mapping[str, Any]) -> Item | None:
        """None if it was written, else what is known of the item that is there and does not meet the condition."""
        told = {"ReturnValuesOnConditionCheckFailure": "ALL_OLD"} if condition else {}
        try:
            self._client.put_item(TableName=self._name, Item=pack(item), **condition, **told)
        except self._client.exceptions.ConditionalCheckFailedException as failure:
            return unpack(failure.response.get("Item", {}))
        except self._client.exceptions.TransactionConflictException:  # an owner moves it just now
            return {}
        return None

    def put_all(
        self, first: Item, condition: Mapping[str, Any], *others: Item, gone: Item | None = None, still: Any = None
    ) -> bool:
        """Write all, and delete the item with the key `gone`, on the condition `still` if there is one; or do nothing.

        False where a condition is not met, or somebody writes one of them just now.
        """
        if not others and not gone:
            return self.put(first, condition)
        writes: list[dict[str, Any]] = [{"Put": {"TableName": self._name, "Item": pack(first), **condition}}]
        writes += [{"Put": {"TableName": self._name, "Item": pack(other)}} for other in others]
        writes += [{"Delete": {"TableName": self._name, "Key": pack(gone), **(still or {})}}] if gone else []
        try:
            self._client.transact_write_items(TransactItems=writes)
        except self._client.exceptions.TransactionCanceledException as failure:
            causes = {cause.get("Code") for cause in failure.response.get("CancellationReasons", ())}
            if causes & {"ConditionalCheckFailed", "TransactionConflict"}:
                return False
            raise
        return True

    def delete(self, key: Item) -> None:
        """Take an item away, if it is there."""
        self._client.delete_item(TableName=self._name, Key=pack(key))

    def update(self, key: Item, update: str, names: Item, values: Item, condition: str) -> bool:
        """Whether it was changed: False where the condition is not met."""
        try:
            self._client.update_item(
                TableName=self._name,
                Key=pack(key),
                UpdateExpression=update,
                ExpressionAttributeNames=names,
                ConditionExpression=condition,
                **({"ExpressionAttributeValues": pack(values)} if values else {}),
            )
        except self._client.exceptions.ConditionalCheckFailedException:
            return False
        return True

    def change(self, key: Item, update: str, names: Item, values: Item) -> Item:
        """Change an item, whatever it was; the new values of what was changed."""
        answer = self._client.update_item(
            TableName=self._name,
            Key=pack(key),
            UpdateExpression=update,
            ExpressionAttributeNames=names,
            ExpressionAttributeValues=pack(values),
            ReturnValues="UPDATED_NEW",
        )
        return unpack(answer["Attributes"])

    def query(self, **options: Any) -> Iterator[Item]:
        """Items to the end, one page of the index after another, each asked for only when it is needed."""
        for answer in self.pages(**options):
            yield from map(unpack, answer["Items"])

    def pages(self, **options: Any) -> Iterator[dict[str, Any]]:
        """The answers of a query as they are, to the end."""
        start: dict[str, Any] = {}
        while True:
            answer = self._client.query(TableName=self._name, **(options | start))
            yield answer
            if "LastEvaluatedKey" not in answer:
                return
            start = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}


def pack(members: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """Strings and whole numbers as DynamoDB's JSON has them."""
    return {name: {"N": str(value)} if isinstance(value, int) else {"S": value} for name, value in members.items()}


def unpack(item: Mapping[str, Mapping[str, str]]) -> Item:
    """Strings and whole numbers, which is all that we write; what an owner added by hand is passed over."""
    strings = {name: value["S"] for name, value in item.items() if "S" in value}
    return strings | {name: int(value["N"]) for name, value in item.items() if _WHOLE.fullmatch(value.get("N", ""))}


def short(text: str) -> str:
    """DynamoDB takes 2,048 bytes of partition key and 1,024 of sort key: what is longer is hashed."""
    return text if len(text) <= LONGEST_KEY - 64 else f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"
