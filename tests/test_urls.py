"""URLs, read strictly, and their normal forms: what two programs could read in two ways is no URL here."""

from __future__ import annotations

import httpcore
import httpx
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from linkback import urls
from linkback.urls import BadUrl, Url, parse, resolve

ALREADY_NORMAL = [
    "http://example.com/",
    "https://example.com/a/b.html?c=d&e#f",
    "https://example.com:8443/",
    "http://example.com:443/",
    "http://1.2.3.4/",
    "http://[2001:db8::1]:8080/x",
    "https://xn--bcher-kva.example/",
    "https://a_b.example/%E6%97%A5?x=[1]&y=(2)#/route?z",
    "https://example.com//a//b/c;p=1",
    "http://localhost/",
]


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        ("/a/./b/../c", "/a/c"),
        ("/a/b/..", "/a/"),
        ("/a/.", "/a/"),
        ("/..", "/"),
        ("/../../a", "/a"),
        ("/a/%2e%2E/b", "/b"),
        ("/a/.%2e/%2e/b/", "/b/"),
        ("/.well-known/a..b/...", "/.well-known/a..b/..."),
        ("//a//../b", "//a/b"),
    ],
)
def test_dot_segments_are_resolved_so_that_what_is_compared_is_what_is_visited(sent: str, read: str) -> None:
    assert parse(f"https://example.com{sent}?x=/../y").request_target == f"{read}?x=/../y"


@pytest.mark.parametrize("text", ALREADY_NORMAL)
def test_a_usual_url_is_written_as_it_was_read(text: str) -> None:
    assert str(parse(text)) == text


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("HTTP://EXAMPLE.com", "http://example.com/"),
        ("https://example.com:443/x", "https://example.com/x"),
        ("http://example.com:80", "http://example.com/"),
        ("http://example.com:0080/", "http://example.com/"),
        ("http://example.com:/", "http://example.com/"),
        ("http://example.com./", "http://example.com/"),
        ("http://1.2.3.4./", "http://1.2.3.4/"),
        ("https://example.com?x", "https://example.com/?x"),
        ("https://example.com/?#", "https://example.com/"),
        ("https://bücher.example/größe?q=ß#ü", "https://xn--bcher-kva.example/gr%C3%B6%C3%9Fe?q=%C3%9F#%C3%BC"),
        ("https://BÜCHER.example/", "https://xn--bcher-kva.example/"),
        ("https://例え。テスト/", "https://xn--r8jz45g.xn--zckzah/"),
        ("https://straße.example/", "https://xn--strae-oqa.example/"),
        ("https://ⓔⓧⓐⓜⓟⓛⓔ.com/", "https://example.com/"),
        ("https://exa\u00admple.com/", "https://example.com/"),
        ("https://\u212aelvin.example/", "https://kelvin.example/"),
        ("http://[2001:DB8:0::0001]/", "http://[2001:db8::1]/"),
        ("https://example.com/a|b^{c}`", "https://example.com/a%7Cb%5E%7Bc%7D%60"),
        ("https://example.com/100%", "https://example.com/100%"),
        # digits of other scripts are digits to every resolver; the address is checked as such when it is dialled
        ("http://１２７.0.0.1/", "http://127.0.0.1/"),
        ("http://①②⑦.0.0.1/", "http://127.0.0.1/"),
        ("http://127。0。0。1/", "http://127.0.0.1/"),
    ],
)
def test_a_url_is_read_in_its_canonical_form(text: str, read: str) -> None:
    assert str(parse(text)) == read
    assert parse(read) == parse(text)


