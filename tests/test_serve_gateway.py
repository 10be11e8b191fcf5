"""The local API Gateway: the same route, event and answer as AWS makes, as far as AWS was seen to make them."""

from __future__ import annotations

import base64
import contextlib
import io
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkback_cli import events, routes
from linkback_cli.console import Console
from linkback_cli.events import HttpRequest
from linkback_cli.functions import Function
from linkback_cli.gateway import Gateway
from linkback_cli.template import Route

NOW = datetime(2026, 7, 10, 19, 19, 5, tzinfo=UTC)
TABLE = (
    Route("ANY", "$default", "other"),
    Route("GET", "/", "home"),
    Route("ANY", "/trackback/{target+}", "receive"),
    Route("ANY", "/trackback", "receive"),
    Route("GET", "/pings/{id}", "one"),
    Route("ANY", "/pings/{id}", "any"),
    Route("GET", "/pings/list", "list"),
    Route("GET", "/{all+}", "all"),
)


def request(path: str = "/", query: str = "", body: bytes = b"", method: str = "POST", **headers: str) -> HttpRequest:
    pairs = [(name.replace("_", "-").title(), value) for name, value in headers.items()]
    return HttpRequest(method, path, query, "HTTP/1.1", pairs, body, "bridge.example:8787", "192.0.2.7")


def event(sent: HttpRequest) -> dict[str, Any]:
    return events.http_event(sent, Route("ANY", "$default", "f"), {}, NOW)


@pytest.mark.parametrize(
    ("method", "path", "function", "parameters"),
    [
        ("GET", "/", "home", {}),
        ("POST", "/", "other", {}),
        ("POST", "/trackback", "receive", {}),
        ("GET", "/trackback/h/a/b/", "receive", {"target": "h/a/b/"}),
        ("GET", "/pings/list", "list", {}),
        ("GET", "/pings/x", "one", {"id": "x"}),
        ("POST", "/pings/x", "any", {"id": "x"}),
        ("GET", "/pings/x/y", "all", {"all": "pings/x/y"}),
        ("POST", "/webmention/", "other", {}),
        ("HEAD", "/", "other", {}),
    ],
)
def test_the_narrowest_route_takes_a_request(method: str, path: str, function: str, parameters: dict[str, str]) -> None:
    found = routes.find(TABLE, method, path)
    assert found
    assert (found[0].function, found[1]) == (function, parameters)


def test_without_a_default_there_may_be_no_route() -> None:
    assert routes.find(TABLE[1:-1], "PUT", "/nowhere") is None


@pytest.mark.parametrize(
    ("sent", "delivered"),
    [
        ("/capture/space%20value", "/capture/space value"),
        ("/capture/question%3Fvalue", "/capture/question"),
        ("/capture/hash%23value", "/capture/hash#value"),
        ("/capture/slash%2Fvalue", "/capture/slash/value"),
        ("/capture/%CE%BB-%E4%B8%96", "/capture/λ-世"),
        ("/capture/literal%252Fvalue", "/capture/literal/value"),
        ("/capture/literal%253Fvalue", "/capture/literal?value"),
        ("/capture/literal%2525value", "/capture/literal%value"),
    ],
)
def test_a_path_is_delivered_as_an_http_api_was_seen_to_deliver_it(sent: str, delivered: str) -> None:
    assert routes.delivered_path(sent) == delivered


def test_a_path_with_a_single_percent_sign_is_refused_as_an_http_api_refuses_it() -> None:
    with pytest.raises(routes.BadPath):
        routes.delivered_path("/capture/percent%25done")


@given(st.text())
def test_any_path_is_delivered_or_refused(path: str) -> None:
    with contextlib.suppress(routes.BadPath):
        assert isinstance(routes.find(TABLE, "GET", routes.delivered_path(path)), tuple)


def test_an_event_has_the_members_of_payload_2_0() -> None:
    sent = request("/a%20b", "x=1&x=2&y=a+b&z=", b'{"a":1}', content_type="application/json", cookie="a=1; b=2")
    made = event(sent)
    context = made["requestContext"]
    assert (made["version"], made["routeKey"], made["rawPath"]) == ("2.0", "$default", "/a b")
    assert made["rawQueryString"] == "x=1&x=2&y=a+b&z="
    assert made["queryStringParameters"] == {"x": "1,2", "y": "a b", "z": ""}
    assert made["cookies"] == ["a=1", "b=2"]
    assert "cookie" not in made["headers"]
    assert (made["body"], made["isBase64Encoded"]) == ('{"a":1}', False)
    assert context["http"]["method"] == "POST"
    assert context["http"]["sourceIp"] == "192.0.2.7"
    assert context["domainName"] == made["headers"]["host"] == "bridge.example:8787"
    assert (context["time"], context["timeEpoch"]) == ("10/Jul/2026:19:19:05 +0000", 1783711145000)
    json.dumps(made)


