"""What a build's reading costs: ten thousand mentions written as JF2, read from the table, and asked for in vain.

Writing is measured against `json.dumps` of the same structure, reading against a bare boto3 client that reads the same
partition of the same emulated table and does nothing with it. The number of reads is what is paid for.
"""

from __future__ import annotations

import base64
import gzip
import json
import math
import os
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3

from linkback.dynamodb import pack
from linkback.feed import jf2
from linkback.feed.format import Channel
from linkback.keys import EPOCH
from linkback.mention import Author, Mention, Relation
from linkback.published import Published
from linkback.record import Record, State
from linkback.table import record_item
from linkback_cli import functions, template
from linkback_cli.emulator import Emulator

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MENTIONS = 10_000
ROUNDS = 5
JSON_GOAL, MS_GOAL, SINCE_GOAL = 2.0, 150.0, 1
MEGABYTE = 1_048_576  # what DynamoDB hands out at once
BEGUN = datetime(2026, 1, 1, tzinfo=UTC)
WORDS = ("A paragraph of an honest reply, with a few words more than it needs. " * 7)[:470]
CHANNEL = Channel("example.com", "https://example.com/", "https://bridge.example/", "https://bridge.example", "")

Call = tuple[str, dict[str, Any]]


def main() -> int:
    """Print every figure beside its goal; 1 if one was missed."""
    return int(not all([*_writing(), *_reading()]))


def _record(number: int) -> Record:
    at = BEGUN + timedelta(minutes=number)
    source = f"https://blog{number % 500}.example.net/notes/2026/a-reply-{number}/"
    html = f'<p>{WORDS}</p><p>See <a href="https://example.com/" rel="nofollow ugc noopener">this</a></p>'
    author = Author("Ada Author", "https://blog.example.net/ada.jpg", "https://blog.example.net/")
    seen = Mention(Relation.REPLY, source, author, at.isoformat(), "A post about ponds", text=WORDS, html=html)
    place = int(at.timestamp()) - EPOCH
    return Record(
        claim=f"claim-{number:016}",
        page=f"example.com/post-{number % 300}",
        site="example.com",
        source=source,
        target=f"https://example.com/post-{number % 300}/",
        protocols=("webmention",),
        received=at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        visited=int(at.timestamp() * 1000),
        state=State.PUBLIC,
        seen=seen.to_json(),
        id=place,
        shown=int(at.timestamp()),
        number=place,
    )


def _writing() -> Iterator[bool]:
    """Both sides in turns, the best of each."""
    mentions = [Published.of(record_item(_record(number))) for number in range(MENTIONS)]
    form = jf2.FORMAT
    structure = {"type": "feed", "name": "Webmentions", "children": [jf2.members(one) for one in mentions]}

    def write() -> bytes:
        entries = form.between.join([form.entry(one, CHANNEL) for one in mentions])
        return form.opening(CHANNEL) + entries + form.closing(CHANNEL, "")

    if json.loads(write()) != json.loads(json.dumps(structure)):
        sys.exit("what is written is not what json.dumps writes")
    ours, theirs = _best(write, lambda: json.dumps(structure))
    size = len(write()) / 1e6
    print(f"{MENTIONS} mentions as JF2, {size:.0f} MB: {ours:.0f} ms; json.dumps of the same {theirs:.0f} ms")
    yield _row("written, against json.dumps", ours / theirs, JSON_GOAL)
    yield _row("milliseconds", ours, MS_GOAL)


