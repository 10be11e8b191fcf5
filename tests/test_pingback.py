"""Pingback 1.0, section by section, and the XML of senders that are old, sloppy or hostile."""

from __future__ import annotations

import contextlib
import time
import xmlrpc.client
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET  # it reads what we wrote ourselves

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linkback import form, pingback
from linkback.ping import Declined, Ping, Protocol, Reason, TryLater
from wire import FORM, NOW, captured, post

if TYPE_CHECKING:
    from collections.abc import Callable

    from linkback.dialect import Request

SOURCE, TARGET = "http://alice.example.org/#p123", "http://bob.example.net/#foo"
CALL = (
    "<methodCall><methodName>pingback.ping</methodName><params>"
    "<param><value><string>{}</string></value></param><param><value><string>{}</string></value></param>"
    "</params></methodCall>"
)
PLAIN = CALL.format(SOURCE, TARGET)


def read(body: bytes | str, content_type: str = "text/xml") -> tuple[str, str]:
    ping = pingback.read(post("/pingback", body, content_type), NOW)
    assert ping.protocol is Protocol.PINGBACK
    assert ping.received == NOW
    return ping.source, ping.target


def fault(body: bytes | str, content_type: str = "text/xml") -> tuple[int, str]:
    """What a stock client makes of the answer to this body: the code and the words."""
    request = post("/pingback", body, content_type)
    with pytest.raises(Declined) as refusal:
        pingback.read(request, NOW)
    return told(pingback.decline(request, refusal.value).body)


def told(answer: str) -> tuple[int, str]:
    with pytest.raises(xmlrpc.client.Fault) as fault_:
        xmlrpc.client.loads(answer)
    return fault_.value.faultCode, fault_.value.faultString


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


# Sloppy senders


def test_raw_ampersands_are_read_as_themselves() -> None:
    body = CALL.format("http://a.example/?x=1&y=2&amp;z=3&copy=4&#38;q", TARGET)
    assert read(body, FORM) == ("http://a.example/?x=1&y=2&z=3&copy=4&q", TARGET)


def test_an_entity_that_html_alone_knows_is_read_as_written() -> None:
    assert read(CALL.format("http://a.example/?a&eacute;b", TARGET))[0] == "http://a.example/?a&eacute;b"


def test_ampersands_within_cdata_are_left_alone() -> None:
    body = CALL.format("<![CDATA[http://a.example/?a&amp;b&c]]>", "http://b.example/?raw&d")
    assert read(body) == ("http://a.example/?a&amp;b&c", "http://b.example/?raw&d")


def test_a_doctype_within_cdata_is_text() -> None:
    assert read(CALL.format("<![CDATA[http://a.example/?q=<!DOCTYPE&<!ENTITY]]>", TARGET))[0].endswith("<!ENTITY")


def test_a_value_without_string_is_a_string() -> None:
    bare = PLAIN.replace("<string>", "").replace("</string>", "")
    assert read(bare) == (SOURCE, TARGET)
    assert read(PLAIN.replace("<value>", "<value>\n  ").replace("</value>", "\n</value>")) == (SOURCE, TARGET)


@pytest.mark.parametrize("before", ["\ufeff", "\n\n", " \r\n\t", "\ufeff\n", "\n\ufeff"])
@pytest.mark.parametrize(
    "declaration",
    ['<?xml version="1.0"?>', "<?xml version='1.0' encoding='utf-8' standalone='yes' ?>\n", "<?XML ?>", ""],
)
def test_a_bom_and_blank_lines_before_the_declaration_are_passed_over(before: str, declaration: str) -> None:
    assert read(before + declaration + PLAIN) == (SOURCE, TARGET)


@pytest.mark.parametrize(
    "content_type", ["text/xml", "application/xml; charset=utf-8", FORM, "", "text/plain", "\0;;="]
)
def test_any_content_type_is_read(content_type: str) -> None:
    assert read(PLAIN, content_type) == (SOURCE, TARGET)


# Encodings

UMLAUT = "http://a.example/größe"


@pytest.mark.parametrize("encoding", ["utf-8", "iso-8859-1", "windows-1252", "ISO-8859-15"])
def test_the_declared_encoding_is_used(encoding: str) -> None:
    body = f'<?xml version="1.0" encoding="{encoding}"?>{CALL.format(UMLAUT, TARGET)}'
    assert read(body.encode(encoding)) == (UMLAUT, TARGET)


def test_an_encoding_is_found_wherever_the_declaration_has_it() -> None:
    for declaration in ("<?xml encoding='euc-jp'?>", "<?xml version='1.0' standalone='yes'  encoding = \"EUC-JP\" ?>"):
        body = declaration + CALL.format("http://a.example/東京", TARGET)
        assert read(body.encode("euc_jp"))[0] == "http://a.example/東京"
        assert read(b"\n\n" + body.encode("euc_jp"))[0] == "http://a.example/東京"


def test_the_content_type_s_charset_is_stronger_than_the_declaration() -> None:
    body = f'<?xml version="1.0" encoding="utf-8"?>{CALL.format("http://a.example/東京", TARGET)}'
    assert read(body.encode("euc_jp"), "text/xml; charset=EUC-JP")[0] == "http://a.example/東京"


