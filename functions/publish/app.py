"""The reads: feeds, counts, the status of a ping, and a few pages for people. This function never writes."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Any

import boto3
from aws_lambda_powertools import Logger
from botocore.exceptions import BotoCoreError, ClientError

from linkback import gateway, reader, telemetry
from linkback.query import BadQuery
from linkback.reader import Reader
from linkback.site import Sites
from linkback.table import Table

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from linkback.dialect import Request, Response


def connect(
    environ: Mapping[str, str], *, log: Callable[..., None] | None = None
) -> Callable[[dict[str, Any], Any], dict[str, Any]]:
    """The handler for API Gateway's events, with its client made. Raises KeyError or ValueError for wrong settings."""
    reads = Reader(Table(boto3.client("dynamodb"), environ["TABLE"]), Sites.parse(environ["SITES"]))
    routes = {
        "/": reads.home,
        "/healthz": reads.health,
        "/pings": reads.ping,
        "/api/mentions.jf2": reads.mentions,
        "/api/count": reads.count,
        "/api/count.json": reads.count,
        "/feed.json": reads.json_feed,
    }
    say = log or telemetry.Lines(Logger(location=None), environ.get("POWERTOOLS_METRICS_NAMESPACE", "Linkback"))

    def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:  # noqa: ARG001 - Lambda's signature
        started, request = time.perf_counter(), gateway.request(event)
        route, told = f"{request.method} {request.path}"[:200], dict[str, Any]()
        try:
            response = _answer(routes, request)
        except (BotoCoreError, ClientError) as trouble:
            told["cause"] = repr(trouble)
            response = reader.unavailable(request)
        except Exception as bug:  # noqa: BLE001 - a build is answered whatever it is, and the owner told
            say("trouble", route=route, **telemetry.bug(bug))
            response = reader.failed(request)
        answer = gateway.payload(response, request)
        if response.mentions is not None:
            told["mentions"] = response.mentions
        ms = round((time.perf_counter() - started) * 1000)
        say("read", route=route, status=response.status, **told, bytes=gateway.size(answer), ms=ms)
        return answer

    return handler


def _answer(routes: Mapping[str, Callable[[Request], Response]], request: Request) -> Response:
    # HEAD and OPTIONS of every path arrive by the $default route, so the path decides and not the route's key.
    path = "/pings" if request.path.startswith("/pings/") else request.path
    answer = routes.get(path, reader.elsewhere)
    if request.method == "OPTIONS":
        return reader.options(request)
    if request.method not in ("GET", "HEAD"):
        return reader.method_not_allowed(request) if path in routes else reader.elsewhere(request)
    try:
        return answer(request)
    except BadQuery as bad:
        return reader.bad_query(request, bad)


handler = connect(os.environ)
