"""One page, one thread: what redirects to a page or names it as its canonical address is an alias of it."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from internet import serving
from linkback import urls, web
from linkback.alias import declare
from linkback.ping import Ping, Protocol
from linkback.policy import Moderation, Policy, SelfMentions
from linkback.rules import Action, Kind, Rule
from linkback.site import Sites
from linkback.target import NO_PAGE, canonical
from linkback.visit import Visitor
from linkback.web import Answer
from linkback_cli import permits

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conftest import Bridge
    from internet import Web
    from linkback.table import Table


@pytest.fixture
def blog() -> Iterator[Web]:
    """Somebody else's pages."""
    with serving() as web:
        yield web


@pytest.fixture
def site(internet: Web, make_bridge: Callable[..., Bridge]) -> Bridge:
    """A bridge whose one site is the loopback server `internet`."""
    return make_bridge(SITES=internet.origin.removeprefix("http://"), SELF_MENTIONS="allow")


def mention(site: Bridge, blog: Web, name: str, target: str) -> str:
    """A page of this name links to the target and tells of it; its fate."""
    fate = site.fate(blog.put(f"/{name}", f'<p>See <a href="{target}">this</a>.</p>'), target)
    return str(fate["status"])


def names(site: Bridge, target: str) -> list[str]:
    """The pages that are in the feed of this target."""
    return [child["wm-source"].rpartition("/")[2] for child in site.children(f"?target={quote(target, safe='')}")]


def test_all_addresses_that_redirect_to_a_page_have_its_thread(site: Bridge, internet: Web, blog: Web) -> None:
    post = internet.put("/post/", "<title>The post</title>")
    old = internet.put("/2019/post.html", "", 301, location="/post/")
    short = internet.put("/p1", "", 308, location="/2019/post.html")
    for name, target in (("one", post), ("two", old), ("three", short)):
        assert mention(site, blog, name, target) == "published"
    for target in (post, old, short, f"{post}#part", post.removesuffix("/"), old.replace("http:", "https:")):
        assert names(site, target) == ["three", "two", "one"], target
        count = site.json(f"/api/count?target={quote(target, safe='')}")["count"]
        assert count == 3
    told = {child["wm-source"].rpartition("/")[2]: child["wm-target"] for child in site.children()}
    assert told == {"one": post, "two": old, "three": short}  # as they were sent
    assert {child["wm-page"] for child in site.children()} == {urls.page_key(urls.parse(post))}


@pytest.mark.parametrize(
    ("page", "headers"),
    [
        ('<link rel="canonical" href="/post">', {}),
        ("<head><LINK href='/post/' rel='alternate Canonical'><body>", {}),
        ("no markup", {"link": '</css>; rel=preload, </post>; rel="canonical"'}),
        ("no markup", {"link": '</css>; rel=preload; as=canonical, </post>; title="a, b"; rel=canonical'}),
        ("<base href=/><link rel=canonical href=post>", {}),
    ],
)
def test_a_page_that_names_another_as_its_address_is_in_its_thread(
    site: Bridge, internet: Web, blog: Web, page: str, headers: dict[str, str]
) -> None:
    post = internet.put("/post", "<title>The post</title>")
    print_view = internet.put("/post/print?v=2", page, 200, **headers)
    mention(site, blog, "one", print_view)
    mention(site, blog, "two", post)
    assert names(site, post) == names(site, print_view) == ["two", "one"]


def test_the_same_source_told_at_two_addresses_of_a_page_is_one_mention(site: Bridge, internet: Web, blog: Web) -> None:
    post = internet.put("/post", "<title>The post</title>")
    old = internet.put("/old", "", 301, location="/post")
    source = blog.put("/both", f'<a href="{post}">new</a> <a href="{old}">old</a>')
    for target in (old, post, old):
        assert site.fate(source, target)["status"] == "published"
    assert names(site, post) == ["both"]


