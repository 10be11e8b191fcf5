"""The demo's wave of pings: what it sends, and what the owner's desk makes of it in a real `linkback serve`."""

from __future__ import annotations

import io
import json
import re
import urllib.request
from collections import Counter
from http.client import HTTPConnection
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import pytest

from linkback import tokens
from linkback_cli import localhost
from linkback_cli.console import Console
from linkback_cli.data import DataDir
from linkback_cli.demo_bloggers import HONEST, MISTAKEN
from linkback_cli.demo_memory import Memory
from linkback_cli.demo_sources import Where
from linkback_cli.demo_spam import SPAM
from linkback_cli.demo_wave import BUTTON, SOURCES
from serving import SECONDS, Serve, ask, wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from linkback_cli.demo_sources import Source

OWNER = tokens.random()
WHERE = Where("http://a.localhost:1/1/", "http://a.localhost:1/", "http://site.test/post/", "http://site.test/other/")


@pytest.fixture(scope="module")
def serve(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serve]:
    """A bridge whose owner approves every new host, and whose demo blog has sent a wave that is settled."""
    options = ("--port", "0", "--moderation", "first", "--token", OWNER)
    running = Serve(tmp_path_factory.mktemp("wave") / "data", *options).ready()
    status, page, _ = ask(f"{running.demo('demo blog')}/wave", {})
    assert (status, "Wave 1" in page) == (200, True)
    wait_for(lambda: running.stderr.count("  visit    ") == len(SOURCES), 60)
    yield running
    assert running.end() == 0, running.stderr


def desk(serve: Serve, what: str, **query: str) -> list[dict[str, Any]]:
    """All of a list at the desk, in its order."""
    items: list[dict[str, Any]] = []
    cursor: str | None = ""
    while cursor is not None:
        url = f"{serve.url}/moderation/{what}?{urlencode(query | {'cursor': cursor})}"
        request = urllib.request.Request(url, headers={"Authorization": f"Bearer {OWNER}"})
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=SECONDS) as answer:
            told = json.load(answer)
        items, cursor = items + told["items"], told["cursor"]
    return items


def hosts(sources: tuple[Source, ...]) -> set[str]:
    return {f"{source.host}.localhost" for source in sources}


def host(address: str) -> str:
    return address.split("/")[2].partition(":")[0]


def opened(serve: Serve, name: str, path: str, method: str = "GET") -> tuple[int, str]:
    """What a browser gets that takes `.localhost` for this machine."""
    port = int(serve.demo("demo blog").rpartition(":")[2])
    connection = HTTPConnection("127.0.0.1", port, timeout=SECONDS)
    connection.request(method, path, headers={"Host": f"{name}:{port}"})
    answer = connection.getresponse()
    status, body = answer.status, answer.read().decode()
    connection.close()
    return status, body


def test_fifty_wait_for_the_owner_and_the_honest_ones_come_first(serve: Serve) -> None:
    held = desk(serve, "mentions", state="held")
    doubts = [mention["doubt"] for mention in held]
    assert len(held) == 50
    assert doubts == sorted(doubts)
    assert {host(mention["wm-source"]) for mention in held[:10]} == hosts(HONEST)
    counted = Counter(doubts)
    assert counted[0] == 10
    assert counted[1] >= 10
    assert counted[2] >= 25


def test_spam_is_told_by_every_sign_that_a_page_can_show(serve: Serve) -> None:
    signals = [signal["name"] for mention in desk(serve, "mentions", state="held") for signal in mention["signals"]]
    pages = "many-links parked thin only-in-comments only-in-blogroll only-in-sidebar only-in-footer other-language"
    assert {*pages.split(), "same-text", "claim-differs", "first-seen"} <= set(signals)


def test_two_pings_are_declined_and_one_has_another_link_to_the_site(serve: Serve) -> None:
    log = desk(serve, "pings", status="declined")
    assert {host(ping["source"]) for ping in log} == hosts(MISTAKEN)
    assert {ping["reason"] for ping in log} == {"no-link"}
    assert sorted(ping.get("links_found") or [] for ping in log) == [[], [serve.demo("demo site") + "/bees-like-blue/"]]


def test_the_page_of_a_wave_says_what_became_of_it_and_leads_to_the_desk(serve: Serve) -> None:
    blog = serve.demo("demo blog")
    status, page, _ = ask(f"{blog}/wave/1")
    assert status == 200
    assert "<strong>50</strong> waiting at your desk" in page
    assert "<strong>2</strong> declined" in page
    assert f"{serve.url}/dashboard" in page
    assert "http-equiv" not in page
    assert BUTTON in ask(blog)[1]
    for number in ("0", "2", "x", "-1", "%31", "1" * 5000, "1/2"):
        assert ask(f"{blog}/wave/{number}")[0] == 404, number


def test_a_page_of_the_wave_is_at_its_own_host(serve: Serve) -> None:
    for source in (HONEST[0], SPAM[0]):
        status, page = opened(serve, f"{source.host}.localhost", "/1/")
        assert status == 200
        assert f'href="{serve.demo("demo site")}/{source.about}/"' in page
    name = f"{HONEST[0].host}.localhost"
    assert opened(serve, name, "/")[0] == 303
    for path in ("/0/", "/x/", "/1", "/wave/1", f"/{'1' * 5000}/"):
        assert opened(serve, name, path)[0] == 404, path
    assert opened(serve, name, "/1/", "POST")[0] == 404


def test_another_name_of_this_machine_is_not_visited(serve: Serve) -> None:
    port, target = serve.demo("demo blog").rpartition(":")[2], serve.demo("demo site") + "/barrel-pond/"
    for name in (f"nobody.localhost:{port}", f"{HONEST[0].host}.localhost:{serve.url.rpartition(':')[2]}"):
        status, body, _ = ask(f"{serve.url}/webmention", {"source": f"http://{name}/1/", "target": target})
        assert (status, json.loads(body)["error"]) == (400, "forbidden-address"), name


def test_a_wave_is_ten_honest_pages_forty_of_spam_and_two_without_the_link() -> None:
    assert (len(HONEST), len(SPAM), len(MISTAKEN)) == (10, 40, 2)
    assert len({source.host for source in SOURCES}) == len(SOURCES) == 52
    assert {source.dialect for source in SPAM} == {"webmention", "pingback", "trackback"}
    for source in SOURCES:
        page = source.draw(WHERE)
        assert (f'href="{WHERE.target}"' in page) is (source not in MISTAKEN), source.host
        assert page == source.draw(WHERE)
        assert all(re.search(r"[.](example|test|localhost)\b", link) for link in re.findall(r'href="([^"]*)"', page))


def test_a_name_below_localhost_is_this_machine_and_nobody_is_asked() -> None:
    assert localhost.look_up("no-such-name.localhost") == ("127.0.0.1",)
    assert localhost.permitted("no-such-name.localhost", "127.0.0.1") is None
    assert localhost.look_up("127.0.0.1") == ("127.0.0.1",)


def test_waves_are_numbered_across_runs(tmp_path: Path) -> None:
    data = DataDir(tmp_path)
    memory = Memory(data, Console(io.StringIO()))
    assert [memory.next_wave(), memory.next_wave()] == [1, 2]
    assert Memory(data, Console(io.StringIO())).waves == 2
    data.close()
