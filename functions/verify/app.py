"""The visits: up to ten queued pings, visited at once. One at a time per source host, in the order they came."""

from __future__ import annotations

import os
import time
from functools import partial
from math import inf
from typing import TYPE_CHECKING, Any

import boto3
from aws_lambda_powertools import Logger
from botocore.config import Config

from linkback import address, ppf, queue, telemetry, web
from linkback.policy import Moderation, Policy, SelfMentions
from linkback.site import Sites
from linkback.table import Table
from linkback.visit import Visitor

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from linkback.address import Permit


# What took a number must be written within the minute in which readers still look for it (feed/freshness.py).
PATIENCE = Config(connect_timeout=2, read_timeout=5, retries={"total_max_attempts": 3})


def connect(
    environ: Mapping[str, str],
    *,
    permit: Permit = address.public,
    resolve: Callable[[str], Sequence[str]] = web.look_up,
    permitted: Callable[[str, str], bool | None] = ppf.ask,
    log: Callable[..., None] | None = None,
) -> Callable[[dict[str, Any], Any], dict[str, Any]]:
    """The handler for the queue's batches, with its client made. Raises KeyError or ValueError for wrong settings."""
    sites, self_mentions = Sites.parse(environ["SITES"]), SelfMentions(environ["SELF_MENTIONS"])
    policy = Policy(sites, self_mentions, Moderation(environ["MODERATION"]))
    table = Table(boto3.client("dynamodb", config=PATIENCE), environ["TABLE"])
    visitor = Visitor(policy, table, partial(web.get, permit=permit, resolve=resolve), time.time, permitted)
    say = log or telemetry.Lines(Logger(location=None), environ.get("POWERTOOLS_METRICS_NAMESPACE", "Linkback"))

    def visit(message: dict[str, Any]) -> None:
        started = time.time()
        ping, base = queue.read(message)
        fate = visitor.visit(ping, base, started)
        told = {"id": ping.id, "protocol": str(ping.protocol), "source": ping.source, "target": ping.target}
        outcome = {"outcome": str(fate.status), "reason": str(fate.reason or ""), "detail": fate.detail}
        waited = round(max(0.0, started - ping.received.timestamp()), 1)
        ms = round((time.time() - started) * 1000)
        say("visit", **told, **outcome, attempt=_attempt(message), waited=waited, ms=ms)

    def trouble(message: dict[str, Any], bug: Exception) -> None:
        told = {"message_id": message["messageId"], "attempt": _attempt(message), "body": message.get("body", "")}
        say("trouble", **told, **telemetry.bug(bug))

    def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
        def seconds_left() -> float:
            return context.get_remaining_time_in_millis() / 1000 if context else inf

        failed = queue.work(event["Records"], visit, trouble, seconds_left)
        return {"batchItemFailures": [{"itemIdentifier": one} for one in failed]}

    return handler


def _attempt(message: dict[str, Any]) -> int:
    return int(message["attributes"].get("ApproximateReceiveCount", 1))


handler = connect(os.environ)
