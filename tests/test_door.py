"""The doors as deployed: recorded, queued and answered in the caller's dialect, whatever goes wrong behind them."""

from __future__ import annotations

import json
import xmlrpc.client
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import EndpointConnectionError

from linkback import address
from linkback.dialect import Request
from linkback.door import Door
from linkback.ping import Ping, Protocol
from linkback.policy import Pace, Policy, SelfMentions
from linkback.rules import Action, Kind, Rule
from linkback.site import Sites
from linkback_cli import permits

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Bridge
    from linkback.index import Index
    from linkback.table import Table
    from linkback_cli.events import HttpAnswer

SOURCE, TARGET = "https://blog.example.org/a", "https://example.com/post"
NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
FORM = "application/x-www-form-urlencoded"


def fault(answer: HttpAnswer) -> int:
    with pytest.raises(xmlrpc.client.Fault) as raised:
        xmlrpc.client.loads(answer.body)
    return int(raised.value.faultCode)


def test_a_ping_of_each_dialect_is_recorded_then_queued(bridge: Bridge) -> None:
    bridge.webmention(SOURCE, TARGET)
    bridge.pingback(SOURCE, TARGET)
    bridge.trackback(TARGET, url=SOURCE, title="T")
    messages = [json.loads(message["Body"]) for message in bridge.messages()]
    assert [message["protocol"] for message in messages] == ["webmention", "pingback", "trackback"]
    for message in messages:
        status = bridge.json(f"/pings/{message['id']}")
        assert (status["status"], status["source"], status["target"]) == ("queued", SOURCE, TARGET)


def test_a_pingback_told_again_within_the_minute_is_already_registered_and_not_queued_twice(bridge: Bridge) -> None:
    assert xmlrpc.client.loads(bridge.pingback(SOURCE, TARGET).body)[0] == ("Pingback registered. Thank you.",)
    assert fault(bridge.pingback(SOURCE, TARGET)) == 48
    assert len(bridge.messages()) == 1


def test_a_pingback_that_was_recorded_but_never_queued_is_queued_when_told_again(bridge: Bridge, table: Table) -> None:
    ping = Ping(SOURCE, TARGET, Protocol.PINGBACK, datetime.now(UTC))
    table.put_ping(ping, Policy(Sites(("example.com",)), SelfMentions.REFUSE).claim(ping), "b")
    assert fault(bridge.pingback(SOURCE, TARGET)) == 48
    assert len(bridge.messages()) == 1


def test_a_webmention_told_again_is_an_update_and_queued_again(bridge: Bridge) -> None:
    assert bridge.webmention(SOURCE, TARGET).headers == bridge.webmention(SOURCE, TARGET).headers
    assert len(bridge.messages()) + len(bridge.messages()) == 2


@pytest.mark.parametrize("door", ["/webmention", "/pingback", "/xmlrpc", "/trackback/example.com/post"])
def test_a_call_at_anothers_door_is_answered_in_its_own_dialect(bridge: Bridge, door: str) -> None:
    xml = xmlrpc.client.dumps((SOURCE, TARGET), "pingback.ping").encode()
    assert b"Pingback registered" in bridge.call("POST", door, xml, content_type=FORM).body
    form = b"source=https://blog.example.org/b&target=https://example.com/post"
    assert bridge.call("POST", door, form, content_type=FORM).status == 201
    ping = b"url=https://blog.example.org/c&title=T"
    answer = bridge.call("POST", f"{door}?target={TARGET}", ping, content_type=FORM)
    assert b"<error>0</error>" in answer.body


def test_a_query_beyond_reading_is_no_reason_to_fail(bridge: Bridge) -> None:
    query = "&".join(f"a{n}=1" for n in range(100))
    answer = bridge.call("POST", f"/webmention?{query}", b"url=https://blog.example.org/", content_type=FORM)
    assert (answer.status, json.loads(answer.body)["error"]) == (400, "malformed")


@pytest.mark.parametrize("body", [b"<foo/>", b"<methodCall><x>", b"\xff\xfe<\x00", b"<!DOCTYPE a><methodCall/>"])
def test_what_only_looks_like_xml_is_no_call_of_another_dialect(bridge: Bridge, body: bytes) -> None:
    assert bridge.call("POST", "/webmention", body, content_type="text/xml").status == 400
    assert b"<response><error>1" in bridge.call("POST", "/trackback/example.com/post", body).body
    assert fault(bridge.call("POST", "/pingback", body)) in (-32700, -32601)


def test_what_a_door_cannot_read_is_refused_in_the_doors_dialect(bridge: Bridge) -> None:
    assert bridge.call("POST", "/webmention", b"").status == 400
    assert fault(bridge.call("POST", "/pingback", b"hello")) == -32700
    assert b"<error>1</error>" in bridge.call("POST", "/trackback/example.com/post", b"title=x").body


