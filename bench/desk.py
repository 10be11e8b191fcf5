"""What the owner's desk costs: a page of a long queue, and rules by the thousand.

The page is asked for through the real handler, of a site where 100,000 mentions wait and of one where a page of them
does. What is paid for is counted where the store answers; our own work is the CPU time of this thread. The time of the
whole request is told but has no goal: the emulator sorts all of a partition for each query, which DynamoDB never does.
"""

from __future__ import annotations

import json
import math
import os
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlencode

import boto3
from botocore.config import Config

from linkback import rules, urls
from linkback.desk.ledger import PER_PAGE
from linkback.dynamodb import MOST_AT_ONCE, pack
from linkback.mention import Author, Mention, Relation
from linkback.ping import Declined, Protocol
from linkback.policy import Claim, Policy, SelfMentions
from linkback.record import MOST_DOUBT, Record, State
from linkback.rules import Action, Key, Kind, Looked, Rule
from linkback.site import Sites
from linkback.table import record_item, rule_item
from linkback.tokens import Tokens
from linkback_cli import functions, template
from linkback_cli.emulator import Emulator

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from linkback.dynamodb import Item

HELD, RULES, FEW_RULES = 100_000, 10_000, 10
LONG, SHORT = "long.example", "short.example"
ROUNDS, DECISIONS = 5, 500
CALLS_GOAL, BYTES_GOAL, CPU_GOAL = 1.0, 1.1, 1.2
RULES_GOAL, POLICY_MS_GOAL = 1.2, 1.0
DOUBTS = MOST_DOUBT + 1  # the partitions of a queue
FIRST = 1_000  # the number of the oldest mention

PUTS, THREADS = 25, 3  # of one BatchWriteItem, and as many of them at once as keep the emulator busy
WORDS = "A paragraph of a page that links here and says a little about it. " * 4
ADA = "https://ada.example/"
SOURCES = {
    "a source": "https://ada.blog.example/2026/01/a-reply/",
    "the deepest source": f"https://{'sub.' * 30}blog.example:8443/{'folder/' * 60}?page=1",
}


def main() -> int:
    """Print every figure beside its goal; 1 if one was missed."""
    return int(not all([*_policy(), *_stored()]))


# ---- rules


def _ruled(count: int, site: str) -> Iterator[Rule]:
    """So many rules of a site, none of which covers SOURCES."""
    kinds = ((Kind.HOST, "spam{}.example"), (Kind.PREFIX, "blog{}.example/~ann"), (Kind.AUTHOR, "ann{}.example"))
    for number in range(count):
        kind, value = kinds[number % len(kinds)]
        yield Rule(site, kind, value.format(number), Action.BLOCK, "2026-01-01T00:00:00.000Z")


def _policy() -> Iterator[bool]:
    policy = Policy(Sites.parse(LONG), SelfMentions.REFUSE)
    many, few = ({rule.key: rule.action for rule in _ruled(count, LONG)} for count in (RULES, FEW_RULES))
    with suppress(Declined):
        _decide(policy, _claim("https://spam0.example/"), many)
        sys.exit("a blocked host was let in")
    for name, source in SOURCES.items():
        claim = _claim(source)
        told = len(rules.covering(claim.source, claim.protocol, ADA))
        ours, theirs = _best(partial(_decide, policy, claim, many), partial(_decide, policy, claim, few))
        print(f"{name}: {told} names are looked up, of the {MOST_AT_ONCE} that one read takes")
        yield _row(f"decided with {RULES:,} rules, against {FEW_RULES}", ours / theirs, RULES_GOAL)
        yield _row("milliseconds for one mention", ours / DECISIONS, POLICY_MS_GOAL)


def _claim(source: str) -> Claim:
    target = urls.parse(f"https://{LONG}/post-1/")
    return Claim(urls.parse(source), target, LONG, protocol=Protocol.WEBMENTION)


def _decide(policy: Policy, claim: Claim, told: Mapping[Key, Action]) -> None:
    """Whether it may be fetched, and whether it waits, as a visit asks; DECISIONS times."""
    for _ in range(DECISIONS):
        look = Looked(lambda keys: {key: told[key] for key in keys if key in told})
        policy.admit(claim.source, claim, look)
        policy.holds(claim.source, claim, look, ADA)


# ---- the table


