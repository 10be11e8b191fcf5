"""HTTP requests as API Gateway's payload 2.0, its answers as HTTP, and queue messages as Lambda's SQS events. Pure."""

from __future__ import annotations

import base64
import json
import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from linkback_cli import routes
from linkback_cli.template import DEFAULT

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from linkback_cli.template import Route

# Seen on AWS: everything else arrives in base64, application/x-www-form-urlencoded and a missing type among it.
TEXT_TYPES = frozenset({"application/json", "application/xml", "application/javascript"})

# What Lambda takes from a function, in bytes of UTF-8 JSON (since Python 3.12 it escapes nothing beyond ASCII).
LARGEST_ANSWER = 6_291_556


class BadAnswer(ValueError):  # noqa: N818 - reads as what it is
    """A function returned what API Gateway cannot send; the message says what."""


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """One request as it came over the wire. `headers` are pairs in their order, `host` is what the sender called us."""

    method: str
    path: str
    query: str
    protocol: str
    headers: Sequence[tuple[str, str]]
    body: bytes
    host: str
    source_ip: str


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """One answer as it goes over the wire."""

    status: int
    body: bytes
    headers: Sequence[tuple[str, str]] = field(default=())


def http_event(request: HttpRequest, route: Route, parameters: Mapping[str, str], now: datetime) -> dict[str, Any]:
    """The event for a function. Raises routes.BadPath."""
    path, key = routes.delivered_path(request.path), routes.key(route)
    headers = _headers(request)
    cookies = [part.strip() for part in headers.pop("cookie", "").split(";") if part.strip()]
    queries = _joined(parse_qsl(request.query, keep_blank_values=True))
    event: dict[str, Any] = {
        "version": "2.0",
        "routeKey": key,
        "rawPath": path,
        "rawQueryString": request.query,
        **({"cookies": cookies} if cookies else {}),
        "headers": headers,
        **({"queryStringParameters": queries} if queries else {}),
        "requestContext": _context(request, path, key, now),
        **({"pathParameters": dict(parameters)} if parameters else {}),
    }
    if request.body:
        event["body"], event["isBase64Encoded"] = _body(request.body, headers.get("content-type", ""))
    else:
        event["isBase64Encoded"] = False
    return event


def http_answer(returned: Any) -> HttpAnswer:
    """What API Gateway sends for a function's return value: with a statusCode as said, anything else as JSON."""
    if not isinstance(returned, dict) or not isinstance(returned.get("statusCode"), int):
        raise BadAnswer(f"a dict with an integer statusCode was expected, not {str(returned)[:200]}")
    size = len(json.dumps(returned, ensure_ascii=False).encode("utf-8", "surrogatepass"))
    if size > LARGEST_ANSWER:
        raise BadAnswer(f"it is {size:,} bytes as JSON, and Lambda takes {LARGEST_ANSWER:,} at most")
    body = returned.get("body") or ""
    sent = base64.b64decode(body) if returned.get("isBase64Encoded") else str(body).encode()
    headers = {str(name).lower(): str(value) for name, value in (returned.get("headers") or {}).items()}
    headers.setdefault("content-type", "text/plain;charset=UTF-8")
    pairs = [*headers.items(), *(("set-cookie", str(cookie)) for cookie in returned.get("cookies") or ())]
    for name, value in pairs:
        if not name.isascii() or any(character in name + value for character in "\r\n\0"):
            raise BadAnswer(f"the header {name!r} has a character that no header may have")
    return HttpAnswer(returned["statusCode"], sent, tuple(pairs))


def queue_event(messages: Sequence[Mapping[str, Any]], queue_arn: str) -> dict[str, Any]:
    """Messages as ReceiveMessage gave them, as the event that Lambda makes of them."""
    return {"Records": [_record(message, queue_arn) for message in messages]}


def _record(message: Mapping[str, Any], queue_arn: str) -> dict[str, Any]:
    return {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": dict(message.get("Attributes", {})),
        "messageAttributes": {},
        "md5OfBody": message["MD5OfBody"],
        "eventSource": "aws:sqs",
        "eventSourceARN": queue_arn,
        "awsRegion": queue_arn.split(":")[3],
    }


def _headers(request: HttpRequest) -> dict[str, str]:
    """Names in lower case, repeated ones joined by commas; what API Gateway writes itself cannot be forged."""
    headers = _joined((name.lower(), value) for name, value in request.headers)
    forwarded = headers.get("x-forwarded-for")
    _, _, port = request.host.rpartition(":")
    headers["host"] = request.host
    headers["x-forwarded-for"] = f"{forwarded}, {request.source_ip}" if forwarded else request.source_ip
    headers["x-forwarded-proto"] = "http"
    headers["x-forwarded-port"] = port if port.isdigit() else "80"
    headers["x-amzn-trace-id"] = f"Root=1-{secrets.token_hex(4)}-{secrets.token_hex(12)}"
    return headers


def _joined(pairs: Any) -> dict[str, str]:
    joined: dict[str, str] = {}
    for name, value in pairs:
        glue = "; " if name == "cookie" else ","
        joined[name] = f"{joined[name]}{glue}{value}" if name in joined else value
    return joined


def _body(body: bytes, content_type: str) -> tuple[str, bool]:
    """The body and isBase64Encoded. Text that is not UTF-8 has no JSON form: base64 keeps every byte of it."""
    media_type = content_type.partition(";")[0].strip().lower()
    if media_type.startswith("text/") or media_type in TEXT_TYPES:
        try:
            return body.decode(), False
        except UnicodeDecodeError:
            pass
    return base64.b64encode(body).decode(), True


def _context(request: HttpRequest, path: str, key: str, now: datetime) -> dict[str, Any]:
    agent = next((value for name, value in request.headers if name.lower() == "user-agent"), "")
    name = request.host.partition(":")[0]
    return {
        "accountId": "000000000000",
        "apiId": "linkback",
        "domainName": request.host,
        "domainPrefix": name.partition(".")[0],
        "http": {
            "method": request.method,
            "path": path,
            "protocol": request.protocol,
            "sourceIp": request.source_ip,
            "userAgent": agent,
        },
        "requestId": secrets.token_urlsafe(11) + "=",
        "routeKey": key,
        "stage": DEFAULT,
        "time": now.strftime("%d/%b/%Y:%H:%M:%S +0000"),
        "timeEpoch": int(now.timestamp() * 1000),
    }
