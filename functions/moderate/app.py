"""The owner's desk: what waits, rules, tokens and the attempt log, signed in. Never dials anyone."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Any

import boto3
from aws_lambda_powertools import Logger
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from linkback import gateway, telemetry
from linkback.desk.desk import Desk
from linkback.dynamodb import Busy
from linkback.policy import Policy, SelfMentions
from linkback.site import Sites

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


# What took a number must be written within the minute in which readers still look for it (feed/freshness.py).
PATIENCE = Config(connect_timeout=2, read_timeout=5, retries={"total_max_attempts": 3})


def connect(
    environ: Mapping[str, str], *, log: Callable[..., None] | None = None
) -> Callable[[dict[str, Any], Any], dict[str, Any]]:
    """The handler for API Gateway's events, with its clients made. Raises KeyError or ValueError for wrong settings."""
    queue, queue_url = boto3.client("sqs", config=PATIENCE), environ["QUEUE_URL"]
    policy = Policy(Sites.parse(environ["SITES"]), SelfMentions(environ["SELF_MENTIONS"]))
    say = log or telemetry.Lines(Logger(location=None), environ.get("POWERTOOLS_METRICS_NAMESPACE", "Linkback"))

    def send(entry: dict[str, str]) -> None:
        queue.send_message(QueueUrl=queue_url, **entry)

    desk = Desk(policy, boto3.client("dynamodb", config=PATIENCE), environ["TABLE"], send, time.time)

    def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:  # noqa: ARG001 - Lambda's signature
        started, request = time.perf_counter(), gateway.request(event)
        route, told = f"{request.method} {request.path}"[:200], dict[str, Any]()
        try:
            response = desk.answer(request, told)
        except (BotoCoreError, ClientError, Busy) as weather:
            told["cause"] = repr(weather)
            response = desk.unavailable(request)
        except Exception as bug:  # noqa: BLE001 - an owner is answered whatever it is
            say("trouble", route=route, **telemetry.bug(bug))
            response = desk.failed(request)
        ms = round((time.perf_counter() - started) * 1000)
        say("desk", route=route, status=response.status, **told, sender=request.sender, ms=ms)
        return gateway.payload(response, request)

    return handler


handler = connect(os.environ)