class Call(NamedTuple):
    """One call of the table: its name, the index or "", the keys of its batch, the items read, the answer's bytes."""

    name: str
    of: str
    keys: int
    items: int
    size: int


class Watch:
    """Every call to DynamoDB by the clients that are made from here on."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self._index, self._keys = "", 0
        boto3.setup_default_session()
        events = boto3.DEFAULT_SESSION.events
        events.register("provide-client-params.dynamodb", self._asked)
        events.register("after-call.dynamodb", self._answered)

    def _asked(self, params: dict[str, Any], **_: Any) -> None:
        batches = params.get("RequestItems", {}).values()
        self._index = params.get("IndexName", "")
        self._keys = sum(len(one["Keys"]) for one in batches if "Keys" in one)

    def _answered(self, http_response: Any, parsed: dict[str, Any], model: Any, **_: Any) -> None:
        many = sum(map(len, parsed.get("Responses", {}).values()))
        read = parsed.get("ScannedCount", many + ("Item" in parsed))
        self.calls.append(Call(model.name, self._index, self._keys, read, len(http_response.content)))


def _stored() -> Iterator[bool]:
    with tempfile.TemporaryDirectory() as folder, Emulator(Path(folder, "log")) as running:
        settings = {"TABLE": "linkback", "SITES": f"{LONG},{SHORT}", "SELF_MENTIONS": "refuse"}
        settings |= {"PINGS_PER_MINUTE": "600"}
        functions.use_environment(functions.aws_environment(running.endpoint, settings))
        client = boto3.client("dynamodb", config=Config(parameter_validation=False))
        client.create_table(**template.load().table("linkback"))
        made = boto3.client("sqs").create_queue(QueueName="pings.fifo", Attributes={"FifoQueue": "true"})
        os.environ["QUEUE_URL"] = made["QueueUrl"]
        yield from _door(client)
        yield from _queue(client)


def _fill(client: Any, items: Iterable[Item]) -> None:
    def put(some: list[Item]) -> None:
        client.batch_write_item(RequestItems={"linkback": [{"PutRequest": {"Item": pack(item)}} for item in some]})

    rest = iter(items)
    with ThreadPoolExecutor(THREADS) as threads:
        while some := list(islice(rest, PUTS * 400)):
            list(threads.map(put, [some[start : start + PUTS] for start in range(0, len(some), PUTS)]))


def _handler(function: str) -> Callable[[dict[str, Any], Any], dict[str, Any]]:
    app = functions.load(template.ROOT / "functions", function)
    made: Callable[[dict[str, Any], Any], dict[str, Any]] = app.connect(os.environ, log=lambda *_, **__: None)
    return made


def _event(method: str, place: str, headers: Mapping[str, str], body: str = "") -> dict[str, Any]:
    path, _, query = place.partition("?")
    http = {"method": method, "path": path, "sourceIp": "192.0.2.1"}
    context = {"http": http, "domainName": "bridge.example", "stage": "$default"}
    return {"rawPath": path, "rawQueryString": query, "headers": headers, "body": body, "requestContext": context}


def _door(client: Any) -> Iterator[bool]:
    watch, handler = Watch(), _handler("receive")

    def told(source: str, status: int) -> list[Call]:
        watch.calls.clear()
        form = urlencode({"source": source, "target": f"https://{LONG}/post-1/"})
        answer = handler(_event("POST", "/webmention", {}, form), None)
        if answer["statusCode"] != status:
            sys.exit(f"the door answered {answer['statusCode']}: {answer['body']}")
        return list(watch.calls)

    source = SOURCES["a source"]
    none = told(f"{source}1", 201)
    _fill(client, map(rule_item, _ruled(RULES, LONG)))
    many = told(f"{source}2", 201)
    told("https://spam0.example/", 400)  # they are in force
    print(f"\na Webmention at its door, {RULES:,} rules in the table: {', '.join(call.name for call in many)}")
    yield _row("calls of the table, against no rules", len(many) / len(none), CALLS_GOAL)
    yield _row("keys of the batch, against no rules", _keys(many) / _keys(none), CALLS_GOAL)


def _keys(calls: list[Call]) -> int:
    return sum(call.keys for call in calls if call.name == "BatchGetItem")


# ---- the queue


def _held(site: str, number: int) -> Item:
    source = f"https://blog{number % 997}.example/notes/a-page-{number}/"
    seen = Mention(Relation.MENTION, source, Author("Ada Author", "", ADA), "2026-01-01", "About ponds", text=WORDS)
    record = Record(
        claim=f"{site[:5]}{number:017}",
        page=f"{site}/post-{number % 300}",
        site=site,
        source=source,
        target=f"https://{site}/post-{number % 300}/",
        protocols=("pingback",),
        received="2026-01-01T00:00:00Z",
        visited=number,
        state=State.HELD,
        seen=seen.to_json(),
        number=FIRST + number,
        signals='[["first-seen","First mention from this host.",0]]',
        sentence="See what Ada says of it.",
        doubt=number % DOUBTS,
    )
    return record_item(record)


class Read(NamedTuple):
    """What one request of the owner took: the calls of the table, CPU milliseconds, and all milliseconds."""

    calls: list[Call]
    cpu: float
    whole: float

    @property
    def queries(self) -> list[Call]:
        """The reads of the index."""
        return [call for call in self.calls if call.of]

    @property
    def items(self) -> int:
        """Items that were read from the index."""
        return sum(call.items for call in self.queries)

    @property
    def size(self) -> int:
        """Bytes of all answers of the table."""
        return sum(call.size for call in self.calls)


class Owner:
    """Somebody who is signed in at the desk, and has a token."""

    def __init__(self, client: Any) -> None:
        self._watch, self._handler = Watch(), _handler("moderate")
        token = Tokens(client, "linkback").create("bench", (), time.time())
        form = _event("POST", "/dashboard/sign-in", {}, urlencode({"token": token}))
        cookie = self._handler(form, None)["cookies"][0].partition(";")[0]
        self._headers = {"authorization": f"Bearer {token}", "cookie": cookie}

    def get(self, place: str) -> Read:
        """One request, which must show a full page."""
        self._watch.calls.clear()
        event = _event("GET", place, self._headers)
        whole, cpu = time.perf_counter(), time.thread_time()
        answer = self._handler(event, None)
        cpu, whole = time.thread_time() - cpu, time.perf_counter() - whole
        body = answer["body"]
        shown = body.count(' id="m-') if place.startswith("/dashboard") else len(json.loads(body).get("items", ()))
        if (answer["statusCode"], shown) != (200, PER_PAGE):
            sys.exit(f"{place}: {answer['statusCode']}, {shown} mentions, {body[:300]}")
        return Read(list(self._watch.calls), cpu * 1000, whole * 1000)


def _queue(client: Any) -> Iterator[bool]:
    began = time.perf_counter()
    _fill(client, chain((_held(SHORT, number) for number in range(PER_PAGE)), (_held(LONG, n) for n in range(HELD))))
    seconds = time.perf_counter() - began
    print(f"\n{HELD:,} mentions wait on one site, {PER_PAGE} on another (the table was filled in {seconds:.0f} s)")
    owner = Owner(client)
    for place in ("/dashboard", "/moderation/mentions"):
        rounds = [[owner.get(f"{place}?site={site}") for site in (LONG, SHORT)] for _ in range(ROUNDS)]
        yield from _compared(place, *(min(reads, key=lambda read: read.cpu) for reads in zip(*rounds, strict=True)))
    further = [owner.get(f"/moderation/mentions?site={LONG}&cursor={cursor}") for cursor in _cursors()]
    yield _row("a page further on: reads of the index", max(len(read.queries) for read in further), DOUBTS)
    yield _row("its items", max(read.items for read in further), DOUBTS * (PER_PAGE + 1))


def _cursors() -> tuple[str, ...]:
    """From the middle on, and from where ten mentions are left of the same doubt, so that more doubtful ones follow."""
    return f"1.{FIRST + HELD // 2}", f"0.{FIRST + 10 * DOUBTS}", f"1.{FIRST + 10 * DOUBTS}"


def _compared(place: str, long: Read, short: Read) -> Iterator[bool]:
    names = ", ".join(call.name for call in long.calls)
    print(f"GET {place}: {names}; {long.cpu:.1f} ms of CPU, {long.whole:.0f} ms with the emulator's sorting")
    yield _row("calls of the table, against the short queue", len(long.calls) / len(short.calls), CALLS_GOAL)
    yield _row("items read from the index", long.items, PER_PAGE + 1)
    yield _row("bytes read, against the short queue", long.size / short.size, BYTES_GOAL)
    yield _row("CPU time of ours, against the short queue", long.cpu / short.cpu, CPU_GOAL)


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
