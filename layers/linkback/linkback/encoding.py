"""From a stranger's bytes to text, by the WHATWG Encoding Standard's labels and no others.

Python knows codecs that are no character encodings at all (`zlib`, `rot13`, `idna`) or that hide markup (`utf-7`), so a
name from outside never reaches `bytes.decode` as it is: it is looked up among the standard's labels, a closed list,
which turbohtml registers as codecs called `whatwg-<label>`.
"""

from __future__ import annotations

import codecs
import re

import turbohtml.detect  # noqa: F401 - importing it registers the codecs

_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16le"), (codecs.BOM_UTF16_BE, "utf-16be"))

# The standard scans 1,024 bytes; pages that put their scripts first have it later, and looking further costs nothing.
_PRESCAN = 8192
_DECLARED = re.compile(
    rb"""<(?:meta\s[^>]{0,500}?charset|\?xml\s[^>]{0,200}?encoding)\s{0,9}=\s{0,9}["']?\s{0,9}([\w.:-]{1,40})""",
    re.IGNORECASE,
)
_LABEL = re.compile(r"[a-z0-9][a-z0-9_.:-]{0,39}", re.ASCII)
# The standard reads the first as nothing at all, and the second as bytes: neither says what the page is written in.
_ODD = frozenset({"replacement", "iso-2022-kr", "iso-2022-cn", "hz-gb-2312", "x-user-defined"})


def decode(body: bytes, charset: str = "") -> str:
    """The text of these bytes, without NULs and lone surrogates, whatever they are.

    A byte order mark wins over `charset` (the header's label), that over the page's own declaration, that over UTF-8;
    where even UTF-8 does not fit, windows-1252 does, as in a browser.
    """
    for mark, label in _BOMS:
        if body.startswith(mark):
            return _decoded(body[len(mark) :], label)
    label = _known(charset) or _declared(body)
    if label:
        return _decoded(body, label)
    try:
        # The last bytes may be half a character where the body was cut, which is no reason to doubt the rest.
        return codecs.utf_8_decode(body, "strict", False)[0].replace("\0", "")  # noqa: FBT003 - it takes no keyword
    except UnicodeDecodeError:
        return _decoded(body, "windows-1252")


def _known(label: str) -> str:
    """The label in lower case if the standard has it and it means something, else `""`."""
    name = label.strip().lower()
    if not _LABEL.fullmatch(name) or name in _ODD:
        return ""
    try:
        codecs.lookup(f"whatwg-{name}")
    except LookupError:
        return ""
    return name


def _declared(body: bytes) -> str:
    found = _DECLARED.search(body, 0, _PRESCAN)
    label = _known(found[1].decode("ascii", "replace")) if found else ""
    # What could be read as ASCII so far is not UTF-16, whatever it says (WHATWG HTML, prescan a byte stream).
    return "utf-8" if label.startswith(("utf-16", "unicode", "ucs-2", "iso-10646", "csunicode")) else label


def _decoded(body: bytes, label: str) -> str:
    return body.decode(f"whatwg-{label}", "replace").replace("\0", "")
