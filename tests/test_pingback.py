"""Pingback 1.0, section by section, and the faults of XML-RPC."""

from __future__ import annotations

import xmlrpc.client
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET  # it reads what we wrote ourselves

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linkback import pingback
from linkback.ping import Declined, Ping, Protocol, Reason, TryLater
from pingbacks import PLAIN, SOURCE, TARGET, fault, read, told
from wire import NOW, captured, post

if TYPE_CHECKING:
    from linkback.dialect import Request


# Captured bytes


@pytest.mark.parametrize(
    ("name", "source", "target"),
    [
        (
            "node-xmlrpc/002-POST-xmlrpc.bin",
            "http://127.0.0.9:9919/source?title=Src&target=http%3A%2F%2F127.0.0.1%3A9919%2Fpost-link",
            "http://127.0.0.1:9919/post-link",
        ),
        (
            "pelican-linkbacks/002-POST-xmlrpc.bin",
            "http://127.0.0.9:9911/source?title=Src&target=http%3A%2F%2F127.0.0.1%3A9911%2Fpost-both.html",
            "http://127.0.0.1:9911/post-both",
        ),
        (
            "python-xmlrpc/002-POST-xmlrpc.bin",
            "http://127.0.0.9:9920/source?title=Src&target=http%3A%2F%2F127.0.0.1%3A9920%2Fpost-link",
            "http://127.0.0.1:9920/post-link",
        ),
        (
            "remy-pingback/002-POST-xmlrpc.bin",
            "http://127.0.0.9:9922/source?title=Src&target=http%3A%2F%2F127.0.0.1%3A9922%2Fpost-link",
            "http://127.0.0.1:9922/post-link",
        ),
        (
            "wordpress-6.1.9/pingback-ampersand-POST-xmlrpc.http",
            "http://127.0.0.2:8081/2026/11/with-ampersand/",
            "http://127.0.0.1:9900/post-link?a=1&b=2",
        ),
        (
            "wordpress-6.1.9/pingback-header-2-POST-xmlrpc.http",
            "http://127.0.0.2:8081/2026/11/pinging-the-stub-header/",
            "http://127.0.0.1:9900/post-header",
        ),
        (
            "wordpress-6.1.9/pingback-link-3-POST-xmlrpc.http",
            "http://127.0.0.2:8081/2026/11/pinging-the-stub-link/",
            "http://127.0.0.1:9900/post-link",
        ),
        (
            "wordpress-6.1.9/edge-href-before-rel-POSTs-xml-to-webmention-endpoint.http",
            "http://127.0.0.2:8081/2026/11/edge-href-before-rel/",
            (
                "http://127.0.0.1:9900/post-raw?head=%3Clink%20href%3D%22BASE%2Fxmlrpc%22%20rel%3D%22pingback%22%3E"
                "%3Clink%20href%3D%22BASE%2Fwebmention%22%20rel%3D%22webmention%22%3E"
            ),
        ),
    ],
)
def test_a_captured_pingback_is_read(name: str, source: str, target: str) -> None:
    ping = pingback.read(captured(name), NOW)
    assert (ping.source, ping.target) == (source, target)


# Section 2: the interface


def test_2_pingback_ping_takes_source_then_target_with_their_fragments() -> None:
    assert read(PLAIN) == (SOURCE, TARGET)


def test_2_what_python_s_own_client_writes_is_read() -> None:
    assert read(xmlrpc.client.dumps((SOURCE, TARGET), "pingback.ping")) == (SOURCE, TARGET)
    assert read(xmlrpc.client.dumps((SOURCE, TARGET), "pingback.ping", encoding="iso-8859-1")) == (SOURCE, TARGET)


def test_2_success_is_one_string_without_caller_text_and_without_the_word_fault() -> None:
    evil = Ping("http://evil.example/<script>fault", TARGET, Protocol.PINGBACK, NOW)
    answer = pingback.accept(post("/pingback", PLAIN), evil, again=False)
    assert answer.status == 200
    assert answer.headers["content-type"] == "text/xml; charset=utf-8"
    (words,), _ = xmlrpc.client.loads(answer.body)
    assert isinstance(words, str)
    assert "<string>" in answer.body  # some senders look for it
    assert "fault" not in answer.body.lower()
    assert "evil" not in answer.body


# Section 3: fault codes


def test_3_every_reason_has_a_fault() -> None:
    assert set(pingback.FAULTS) == set(Reason)


@pytest.mark.parametrize("reason", Reason)
def test_3_a_stock_client_reads_the_fault_of_every_reason(reason: Reason) -> None:
    answer = pingback.decline(post("/pingback", PLAIN), Declined(reason, "caller <b>&text"))
    code, words = told(answer.body)
    assert answer.status == 200
    assert (code, words) == pingback.FAULTS[reason]
    assert words
    assert not set(words) & set("<>&")
    assert "caller" not in answer.body