@pytest.mark.parametrize("encoding", ["klingon", "utf-7", "zlib", "rot13", "unicode_escape", "idna", "utf-16"])
def test_an_unknown_encoding_is_read_as_utf_8(encoding: str) -> None:
    body = f'<?xml version="1.0" encoding="{encoding}"?>' + CALL.format("http://a.example/?q=ß+ADw-x", TARGET)
    assert read(body)[0] == "http://a.example/?q=ß+ADw-x"
    assert read(body, f"text/xml; charset={encoding}")[0] == "http://a.example/?q=ß+ADw-x"


def test_bytes_that_are_not_utf_8_are_read_as_windows_1252() -> None:
    assert read(CALL.format(UMLAUT, TARGET).encode("cp1252"))[0] == UMLAUT


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig"])
def test_a_bom_decides_the_encoding(encoding: str) -> None:
    body = f'<?xml version="1.0" encoding="iso-8859-1"?>{CALL.format(UMLAUT, TARGET)}'
    assert read(body.encode(encoding)) == (UMLAUT, TARGET)
    assert read(b"\xfe\xff" + body.encode("utf-16-be")) == (UMLAUT, TARGET)


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf_16_without_a_bom_is_known_by_its_zeros(encoding: str) -> None:
    assert read(PLAIN.encode(encoding)) == (SOURCE, TARGET)


def test_php_s_characters_for_the_bytes_of_utf_8_are_put_together() -> None:
    body = '<?xml version="1.0" encoding="iso-8859-1"?>' + CALL.format(
        "http://a.example/caf&#195;&#169;?a=1&#38;b=2&#38;q=&#230;&#151;&#165;", TARGET
    )
    assert read(body)[0] == "http://a.example/café?a=1&b=2&q=日"


# Hostile senders

DOCTYPES = [
    '<!DOCTYPE a [<!ENTITY x "http://a.example/">]>',
    '<!DOCTYPE a SYSTEM "http://169.254.169.254/">',
    '<!DOCTYPE a [<!ENTITY % x SYSTEM "file:///etc/passwd"> %x;]>',
    "<!DOCTYPE methodCall>",
    "<!DOCTYPE methodCall []>",
]
HIDDEN: list[Callable[[str], bytes]] = [
    str.encode,
    lambda text: b"\xef\xbb\xbf" + text.encode(),
    lambda text: text.encode("utf-16"),
    lambda text: b"\xfe\xff" + text.encode("utf-16-be"),
    lambda text: text.encode("utf-16-le"),
    lambda text: text.encode("utf-16-be"),
    lambda text: b"\n\n" + text.encode(),
    lambda text: b"<!-- [CDATA[ --><?pi ]]>?>" + text.encode(),
    lambda text: b'<?xml version="1.0" encoding="utf-7"?>' + text.encode(),
]


@pytest.mark.parametrize("hide", HIDDEN)
@pytest.mark.parametrize("doctype", DOCTYPES)
def test_a_document_type_is_refused_however_it_is_hidden(doctype: str, hide: Callable[[str], bytes]) -> None:
    code, words = fault(hide(doctype + PLAIN.replace(SOURCE, "&x;")))
    assert code == -32700
    assert "document type" in words


def test_an_entity_declaration_without_a_document_type_is_refused() -> None:
    assert fault('<!ENTITY x "y">' + PLAIN)[0] == -32700
    assert fault(PLAIN.replace("<params>", '<params><!ENTITY x "y">'))[0] == -32700


def test_a_document_type_after_a_false_cdata_is_refused() -> None:
    """The mending of ampersands must not hide the declaration from the parser."""
    assert fault("<!--<![CDATA[-->" + DOCTYPES[0] + PLAIN + "&<!--]]>-->")[0] == -32700


def test_a_nested_call_is_refused_before_it_is_read_through() -> None:
    assert fault("<a>" * 20_000)[0] == -32602
    assert fault(PLAIN.replace("<params>", "<params>" + "<x/>" * 500))[0] == -32602


def test_elements_in_other_places_do_not_count_as_parameters() -> None:
    stray = "<extra><methodName>evil</methodName><param><value>http://x.example/</value></param></extra>"
    assert read(PLAIN.replace("<params>", f"{stray}<params>")) == (SOURCE, TARGET)


@pytest.mark.parametrize(
    "piece",
    ["<![CDATA[", "&", "<a>", "]]>", "<![CDATA[]]>", "<!--", "<?xml ", "<", "<a ", "&#", "&amp;", "\n", "<a/>",
     "<!", "é",
     "&#195;&#169;", "<?x?>", "<!---->", "<!DOCTYPE", " a='b'"],
)  # fmt: skip
@pytest.mark.parametrize("around", ["{}", CALL.format("{}", TARGET), CALL.format("{}&", TARGET) + "<a></b>"])
def test_64_kb_of_one_thing_take_no_time(piece: str, around: str) -> None:
    """A second of CPU would be a thousand times the usual; anything quadratic takes minutes on this."""
    room = form.LARGEST_BODY - len(around)
    body = around.replace("{}", piece * (room // len(piece.encode())))
    started = time.process_time()
    with contextlib.suppress(Declined):
        pingback.read(post("/pingback", body), NOW)
    assert time.process_time() - started < 1


XMLISH = st.lists(
    st.sampled_from(
        ["<methodCall>", "</methodCall>", "<params>", "<param>", "<value>", "</value>", "<string>", "<![CDATA[",
         "]]>", "&",
         "<!DOCTYPE a [", "<!ENTITY a 'b'>", "]>", "&amp;", "&a;", "\ufeff", "<?xml encoding='utf-16'?>", "\0", "é",
         "x"]
    ),
    max_size=12,
).map("".join)  # fmt: skip


@settings(deadline=None, max_examples=200)
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
