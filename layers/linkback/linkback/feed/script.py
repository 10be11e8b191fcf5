"""A feed as a script that calls a function of the page it is in (JSONP), for pages that cannot ask across origins."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from linkback.feed.format import Channel, Format

T = TypeVar("T")


def call(callback: str, told: bytes) -> bytes:
    """The whole of a script. The comment keeps the caller's letters from being the first of a file of another kind."""
    return _begun(callback) + told + b");"


def _begun(callback: str) -> bytes:
    return f"/**/{callback}(".encode()


@dataclass(frozen=True, slots=True)
class Script(Generic[T]):
    """A format that is JSON, as a script. `callback` is a name, checked when the query was read."""

    form: Format[T]
    callback: str

    @property
    def BETWEEN(self) -> bytes:  # noqa: N802 - as every format has it
        """The format's own."""
        return self.form.BETWEEN

    def headers(self, channel: Channel) -> dict[str, str]:
        """The media type of a script (RFC 9239)."""
        return {**self.form.headers(channel), "content-type": "text/javascript; charset=utf-8"}

    def opening(self, channel: Channel) -> bytes:
        """The call, and the format's own."""
        return _begun(self.callback) + self.form.opening(channel)

    def entry(self, mention: T, channel: Channel) -> bytes:
        """The format's own; two ends of lines that JSON may have within a string, and old JavaScript may not."""
        told = self.form.entry(mention, channel)
        return told.replace("\u2028".encode(), b"\\u2028").replace("\u2029".encode(), b"\\u2029")

    def closing(self, channel: Channel, following: str) -> bytes:
        """The format's own, and the end of the call."""
        return self.form.closing(channel, following) + b");"
