"""Requests as they come off the wire: the captured bytes of programs we did not write, and short ones made by hand."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import unquote

from linkback.dialect import Request

CAPTURES = Path(__file__).parent / "captures"
BASE = "https://bridge.example"
NOW = datetime(2026, 3, 1, 12, 0, 5, tzinfo=UTC)
FORM = "application/x-www-form-urlencoded"


def parsed(raw: bytes) -> Request:
    """One raw HTTP/1.x request as a Request."""
    head, _, body = raw.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    method, address, _ = first.split(" ")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    path, _, query = address.partition("?")
    return Request(method, unquote(path), query, headers, body, BASE)


def captured(name: str) -> Request:
    """The request in one file below tests/captures."""
    return parsed((CAPTURES / name).read_bytes())


def captured_posts() -> list[str]:
    """The names of all captures that are a POST."""
    files = sorted(path for path in CAPTURES.rglob("*") if path.suffix in (".bin", ".http"))
    return [str(path.relative_to(CAPTURES)) for path in files if path.read_bytes().startswith(b"POST ")]


def post(path: str, body: bytes | str, content_type: str = FORM, **headers: str) -> Request:
    """A POST with this body; header names are written with underscores."""
    address, _, query = path.partition("?")
    told = {"content-type": content_type} | {name.replace("_", "-"): value for name, value in headers.items()}
    content = body.encode() if isinstance(body, str) else body
    return Request("POST", unquote(address), query, told, content, BASE)


def get(path: str, **headers: str) -> Request:
    """A GET."""
    address, _, query = path.partition("?")
    told = {name.replace("_", "-"): value for name, value in headers.items()}
    return Request("GET", unquote(address), query, told, b"", BASE)
