"""A feed as a script that calls a function of the page it is in (JSONP), for pages that cannot ask across origins."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from linkback.feed.format import Channel, Format

T = TypeVar("T")
MEDIA_TYPE = "text/javascript; charset=utf-8"  # RFC 9239


def call(callback: str, told: bytes) -> bytes:
    """The whole of a script. `callback` is a name, checked when the query was read."""
    return _begun(callback) + told + b");"


def as_script(form: Format[T], callback: str) -> Format[T]:
    """A format that is JSON, as a script."""

    def entry(one: T, channel: Channel) -> bytes:
        """JSON may have two ends of lines within a string that old JavaScript may not."""
        told = form.entry(one, channel)
        return told.replace("\u2028".encode(), b"\\u2028").replace("\u2029".encode(), b"\\u2029")

    return replace(
        form,
        headers=lambda channel: {**form.headers(channel), "content-type": MEDIA_TYPE},
        opening=lambda channel: _begun(callback) + form.opening(channel),
        entry=entry,
        closing=lambda channel, following: form.closing(channel, following) + b");",
    )


def _begun(callback: str) -> bytes:
    """The comment keeps the caller's letters from being the first of a file of another kind."""
    return f"/**/{callback}(".encode()