BAD = [
    # no http(s) URL
    "", " ", "example.com", "//example.com/", "/path", "?x", "#x", "http", "http:", "http:/", "http://", "http:///path",
    "http:example.com", "https:/example.com", "ftp://example.com/", "file:///etc/passwd", "gopher://example.com/",
    "javascript:alert(1)", "javascript://example.com/%0aalert(1)", "data:text/html,x", "mailto:a@example.com",
    "blob:https://example.com/x", "htt\u017f://example.com/", "view-source:http://example.com/",
    "jwoijgoisdjlskjegisvjowuehjtkx",  # webmention.rocks, receiver test 2
    # white space, control characters, brackets, backslashes
    " http://example.com/", "http://example.com/ ", "http://exa mple.com/", "http://example.com/a b",
    "http://exa\tmple.com/", "http://example.com/\n", "ht\ntp://example.com/", "http://example.com/\x00",
    "http://example.com/\x7f", "http://example.com/\ud800", "http://example.com/<b>", 'http://example.com/"',
    "http:\\\\example.com/", "http://example.com\\@evil.example/", "http://127.1.1.1:80\\@127.2.2.2:80/",
    "http://1.1.1.1 &@2.2.2.2# @3.3.3.3/", "http://127.1.1.1:80\\@@127.2.2.2:80/", "http://127.1.1.1:80#\\@127.2.2.2:80/",
    # user names and passwords
    "http://user@example.com/", "http://user:secret@example.com/", "http://@example.com/", "http://a@b@c.example/",
    "http://good.example@evil.example/", "http://good.example:80@evil.example/", "http://good.example%40@evil.example/",
    # ports
    "http://example.com:0/", "http://example.com:65536/", "http://example.com:99999999999999999999/",
    "http://example.com:-1/", "http://example.com:+80/", "http://example.com:8_0/", "http://example.com:80a/",
    "http://example.com:80:80/", "http://example.com:８０/", "http://localhost:+11211aaa/", "http://[::1]:x/",
    # numbers that are no address, or one in disguise
    "http://2130706433/", "http://0/", "http://127.1/", "http://127.0.1/", "http://0x7f000001/", "http://0x7f.1/",
    "http://0x7f.0.0.0x1/", "http://0177.0.0.1/", "http://017700000001/", "http://127.0.0.01/", "http://1.2.3.4.5/",
    "http://256.0.0.1/", "http://1.2.3/", "http://1.2.3.08/", "http://example.0x/", "http://example.0x7f/",
    "http://foo.1/", "http://127.0.0.1../", "http://1.2.3.4.5./", "http://４２９４９６７２９６/", "http://0x/",
    # hosts that are no names
    "http://./", "http://../", "http://.example.com/", "http://example..com/", "http://example.com../",
    "http://-a.com/",
    "http://a-.com/", "http://exa%6dple.com/", "http://example.com%00.evil.example/", "http://%31%32%37.0.0.1/",
    "http://example.com%2f.evil.example/", "http://a,b/", "http://a;b/", "http://a=b/", "http://*.example.com/",
    "http://exa$mple.com/", "http://example.com&evil.example/", f"http://{'a' * 64}.example/",
    f"http://{'.'.join(['a' * 60] * 5)}/", "http://☃\u200e.example/", "http://\u00ad/", "http://℀.example/",
    "http://a／b.example/", "http://a？b.example/", "http://a＃b.example/", "http://a＠b.example/", "http://a：80/",
    # IPv6
    "http://[::1/", "http://::1/", "http://[]/", "http://[::1%eth0]/", "http://[fe80::1%25eth0]/", "http://[::1%]/",
    "http://[::1%25]/", "http://[v1.x]/", "http://[1.2.3.4]/", "http://[::1]evil.example/",
    "http://[::1].evil.example/",
    "http://evil.example[::1]/", "http://[[::1]]/", "http://[::g]/", "http://[1:2:3:4:5:6:7:8:9]/", "http://[::１]/",
    "http://[::1]:65536/", "http://[::256.0.0.1]/",
    # too long: as sent, and once what is beyond ASCII is escaped
    "http://example.com/" + "a" * 2048, "http://example.com/" + "日" * 250,
]  # fmt: skip


@pytest.mark.parametrize("text", BAD)
def test_what_could_be_read_in_two_ways_is_no_url(text: str) -> None:
    with pytest.raises(BadUrl) as bad:
        parse(text)
    assert str(bad.value).startswith(("it ", "its ", "port "))


def test_the_longest_url_is_read() -> None:
    assert len(str(parse("http://example.com/".ljust(urls.LONGEST, "a")))) == urls.LONGEST


