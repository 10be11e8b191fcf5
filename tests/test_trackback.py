"""TrackBack 1.2: the ping, its charsets, its two answers, and the page that a ping URL belongs to."""

from __future__ import annotations

import re
from urllib.parse import quote, urlencode
from xml.etree import ElementTree as ET  # it reads what we wrote ourselves

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linkback import form, trackback
from linkback.dialect import Request
from linkback.ping import Declined, Ping, Protocol, Reason, TryLater
from wire import BASE, FORM, NOW, captured, post

SOURCE = "https://old-blog.example/post"
DOOR = "/trackback/example.com/page"


def read(body: bytes | str, path: str = DOOR, content_type: str = FORM) -> Ping:
    return trackback.read(post(path, body, content_type), NOW)


def encoded(fields: dict[str, str], codec: str) -> str:
    return "&".join(f"{name}={quote(value.encode(codec))}" for name, value in fields.items())


# Captured bytes


def test_a_captured_ping_of_wordpress_is_read() -> None:
    ping = trackback.read(captured("wordpress-6.1.9/trackback-1-POST.http"), NOW)
    assert ping.source == ("http://127.0.0.2:8081/2026/11/trackback-to-the-stub-naive-cafe-%e6%97%a5%e6%9c%ac/")
    assert ping.claimed == {
        "title": "Trackback to the stub – naïve café 日本",
        "blog_name": "WP wp",
        "excerpt": "Some words before a page worth reading and some words after it, naïve café.",
    }


def test_a_captured_ping_of_node_trackback_is_read() -> None:
    ping = trackback.read(captured("node-trackback/001-POST-trackback_1.bin"), NOW)
    assert ping.source == ("http://127.0.0.9:9926/source?title=Src&target=http%3A%2F%2F127.0.0.1%3A9926%2Fpost-both")
    assert ping.claimed == {
        "title": "A title – naïve",
        "excerpt": "An excerpt & more",
        "blog_name": "Node blog",
    }


# The ping


def test_the_ping_has_the_address_and_three_claims() -> None:
    told = {"url": SOURCE, "title": "Title", "excerpt": "Words", "blog_name": "Blog", "charset": "utf-8", "more": "x"}
    ping = read(urlencode(told))
    assert ping == Ping(
        SOURCE,
        "https://example.com/page",
        Protocol.TRACKBACK,
        NOW,
        {"title": "Title", "excerpt": "Words", "blog_name": "Blog"},
    )


def test_url_alone_is_required() -> None:
    assert read(f"url={SOURCE}").claimed == {}


@pytest.mark.parametrize("body", ["", "title=x", "url=", "url=%20%00", "URL=https://a.example/", "garbage", "<xml/>"])
def test_without_url_the_server_must_respond_with_an_error(body: str) -> None:
    with pytest.raises(Declined) as refusal:
        read(body)
    assert refusal.value.reason is Reason.MALFORMED
    answer = trackback.decline(post(DOOR, body), refusal.value)
    assert ET.fromstring(answer.body.encode()).findtext("error") == "1"


