"""Mentions as feeds get them, and what a format makes of them."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from linkback.feed.format import Channel
from linkback.mention import Author, Mention, Relation
from linkback.published import Published

if TYPE_CHECKING:
    from collections.abc import Iterable

SOURCE, TARGET = "https://alice.example/post", "https://example.com/page"
BARE = Mention(Relation.MENTION, SOURCE)
FULL = Mention(
    Relation.REPLY,
    "https://alice.example/permalink",
    Author("Alice", "https://alice.example/a.jpg", "https://alice.example/"),
    published="2026-01-02T03:04:05+01:00",
    name="A reply",
    summary="In short",
    text="Well said",
    html="<p>Well said</p>",
    photo=("https://alice.example/1.jpg",),
    video=("https://alice.example/1.mp4",),
    audio=("https://alice.example/1.mp3",),
    syndication=("https://social.example/1",),
    canonical="https://alice.example/canonical",
)
CHANNEL = Channel(
    subject="example.com",
    home="https://example.com/",
    here="https://bridge.example/feed?domain=example.com",
    base="https://bridge.example",
    changed="2026-01-02T03:04:05Z",
)


def published(mention: Mention, **other: Any) -> Published:
    stored = Published(
        claim="Y2xhaW0",
        page="example.com/page",
        source=SOURCE,
        target=TARGET,
        protocols=("pingback", "webmention"),
        received="2026-01-02T03:04:05Z",
        visited=1,
        seen=mention.to_json(),
        id=190_000_000,
        shown=1_767_323_045,
    )
    return replace(stored, **other)


def text(module: Any, mentions: Iterable[Published], channel: Channel = CHANNEL, following: str = "") -> str:
    """A whole feed in the format of this module."""
    form = module.FORMAT
    entries = form.between.join(form.entry(mention, channel) for mention in mentions)
    return bytes(form.opening(channel) + entries + form.closing(channel, following)).decode()


def written(module: Any, mentions: Iterable[Published], channel: Channel = CHANNEL, following: str = "") -> Any:
    """The same, read as JSON."""
    return json.loads(text(module, mentions, channel, following))