def test_the_parts_of_a_url_for_a_request() -> None:
    url = parse("https://[2001:db8::1]:8443?a=b#c")
    assert url == Url("https", "2001:db8::1", 8443, "/", "a=b", "c")
    assert (url.authority, url.request_target) == ("[2001:db8::1]:8443", "/?a=b")


# References, as a browser reads them

PAGE = "https://blog.example/2026/post.html?draft=1#top"


@pytest.mark.parametrize(
    ("reference", "url"),
    [
        ("https://example.com/a", "https://example.com/a"),
        ("HTTPS://example.com", "https://example.com/"),
        ("//example.com/a", "https://example.com/a"),
        ("/a", "https://blog.example/a"),
        ("a", "https://blog.example/2026/a"),
        ("./a", "https://blog.example/2026/a"),
        ("../a", "https://blog.example/a"),
        ("../../../a", "https://blog.example/a"),
        ("?q", "https://blog.example/2026/post.html?q"),
        ("#f", "https://blog.example/2026/post.html?draft=1#f"),
        ("", "https://blog.example/2026/post.html?draft=1"),
        (" \t\n\x00\x1f/a\x00 \r", "https://blog.example/a"),
        ("ht\ntps://exam\tple.com/\r\na", "https://example.com/a"),
        ("/a b", "https://blog.example/a%20b"),
        ("/größe", "https://blog.example/gr%C3%B6%C3%9Fe"),
        ("/a;b=c?d;e", "https://blog.example/a;b=c?d;e"),
        ("a:b/c", None),
        ("//example.com:8443", "https://example.com:8443/"),
        ("javascript:alert(1)", None),
        (" java\nscript:alert(1)", None),
        ("\x01javascript:alert(1)", None),
        ("data:text/html,x", None),
        ("mailto:a@example.com", None),
        ("tel:+123", None),
        ("https://", None),
        ("https:///example.com", None),
        ("HTTP://?x", None),
        ("//", None),
        ("///example.com", None),
        ("//[", None),
        ("//user@example.com/", None),
        ("\\\\example.com/", None),
        ("/a\\b", None),
        ("https://exa mple.com/", None),
        ("/a\x00b", None),
        ("/\ud800", None),
        ("/" + "a" * 2048, None),
    ],
)
def test_a_reference_is_resolved_as_a_browser_does_or_refused(reference: str, url: str | None) -> None:
    if url is None:
        with pytest.raises(BadUrl):
            resolve(PAGE, reference)
    else:
        assert str(resolve(PAGE, reference)) == url


def test_a_very_long_reference_is_refused_before_it_is_read() -> None:
    with pytest.raises(BadUrl):
        resolve(PAGE, "data:image/png;base64," + "A" * 1_000_000)


# Normal forms


@pytest.mark.parametrize(
    "text",
    [
        "https://example.com/page",
        "http://example.com/page",
        "https://www.example.com/page",
        "https://EXAMPLE.com:443/page/",
        "http://example.com:80/page//",
        "https://example.com/page#part",
        "https://example.com/%70%61ge",
        "https://example.com/./a/../page",
        "https://example.com/a/%2e%2E/page/.",
        "https://example.com./page?",
    ],
)
def test_the_addresses_of_one_page_have_one_key(text: str) -> None:
    assert urls.page_key(parse(text)) == "example.com/page"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://example.com/%e6%97%a5", "https://example.com/日"),
        ("https://example.com/?q=%7euser%2f", "https://example.com?q=~user%2F"),
        ("https://example.com", "http://www.example.com/"),
        ("https://example.com/..", "https://example.com/"),
        ("https://bücher.example/", "http://xn--bcher-kva.example"),
    ],
)
def test_two_writings_of_one_address_have_one_key(one: str, other: str) -> None:
    assert urls.page_key(parse(one)) == urls.page_key(parse(other))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://example.com/a", "https://example.com/A"),
        ("https://example.com/a", "https://example.com/a/b"),
        ("https://example.com/a", "https://example.com/a?b"),
        ("https://example.com/a?b=1", "https://example.com/a?b=2"),
        ("https://example.com/a", "https://example.com:8443/a"),
        ("https://example.com/a", "https://blog.example.com/a"),
        ("https://example.com/a%2Fb", "https://example.com/a/b"),
        ("https://example.com/a", "https://example.com.evil.example/a"),
        ("https://example.com/%2541", "https://example.com/%41"),
    ],
)
def test_two_pages_have_two_keys(one: str, other: str) -> None:
    assert urls.page_key(parse(one)) != urls.page_key(parse(other))


