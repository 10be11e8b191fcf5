"""The demo blog: what its pages say of each state, and what it remembers."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any

import pytest

from linkback import urls
from linkback.ping import Declined
from linkback_cli import permits
from linkback_cli.console import Console
from linkback_cli.data import DataDir
from linkback_cli.demo_blog import STATES, DemoBlog
from linkback_cli.demo_memory import MOST_ATTEMPTS, NAME, Attempt, Memory
from linkback_cli.demo_senders import Sent
from linkback_cli.events import HttpAnswer, HttpRequest
from linkback_cli.listener import Listener

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SENT = Attempt("re-blue", "pingback", Sent("http://127.0.0.1:1/pingback", "POST …", "200 OK …"), "abc", 1.0)


@pytest.fixture
def data(tmp_path: Path) -> Iterator[DataDir]:
    directory = DataDir(tmp_path)
    yield directory
    directory.close()


class Blog:
    """A demo blog whose bridge says of every ping what `fate` is."""

    def __init__(self, data: DataDir, bridge: Listener) -> None:
        self.fate: dict[str, str] = {}
        bridge.respond = lambda _: HttpAnswer(200, json.dumps(self.fate).encode())
        self.memory = Memory(data, Console(io.StringIO()))
        self._blog = DemoBlog("blog.test", bridge.address, lambda slug: f"http://site.test/{slug}/", self.memory)

    def page(self, path: str, method: str = "GET") -> str:
        request = HttpRequest(method, path, "", "HTTP/1.1", (), b"", "blog.test", "127.0.0.1")
        return self._blog(request).body.decode()

    def card(self, slug: str) -> str:
        return self.page("/").partition(f"id='{slug}'")[2].partition("</section>")[0]


@pytest.fixture
def blog(data: DataDir) -> Iterator[Blog]:
    bridge = Listener(0)
    made = Blog(data, bridge)
    bridge.start()
    yield made
    bridge.stop()


def test_a_card_says_what_a_visitor_would_see(blog: Blog) -> None:
    assert "links to <a" in blog.card("re-blue")
    blog.page("/re-blue/unlink", "POST")
    assert "links to" not in blog.card("re-blue")
    assert "without its link" in blog.card("re-blue")
    blog.page("/re-blue/delete", "POST")
    card = blog.card("re-blue")
    assert "410" in card
    assert "without its link" not in card
    assert "Bring the post back" in card
    for button in ("Edit the post", "the link</button>", "the link back", "Delete"):
        assert button not in card, button


@pytest.mark.parametrize("status", STATES)
def test_the_site_is_offered_to_be_built_where_that_shows_something(blog: Blog, status: str) -> None:
    blog.fate = {"status": status, "detail": "because"}
    page = blog.page(f"/sent/{blog.memory.add(SENT)}")
    assert ("Build the site" in page) is (status in ("published", "gone", "hidden"))
    if status == "held":
        assert "waits for the owner" in page


def test_what_was_changed_and_sent_is_remembered(data: DataDir, blog: Blog) -> None:
    blog.page("/re-blue/unlink", "POST")
    blog.page("/my-own-pond/delete", "POST")
    blog.memory.add(SENT)
    again = Memory(data, Console(io.StringIO()))
    assert again.posts() == blog.memory.posts()
    assert again.latest(10) == [(1, SENT)]
    assert again.add(SENT) == 2


def test_the_oldest_pings_are_forgotten(blog: Blog) -> None:
    for _ in range(MOST_ATTEMPTS + 2):
        blog.memory.add(SENT)
    assert len(blog.memory.latest(1000)) == MOST_ATTEMPTS
    assert blog.memory.attempt("2") is None
    assert blog.memory.attempt("3") == SENT
    for number in ("", "x", "-1", "0", "9" * 5000, "²"):
        assert blog.memory.attempt(number) is None


@pytest.mark.parametrize(
    "junk",
    [
        [1],
        "x",
        {"posts": []},
        {"posts": {"re-blue": 3}},
        {"sent": {"x": {}}},
        {"sent": {"1": {"sent": {"nobody": "x"}, "dialect": "pingback"}}},
        {"sent": {"1": {"sent": {"endpoint": "", "asked": "", "answered": ""}, "dialect": "fax", "slug": "re-blue"}}},
    ],
)
def test_a_memory_that_is_not_ours_is_as_good_as_none(data: DataDir, junk: Any) -> None:
    data.remember(NAME, junk)
    memory = Memory(data, Console(io.StringIO()))
    assert memory.latest(1) == []
    assert all(post.linked for post in memory.posts())


@pytest.mark.parametrize("ip", ["10.0.0.1", "192.0.2.1", "169.254.169.254"])
def test_a_name_of_the_demo_is_visited_on_loopback_alone(ip: str) -> None:
    permit = permits.public_and(("localhost:8789",))
    url = urls.parse("http://localhost:8789/")
    for own in (None, "127.0.0.1", "::1"):
        permit(url, own)
    with pytest.raises(Declined, match="--allow-private"):
        permit(url, ip)
