"""The three dialects have the same three functions, and every capture is read by its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from linkback import pingback, trackback, webmention
from linkback.ping import Protocol
from wire import NOW, captured, captured_posts

if TYPE_CHECKING:
    from linkback.dialect import Dialect

DIALECTS: dict[str, Dialect] = {
    "webmention": webmention,
    "pingback": pingback,
    "xmlrpc": pingback,
    "trackback": trackback,
}


def test_there_are_captures_of_all_three_dialects() -> None:
    assert len(captured_posts()) >= 11


@pytest.mark.parametrize("name", captured_posts())
def test_a_captured_post_is_read_by_its_dialect(name: str) -> None:
    """WordPress posts its XML-RPC to the webmention door when a site's tags are in an odd order."""
    request = captured(name)
    xml = request.body.startswith(b"<?xml")
    ping = (pingback if xml else DIALECTS[request.path.split("/")[1]]).read(request, NOW)
    assert ping.source.startswith("http://127.0.0.")
    assert ping.target.startswith("http" if ping.protocol is not Protocol.TRACKBACK else "https://1")
    assert len(ping.id) == 22
