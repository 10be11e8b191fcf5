"""The reads: feeds, counts, the status of a ping, and a few pages for people. This function never writes."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Any

import boto3
from aws_lambda_powertools import Logger
from botocore.exceptions import BotoCoreError, ClientError

from linkback import gateway, reader
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
    say = log or _log()

    def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:  # noqa: ARG001 - Lambda's signature
        started = time.perf_counter()
        request = gateway.request(event)
        response = _answer(routes, request)
        ms = round((time.perf_counter() - started) * 1000)
        say("read", route=f"{request.method} {request.path}"[:200], status=response.status, ms=ms)
        return gateway.payload(response, request)

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
    except (BotoCoreError, ClientError):
        return reader.unavailable(request)


def _log() -> Callable[..., None]:
    logger = Logger()

    def say(event: str, **fields: Any) -> None:
        logger.info(event, extra=fields)

    return say


handler = connect(os.environ)
