"""The three dialects from outside: stock clients and captured bytes in, a status page and a feed out."""

from __future__ import annotations

import html
import http.client
import xmlrpc.client
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode, urlsplit

import pytest

import wire

if TYPE_CHECKING:
    from e2e.bridge import Answer, Bridge

pytestmark = pytest.mark.deployed

FORM = "application/x-www-form-urlencoded"


def pingback(bridge: Bridge, source: str, target: str, door: str = "/pingback") -> str:
    """What Python's own XML-RPC client gets. Raises its Fault."""
    with xmlrpc.client.ServerProxy(bridge.here(door)) as server:
        return str(server.pingback.ping(source, target))


def replayed(bridge: Bridge, capture: str, path: str, swaps: dict[str, str]) -> Answer:
    """Bytes of a real sender, to the letter but for the addresses in them (and so their length)."""
    request = wire.captured(capture)
    body = request.body.decode()
    for told, ours in swaps.items():
        assert told in body
        body = body.replace(told, ours)
    dropped = ("host", "content-length", "connection", "accept-encoding")
    return bridge.call("POST", path, body.encode(), **{k: v for k, v in request.headers.items() if k not in dropped})


def quoted(url: str) -> str:
    return quote(url, safe="")


def only_child(bridge: Bridge, target: str) -> dict[str, object]:
    """The one mention in the page's feed, once it is there."""
    [child] = bridge.until(lambda: bridge.children(target), lambda children: children)
    return dict(child)


def test_a_webmention_is_accepted_visited_and_published(bridge: Bridge) -> None:
    target = bridge.new_target()
    source = bridge.new_source(target)
    answer = bridge.webmention(source, target)
    assert answer.headers["location"].startswith(f"{bridge.base}/pings/")
    assert answer.json()["status"] == "queued"
    assert "retry-after" not in answer.headers
    fate = bridge.fate(answer)
    assert (fate["status"], fate["source"], fate["target"]) == ("published", source, target)
    child = only_child(bridge, target)
    assert (child["wm-source"], child["wm-target"], child["wm-protocol"]) == (source, target, "webmention")
    assert child["wm-property"] == "mention-of"


@pytest.mark.parametrize("door", ["/pingback", "/xmlrpc"])
def test_pythons_own_client_pings_back(bridge: Bridge, door: str) -> None:
    target = bridge.new_target()
    source = bridge.new_source(target)
    assert pingback(bridge, source, target, door)
    assert only_child(bridge, target)["wm-protocol"] == "pingback"


def test_what_wordpress_sends_is_published(bridge: Bridge) -> None:
    target = bridge.new_target()
    source = bridge.new_source(target)
    answer = replayed(
        bridge,
        "wordpress-6.1.9/pingback-header-2-POST-xmlrpc.http",
        "/pingback",
        {
            "http://127.0.0.2:8081/2026/11/pinging-the-stub-header/": source,
            "http://127.0.0.1:9900/post-header": target,
        },
    )
    assert (answer.status, answer.headers["content-type"]) == (200, "text/xml; charset=utf-8")
    assert xmlrpc.client.loads(answer.body)[1] is None
    assert only_child(bridge, target)["wm-source"] == source


def test_a_trackback_of_wordpress_is_published_without_its_words(bridge: Bridge) -> None:
    target = bridge.new_target()
    source = bridge.new_source(target)
    told = "http://127.0.0.2:8081/2026/11/trackback-to-the-stub-naive-cafe-%e6%97%a5%e6%9c%ac/"
    path = "/trackback?" + urlencode({"target": target})
    answer = replayed(bridge, "wordpress-6.1.9/trackback-1-POST.http", path, {quoted(told): quoted(source)})
    assert b"<error>0</error>" in answer.body
    child = only_child(bridge, target)
    assert child["wm-protocol"] == "trackback"
    assert "Trackback to the stub" not in str(child)


def test_a_trackback_names_its_page_in_the_path(bridge: Bridge) -> None:
    target = urlsplit(bridge.new_target())
    source = bridge.new_source(f"{target.scheme}://{target.netloc}{target.path}")
    answer = bridge.form(f"/trackback/{target.netloc}{target.path}", url=source, title="Told")
    assert b"<error>0</error>" in answer.body


def test_what_pelican_sends_is_published(bridge: Bridge) -> None:
    target = bridge.new_target()
    source = bridge.new_source(target)
    told = "http://127.0.0.9:9911/source?title=Src&target=http%3A%2F%2F127.0.0.1%3A9911%2Fpost-both.html"
    swaps = {quoted(told): quoted(source), quoted("http://127.0.0.1:9911/post-both"): quoted(target)}
    answer = replayed(bridge, "pelican-linkbacks/003-POST-webmention.bin", "/webmention", swaps)
    assert bridge.fate(answer)["status"] == "published"


def test_told_in_three_dialects_and_twice_it_is_one_mention(bridge: Bridge) -> None:
    target = bridge.new_target()
    source = bridge.new_source(target)
    assert bridge.fate(bridge.webmention(source, target))["status"] == "published"
    bridge.form("/trackback?" + urlencode({"target": target}), url=source)
    pingback(bridge, source, target)
    with pytest.raises(xmlrpc.client.Fault) as fault:
        pingback(bridge, source, target)
    assert fault.value.faultCode == 48
    assert bridge.fate(bridge.webmention(source, target))["status"] == "published"
    everywhere = {"webmention", "pingback", "trackback"}
    [child] = bridge.until(
        lambda: bridge.children(target), lambda children: [set(one["wm-protocols"]) for one in children] == [everywhere]
    )
    assert child["wm-protocol"] == "webmention"


