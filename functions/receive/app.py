"""The doors: a POST in one of three dialects is checked, recorded and queued. Never visits the internet."""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import boto3
from aws_lambda_powertools import Logger
from botocore.config import Config

from linkback import address, gateway, telemetry
from linkback.door import Door
from linkback.policy import Pace, Policy, SelfMentions
from linkback.site import Sites
from linkback.table import Table

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from linkback.address import Permit


# A sender waits for three seconds or ten, and shall hear of our trouble before the function's time is up.
PATIENCE = Config(connect_timeout=1, read_timeout=3, retries={"total_max_attempts": 2})


def connect(
    environ: Mapping[str, str], *, permit: Permit = address.public, log: Callable[..., None] | None = None
) -> Callable[[dict[str, Any], Any], dict[str, Any]]:
    """The handler for API Gateway's events, with its clients made. Raises KeyError or ValueError for wrong settings."""
    queue, queue_url = boto3.client("sqs", config=PATIENCE), environ["QUEUE_URL"]
    policy = Policy(Sites.parse(environ["SITES"]), SelfMentions(environ["SELF_MENTIONS"]))
    table = Table(boto3.client("dynamodb", config=PATIENCE), environ["TABLE"])
    say = log or telemetry.Lines(Logger(location=None), environ.get("POWERTOOLS_METRICS_NAMESPACE", "Linkback"))

    def send(entry: dict[str, str]) -> None:
        queue.send_message(QueueUrl=queue_url, **entry)

    door = Door(policy, table, send, Pace(int(environ["PINGS_PER_MINUTE"])), permit)

    def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:  # noqa: ARG001 - Lambda's signature
        started, request = time.perf_counter(), gateway.request(event)
        route = f"{request.method} {request.path}"[:200]
        try:
            response, told = door.answer(request, datetime.now(UTC))
        except Exception as bug:  # noqa: BLE001 - a sender is answered whatever it is, and the owner told
            say("trouble", route=route, **telemetry.bug(bug))
            response, told = door.failed(request)
        ms = round((time.perf_counter() - started) * 1000)
        say("door", route=route, status=response.status, **told, sender=request.sender, ms=ms)
        return gateway.payload(response, request)

    return handler


handler = connect(os.environ)
