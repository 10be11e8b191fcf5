"""The XML of senders that are old, sloppy or hostile."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING

import pytest

from linkback import form, pingback
from linkback.ping import Declined
from pingbacks import CALL, PLAIN, SOURCE, TARGET, fault, read
from wire import FORM, NOW, post

if TYPE_CHECKING:
    from collections.abc import Callable


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
