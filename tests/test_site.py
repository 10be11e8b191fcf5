"""The owner's sites: what their list may say, and which URLs are theirs."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linkback import urls
from linkback.site import Sites


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("example.com", ("example.com",)),
        ("example.com,other.example", ("example.com", "other.example")),
        ("  example.com ,\n other.example  ", ("example.com", "other.example")),
        ("example.com other.example", ("example.com", "other.example")),
        ("www.example.com, EXAMPLE.com, example.com.", ("example.com",)),
        ("127.0.0.1:8788", ("127.0.0.1:8788",)),
        ("bücher.example", ("xn--bcher-kva.example",)),
        ("localhost:8788,localhost:8789", ("localhost:8788", "localhost:8789")),
    ],
)
def test_a_list_of_hosts_is_read_in_the_owner_s_order(text: str, names: tuple[str, ...]) -> None:
    assert Sites.parse(text).names == names


@pytest.mark.parametrize("text", ["", " ", ",", " , ,"])
def test_an_empty_list_says_what_to_give(text: str) -> None:
    with pytest.raises(ValueError, match=r"^Sites is empty: give the host of at least one site, such as example\.com$"):
        Sites.parse(text)


@pytest.mark.parametrize(
    "word",
    ["https://example.com", "https://example.com/", "example.com/blog", "example.com/", "example.com?x",
     "example.com#x",
     "user@example.com", "example.com:0", "example.com:x", "-", "a..b", "*.example.com", "2130706433", "[::1", "<b>"],
)  # fmt: skip
def test_a_wrong_entry_is_named_in_a_sentence(word: str) -> None:
    with pytest.raises(ValueError, match=r"^Sites has ") as wrong:
        Sites.parse(f"good.example, {word}")
    assert repr(word) in str(wrong.value)
    assert "example.com" in str(wrong.value)


@pytest.mark.parametrize(
    ("url", "site"),
    [
        ("https://example.com/a", "example.com"),
        ("http://www.example.com/a", "example.com"),
        ("https://example.com:8443/", "example.com"),
        ("https://blog.example.com/", None),
        ("https://notexample.com/", None),
        ("https://example.com.evil.example/", None),
        ("https://evil.example/example.com", None),
        ("https://other.example:8443/", "other.example:8443"),
        ("https://www.other.example:8443/", "other.example:8443"),
        ("https://other.example/", None),
        ("http://plain.example/", "plain.example:80"),
        ("https://plain.example/", None),
        ("https://bücher.example/", "xn--bcher-kva.example"),
    ],
)
def test_a_url_belongs_to_the_site_of_its_host(url: str, site: str | None) -> None:
    sites = Sites.parse("example.com, other.example:8443, plain.example:80, bücher.example")
    assert sites.of(urls.parse(url)) == site


def test_a_site_with_a_port_is_found_before_the_host_alone() -> None:
    sites = Sites.parse("example.com, example.com:8443")
    assert sites.of(urls.parse("https://example.com:8443/")) == "example.com:8443"
    assert sites.of(urls.parse("https://example.com/")) == "example.com"


@settings(max_examples=100)
@given(st.text(st.characters(), max_size=30))
def test_any_text_is_a_list_of_sites_or_a_sentence(text: str) -> None:
    try:
        sites = Sites.parse(text)
    except ValueError as wrong:
        assert str(wrong).startswith("Sites ")  # noqa: PT017 - a value or this refusal
    else:
        assert Sites.parse(",".join(sites.names)) == sites


@pytest.mark.parametrize(
    "sites", ["example.com", "example.com:8443", "127.0.0.1:8788", "[::1]:8788", "[::1]", "a.example"]
)
@pytest.mark.parametrize(
    "url",
    [
        *("https://example.com/", "http://www.example.com/x?y", "https://example.com:8443/x", "http://example.com?q"),
        *(
            "http://127.0.0.1:8788/x",
            "http://[::1]:8788/x:1",
            "http://[::1]/",
            "http://127.0.0.1/",
            "https://b.example",
        ),
    ],
)
def test_a_page_is_of_the_site_that_its_address_is_of(sites: str, url: str) -> None:
    known, read = Sites.parse(sites), urls.parse(url)
    assert known.of_page(urls.page_key(read)) == known.of(read)
