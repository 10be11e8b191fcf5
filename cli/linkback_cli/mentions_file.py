"""The file that a site's build reads: its mentions by page, and beside them what to ask the bridge with next time.

State and data are one file, so that they can never disagree: whatever file is there can be brought up to date.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import secrets
import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from linkback_cli.changes import Entry, Malformed, decoded, entry, number
from linkback_cli.trouble import Trouble

if TYPE_CHECKING:
    from collections.abc import Mapping

DEFAULT = "data/mentions.json"

# RFC 9110, 8.8.3, in the characters that a header surely takes: what is here is sent back.
_ETAG = re.compile(r'(?:W/)?"[\x21\x23-\x7e]{0,200}"')
_BEGINNING = b'{"bridge":'
_AFTER_HOST = re.compile(r"[/?].*", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Mentions:
    """The public mentions of a domain, by claim, as a bridge had them when `since_id` was its newest change."""

    bridge: str
    domain: str
    since_id: int = 0
    etag: str = ""
    entries: Mapping[str, Entry] = field(default_factory=dict)

    def pages(self) -> dict[str, list[Entry]]:
        """The mentions of each page that has any, newest first."""
        pages: dict[str, list[Entry]] = {}
        for one in sorted(self.entries.values(), key=lambda one: -int(one["wm-id"])):
            pages.setdefault(path(one["wm-page"]), []).append(one)
        return pages

    def render(self) -> bytes:
        """The file's bytes: the same mentions give the same bytes, so that version control sees changes alone."""
        state = {"bridge": self.bridge, "domain": self.domain, "since_id": self.since_id, "etag": self.etag}
        members = state | {"pages": self.pages()}
        text = json.dumps(members, ensure_ascii=False, indent=2, sort_keys=True) + "\n"
        return text.encode("utf-8", "backslashreplace")  # half a surrogate pair becomes \ud800, which is JSON's own


def path(page: str) -> str:
    """The path and query of a `wm-page`, which begins with a host; the front page is `/`."""
    found = _AFTER_HOST.search(page)
    rest = found[0] if found else ""
    return rest if rest.startswith("/") else f"/{rest}"


def known_etag(text: str) -> str:
    """The tag, or nothing if it is none that can be sent back."""
    return text if _ETAG.fullmatch(text) else ""


def ours(data: bytes) -> bool:
    """Whether a file is one of ours, whole or damaged, or has nothing in it: what else there is is not overwritten."""
    text = data.removeprefix(b"\xef\xbb\xbf").strip(b"\0 \t\r\n")
    begun = b"".join(text[:64].split())
    if text in (b"", b"{}", b"[]", b"null") or _BEGINNING.startswith(begun) or begun.startswith(_BEGINNING):
        return True
    with contextlib.suppress(Malformed):
        members = decoded(data)
        return isinstance(members, dict) and {"bridge", "domain", "pages"} <= members.keys()
    return False


def parse(data: bytes) -> Mentions:
    """Read what render() wrote, or what a person made of it. Raises Malformed, nothing else."""
    members = decoded(data)
    if not isinstance(members, dict) or not isinstance(members.get("pages"), dict):
        raise Malformed("it is no file of mentions")
    bridge, domain, etag = (_text(members, name) for name in ("bridge", "domain", "etag"))
    since_id = number(members.get("since_id"), "since_id")
    return Mentions(bridge, domain, since_id, known_etag(etag), _entries(members["pages"]))


def _entries(pages: dict[str, Any]) -> dict[str, Entry]:
    if not all(isinstance(found, list) for found in pages.values()):
        raise Malformed("a page has no list of mentions")
    listed = [entry(one) for found in pages.values() for one in found]
    entries = {one["wm-claim"]: one for one in listed}
    if not len(entries) == len({one["wm-id"] for one in listed}) == len(listed):
        raise Malformed("it has a mention twice")
    return entries


def _text(members: Entry, name: str) -> str:
    value = members.get(name)
    if not isinstance(value, str):
        raise Malformed(f"it has no {name}")
    return value


def read(place: Path) -> bytes | None:
    """What the file has, or None if there is no file. Raises Trouble where no file can be."""
    try:
        if place.exists() and not place.is_file():
            raise Trouble(f"{place} is not a file. Name the file to write with --out, such as {DEFAULT}")
        return place.read_bytes()
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise _unusable(place, "read", error) from None


def write(place: Path, data: bytes) -> None:
    """Replace the file as a whole, keeping its permissions: at every moment there is the old one or the new one.

    A link is followed, not replaced. Raises Trouble, and the old file is as it was.
    """
    try:
        _replace(Path(os.path.realpath(place)), data)
    except (OSError, ValueError) as error:
        raise _unusable(place, "written", error) from None


def _replace(place: Path, data: bytes) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    fresh = place.with_name(f".{place.name[:100]}.{secrets.token_hex(8)}.new")  # no data file to any site generator
    try:
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644), "wb") as out:
            with contextlib.suppress(FileNotFoundError):
                fresh.chmod(stat.S_IMODE(place.stat().st_mode))
            out.write(data)
            out.flush()
            os.fsync(out.fileno())
        fresh.replace(place)
    finally:
        fresh.unlink(missing_ok=True)


def _unusable(place: Path, done: str, error: Exception) -> Trouble:
    why = getattr(error, "strerror", None) or error
    return Trouble(f"{place} cannot be {done} ({why}). Nothing was changed; another place can be named with --out")
