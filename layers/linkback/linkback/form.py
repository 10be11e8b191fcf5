"""An `application/x-www-form-urlencoded` body from a stranger: bounded, and decoded by a short list of charsets.

A charset that the sender names is looked up in CHARSETS and never handed to Python's codecs, some of which execute
(zlib), transform (rot13) or hide markup (utf-7). TrackBack 1.2 leaves an undeclared charset open; see `text`.
"""

from __future__ import annotations

import re
from urllib.parse import unquote_to_bytes

from linkback.ping import Declined, Reason

LARGEST_BODY = 65_536
MOST_FIELDS = 64

CHARSETS = {
    "utf-8": "utf-8",
    "utf8": "utf-8",
    "us-ascii": "utf-8",
    "ascii": "utf-8",
    "iso-8859-1": "cp1252",
    "latin1": "cp1252",
    "windows-1252": "cp1252",
    "iso-8859-15": "iso8859-15",
    "euc-jp": "euc_jp",
    "x-euc-jp": "euc_jp",
    "shift_jis": "cp932",
    "shift-jis": "cp932",
    "sjis": "cp932",
    "x-sjis": "cp932",
    "windows-31j": "cp932",
    "iso-2022-jp": "iso2022_jp",
}

# Japanese prose has kana; Western prose misread as Japanese has kanji alone.
_KANA = re.compile(r"[぀-ヿ]")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


def fields(body: bytes) -> dict[str, bytes]:
    """The fields by name, percent-decoded but still bytes; of a repeated name the first. Raises Declined(malformed)."""
    if len(body) > LARGEST_BODY:
        raise Declined(Reason.MALFORMED, f"The request body is larger than {LARGEST_BODY} bytes.")
    pairs = body.strip().split(b"&", MOST_FIELDS)
    if len(pairs) > MOST_FIELDS:
        raise Declined(Reason.MALFORMED, f"The form has more than {MOST_FIELDS} fields.")
    found: dict[str, bytes] = {}
    for pair in pairs:
        name, _, value = pair.replace(b"+", b" ").partition(b"=")
        found.setdefault(unquote_to_bytes(name).decode("latin-1"), unquote_to_bytes(value))
    return found


def text(raw: bytes, *declared: str) -> str:
    """Decode by the first declared charset that is known and fits, else UTF-8, Japanese with kana, windows-1252."""
    for name in (*declared, "utf-8"):
        if (decoded := _decoded(raw, CHARSETS.get(name.strip().lower(), ""))) is not None:
            return clean(decoded)
    for codec in ("iso2022_jp", "euc_jp", "cp932"):
        decoded = _decoded(raw, codec)
        if decoded and _KANA.search(decoded):
            return clean(decoded)
    return clean(raw.decode("cp1252", "replace"))


def clean(value: str) -> str:
    """The text without control characters, at its ends without white space: what XML, JSON and a terminal can carry."""
    return _CONTROL.sub("", value).strip()


def charset(content_type: str) -> str:
    """The charset parameter of a Content-Type, or ""."""
    for parameter in content_type.split(";")[1:]:
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "charset":
            return value.strip(" \t\"'")
    return ""


def _decoded(raw: bytes, codec: str) -> str | None:
    if not codec:
        return None
    try:
        return raw.decode(codec)
    except UnicodeDecodeError:
        return None