def test_a_page_that_is_removed_takes_its_mention_along(bridge: Bridge) -> None:
    target, path = bridge.new_target(), bridge.new_path()
    source = bridge.put(path, f'<a href="{target}">look</a>')
    assert bridge.fate(bridge.webmention(source, target))["status"] == "published"
    only_child(bridge, target)
    bridge.put(path, "it is gone", 410)
    fate = bridge.fate(bridge.webmention(source, target))
    assert (fate["status"], fate["reason"]) == ("gone", "source-missing")
    bridge.until(lambda: bridge.children(target), lambda children: children == [])


def test_a_page_without_the_link_is_declined_and_its_links_are_told(bridge: Bridge) -> None:
    target, other = bridge.new_target(), bridge.new_target()
    fate = bridge.fate(bridge.webmention(bridge.new_source(other), target))
    assert (fate["status"], fate["reason"]) == ("declined", "no-link")
    assert fate["links_found"] == [other]
    assert bridge.children(target) == []


def test_refusals_say_why_in_each_dialect(bridge: Bridge) -> None:
    source = bridge.new_source("https://not-our-site.example/")
    answer = bridge.webmention(source, "https://not-our-site.example/")
    assert (answer.status, answer.json()["error"]) == (400, "target-unknown")
    with pytest.raises(xmlrpc.client.Fault) as fault:
        pingback(bridge, source, "https://not-our-site.example/")
    assert fault.value.faultCode == 33
    told = bridge.form("/trackback?target=https://not-our-site.example/", url=source)
    assert (told.status, b"<error>1</error>" in told.body) == (200, True)


@pytest.mark.parametrize(
    "inside", ["http://127.0.0.1/", "http://169.254.169.254/latest/meta-data/", "http://[::1]/", "http://localhost/"]
)
def test_no_dialect_leads_the_bridge_to_an_address_that_is_not_public(bridge: Bridge, inside: str) -> None:
    answer = bridge.webmention(inside, bridge.new_target())
    assert (answer.status, answer.json()["error"]) == (400, "forbidden-address")


def test_a_redirect_does_not_lead_there_either(bridge: Bridge) -> None:
    source = bridge.put(bridge.new_path(), "", 302, location="http://169.254.169.254/latest/meta-data/")
    fate = bridge.fate(bridge.webmention(source, bridge.new_target()))
    assert (fate["status"], fate["reason"]) == ("declined", "forbidden-address")


def test_garbage_at_every_door_is_answered(bridge: Bridge) -> None:
    garbage = b"\x00\xff<methodCall>\xfe" * 50
    for door in ("/webmention", "/pingback", "/xmlrpc", "/trackback?target=x"):
        for kind in (FORM, "text/xml", "application/json"):
            answer = bridge.call("POST", door, garbage, content_type=kind)
            assert answer.status in (200, 400), (door, kind, answer)


def test_the_doors_and_pages_for_people_answer(bridge: Bridge) -> None:
    home = bridge.get("/", accept="text/html")
    assert home.status == 200
    for tag in ("pingback", "webmention"):
        assert f'<link rel="{tag}" href="{bridge.base}/{tag}">' in html.unescape(home.body.decode())
    assert b"<form" in bridge.get("/webmention", accept="text/html").body
    assert bridge.get("/healthz").json() == {"status": "ok"}
    refused = bridge.get("/pingback")
    assert (refused.status, refused.headers["allow"]) == (405, "POST")
    assert bridge.get("/no-such-page").status == 404


def test_a_status_page_is_html_for_a_browser(bridge: Bridge) -> None:
    answer = bridge.webmention(bridge.new_source("https://elsewhere.example/"), bridge.new_target())
    bridge.fate(answer)
    page = bridge.get(answer.headers["location"], accept="text/html")
    assert page.headers["content-type"].startswith("text/html")
    assert b"no-link" in page.body
    assert bridge.get("/pings/no-such-ping").status == 404


def test_the_head_of_a_feed_is_what_a_build_needs(bridge: Bridge) -> None:
    target = bridge.new_target()
    assert bridge.fate(bridge.webmention(bridge.new_source(target), target))["status"] == "published"
    only_child(bridge, target)
    query = urlencode({"target": target})
    for path in (f"/api/mentions.jf2?{query}", f"/api/count?{query}", f"/feed.json?{query}"):
        answer = bridge.get(path, accept_encoding="gzip")
        assert (answer.status, answer.headers["access-control-allow-origin"]) == (200, "*")
        assert "stale-if-error" in answer.headers["cache-control"]
        assert bridge.get(path, if_none_match=answer.headers["etag"]).status == 304
    assert bridge.get(f"/api/count?{query}").json() == {"count": 1, "type": {"mention": 1}}
    assert bridge.get("/api/mentions.jf2?per-page=x").json()["children"] == []


def test_head_has_the_headers_of_get_and_no_body(bridge: Bridge) -> None:
    address = urlsplit(bridge.here(f"/api/mentions.jf2?domain={bridge.site}"))
    make = http.client.HTTPSConnection if address.scheme == "https" else http.client.HTTPConnection
    connection = make(address.netloc, timeout=30)
    connection.request("HEAD", f"{address.path}?{address.query}")
    with connection.getresponse() as answer:
        assert (answer.status, answer.read()) == (200, b"")
        assert answer.headers["etag"]
    connection.close()