@pytest.mark.parametrize(
    ("reason", "code"),
    [
        (Reason.SOURCE_MISSING, 16),
        (Reason.NO_LINK, 17),
        (Reason.TARGET_MISSING, 32),
        (Reason.TARGET_UNKNOWN, 33),
        (Reason.SOURCE_IS_TARGET, 33),
        (Reason.BLOCKED, 49),
        (Reason.GAVE_UP, 0),
        (Reason.MALFORMED, -32602),
    ],
)
def test_3_the_codes_of_the_specification(reason: Reason, code: int) -> None:
    assert pingback.FAULTS[reason][0] == code


def test_3_the_same_pingback_at_once_is_already_registered() -> None:
    ping = Ping(SOURCE, TARGET, Protocol.PINGBACK, NOW)
    answer = pingback.accept(post("/pingback", PLAIN), ping, again=True)
    assert (answer.status, told(answer.body)[0]) == (200, 48)


@pytest.mark.parametrize("reason", Reason)
def test_3_whatever_is_only_for_now_is_upstream_trouble(reason: Reason) -> None:
    answer = pingback.decline(post("/pingback", PLAIN), TryLater(reason, "the table is down"))
    assert (answer.status, told(answer.body)[0]) == (200, 50)
    assert "retry-after" not in answer.headers


# XML-RPC's own faults


@pytest.mark.parametrize(
    "body",
    [
        "", "  \n", "garbage", "source=http%3A%2F%2Fa&target=b", "<", "<methodCall>", PLAIN + "x", PLAIN + PLAIN, "\0",
        b"\xff\xfe", b"\xff\xfe\x00", "\ufeff", PLAIN.replace("</value>", ""), "{}", "<a b=c/>", "&", "]]>",
        "<![CDATA[",
        PLAIN.replace(SOURCE, "\x0b"), PLAIN.replace(SOURCE, "&#0;"), PLAIN.encode("utf-32"),
        "<" * 65_536, "x" * 65_537,
    ],
)  # fmt: skip
def test_what_is_not_well_formed_is_minus_32700(body: bytes | str) -> None:
    assert fault(body)[0] == -32700


@pytest.mark.parametrize("method", ["system.multicall", "system.listMethods", "pingback.extensions.getPingbacks", ""])
def test_another_method_is_minus_32601(method: str) -> None:
    assert fault(PLAIN.replace("pingback.ping", method))[0] == -32601


def test_multicall_with_a_pingback_inside_is_minus_32601() -> None:
    inner = [{"methodName": "pingback.ping", "params": [SOURCE, TARGET]}]
    assert fault(xmlrpc.client.dumps((inner,), "system.multicall"))[0] == -32601


@pytest.mark.parametrize(
    "params",
    [(), (SOURCE,), (SOURCE, TARGET, "x"), (1, 2), (SOURCE, ""), (" ", TARGET), ([SOURCE], TARGET), ({"a": 1}, TARGET)],
)
def test_other_parameters_are_minus_32602(params: tuple[Any, ...]) -> None:
    assert fault(xmlrpc.client.dumps(params, "pingback.ping"))[0] == -32602


def test_a_call_without_params_is_minus_32602() -> None:
    assert fault("<methodCall><methodName>pingback.ping</methodName></methodCall>")[0] == -32602


XMLISH = st.lists(
    st.sampled_from(
        ["<methodCall>", "</methodCall>", "<params>", "<param>", "<value>", "</value>", "<string>", "<![CDATA[",
         "]]>", "&",
         "<!DOCTYPE a [", "<!ENTITY a 'b'>", "]>", "&amp;", "&a;", "\ufeff", "<?xml encoding='utf-16'?>", "\0", "é",
         "x"]
    ),
    max_size=12,
).map("".join)  # fmt: skip


@settings(max_examples=200)
@given(st.one_of(st.binary(max_size=100), XMLISH.map(str.encode), XMLISH.map(lambda text: text.encode("utf-16"))))
def test_any_bytes_are_a_ping_or_a_fault_that_a_client_reads(body: bytes) -> None:
    request: Request = post("/pingback", body)
    try:
        ping = pingback.read(request, NOW)
    except Declined as refusal:
        assert told(pingback.decline(request, refusal).body)[0] in {-32700, -32601, -32602}  # noqa: PT017 - a value or this refusal
    else:
        assert ping.source
        assert ping.target


def test_the_answers_are_well_formed_for_a_strict_parser() -> None:
    request = post("/pingback", PLAIN)
    answers = [pingback.decline(request, Declined(reason, "")) for reason in Reason]
    assert {ET.fromstring(answer.body.encode()).tag for answer in answers} == {"methodResponse"}