def test_a_source_that_mended_its_link_is_still_a_mention_when_the_old_is_told(
    site: Bridge, internet: Web, blog: Web
) -> None:
    post = internet.put("/post", "<title>The post</title>")
    old = internet.put("/old", "", 301, location="/post")
    source = blog.put("/page", f'<a href="{old}">old</a>')
    site.fate(source, old)
    blog.put("/page", f'<a href="{post}">new</a>')
    assert site.fate(source, old)["status"] == "published"
    blog.put("/page", "<p>nothing any more</p>")
    assert site.fate(source, old)["status"] == "hidden"
    assert names(site, post) == []


def catch_all(web: Web, path: str, body: str, status: int = 200, **headers: str) -> str:
    """A page of a site that answers so for what it does not have, too."""
    web.put(f"/{NO_PAGE}", body, status, **headers)
    return web.put(path, body, status, **headers)


@pytest.mark.parametrize(
    "put",
    [
        lambda web: web.put("/page", "", 301, location="/"),
        lambda web: web.put("/page", "", 302, location="/other"),
        lambda web: web.put("/page", "", 307, location="/other"),
        lambda web: (
            web.put("/other", "<link rel=canonical href=/other>"),
            web.put("/page", "", 302, location="/other"),
        )[1],
        lambda web: web.put("/page", "x", 200, link='</other>; rel="not-canonical"'),
        lambda web: catch_all(web, "/page", "", 301, location="/other"),
        lambda web: catch_all(web, "/page", "<link rel=canonical href=/other>"),
        lambda web: web.put("/page", "<link rel=canonical href=/>"),
        lambda web: web.put("/page", "<link rel=canonical href=https://elsewhere.example/page>"),
        lambda web: web.put("/page", "<link rel=canonical href='javascript:x'>"),
        lambda web: web.put("/page", "<body><link rel=canonical href=/other>"),
        lambda web: web.put("/page", "", 301, location="https://elsewhere.example/page"),
        lambda web: web.put("/page", "", 301, location="/page"),
        lambda web: web.put("/page", "", 503),
    ],
)
def test_what_says_nothing_of_another_page_of_the_site_makes_no_alias(
    site: Bridge, internet: Web, blog: Web, put: Callable[[Web], str]
) -> None:
    internet.put("/", "<title>Front page</title>")
    internet.put("/other", "<title>Another</title>")
    page = put(internet)
    assert mention(site, blog, "one", page) == "published"
    mention(site, blog, "two", f"{internet.origin}/other")
    assert names(site, page) == ["one"]
    assert names(site, internet.origin) == []


def test_two_pages_that_point_at_each_other_are_one_thread(site: Bridge, internet: Web, blog: Web) -> None:
    one = internet.put("/one", "<link rel=canonical href=/two>")
    two = internet.put("/two", "<link rel=canonical href=/one>")
    mention(site, blog, "a", one)
    mention(site, blog, "b", two)
    assert names(site, one) == names(site, two) == ["b", "a"]


def test_a_page_that_moved_between_two_sites_of_the_owner_goes_with_its_site(
    internet: Web, blog: Web, make_bridge: Callable[..., Bridge]
) -> None:
    with serving() as new_site:
        hosts = [web.origin.removeprefix("http://") for web in (internet, new_site)]
        site = make_bridge(SITES=",".join(hosts), SELF_MENTIONS="allow")
        new = new_site.put("/post", "<title>The post</title>")
        old = internet.put("/post", "", 301, location=new)
        tag = dict(site.get(f"/api/mentions.jf2?target={quote(new, safe='')}").headers)["etag"]
        mention(site, blog, "one", old)
        assert names(site, old) == names(site, new) == ["one"]
        assert [len(site.children(f"?domain={host}")) for host in hosts] == [0, 1]
        again = site.get(f"/api/mentions.jf2?target={quote(new, safe='')}", if_none_match=tag)
        assert again.status == 200


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_the_longest_address_is_a_page_as_any_other(bridge: Bridge, blog: Web, scheme: str) -> None:
    target = f"{scheme}://example.com/".ljust(2048, "x")
    fate = bridge.fate(blog.put("/page", f'<a href="{target}">this</a>'), target)
    assert fate["status"] == "published"
    assert len(bridge.children(f"?target={target}")) == 1


