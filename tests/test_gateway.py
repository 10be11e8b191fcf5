"""API Gateway's payload 2.0 as a Request, and a Response as what API Gateway takes."""

from __future__ import annotations

import base64
import gzip
import json
import zlib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linkback import gateway
from linkback.dialect import Request, Response
from wire import get

EVENTS = Path(__file__).parent.parent / "events"


def event(**other: Any) -> dict[str, Any]:
    context = {"domainName": "bridge.example", "stage": "$default", "http": {"method": "POST", "path": "/webmention"}}
    return {"version": "2.0", "rawPath": "/webmention", "rawQueryString": "", "requestContext": context, **other}


def on_stage(stage: str, raw_path: str) -> Request:
    told = event(rawPath=raw_path)
    told["requestContext"]["stage"] = stage
    return gateway.request(told)


# From an event


@pytest.mark.parametrize("name", ["webmention", "pingback", "trackback", "feed", "status"])
def test_a_real_event_of_each_door_is_read(name: str) -> None:
    told = json.loads((EVENTS / f"{name}.json").read_text("utf-8"))
    request = gateway.request(told)
    assert request.method == told["requestContext"]["http"]["method"]
    assert request.path == told["rawPath"]
    assert request.query == told["rawQueryString"]
    assert request.base == f"https://{told['requestContext']['domainName']}"
    assert bool(request.body) is (request.method == "POST")


def test_header_names_are_lower_case_and_may_be_missing_altogether() -> None:
    assert gateway.request(event(headers={"Content-TYPE": "A", "accept": "b"})).headers == {
        "content-type": "A",
        "accept": "b",
    }
    assert gateway.request(event()).headers == {}
    assert gateway.request(event(headers=None)).headers == {}


def test_the_path_which_api_gateway_decodes_is_not_decoded_again() -> None:
    request = gateway.request(event(rawPath="/trackback/example.com/a%20bü"))
    assert request.path == "/trackback/example.com/a%20bü"


@pytest.mark.parametrize(
    ("stage", "raw_path", "path", "base"),
    [
        ("$default", "/webmention", "/webmention", "https://bridge.example"),
        ("prod", "/prod/webmention", "/webmention", "https://bridge.example/prod"),
        ("prod", "/prod", "/", "https://bridge.example/prod"),
        ("prod", "/prod/", "/", "https://bridge.example/prod"),
        ("prod", "/prod/prod/x", "/prod/x", "https://bridge.example/prod"),
        ("prod", "/production/x", "/production/x", "https://bridge.example"),
        ("prod", "/webmention", "/webmention", "https://bridge.example"),
    ],
)
def test_a_stage_is_part_of_the_base_and_not_of_the_path(stage: str, raw_path: str, path: str, base: str) -> None:
    request = on_stage(stage, raw_path)
    assert (request.path, request.base) == (path, base)


@pytest.mark.parametrize(
    ("forwarded", "scheme"), [("http", "http"), ("https", "https"), ("gopher", "https"), (None, "https")]
)
def test_the_base_is_https_unless_the_call_came_by_http(forwarded: str | None, scheme: str) -> None:
    headers = {"x-forwarded-proto": forwarded} if forwarded else {}
    assert gateway.request(event(headers=headers)).base == f"{scheme}://bridge.example"


@pytest.mark.parametrize(
    ("body", "encoded", "read"),
    [
        (None, False, b""),
        ("", True, b""),
        ("a=ü🙂", False, "a=ü🙂".encode()),
        (base64.b64encode(b"a=\xff\0").decode(), True, b"a=\xff\0"),
        ("YT1i", False, b"YT1i"),
        ("YT1", True, b""),
        ("ü", True, b""),
        ("a=\ud800", False, b"a=?"),
        ("a=\ud800", True, b""),
    ],
)
def test_a_body_is_bytes_however_it_is_told(body: str | None, encoded: bool, read: bytes) -> None:  # noqa: FBT001 - a parameter of the test
    assert gateway.request(event(body=body, isBase64Encoded=encoded)).body == read


def zipped(body: bytes, encoding: str = "gzip") -> Request:
    told = base64.b64encode(body).decode()
    return gateway.request(event(body=told, isBase64Encoded=True, headers={"content-encoding": encoding}))


def test_a_gzipped_body_is_inflated() -> None:
    assert zipped(gzip.compress(b"source=a&target=b"), " GZIP ").body == b"source=a&target=b"


def test_a_bomb_is_inflated_up_to_the_bound_and_no_further() -> None:
    bomb = gzip.compress(bytes(50 * gateway.LARGEST_BODY), compresslevel=1)
    assert len(zipped(bomb).body) == gateway.LARGEST_BODY


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "identity", "gzip, gzip", "nonsense"])
def test_what_is_not_gzip_stays_as_it_is(encoding: str) -> None:
    assert zipped(b"a=b", encoding).body == b"a=b"


def test_gzip_that_ends_early_gives_what_there_is() -> None:
    whole = gzip.compress(b"source=a&target=b")
    assert b"source=a&target=b".startswith(zipped(whole[:-6]).body)
    assert zipped(zlib.compress(b"a=b")).body == zlib.compress(b"a=b")


