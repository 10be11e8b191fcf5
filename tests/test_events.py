"""events/ has one real event for each door, fit for `sam local invoke -e`, and none of them has gone stale.

The POSTs are what WordPress 6.1.9 and Pelican sent, byte for byte, to a target on 127.0.0.1, which is then the site.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from linkback import gateway, pingback, trackback, webmention
from linkback.ping import Protocol
from linkback.site import Sites
from linkback.urls import parse
from linkback_cli import template

if TYPE_CHECKING:
    from linkback.dialect import Dialect

NOW = datetime(2026, 11, 22, 9, 58, 34, tzinfo=UTC)
HTTP = ("webmention", "pingback", "trackback", "feed", "status", "moderation", "dashboard")


def event(name: str) -> dict[str, Any]:
    read: dict[str, Any] = json.loads((template.ROOT / f"events/{name}.json").read_text("utf-8"))
    return read


def test_there_is_an_event_for_each_door_and_for_the_queue() -> None:
    assert {path.stem for path in (template.ROOT / "events").iterdir()} == {*HTTP, "verify"}


@pytest.mark.parametrize("name", HTTP)
def test_an_events_route_is_in_the_template(name: str) -> None:
    routes = {f"{route.method} {route.path}" for route in template.load().routes()}
    assert event(name)["routeKey"] in routes
    assert event(name)["requestContext"]["routeKey"] == event(name)["routeKey"]


@pytest.mark.parametrize(
    ("name", "dialect", "target"),
    [
        ("webmention", webmention, "http://127.0.0.1:9911/post-both"),
        ("pingback", pingback, "http://127.0.0.1:9900/post-link"),
        ("trackback", trackback, "http://127.0.0.1:9900/post-both"),
    ],
)
def test_a_posts_bytes_are_whole_and_its_dialect_reads_them(name: str, dialect: Dialect, target: str) -> None:
    request = gateway.request(event(name))
    ping = dialect.read(request, NOW)
    assert len(request.body) == int(request.headers["content-length"])
    assert (ping.protocol, parse(ping.target).host) == (Protocol(name), "127.0.0.1")
    assert parse(ping.target).request_target == parse(target).request_target
    assert Sites.parse("127.0.0.1").of(parse(ping.target)) == "127.0.0.1"


def test_the_queues_message_is_the_captured_pingback() -> None:
    """The status event asks for the fate of the same ping."""
    ping = pingback.read(gateway.request(event("pingback")), NOW)
    body = json.loads(event("verify")["Records"][0]["body"])
    assert (body["id"], body["source"], body["target"]) == (ping.id, ping.source, ping.target)
    assert body.keys() == {"id", "source", "target", "protocol", "received", "base"}
    assert event("status")["pathParameters"] == {"id": ping.id}