def test_no_redirect_of_a_target_leads_out_of_the_owners_sites(site: Bridge, internet: Web, blog: Web) -> None:
    away = blog.put("/away", "<title>Not his</title>")
    old = internet.put("/old", "", 301, location=away)
    assert mention(site, blog, "one", old) == "published"
    assert [path for _, path, _ in blog.asked] == ["/one"]
    assert names(site, old) == ["one"]


def test_what_a_site_is_asked_it_is_asked_once(site: Bridge, internet: Web, blog: Web) -> None:
    internet.put("/post", "<title>The post</title>")
    old = internet.put("/old", "", 301, location="/post")
    for number in range(4):
        mention(site, blog, str(number), old)
    assert [path for _, path, _ in internet.asked] == ["/old", "/post", f"/{NO_PAGE}"]


def test_what_was_mentioned_before_its_site_answered_learns_nothing_more(
    site: Bridge, internet: Web, blog: Web, dynamodb: Any, table_name: str
) -> None:
    """What stands already would have to move: that is the owner's to say."""
    internet.put("/post", "<title>The post</title>")
    old = internet.put("/old", "", 500)
    mention(site, blog, "one", old)
    key = {"pk": {"S": f"PAGE#{old.removeprefix('http://')}"}, "sk": {"S": "PAGE"}}
    told = dynamodb.get_item(TableName=table_name, Key=key)["Item"]
    dynamodb.put_item(
        TableName=table_name, Item=told | {"status": {"N": "0"}, "checked": {"N": "0"}}
    )  # no answer, once
    internet.put("/old", "", 301, location="/post")
    mention(site, blog, "two", old)
    assert names(site, old) == ["two", "one"]


@pytest.mark.parametrize("path", ["/a/page/", "/a/page.html", "/?p=7", "/a/page"])
def test_a_site_is_asked_for_a_page_that_it_does_not_have_beside_the_one_that_redirects(
    site: Bridge, internet: Web, blog: Web, path: str
) -> None:
    post = internet.put("/post", "<title>The post</title>")
    old = internet.put(path, "", 301, location="/post")
    mention(site, blog, "one", old)
    assert names(site, post) == ["one"]
    folder = path.rpartition("?")[0] or path.removesuffix("/").removesuffix(".html").rpartition("/")[0] + "/"
    ending = "/" if path.endswith(("page/", "p=7")) else ".html" if path.endswith(".html") else ""
    assert internet.asked[-1][1] == f"{folder}{NO_PAGE}{ending}"


def test_a_page_does_not_mention_itself_by_another_of_its_addresses(site: Bridge, internet: Web) -> None:
    post = internet.put("/post", "<link rel=canonical href=/post><a href=/old>old address</a>")
    old = internet.put("/old", "", 301, location="/post")
    fate = site.fate(post, old)
    assert (fate["status"], fate["reason"]) == ("declined", "source-is-target")
    assert site.children() == []


def test_a_declared_alias_holds_though_nothing_stands_at_the_old_address(
    site: Bridge, internet: Web, blog: Web, table: Table
) -> None:
    post, old = internet.put("/post", "<title>The post</title>"), f"{internet.origin}/old"
    declare(table, Sites((internet.origin.removeprefix("http://"),)), old, post, time.time)
    assert mention(site, blog, "one", old) == "published"
    assert names(site, post) == ["one"]