@pytest.mark.parametrize(
    ("source", "target", "reason", "code"),
    [
        ("not a url", TARGET, "malformed", -32602),
        ("ftp://blog.example.org/", TARGET, "malformed", -32602),
        (SOURCE, "https://elsewhere.example/", "target-unknown", 33),
        (SOURCE, "https://example.com.evil.example/", "target-unknown", 33),
        ("http://www.example.com/post/#x", TARGET, "source-is-target", 33),
        ("https://example.com/other", TARGET, "self", 49),
        ("https://spam.example/x", TARGET, "blocked", 49),
        ("https://sub.spam.example/x", TARGET, "blocked", 49),
    ],
)
def test_what_can_be_refused_at_once_is(
    bridge: Bridge, table: Table, source: str, target: str, reason: str, code: int
) -> None:
    table.put_rule(Rule("example.com", Kind.HOST, "spam.example", Action.BLOCK))
    answer = bridge.webmention(source, target)
    assert (answer.status, json.loads(answer.body)["error"]) == (400, reason)
    assert json.loads(answer.body)["error_description"].endswith(".")
    assert fault(bridge.pingback(source, target)) == code
    trackback = bridge.trackback(target, url=source)
    assert trackback.status == 200
    assert b"<error>1</error><message>" in trackback.body
    assert bridge.messages() == []


def test_the_deployed_door_refuses_a_source_at_a_private_address_before_anything_is_written(
    table: Table,
) -> None:
    policy = Policy(Sites(("example.com",)), SelfMentions.REFUSE)
    door = Door(policy, table, lambda *_: pytest.fail("queued"), Pace(9), address.public)
    for source in (
        "http://127.0.0.1/x",
        "http://10.0.0.1/",
        "http://[::1]/",
        "http://localhost/",
        "https://a.example:22/",
    ):
        response, told = door.answer(posted(f"source={source}&target={TARGET}"), NOW)
        assert (response.status, told["reason"]) == (400, "forbidden-address"), source


def test_a_sender_of_too_many_is_told_when_to_come_back_and_silences_nobody_else(
    make_bridge: Callable[..., Bridge],
) -> None:
    bridge = make_bridge(PINGS_PER_MINUTE="2")
    answers = [bridge.webmention(f"{SOURCE}/{n}", TARGET) for n in range(6)]  # two minutes' worth, should one end here
    refused = next(answer for answer in answers if answer.status == 429)
    assert json.loads(refused.body)["error"] == "too-many"
    assert 1 <= int(dict(refused.headers)["retry-after"]) <= 60
    bridge.sender = "192.0.2.2"
    assert bridge.webmention(SOURCE, TARGET).status == 201
    bridge.sender = "127.0.0.1"
    assert {bridge.webmention(f"{SOURCE}/{n}", TARGET).status for n in range(6)} == {201}


def test_when_the_queue_is_down_the_ping_is_safe_and_the_answer_says_so(table: Table, index: Index) -> None:
    queue: list[object] = []
    door = a_door(table, broken)
    response, _ = door.answer(posted(f"source={SOURCE}&target={TARGET}"), NOW)
    assert response.status == 503
    assert int(response.headers["retry-after"]) > 0
    told = json.loads(response.body)["error_description"]
    kept = index.ping(told.partition("/pings/")[2].partition(",")[0])
    assert kept is not None
    assert (kept["status"], kept["due"]) == ("waiting", "ping")
    xml = xmlrpc.client.dumps((SOURCE, TARGET), "pingback.ping")
    response, _ = door.answer(posted(xml, "/pingback"), NOW)
    assert "<int>50</int>" in response.body
    response, _ = a_door(table, lambda *message: queue.append(message)).answer(posted(xml, "/pingback"), NOW)
    assert "Pingback registered" in response.body
    assert len(queue) == 1


def test_when_the_queue_and_then_the_table_are_down_the_sender_is_told_to_come_back(table: Table) -> None:
    writes = iter([table.put_ping])

    class Failing:
        ping, look = staticmethod(table.ping), staticmethod(table.look)

        def put_ping(self, *arguments: Any, **options: Any) -> Any:
            return next(writes, broken)(*arguments, **options)

    response, told = a_door(Failing(), broken).answer(posted(f"source={SOURCE}&target={TARGET}"), NOW)
    assert (response.status, told["reason"]) == (503, "server-trouble")


def test_when_the_table_is_down_nothing_is_promised_and_no_sender_is_blamed() -> None:
    response, told = a_door(BrokenTable(), lambda *_: None).answer(posted(f"source={SOURCE}&target={TARGET}"), NOW)
    assert response.status == 503
    assert told["reason"] == "server-trouble"
    assert "nothing was recorded" in response.body


def test_other_methods_are_told_what_the_door_takes(bridge: Bridge) -> None:
    for door in ("/pingback", "/xmlrpc", "/trackback/example.com/post"):
        answer = bridge.get(door)
        assert (answer.status, dict(answer.headers)["allow"]) == (405, "POST")
    assert dict(bridge.call("PUT", "/webmention").headers)["allow"] == "GET, HEAD, POST"
    assert bridge.call("OPTIONS", "/webmention").status == 204


