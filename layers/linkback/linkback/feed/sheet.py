"""One answer while it is filled, entry by entry, with as much as Lambda can hand over."""

from __future__ import annotations

import hashlib
import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable

    from linkback.feed.format import Channel, Format

T = TypeVar("T")

# Lambda takes six megabytes (6,291,556 bytes), and base64, in which large answers go, makes four of three. A feed of
# ten thousand mentions is seventeen megabytes, and one and a half when it is zipped: so what counts is what is sent.
LARGEST_PLAIN = 4_300_000
LARGEST_ZIPPED = 4_000_000  # what the compressor still holds back is less than the difference
LARGEST_WHOLE = 48_000_000  # of zipped text, for the memory and the time of those who write and read it


@dataclass(slots=True)
class Sheet:
    """The pieces of one answer. `zips`: whether the client reads gzip."""

    zips: bool
    digest: Any = field(default_factory=hashlib.sha256)
    entries: int = 0
    _plain: list[bytes] = field(default_factory=list)
    _whole: int = 0
    _zipped: list[bytes] = field(default_factory=list)
    _sent: int = 0
    _compressor: Any = None

    def add(self, piece: bytes) -> None:
        """Write on, whether it fits or not."""
        self.digest.update(piece)
        self._whole += len(piece)
        if self._compressor:
            self._zip(piece)
        else:
            self._plain.append(piece)

    def fits(self, piece: bytes) -> bool:
        """Whether so much more can be sent."""
        whole = self._whole + len(piece)
        if whole <= LARGEST_PLAIN:
            return True
        if not self.zips or whole > LARGEST_WHOLE:
            return False
        if self._compressor is None:
            self._compressor = zlib.compressobj(5, wbits=31)
            self._zip(b"".join(self._plain))
            self._plain = []
        return self._sent <= LARGEST_ZIPPED

    def body(self) -> tuple[bytes, dict[str, str]]:
        """All that was written, and the header that says how."""
        if self._compressor is None:
            return b"".join(self._plain), {}
        return b"".join([*self._zipped, self._compressor.flush()]), {"content-encoding": "gzip"}

    def _zip(self, piece: bytes) -> None:
        sent = self._compressor.compress(piece)
        self._zipped.append(sent)
        self._sent += len(sent)


class Filled(NamedTuple):
    """What became of filling a sheet: the last entry that was written, and whether there is more."""

    last: Any
    more: bool


def fill(sheet: Sheet, form: Format[T], channel: Channel, mentions: Iterable[T], most: int) -> Filled:
    """The opening and as many entries as are asked for and fit, at least one."""
    sheet.add(form.opening(channel))
    last: T | None = None
    for mention in mentions:
        if sheet.entries == most:
            return Filled(last, more=True)
        piece = form.entry(mention, channel)
        if sheet.entries and not sheet.fits(piece):
            return Filled(last, more=True)
        sheet.add(form.between + piece if sheet.entries else piece)
        sheet.entries, last = sheet.entries + 1, mention
    return Filled(last, more=False)