def test_a_page_that_was_learned_while_a_source_was_read_is_the_one_that_counts(
    site: Bridge, internet: Web, blog: Web, table: Table
) -> None:
    """Two blogs tell of the same old address at once; the page of the first takes long to answer."""
    post = internet.put("/post", "<title>The post</title>")
    old = internet.put("/old", "", 301, location="/post")
    slow, fast = (blog.put(f"/{name}", f'<a href="{old}">this</a>') for name in ("slow", "fast"))
    policy = Policy(Sites((internet.origin.removeprefix("http://"),)), SelfMentions.ALLOW, Moderation.NONE)

    def visit(source: str, fetch: Any = None) -> None:
        ping = Ping(source, old, Protocol.WEBMENTION, datetime.now(UTC))
        visitor = Visitor(policy, table, fetch or partial(web.get, permit=permits.everything), time.time)
        visitor.visit(ping, "https://bridge.example", time.time())

    def late(url: Any, **how: Any) -> Answer:
        if str(url) == slow:
            visit(fast)
        return web.get(url, permit=permits.everything, **how)

    visit(slow, late)
    assert sorted(names(site, post)) == ["fast", "slow"]
    assert site.fate(slow, old)["status"] == "published"
    assert len(site.children()) == 2


def test_what_was_learned_is_new_to_whoever_asked_before(
    internet: Web, blog: Web, make_bridge: Callable[..., Bridge]
) -> None:
    """By a mention that is held, so that nothing else changes."""
    settings = {"SITES": internet.origin.removeprefix("http://"), "SELF_MENTIONS": "allow"}
    public, holding = make_bridge(**settings), make_bridge(**settings, MODERATION="all")
    post = internet.put("/post", "<title>The post</title>")
    old = internet.put("/old", "", 301, location="/post")
    mention(public, blog, "one", post)
    before = holding.json(f"/api/changes?domain={settings['SITES']}")["since_id"]
    asked = f"/api/mentions.jf2?target={quote(old, safe='')}"
    tag = dict(holding.get(asked).headers)["etag"]
    assert mention(holding, blog, "two", old) == "held"
    again = holding.get(asked, if_none_match=tag)
    assert again.status == 200
    assert before


def test_a_rule_of_the_site_that_a_page_went_to_holds_for_it(
    internet: Web, blog: Web, make_bridge: Callable[..., Bridge], table: Table
) -> None:
    with serving() as new_site:
        hosts = [one.origin.removeprefix("http://") for one in (internet, new_site)]
        site = make_bridge(SITES=",".join(hosts), SELF_MENTIONS="allow")
        old = internet.put("/post", "", 301, location=new_site.put("/post", "<title>The post</title>"))
        table.put_rule(Rule(hosts[1], Kind.PREFIX, blog.origin.removeprefix("http://"), Action.BLOCK))
        fate = site.fate(blog.put("/page", f'<a href="{old}">this</a>'), old)
        assert (fate["status"], fate["reason"]) == ("declined", "blocked")


PIECES = st.sampled_from(
    ["<link rel=canonical href=", "https://a.example/x", "'", '"', ">", "<body>", "<", "rel", "javascript:", "\0",
     "</head>", "<!--", "-->", "<script>", "é", "//", "\ud800", "[", "https://[::1"]
)  # fmt: skip


@settings(max_examples=300)
@given(st.lists(PIECES, max_size=10).map("".join), st.lists(PIECES, max_size=6).map("".join))
def test_any_page_has_an_address_of_its_own_or_none(page: str, link: str) -> None:
    body = page.encode("utf-8", "replace")
    answer = Answer(urls.parse("https://a.example/"), 200, {"content-type": "text/html", "link": link}, body)
    found = canonical(answer)
    assert found is None or found.scheme in ("http", "https")


def test_a_megabyte_of_links_is_read_at_once() -> None:
    for body in (b"<link rel=x>" * 80_000, b"<link rel=canonical href=" + b"x" * 1_000_000, b"<" * 1_000_000):
        answer = Answer(urls.parse("https://a.example/"), 200, {"content-type": "text/html"}, body)
        assert canonical(answer) is None or len(str(canonical(answer))) <= urls.LONGEST
    header = "<x>;" * 2_000 + "<" * 8_000
    answer = Answer(urls.parse("https://a.example/"), 200, {"link": header, "content-type": "image/png"}, b"")
    assert canonical(answer) is None
