"""API Gateway's HTTP API events, payload format 2.0, to a Request and back from a Response."""

from __future__ import annotations

import base64
import binascii
import gzip
import re
import zlib
from typing import TYPE_CHECKING, Any

from linkback.dialect import Request, Response

if TYPE_CHECKING:
    from collections.abc import Mapping

# More than any door reads: a compressed request that promises more is not inflated further.
LARGEST_BODY = 65_537

# Lambda takes a response of 6 MB as JSON, in which base64 has a known size and escaped text has not.
_LARGE = 1_000_000

_NOT_MODIFIED = 304
_REFUSED = re.compile(r"q=0(\.0*)?")

# Below this the header and the base64 around it cost more than gzip saves.
_WORTH_ZIPPING = 1024


def request(event: Mapping[str, Any]) -> Request:
    """The request in a payload 2.0 event; what an emulator's event lacks is empty.

    `base` is the address API Gateway was called at, its stage included.
    """
    context = event.get("requestContext") or {}
    http = context.get("http") or {}
    headers = {name.lower(): str(value) for name, value in (event.get("headers") or {}).items()}
    if cookies := event.get("cookies"):  # API Gateway takes them out of the headers
        headers["cookie"] = "; ".join(map(str, cookies))
    path = _well_formed(event.get("rawPath") or http.get("path") or "/")
    prefix, path = _staged(path, context.get("stage") or "$default")
    scheme = "http" if headers.get("x-forwarded-proto") == "http" else "https"
    return Request(
        method=http.get("method") or "GET",
        path=path,
        query=_well_formed(event.get("rawQueryString") or ""),
        headers=headers,
        body=_body(event, headers.get("content-encoding", "")),
        base=f"{scheme}://{context.get('domainName') or 'localhost'}{prefix}",
        sender=http.get("sourceIp") or "",
    )


def _staged(path: str, stage: str) -> tuple[str, str]:
    prefix = f"/{stage}"
    if stage == "$default" or (path != prefix and not path.startswith(f"{prefix}/")):
        return "", path  # as it was called, or at a domain of one's own that maps to the stage
    return prefix, path.removeprefix(prefix) or "/"


def _well_formed(text: str) -> str:
    """JSON can carry half a surrogate pair, which no later encoding could."""
    return text.encode("utf-8", "replace").decode()


def _body(event: Mapping[str, Any], encoding: str) -> bytes:
    text = event.get("body") or ""
    try:
        raw = base64.b64decode(text) if event.get("isBase64Encoded") else text.encode("utf-8", "replace")
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
    body, headers = response.data or response.body.encode("utf-8", "replace"), dict(response.headers)
    answer: dict[str, Any] = {"statusCode": response.status, "headers": headers}
    if "set-cookie" in headers:
        answer["cookies"] = [headers.pop("set-cookie")]
    if len(body) >= _WORTH_ZIPPING:
        headers["vary"] = _vary(headers.get("vary", ""))
    if asked.method == "HEAD" or response.status == _NOT_MODIFIED:
        return answer | {"body": ""}
    if "content-encoding" in headers:
        pass  # a feed so large that it was zipped while it was written
    elif len(body) >= _WORTH_ZIPPING and reads_gzip(asked):
        headers["content-encoding"] = "gzip"
        body = gzip.compress(body, compresslevel=5, mtime=0)
    elif len(body) < _LARGE:
        return answer | {"body": body.decode()}
    return answer | {"body": base64.b64encode(body).decode(), "isBase64Encoded": True}


def size(answer: Mapping[str, Any]) -> int:
    """Bytes of the body of a payload's answer, as they are sent."""
    body: str = answer["body"]
    return len(body) * 3 // 4 - body.count("=", -2) if answer.get("isBase64Encoded") else len(body.encode())


def _vary(told: str) -> str:
    return told if "accept-encoding" in told.lower() else ", ".join(filter(None, (told, "Accept-Encoding")))


def reads_gzip(asked: Request) -> bool:
    """Whether the client says that it reads gzip."""
    offered = asked.headers.get("accept-encoding", "").lower().replace(" ", "").split(",")
    offers = {name: parameters for name, _, parameters in (offer.partition(";") for offer in offered)}
    return not _REFUSED.fullmatch(offers.get("gzip", offers.get("*", "q=0")))