def _reading() -> Iterator[bool]:
    with tempfile.TemporaryDirectory() as folder, Emulator(Path(folder, "log"), {"SERVICES": "dynamodb"}) as running:
        environment = functions.aws_environment(running.endpoint, {"TABLE": "linkback", "SITES": "example.com"})
        functions.use_environment(environment)
        calls = _noted()
        client = boto3.client("dynamodb")
        size = _fill(client)
        app = functions.load(template.ROOT / "functions", "publish")
        handler = app.connect(os.environ, log=lambda *_, **__: None)

        def read(query: str, **headers: str) -> dict[str, Any]:
            calls.clear()
            answer: dict[str, Any] = handler(_event(query, headers), None)
            return answer

        whole = read("domain=example.com", **{"accept-encoding": "gzip"})
        reads = [name for name, _ in calls]
        body = gzip.decompress(base64.b64decode(whole["body"]))
        told = len(json.loads(body)["children"])
        print(f"\na domain of {told} mentions, {size / MEGABYTE:.1f} MiB in the index; {len(body) / 1e6:.1f} MB of JF2")
        sent = len(whole["body"]) / 1e6
        print(f"sent as {sent:.1f} MB of the 6 that Lambda takes; reads: {', '.join(sorted(set(reads)))}")
        yield _row("reads of the index, against what its bytes need", reads.count("Query"), math.ceil(size / MEGABYTE))
        yield told == MENTIONS and "link" not in whole["headers"]
        ours, bare = _best(lambda: read("domain=example.com", **{"accept-encoding": "gzip"}), lambda: _bare(client))
        print(f"{ours:.0f} ms; the same partition read by boto3 alone {bare:.0f} ms: {ours / bare:.2f} ×")
        yield from _in_vain(read, calls, whole["headers"]["etag"], ours)


def _in_vain(read: Callable[..., dict[str, Any]], calls: list[Call], tag: str, whole: float) -> Iterator[bool]:
    last = int((BEGUN + timedelta(minutes=MENTIONS)).timestamp()) - EPOCH
    for name, query, headers in (
        ("since_id, nothing new", f"domain=example.com&since_id={last}", {}),
        ("since, nothing new", "domain=example.com&since=2027-01-01", {}),
        ("If-None-Match", "domain=example.com", {"if-none-match": tag, "accept-encoding": "gzip"}),
    ):
        answer = read(query, **headers)
        made = len(calls)
        [ms] = _best(partial(read, query, **headers))
        print(f"{name}: {answer['statusCode']}, {ms:.1f} ms, 1/{whole / ms:.0f} of the whole")
        yield _row(f"reads of {name}", made, SINCE_GOAL)


def _fill(client: Any) -> int:
    """Put the mentions into a new table, and the number of the last change. How many bytes the index has of them."""
    client.create_table(**template.load().table("linkback"))
    items = [pack(record_item(_record(number))) for number in range(MENTIONS)]
    for start in range(0, len(items), 25):
        puts = [{"PutRequest": {"Item": item}} for item in items[start : start + 25]]
        client.batch_write_item(RequestItems={"linkback": puts})
    last = int(items[-1]["seq"]["N"])
    client.put_item(
        TableName="linkback", Item=pack({"pk": "SEQUENCE", "sk": "SEQUENCE", "n": last, "site example.com": last})
    )
    return sum(len(name) + len(next(iter(value.values())).encode()) for item in items for name, value in item.items())


def _bare(client: Any) -> None:
    asked = {
        "TableName": "linkback",
        "IndexName": "feed",
        "KeyConditionExpression": "feed = :key",
        "ExpressionAttributeValues": {":key": {"S": "example.com#public"}},
    }
    answer = client.query(**asked)
    while "LastEvaluatedKey" in answer:
        answer = client.query(**asked, ExclusiveStartKey=answer["LastEvaluatedKey"])


def _noted() -> list[Call]:
    calls: list[Call] = []

    def note(params: dict[str, Any], model: Any, **_: Any) -> None:
        calls.append((model.name, params))

    boto3.setup_default_session()
    boto3.DEFAULT_SESSION.events.register("provide-client-params.dynamodb", note)
    return calls


def _event(query: str, headers: dict[str, str]) -> dict[str, Any]:
    http = {"method": "GET", "path": "/api/mentions.jf2", "sourceIp": "192.0.2.1"}
    return {
        "rawPath": "/api/mentions.jf2",
        "rawQueryString": query,
        "headers": headers,
        "requestContext": {"http": http, "domainName": "bridge.example", "stage": "$default"},
    }


def _best(*sides: Callable[[], object]) -> list[float]:
    """Milliseconds of each, the best of ROUNDS, in turns."""
    best = [math.inf] * len(sides)
    for _ in range(ROUNDS):
        for place, side in enumerate(sides):
            began = time.perf_counter()
            side()
            best[place] = min(best[place], (time.perf_counter() - began) * 1000)
    return best


def _row(what: str, value: float, goal: float) -> bool:
    print(f"{what:<50} {value:6.2f}   goal <= {goal:<6g} {'ok' if value <= goal else 'MISSED'}", flush=True)
    return value <= goal


if __name__ == "__main__":
    sys.exit(main())
