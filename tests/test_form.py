"""A stranger's form: bounded, and decoded by a short list of charsets, never by a codec of his choice."""

from __future__ import annotations

from urllib.parse import quote_from_bytes

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linkback import form
from linkback.ping import Declined, Reason

JAPANESE = "日本語のブログから、この記事にリンクしています。とても面白かったです。"
GERMAN = "Übrigens: die Größe „müßte“ stimmen – wer’s glaubt … zahlt 5 €."


def test_a_field_is_percent_decoded_once_and_plus_is_a_space() -> None:
    assert form.fields(b"a=b+c&d=%2541&e") == {"a": b"b c", "d": b"%41", "e": b""}


def test_of_a_repeated_field_the_first_counts() -> None:
    assert form.fields(b"source=one&source=two") == {"source": b"one"}


def test_an_empty_body_has_no_field_of_any_use() -> None:
    assert not any(form.fields(b"").values())


def test_white_space_around_the_form_is_passed_over() -> None:
    assert form.fields(b"\r\na=b\r\n") == {"a": b"b"}


def test_a_broken_escape_stands_for_itself() -> None:
    assert form.fields(b"a=100%&b=%zz") == {"a": b"100%", "b": b"%zz"}


def test_the_largest_body_is_read_and_one_byte_more_is_declined() -> None:
    assert form.fields(b"a=" + b"x" * (form.LARGEST_BODY - 2))
    with pytest.raises(Declined) as refusal:
        form.fields(b"a=" + b"x" * (form.LARGEST_BODY - 1))
    assert refusal.value.reason is Reason.MALFORMED


def test_a_form_of_very_many_fields_is_declined() -> None:
    assert len(form.fields(b"&".join(b"a%d=" % number for number in range(form.MOST_FIELDS)))) == form.MOST_FIELDS
    for body in (b"&" * form.MOST_FIELDS, b"&" * form.LARGEST_BODY):
        with pytest.raises(Declined):
            form.fields(body)


@pytest.mark.parametrize(
    ("prose", "codec"),
    [
        (JAPANESE, "utf-8"),
        (JAPANESE, "euc_jp"),
        (JAPANESE, "cp932"),
        (JAPANESE, "iso2022_jp"),
        ("日本語", "iso2022_jp"),
        (GERMAN, "cp1252"),
        (GERMAN, "utf-8"),
        ("Ein Café in Genève – naïve œuvre", "cp1252"),
        ("plain words", "ascii"),
        ("🙂 four bytes", "utf-8"),
    ],
)
def test_prose_without_a_declared_charset_is_read(prose: str, codec: str) -> None:
    assert form.text(prose.encode(codec)) == prose


@pytest.mark.parametrize(
    ("declared", "codec"),
    [
        ("UTF-8", "utf-8"),
        (" utf8 ", "utf-8"),
        ("EUC-JP", "euc_jp"),
        ("Shift_JIS", "cp932"),
        ("x-sjis", "cp932"),
        ("ISO-2022-JP", "iso2022_jp"),
    ],
)
def test_a_declared_charset_of_the_list_is_used(declared: str, codec: str) -> None:
    kanji_alone = "東京都知事選挙"  # which no guess would find
    assert form.text(kanji_alone.encode(codec), declared) == kanji_alone


def test_iso_8859_1_is_read_as_windows_1252_as_browsers_do() -> None:
    assert form.text("5 € – “so”".encode("cp1252"), "ISO-8859-1") == "5 € – “so”"
    assert form.text("5 €".encode("iso8859-15"), "iso-8859-15") == "5 €"


def test_the_first_declared_charset_that_fits_is_used() -> None:
    assert form.text("東京".encode("euc_jp"), "", "utf-8", "euc-jp", "cp1252") == "東京"


def test_a_charset_that_does_not_fit_falls_back_to_utf_8() -> None:
    assert form.text("日本".encode(), "euc-jp") == "日本"
    assert form.text(JAPANESE.encode(), "ascii") == JAPANESE


@pytest.mark.parametrize(
    "codec",
    ["utf-7", "utf_7", "unicode_escape", "raw_unicode_escape", "idna", "punycode", "zlib", "zip", "bz2", "hex", "rot13",
     "rot_13", "base64", "uu", "quopri", "undefined", "mbcs", "utf-16", "utf-32", "euc_jp,utf-8", "../utf-8", "\0", ""],
)  # fmt: skip
def test_a_codec_outside_the_list_is_never_used(codec: str) -> None:
    """CVE-2007-0107 (UTF-7) and CVE-2009-3622 (lists of charsets), and the codecs that execute."""
    for sent in ("+ADw-script+AD4-", "\\u003cscript\\u003e", "=3Cscript=3E", "xn--bcher-kva", "PHNjcmlwdD4="):
        assert form.text(sent.encode(), codec) == sent


def test_every_codec_of_the_list_is_a_plain_text_encoding() -> None:
    assert set(form.CHARSETS.values()) == {"utf-8", "cp1252", "iso8859-15", "euc_jp", "cp932", "iso2022_jp"}


def test_control_characters_and_half_surrogates_are_taken_out() -> None:
    assert form.clean(" \x00a\x1b[31mb\x7f\x85\ud800\ufffe\nc\t ") == "a[31mb\nc"


@pytest.mark.parametrize(
    ("content_type", "charset"),
    [
        ("text/xml", ""),
        ("text/xml; charset=utf-8", "utf-8"),
        ('text/xml;CHARSET="EUC-JP"; x=y', "EUC-JP"),
        ("text/xml; charset = latin1 ", "latin1"),
        ("text/xml; xcharset=a; charset=b", "b"),
        ("", ""),
        (";;;=", ""),
    ],
)
def test_the_charset_parameter_of_a_content_type(content_type: str, charset: str) -> None:
    assert form.charset(content_type) == charset


@settings(max_examples=150)
@given(st.binary(max_size=200), st.text(max_size=20))
def test_any_bytes_become_clean_text_or_are_declined(body: bytes, declared: str) -> None:
    try:
        found = form.fields(body)
    except Declined:
        return
    for value in found.values():
        text = form.text(value, declared)
        assert text == form.clean(text)
        text.encode()


@settings(max_examples=50)
@given(st.dictionaries(st.text("abcxyz[]", min_size=1), st.binary(max_size=30), max_size=5))
def test_what_is_encoded_is_read_back(told: dict[str, bytes]) -> None:
    body = "&".join(f"{name}={quote_from_bytes(value)}" for name, value in told.items())
    assert form.fields(body.encode()) == told or not told
