"""The reads: feeds, counts, the status of a ping, and a few pages for people. This function never writes."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Any

import boto3
from aws_lambda_powertools import Logger
from botocore.exceptions import BotoCoreError, ClientError

from linkback import gateway, telemetry, trouble
from linkback.dynamodb import Busy
from linkback.feed.feeds import Feeds, unglued
from linkback.index import Index
from linkback.query import BadQuery
from linkback.reader import Reader
from linkback.site import Sites

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from linkback.dialect import Request, Response


def connect(
    environ: Mapping[str, str], *, log: Callable[..., None] | None = None
) -> Callable[[dict[str, Any], Any], dict[str, Any]]:
    """The handler for API Gateway's events, with its client made. Raises KeyError or ValueError for wrong settings."""
    index, sites = Index(boto3.client("dynamodb"), environ["TABLE"]), Sites.parse(environ["SITES"])
    reads, feeds = Reader(index, sites), Feeds(index, sites, time.time, environ.get("WEBSUB_HUB", ""))
    routes = {"/": reads.home, "/healthz": reads.health, "/pings": reads.ping, **feeds.routes}
    say = log or telemetry.Lines(Logger(location=None), environ.get("POWERTOOLS_METRICS_NAMESPACE", "Linkback"))

    def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:  # noqa: ARG001 - Lambda's signature
        started, request = time.perf_counter(), unglued(gateway.request(event))
        route, told = f"{request.method} {request.path}"[:200], dict[str, Any]()
        try:
            response = _answer(routes, request)
        except (BotoCoreError, ClientError, Busy) as weather:
            told["cause"] = repr(weather)
            response = trouble.unavailable(request)
        except Exception as bug:  # noqa: BLE001 - a build is answered whatever it is, and the owner told
            say("trouble", route=route, **telemetry.bug(bug))
            response = trouble.failed(request)
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
    answer = routes.get(path, trouble.elsewhere)
    if request.method == "OPTIONS":
        return trouble.options(request)
    if request.method not in ("GET", "HEAD"):
        return trouble.method_not_allowed(request) if path in routes else trouble.elsewhere(request)
    try:
        return answer(request)
    except BadQuery as bad:
        return trouble.bad_query(request, bad)


handler = connect(os.environ)