ANY = st.text(st.characters(), max_size=20)  # half surrogates, too


@settings(max_examples=100)
@given(ANY, ANY, ANY, st.booleans(), st.dictionaries(st.sampled_from(["content-encoding", "accept", "x"]), ANY))
def test_any_event_is_a_request_of_well_formed_text(
    raw_path: str,
    query: str,
    body: str,
    encoded: bool,  # noqa: FBT001 - a parameter
    headers: dict[str, str],
) -> None:
    request = gateway.request(
        event(rawPath=raw_path, rawQueryString=query, body=body, isBase64Encoded=encoded, headers=headers)
    )
    assert (request.query + request.path).encode()
    json.dumps(gateway.payload(Response(200, raw_path * 200, {}), request)).encode()


# To an answer

LONG = "größe 🙂 " * 500


def answer(
    body: str, status: int = 200, method: str = "GET", accept_encoding: str = "", **headers: str
) -> dict[str, Any]:
    asked = get("/", accept_encoding=accept_encoding)
    request = Request(method, asked.path, asked.query, asked.headers, b"", asked.base)
    return gateway.payload(Response(status, body, headers), request)


def test_an_answer_is_its_status_headers_and_text() -> None:
    assert answer("größe", 201, location="/x") == {"statusCode": 201, "headers": {"location": "/x"}, "body": "größe"}


@pytest.mark.parametrize(
    "accept",
    ["gzip", "gzip, deflate, br", "deflate, GZIP;q=0.5", "*", "br;q=1.0, gzip;q=0.001", "identity;q=0, *;q=0.1"],
)
def test_a_long_answer_is_gzipped_where_the_client_reads_that(accept: str) -> None:
    told = answer(LONG, accept_encoding=accept)
    assert told["isBase64Encoded"] is True
    assert told["headers"]["content-encoding"] == "gzip"
    assert gzip.decompress(base64.b64decode(told["body"])).decode() == LONG


@pytest.mark.parametrize(
    "accept",
    ["", "identity", "br", "gzip;q=0", "gzip; q=0.0", "gzip;q=0.000", "gzip;q=0, *", "xgzip", "*;q=0", ";;=,,"],
)
def test_an_answer_is_plain_where_the_client_does_not_read_gzip(accept: str) -> None:
    told = answer(LONG, accept_encoding=accept)
    assert told["body"] == LONG
    assert "content-encoding" not in told["headers"]


def test_a_short_answer_is_not_worth_it() -> None:
    assert answer("short", accept_encoding="gzip") == {"statusCode": 200, "headers": {}, "body": "short"}


@pytest.mark.parametrize("accept", ["", "gzip"])
@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", "Accept-Encoding"),
        ("Accept", "Accept, Accept-Encoding"),
        ("accept-encoding, Accept", "accept-encoding, Accept"),
    ],
)
def test_a_cache_learns_that_a_long_answer_varies(accept: str, before: str, after: str) -> None:
    told = answer(LONG, accept_encoding=accept, vary=before)
    assert told["headers"]["vary"] == after


@pytest.mark.parametrize(("method", "status"), [("HEAD", 200), ("HEAD", 404), ("GET", 304)])
def test_head_and_304_have_headers_without_a_body(method: str, status: int) -> None:
    told = answer(LONG, status, method, "gzip", etag='"x"')
    assert told == {"statusCode": status, "headers": {"etag": '"x"', "vary": "Accept-Encoding"}, "body": ""}


@pytest.mark.parametrize("body", ["", "x", "xy", "xyz", "größe 🙂", LONG, LONG + "x"])
@pytest.mark.parametrize("accept", ["", "gzip"])
def test_the_size_of_an_answer_is_what_goes_over_the_wire(body: str, accept: str) -> None:
    told = answer(body, accept_encoding=accept)
    wire = base64.b64decode(told["body"]) if told.get("isBase64Encoded") else told["body"].encode()
    assert gateway.size(told) == len(wire)
    assert gateway.size(answer(body, method="HEAD")) == 0


def test_half_a_surrogate_pair_does_not_break_the_answer() -> None:
    assert answer("a\ud800b")["body"] == "a?b"
    assert answer("\ud800" * 2000, accept_encoding="gzip")["isBase64Encoded"] is True


@pytest.mark.parametrize(
    "told",
    [
        {},
        {"requestContext": None, "headers": None, "rawPath": None, "routeKey": None, "pathParameters": None},
        {"requestContext": {"http": None, "stage": None, "domainName": None}, "body": None, "routeKey": "GET"},
        {"requestContext": {"http": {"sourceIp": None}}, "headers": {"accept": None}, "pathParameters": {}},
    ],
)
def test_an_event_may_lack_whatever_an_emulator_leaves_out(told: dict[str, Any]) -> None:
    request = gateway.request(told)
    assert (request.method, request.path, request.base) == ("GET", "/", "https://localhost")
    assert (request.query, request.body, request.sender) == ("", b"", "")
