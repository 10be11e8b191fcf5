"""The visits: up to ten queued pings, visited at once. One at a time per source host, in the order they came."""

from __future__ import annotations

import os
import time
import traceback
from functools import partial
from math import inf
from typing import TYPE_CHECKING, Any

import boto3
from aws_lambda_powertools import Logger

from linkback import address, queue, web
from linkback.policy import Moderation, Policy, SelfMentions
from linkback.site import Sites
from linkback.table import Table
from linkback.visit import Visitor

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from linkback.address import Permit


def connect(
    environ: Mapping[str, str],
    *,
    permit: Permit = address.public,
    resolve: Callable[[str], Sequence[str]] = web.look_up,
    log: Callable[..., None] | None = None,
) -> Callable[[dict[str, Any], Any], dict[str, Any]]:
    """The handler for the queue's batches, with its client made. Raises KeyError or ValueError for wrong settings."""
    sites, self_mentions = Sites.parse(environ["SITES"]), SelfMentions(environ["SELF_MENTIONS"])
    policy = Policy(sites, self_mentions, Moderation(environ["MODERATION"]))
    table = Table(boto3.client("dynamodb"), environ["TABLE"])
    fetch, say = partial(web.get, permit=permit, resolve=resolve), log or _log()
    visitor = Visitor(policy, table, fetch, time.time)

    def visit(message: dict[str, Any]) -> None:
        started = time.time()
        ping, base = queue.read(message)
        fate = visitor.visit(ping, base, started)
        told = {"id": ping.id, "protocol": str(ping.protocol), "source": ping.source, "target": ping.target}
        outcome = {"outcome": str(fate.status), "reason": str(fate.reason or ""), "detail": fate.detail}
        say("visit", **told, **outcome, ms=round((time.time() - started) * 1000))

    def trouble(message: dict[str, Any], bug: Exception) -> None:
        told = "".join(traceback.format_exception(bug))
        say("trouble", message_id=message["messageId"], error=repr(bug), traceback=told)

    def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
        def seconds_left() -> float:
            return context.get_remaining_time_in_millis() / 1000 if context else inf

        failed = queue.work(event["Records"], visit, trouble, seconds_left)
        return {"batchItemFailures": [{"itemIdentifier": one} for one in failed]}

    return handler


def _log() -> Callable[..., None]:
    logger = Logger()

    def say(event: str, **fields: Any) -> None:
        # A bug is told whatever the owner's LogLevel: the alarm sends its reader here.
        write = logger.error if event == "trouble" else logger.info
        write(event, extra=fields)

    return say


handler = connect(os.environ)
