"""An `application/x-www-form-urlencoded` body from a stranger: bounded, and decoded by a short list of charsets.

A charset that the sender names is looked up in CHARSETS and never handed to Python's codecs, some of which execute
(zlib), transform (rot13) or hide markup (utf-7). TrackBack 1.2 leaves an undeclared charset open; see `detect`.
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
    "iso8859-1": "cp1252",
    "latin1": "cp1252",
    "windows-1252": "cp1252",
    "cp1252": "cp1252",
    "iso-8859-15": "iso8859-15",
    "euc-jp": "euc_jp",
    "eucjp": "euc_jp",
    "x-euc-jp": "euc_jp",
    "shift_jis": "cp932",
    "shift-jis": "cp932",
    "sjis": "cp932",
    "x-sjis": "cp932",
    "windows-31j": "cp932",
    "iso-2022-jp": "iso2022_jp",
}

_TO_KANJI = b"\x1b$"
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
    """The words in these bytes, by the charset that `detect` finds; what does not fit it becomes U+FFFD."""
    return decoded(raw, detect(raw, *declared))


def detect(raw: bytes, *declared: str) -> str:
    """The name of the first declared charset that is listed and fits, else UTF-8, Japanese with kana, windows-1252."""
    # ISO-2022-JP is made of ASCII bytes, so it passes for UTF-8, too; no other text has its escapes.
    seven_bit: tuple[str, ...] = ("iso-2022-jp",) if _TO_KANJI in raw else ()
    for name in (*declared, *seven_bit, "utf-8"):
        if exact(raw, name) is not None:
            return name
    for name in ("euc-jp", "shift_jis"):
        if _KANA.search(exact(raw, name) or ""):
            return name
    return "windows-1252"


def decoded(raw: bytes, name: str) -> str:
    """The words in these bytes, by a charset that `detect` has named."""
    return clean(raw.decode(CHARSETS[name.strip().lower()], "replace"))


def exact(raw: bytes, name: str) -> str | None:
    """The text in the charset of this name, or None where the charset is not listed or does not fit the bytes."""
    codec = CHARSETS.get(name.strip().lower())
    try:
        return raw.decode(codec) if codec else None
    except UnicodeDecodeError:
        return None


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