def test_a_long_claim_is_cropped_between_characters() -> None:
    ping = read(urlencode({"url": SOURCE, "excerpt": "é🙂" * 1000, "title": "日" * 501}))
    assert ping.claimed["excerpt"] == "é🙂" * (trackback.LONGEST_CLAIM // 2)
    assert len(ping.claimed["title"]) == trackback.LONGEST_CLAIM


# Charsets

PROSE = {
    "utf-8": {"title": "日本語", "excerpt": "この記事はとても面白い。", "blog_name": "日記"},
    "euc-jp": {"title": "日本語", "excerpt": "この記事はとても面白い。", "blog_name": "日記"},
    "shift_jis": {"title": "日本語", "excerpt": "昨日、カレーを食べました。", "blog_name": "日記"},
    "iso-2022-jp": {"title": "日本語", "excerpt": "昨日、カレーを食べました。", "blog_name": "日記"},
    "windows-1252": {"title": "Größe „für“ alle", "excerpt": "Ça coûte 5 €… déjà vu", "blog_name": "Œuvre"},
}


@pytest.mark.parametrize("charset", PROSE)
def test_prose_is_read_in_the_charset_of_the_header(charset: str) -> None:
    body = encoded(PROSE[charset] | {"url": SOURCE}, charset)
    assert read(body, content_type=f"{FORM}; charset={charset.upper()}").claimed == PROSE[charset]


@pytest.mark.parametrize("charset", PROSE)
def test_prose_is_read_in_the_charset_of_the_field(charset: str) -> None:
    body = encoded(PROSE[charset] | {"url": SOURCE, "charset": charset}, charset)
    assert read(body).claimed == PROSE[charset]


@pytest.mark.parametrize("charset", PROSE)
def test_prose_without_a_charset_is_read_even_where_one_field_has_kanji_alone(charset: str) -> None:
    assert read(encoded(PROSE[charset] | {"url": SOURCE}, charset)).claimed == PROSE[charset]


def test_the_header_is_stronger_than_the_field() -> None:
    body = encoded({"url": SOURCE, "title": "東京", "charset": "windows-1252"}, "euc-jp")
    assert read(body, content_type=f"{FORM}; charset=euc-jp").claimed["title"] == "東京"


@pytest.mark.parametrize("charset", ["utf-7", "unicode_escape", "zlib", "rot13", "idna", "punycode", "hex", "euc-jp,x"])
def test_a_charset_outside_the_list_never_reaches_a_decoder(charset: str) -> None:
    body = urlencode({"url": SOURCE, "title": "+ADw-script+AD4- \\u003c xn--a", "charset": charset})
    ping = read(body, content_type=f"{FORM}; charset={charset}")
    assert ping.claimed["title"] == "+ADw-script+AD4- \\u003c xn--a"


# The page that a ping URL belongs to


@pytest.mark.parametrize(
    ("path", "target"),
    [
        ("/trackback/example.com", "https://example.com"),
        ("/trackback/example.com/", "https://example.com/"),
        ("/trackback/example.com/a/b.html", "https://example.com/a/b.html"),
        ("/trackback/example.com/a/?p=1&q=2", "https://example.com/a/?p=1&q=2"),
        ("/trackback/example.com/search?target=x&q=a?b", "https://example.com/search?target=x&q=a?b"),
        ("/trackback/127.0.0.1:8788/post/", "http://127.0.0.1:8788/post/"),
        ("/trackback/127.0.0.1%3A8788/post/", "http://127.0.0.1:8788/post/"),
        ("/trackback/example.com/%E6%97%A5%20x%3Fy", "https://example.com/%E6%97%A5%20x%3Fy"),
        ("/trackback/example.com/日本 x#y", "https://example.com/%E6%97%A5%E6%9C%AC%20x%23y"),
        ("/trackback/b%C3%BCcher.example/x", "https://bücher.example/x"),
        ("/trackback?target=https%3A%2F%2Fexample.com%2Fa%3Fb%3Dc%26d", "https://example.com/a?b=c&d"),
        ("/trackback/?target=https://example.com/a&x=y", "https://example.com/a"),
        ("/webmention?target=https://example.com/a", "https://example.com/a"),
        ("/xmlrpc/trackback/evil.example?target=https://example.com/a", "https://example.com/a"),
    ],
)
def test_the_target_stands_in_the_path_or_in_the_query(path: str, target: str) -> None:
    assert trackback.target_of(post(path, "")) == target


@pytest.mark.parametrize("path", ["/trackback", "/trackback/", "/trackback//example.com/x", "/trackback?target=", "/"])
def test_a_ping_url_without_a_page_is_declined(path: str) -> None:
    with pytest.raises(Declined):
        read(f"url={SOURCE}", path.removesuffix("/") or "/trackback")


# The two answers


def test_success_is_error_0_in_the_specification_s_own_bytes() -> None:
    ping = read(f"url={SOURCE}")
    for again in (False, True):
        answer = trackback.accept(post(DOOR, ""), ping, again=again)
        assert answer.status == 200
        assert answer.headers["content-type"] == "text/xml; charset=utf-8"
        root = ET.fromstring(answer.body.encode())
        assert (root.tag, [(child.tag, child.text) for child in root]) == ("response", [("error", "0")])


def test_every_reason_has_a_message() -> None:
    assert set(trackback.MESSAGES) == set(Reason)


@pytest.mark.parametrize("kind", [Declined, TryLater])
@pytest.mark.parametrize("reason", Reason)
def test_pear_and_an_xml_parser_read_every_refusal(reason: Reason, kind: type[Declined | TryLater]) -> None:
    answer = trackback.decline(post(DOOR, "url=<script>"), kind(reason, "caller's <b>text"))
    assert (answer.status, answer.headers["content-type"]) == (200, "text/xml; charset=utf-8")
    error, message = re.search("<error>([0-9]+)</error>", answer.body), re.search("<message>([^<]+)</mes", answer.body)
    assert error
    assert message
    assert (error[1], message[1]) == ("1", trackback.MESSAGES[reason])
    assert ET.fromstring(answer.body.encode()).findtext("message") == trackback.MESSAGES[reason]
    assert not {"<", ">", "&"} & set(message[1])
    assert "caller" not in answer.body
    assert "retry-after" not in answer.headers


TEXT = st.text(st.characters(), max_size=30)  # half surrogates, too


@settings(max_examples=200)
@given(st.binary(max_size=80), TEXT, TEXT, TEXT)
def test_any_request_is_a_ping_or_declined(fields: bytes, path: str, query: str, charset: str) -> None:
    headers = {"content-type": f"{FORM}; charset={charset}"}
    request = Request("POST", "/trackback/" + path, query, headers, b"url=x&" + fields, BASE)
    try:
        ping = trackback.read(request, NOW)
    except Declined:
        return
    assert ping.source == "x"
    assert all(claim == form.clean(claim) or len(claim) == 500 for claim in ping.claimed.values())
