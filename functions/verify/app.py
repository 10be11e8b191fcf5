"""The visits: up to ten queued pings, visited at once. One at a time per source host, in the order they came."""

from __future__ import annotations

import json
import os
import time
import traceback
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Any

import boto3
from aws_lambda_powertools import Logger

from linkback import address, web
from linkback.policy import Moderation, Policy, SelfMentions
from linkback.site import Sites
from linkback.table import Table, ping_of_message
from linkback.visit import Visitor

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from linkback.address import Permit

MOST_AT_ONCE = 10

# A visit takes ten seconds at most, a second look at the address first told ten more, and the target three: what cannot
# be begun in time goes back to the queue.
LEAST_MS_LEFT = 30_000


def connect(
    environ: Mapping[str, str], *, permit: Permit = address.public, log: Callable[..., None] | None = None
) -> Callable[[dict[str, Any], Any], dict[str, Any]]:
    """The handler for the queue's batches, with its client made. Raises KeyError or ValueError for wrong settings."""
    sites, self_mentions = Sites.parse(environ["SITES"]), SelfMentions(environ["SELF_MENTIONS"])
    policy = Policy(sites, self_mentions, Moderation(environ["MODERATION"]))
    table = Table(boto3.client("dynamodb"), environ["TABLE"])
    visitor = Visitor(policy, table, partial(web.get, permit=permit))
    say = log or _log(environ)

    def visit(message: dict[str, Any]) -> None:
        started, body = time.time(), json.loads(message["body"])
        ping = ping_of_message(body)
        fate = visitor.visit(ping, body["base"], started)
        told = {"id": ping.id, "protocol": str(ping.protocol), "source": ping.source, "target": ping.target}
        outcome = {"outcome": str(fate.status), "reason": str(fate.reason or ""), "detail": fate.detail}
        say("visit", **told, **outcome, ms=round((time.time() - started) * 1000))

    def visit_host(messages: list[dict[str, Any]], context: Any) -> list[str]:
        """The messages of one source host in turn; those that failed, or came after one that failed, by id."""
        for index, message in enumerate(messages):
            if context is not None and context.get_remaining_time_in_millis() < LEAST_MS_LEFT:
                return [later["messageId"] for later in messages[index:]]
            try:
                visit(message)
            except Exception as bug:  # noqa: BLE001 - whatever it is, it must not take its neighbours with it
                say("trouble", message_id=message["messageId"], error=repr(bug), traceback=traceback.format_exc())
                return [later["messageId"] for later in messages[index:]]
        return []

    def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
        hosts: dict[str, list[dict[str, Any]]] = {}
        for message in event["Records"]:
            hosts.setdefault(message["attributes"]["MessageGroupId"], []).append(message)
        with ThreadPoolExecutor(MOST_AT_ONCE) as threads:
            failed = threads.map(lambda messages: visit_host(messages, context), hosts.values())
        return {"batchItemFailures": [{"itemIdentifier": one} for ids in failed for one in ids]}

    return handler


def _log(environ: Mapping[str, str]) -> Callable[..., None]:
    logger = Logger(service="verify", level=environ.get("LOG_LEVEL", "INFO"))

    def say(event: str, **fields: Any) -> None:
        logger.info(event, extra=fields)

    return say


handler = connect(os.environ)
