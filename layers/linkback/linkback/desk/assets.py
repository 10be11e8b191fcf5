"""The style and the script of the desk's pages, as files beside this one."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path
from typing import NamedTuple

KINDS = {"desk.css": "text/css; charset=utf-8", "desk.js": "text/javascript; charset=utf-8"}


class Asset(NamedTuple):
    """A file: its text, and a sign that changes with it, for an address that may be kept for ever."""

    text: str
    sign: str


@cache
def asset(name: str) -> Asset:
    """One of KINDS."""
    text = Path(__file__).with_name(name).read_text("utf-8")
    return Asset(text, hashlib.sha256(text.encode()).hexdigest()[:12])