@pytest.mark.parametrize("path", ["/", "", "//", "/x", "/linkback/webmention", "/webmentions", "/\x00", "/\ud800", "x"])
@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS", "x"])
def test_where_no_door_is_there_is_nothing(method: str, path: str) -> None:
    request = Request(method, path, "", {}, b"", "https://bridge.example")
    response, told = a_door(BrokenTable(), broken).answer(request, NOW)
    assert (response.status, told) == (404, {"outcome": "refused", "reason": "not-found"})


@pytest.mark.parametrize("path", ["/webmention", "/pingback", "/xmlrpc", "/trackback/x", "/x", ""])
def test_a_failure_of_ours_is_said_as_ours_at_every_door(path: str) -> None:
    response, told = a_door(BrokenTable(), broken).failed(posted("", path))
    assert told["reason"] == "server-trouble"
    expected = {"pingback": "<int>50</int>", "xmlrpc": "<int>50</int>", "trackback": "<error>1</error>"}
    assert expected.get(path.split("/")[1] if path else "", '"server-trouble"') in response.body
    assert response.headers.get("retry-after", "3600") == "3600"


@pytest.mark.parametrize(
    ("source", "known"),
    [
        ("x", {"protocol", "source", "target"}),
        ("", set[str]()),
        (SOURCE, {"protocol", "source", "target", "id", "cause"}),
    ],
)
def test_a_refusal_is_logged_with_what_was_known_by_then(
    table: Table, index: Index, source: str, known: set[str]
) -> None:
    """An id is told when there is a record: one page shows it."""
    _, told = a_door(table, broken).answer(posted(f"source={source}&target={TARGET}"), NOW)
    assert told.keys() == {"outcome", "reason", "detail"} | known
    assert bool(index.ping(told.get("id", "-"))) is ("id" in known)


def test_on_a_stage_of_another_name_the_bridge_is_whole(bridge: Bridge) -> None:
    """API Gateway leaves the stage in the path: in every address that is named, too."""

    def call(route: str, path: str, body: str = "", accept: str = "") -> dict[str, Any]:
        method = route.partition(" ")[0].replace("ANY", "POST")
        context = {"domainName": "example.com", "stage": "linkback", "http": {"method": method}}
        parameters = {"id": path.rpartition("/")[2]} if "{id}" in route else {}
        told = {"routeKey": route, "rawPath": f"/linkback{path}", "body": body, "requestContext": context}
        handler = bridge.receive if route.startswith("ANY") else bridge.publish
        return handler(told | {"pathParameters": parameters, "headers": {"accept": accept}}, None)

    answer = call("ANY /webmention", "/webmention", f"source={SOURCE}&target={TARGET}")
    location = answer["headers"]["location"]
    assert location.startswith("https://example.com/linkback/pings/")
    status = call("GET /pings/{id}", location.removeprefix("https://example.com/linkback"))
    assert json.loads(status["body"])["status"] == "queued"
    home = call("GET /", "", accept="text/html")["body"]
    assert "https://example.com/linkback/pingback" in home
    assert 'href="/linkback/webmention"' in home
    assert call("ANY /trackback/{target+}", "/trackback/example.com/post", f"url={SOURCE}")["statusCode"] == 200
    assert [json.loads(message["Body"])["base"] for message in bridge.messages()] == [
        "https://example.com/linkback"
    ] * 2


def test_a_person_finds_a_form_at_the_endpoint_and_a_page_after_sending_it(bridge: Bridge) -> None:
    page = bridge.get("/webmention", accept="text/html").body.decode()
    assert 'method="post"' in page
    assert 'name="source"' in page
    answer = bridge.webmention(SOURCE, TARGET, accept="text/html,*/*;q=0.8")
    assert answer.status == 201
    assert f'{dict(answer.headers)["location"]}"' in answer.body.decode()


def test_every_answer_of_a_door_is_one_log_line(bridge: Bridge) -> None:
    bridge.webmention(SOURCE, TARGET)
    bridge.webmention("x", TARGET)
    assert [(event, fields["outcome"]) for event, fields in bridge.logged] == [
        ("door", "accepted"),
        ("door", "refused"),
    ]


def a_door(table: Any, send: Callable[..., None]) -> Door:
    return Door(Policy(Sites(("example.com",)), SelfMentions.REFUSE), table, send, Pace(9), permits.everything)


def posted(body: str, path: str = "/webmention") -> Request:
    return Request("POST", path, "", {"content-type": FORM}, body.encode(), "https://bridge.example")


def broken(*_: object, **__: object) -> None:
    raise EndpointConnectionError(endpoint_url="https://sqs.example")


class BrokenTable:
    """A table in an outage: whatever is asked of it fails as botocore fails."""

    def ping(self, _id: str) -> None:
        broken()
