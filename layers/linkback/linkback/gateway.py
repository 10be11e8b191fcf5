"""API Gateway's HTTP API events, payload format 2.0, to a Request and back from a Response."""

from __future__ import annotations

import base64
import binascii
import gzip
import zlib
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from linkback.dialect import Request, Response

if TYPE_CHECKING:
    from collections.abc import Mapping

LARGEST_BODY = 1_048_576

# Below this the header and the base64 around it cost more than gzip saves.
_WORTH_ZIPPING = 1024


def request(event: Mapping[str, Any]) -> Request:
    """The request in a payload 2.0 event. `base` is the address API Gateway was called at, its stage included."""
    context = event["requestContext"]
    headers = {name.lower(): value for name, value in event.get("headers", {}).items()}
    stage = context.get("stage", "$default")
    prefix = "" if stage == "$default" else f"/{stage}"
    raw_path = event.get("rawPath", "/").removeprefix(prefix) or "/"
    return Request(
        method=context["http"]["method"],
        path=unquote(raw_path),
        query=event.get("rawQueryString", ""),
        headers=headers,
        body=_body(event, headers.get("content-encoding", "")),
        base=f"{'http' if headers.get('x-forwarded-proto') == 'http' else 'https'}://{context['domainName']}{prefix}",
        raw_path=raw_path,
    )


def _body(event: Mapping[str, Any], encoding: str) -> bytes:
    text = event.get("body") or ""
    try:
        raw = base64.b64decode(text) if event.get("isBase64Encoded") else text.encode("utf-8", "surrogateescape")
    except (binascii.Error, ValueError):
        return b""
    return _inflate(raw) if encoding.strip().lower() == "gzip" else raw


def _inflate(raw: bytes) -> bytes:
    """A compressed request, as some senders make it: at most LARGEST_BODY of it, however much it promises."""
    try:
        return zlib.decompressobj(wbits=31).decompress(raw, LARGEST_BODY)
    except zlib.error:
        return raw


def payload(response: Response, asked: Request) -> dict[str, Any]:
    """The answer as API Gateway takes it: without a body for HEAD and 304, gzipped where the client reads that."""
    headers = dict(response.headers)
    answer: dict[str, Any] = {"statusCode": response.status, "headers": headers}
    if asked.method == "HEAD" or not response.body:
        return answer | {"body": ""}
    if len(response.body) < _WORTH_ZIPPING or not _reads_gzip(asked):
        return answer | {"body": response.body}
    headers["content-encoding"] = "gzip"
    zipped = gzip.compress(response.body.encode(), compresslevel=5, mtime=0)
    return answer | {"body": base64.b64encode(zipped).decode(), "isBase64Encoded": True}


def _reads_gzip(asked: Request) -> bool:
    offers = (offer.strip().lower().split(";") for offer in asked.headers.get("accept-encoding", "").split(","))
    return any(
        name in ("gzip", "*") and "".join(rest).replace(" ", "") not in ("q=0", "q=0.0") for name, *rest in offers
    )
