"""A ping on its way through the queue: as a message, and in a batch that is taken off it."""

from __future__ import annotations

import hashlib
import json
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import TYPE_CHECKING, Any

from linkback import urls
from linkback.ping import Ping, Protocol, stamp

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

Message = dict[str, Any]

MOST_AT_ONCE = 10

# A visit takes ten seconds at most, a second look at the address told now ten more, and the target three: what cannot
# be begun in time goes back to the queue.
LEAST_SECONDS_LEFT = 30.0


def entry(ping: Ping, base: str, again: datetime | None = None) -> dict[str, str]:
    """What SendMessage takes beside the queue's address: all that the visit needs, so that it need not read the record.

    One group is one source host, which is visited by one at a time. The same ping told at the same time is the same
    message: the queue drops it when it has it already, unless its owner wants it visited `again`, at this time.
    """
    body: dict[str, Any] = {
        "id": ping.id,
        "source": ping.source,
        "target": ping.target,
        "protocol": str(ping.protocol),
        "received": stamp(ping.received),
        "base": base,
    }
    if ping.claimed:
        body["claimed"] = dict(ping.claimed)
    if ping.sender and ping.protocol is Protocol.PINGBACK:
        body["sender"] = ping.sender  # for signals; the record does not keep it
    told = body["received"] if again is None else f"{stamp(again)}-again"
    return {
        "MessageBody": json.dumps(body, ensure_ascii=False),
        "MessageGroupId": hashlib.sha256(urls.parse(ping.source).host.encode()).hexdigest(),
        "MessageDeduplicationId": f"{ping.id}-{told}",
    }


def read(message: Mapping[str, Any]) -> tuple[Ping, str]:
    """The ping and the bridge's address in one message of an SQS event. Raises KeyError or ValueError for any other."""
    body = json.loads(message["body"])
    received = datetime.fromisoformat(body["received"])
    told = {name: body[name] for name in ("claimed", "sender") if name in body}
    return Ping(body["source"], body["target"], Protocol(body["protocol"]), received, **told), body["base"]


def work(
    messages: Sequence[Message],
    visit: Callable[[Message], None],
    trouble: Callable[[Message, Exception], None],
    seconds_left: Callable[[], float],
) -> list[str]:
    """Visit a batch: hosts at once, each host's messages in turn. The ids of those to hand back to the queue.

    A message whose `visit` raises is handed back alone: what comes behind it is nobody's fault, and the newest visit of
    a page wins in whatever order they come.
    """

    def visit_host(group: list[Message]) -> Iterator[str]:
        for message in group:
            if seconds_left() < LEAST_SECONDS_LEFT:
                yield message["messageId"]
                continue
            try:
                visit(message)
            except Exception as bug:  # noqa: BLE001 - whatever it is, it must not take its neighbours with it
                trouble(message, bug)
                yield message["messageId"]

    hosts: dict[str, list[Message]] = {}
    for message in messages:
        hosts.setdefault(message["attributes"]["MessageGroupId"], []).append(message)
    with ThreadPoolExecutor(MOST_AT_ONCE) as threads:
        return [one for failed in threads.map(lambda group: list(visit_host(group)), hosts.values()) for one in failed]