@pytest.mark.parametrize(
    ("link", "target", "same"),
    [
        ("https://example.com/a?utm_source=x&UTM_Medium=y", "https://example.com/a", True),
        ("https://example.com/a?fbclid=x&p=1", "https://example.com/a?p=1", True),
        ("https://example.com/a?p=1&gclid=2&q=3", "https://example.com/a?p=1&q=3", True),
        ("https://example.com/a?utm_source=x", "https://example.com/a?utm_source=x", True),
        ("https://example.com/a", "https://example.com/a?utm_source=x", False),
        ("https://example.com/a?p=2", "https://example.com/a", False),
        ("https://example.com/a?xutm_source=2", "https://example.com/a", False),
        ("https://example.com/a?ref_src_=2", "https://example.com/a", False),
        ("http://www.example.com/a/#x", "https://example.com/a", True),
    ],
)
def test_tracking_parameters_are_forgiven_on_the_link_alone(link: str, target: str, *, same: bool) -> None:
    assert urls.same_page(parse(link), parse(target)) is same


# For any text

ODD = st.sampled_from(
    ["http://", "https://", "HTTP:", "//", "/", "\\", "@", ":", "?", "#", "[", "]", "%", "%00", "%2e", ".", "..",
     "-", "_",
     "a", "www.", "example.com", "xn--", "xn--bcher-kva", "127.0.0.1", "0x7f", "::1", "80", "443", "65536", "ß",
     "日", "。",
     "①", "\u200d", "\u00ad", "\u0130", "\t", " ", "\n", "\0", "\ud800", ";", "&", "=", "utm_x", "+", "*", "~", "🙂",
     "Ａ", "％"]
)  # fmt: skip
TEXT = st.one_of(
    st.lists(ODD, max_size=10).map("".join),
    st.lists(ODD, max_size=8).map(lambda odd: "http://" + "".join(odd)),
    st.text(st.characters(), max_size=40),
)


@settings(deadline=None, max_examples=400)
@given(TEXT)
def test_any_text_is_a_url_that_reads_back_as_itself_or_bad(text: str) -> None:
    try:
        url = parse(text)
    except BadUrl:
        return
    assert parse(str(url)) == url
    assert str(url).isascii()
    key = urls.page_key(url)
    assert urls.page_key(parse(str(url))) == key
    assert urls.same_page(url, url)


@settings(deadline=None, max_examples=300)
@given(TEXT)
def test_a_url_means_the_same_to_the_http_client(text: str) -> None:
    try:
        url = parse(text)
    except BadUrl:
        return
    theirs = httpx.URL(str(url))
    assert theirs.raw_host.decode() == url.host
    assert (theirs.scheme, theirs.port) == (url.scheme, url.port)
    assert not theirs.userinfo
    beneath = httpcore.URL(str(url))
    assert (beneath.host.decode(), beneath.port) == (url.host, url.port)
    assert beneath.target.decode() == url.request_target


@settings(deadline=None, max_examples=300)
@given(TEXT)
def test_any_reference_is_a_url_or_bad(reference: str) -> None:
    try:
        url = resolve(PAGE, reference)
    except BadUrl:
        return
    assert parse(str(url)) == url


@settings(deadline=None, max_examples=100)
@given(st.text("/.%2eEaA?&=utm_x~", max_size=20))
def test_a_page_s_key_does_not_depend_on_how_its_url_is_escaped(path: str) -> None:
    assume("%" not in path)
    url = parse(f"https://example.com/{path}")
    escaped = "".join(f"%{ord(character):02x}" if character in "aA.~_" else character for character in path)
    assert urls.page_key(parse(f"http://www.example.com/{escaped}")) == urls.page_key(url)