def test_what_the_gateway_says_of_the_sender_cannot_be_forged() -> None:
    headers = event(request(x_forwarded_for="10.0.0.1", x_forwarded_proto="https", host="evil"))["headers"]
    assert headers["x-forwarded-for"] == "10.0.0.1, 192.0.2.7"
    assert headers["x-forwarded-proto"] == "http"
    assert headers["host"] == "bridge.example:8787"


def test_repeated_headers_are_joined_by_commas() -> None:
    sent = HttpRequest("GET", "/", "", "HTTP/1.1", [("X-A", "1"), ("x-a", "2")], b"", "h", "192.0.2.7")
    assert event(sent)["headers"]["x-a"] == "1,2"


@pytest.mark.parametrize(
    ("content_type", "encoded"),
    [
        ("text/xml; charset=utf-8", False),
        ("application/xml", False),
        ("application/json", False),
        ("application/x-www-form-urlencoded", True),
        ("application/octet-stream", True),
        ("", True),
    ],
)
def test_only_text_arrives_as_text_and_a_form_does_not_count_as_text(content_type: str, *, encoded: bool) -> None:
    made = event(request(body="é".encode(), content_type=content_type))
    assert made["isBase64Encoded"] is encoded
    assert made["body"] == (base64.b64encode("é".encode()).decode() if encoded else "é")


@pytest.mark.parametrize("body", ["<a>é</a>".encode("latin-1"), "<a/>".encode("utf-16"), b"\xff\x00\xfe"])
def test_text_in_another_encoding_keeps_every_byte(body: bytes) -> None:
    made = event(request(body=body, content_type="text/xml"))
    assert base64.b64decode(made["body"]) == body


def gateway(handler: Any) -> tuple[Gateway, list[None], io.StringIO]:
    written: list[None] = []
    out = io.StringIO()
    made = {"f": Function(lambda: handler)}
    return Gateway((Route("ANY", "$default", "f"),), made, lambda: written.append(None), Console(out)), written, out


def test_an_answer_is_sent_as_the_function_said() -> None:
    returned = {
        "statusCode": 201, "headers": {"X-A": "b"}, "cookies": ["a=1", "b=2"], "isBase64Encoded": True,
        "body": base64.b64encode(b"\x00\xff").decode(),
    }  # fmt: skip
    answer = gateway(lambda *_: returned)[0](request())
    assert (answer.status, answer.body) == (201, b"\x00\xff")
    assert ("x-a", "b") in answer.headers
    assert [value for name, value in answer.headers if name == "set-cookie"] == ["a=1", "b=2"]


@pytest.mark.parametrize(
    "returned",
    [
        None,
        "text",
        {},
        {"statusCode": "200"},
        {"statusCode": 200, "headers": {"x": "a\r\nb: c"}},
        {"statusCode": 200, "cookies": ["\n"]},
    ],
)
def test_what_cannot_be_sent_is_a_500(returned: Any) -> None:
    answer = gateway(lambda *_: returned)[0](request())
    assert (answer.status, json.loads(answer.body)) == (500, {"message": "Internal Server Error"})


def test_an_answer_is_as_large_as_lambda_takes_it_and_no_larger() -> None:
    empty = {"statusCode": 200, "body": ""}
    room = events.LARGEST_ANSWER - len(json.dumps(empty))
    letters = "é" * (room // 2) + "a" * (room % 2)
    assert gateway(lambda *_: empty | {"body": letters})[0](request()).status == 200
    bridge, _, out = gateway(lambda *_: empty | {"body": letters + "a"})
    answer = bridge(request())
    assert (answer.status, json.loads(answer.body)) == (500, {"message": "Internal Server Error"})
    assert "6,291,557 bytes" in out.getvalue()
    assert len(out.getvalue().splitlines()) == 1


def test_a_function_that_raises_is_a_500_with_its_traceback_on_the_terminal() -> None:
    def broken(*_: Any) -> Any:
        raise RuntimeError("out of ink")

    bridge, _, out = gateway(broken)
    answer = bridge(request())
    assert (answer.status, json.loads(answer.body)) == (500, {"message": "Internal Server Error"})
    assert "out of ink" in out.getvalue()
    assert b"ink" not in answer.body


def test_only_what_may_have_written_is_saved() -> None:
    bridge, written, _ = gateway(lambda *_: {"statusCode": 200})
    for method in ("GET", "HEAD", "OPTIONS"):
        bridge(request(method=method))
    assert not written
    bridge(request(method="POST"))
    assert len(written) == 1
