"""A bridge with mentions that wait for its owner, and the owner, who has a browser and a token."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from internet import Web, serving
from serving import Serve, ask, get, settled

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from browser.chromium import Browser
    from browser.page import Page
    from browser.view import View

OWNER = "owner-of-one-plank"  # the token
EVIL = "<script>document.title=`taken`</script><img src=x onerror=document.title=`taken`>"
ENTRY = """<!doctype html><title>{title}</title><article class="h-entry"><p class="p-author h-card">{author}</p>
<div class="e-content"><p>{words} <a href="{target}">a stool from one plank</a>, and I agree.</p></div></article>"""


@dataclass
class Desk:
    """A bridge that holds the first mention of each host; `blogs` are hosts that it has not heard of."""

    url: str
    site: Web
    blogs: list[Web]

    @property
    def post(self) -> str:
        return f"{self.site.origin}/stool/"

    @property
    def domain(self) -> str:
        return self.site.origin.removeprefix("http://")

    def host(self, blog: int) -> str:
        return self.blogs[blog].origin.removeprefix("http://")

    def mentioned(self, blog: int, path: str, author: str, words: str = "I have read of") -> str:
        """The page, once a Webmention of it waits."""
        title, author = (text.replace("<", "&lt;") for text in (f"On {path.strip('/')}", author))
        html = ENTRY.format(title=title, author=author, words=words.replace("<", "&lt;"), target=self.post)
        source = self.blogs[blog].put(path, html)
        assert self.told(source)["status"] == "held"
        return source

    def trackback(self, blog: int, path: str, **fields: str) -> str:
        """The page, once a TrackBack of it waits; `fields` are what its sender says of it."""
        source = self.blogs[blog].put(path, ENTRY.format(title="Tracks", author="Tom", words="See", target=self.post))
        status, body, _ = ask(f"{self.url}/trackback?{urlencode({'target': self.post})}", {"url": source, **fields})
        assert (status, "<error>0</error>" in body) == (200, True), body
        return source

    def told(self, source: str) -> dict[str, Any]:
        """What came of a Webmention."""
        status, body, headers = ask(f"{self.url}/webmention", {"source": source, "target": self.post})
        assert status == 201, body
        return settled(headers["location"])

    def public(self) -> list[str]:
        """The sources in the site's feed."""
        children = get(f"{self.url}/api/mentions.jf2?domain={self.domain}")["children"]
        return [one["wm-source"] for one in children]

    def visitor(self, browser: Browser, view: View) -> Page:
        """Somebody at the door of the desk."""
        page = browser.page(view)
        page.open(f"{self.url}/dashboard")
        return page


def sign_in(page: Page, token: str = OWNER) -> None:
    """Give the token."""
    page.type("#token", token)
    with page.arrives():
        page.press("Enter")


def go(page: Page, name: str) -> None:
    """To a tab, or to a state's list, by its name."""
    page.evaluate(
        f"[...document.querySelectorAll('nav a, .states a')].find(a => a.innerText === {name!r}).id = 'there'"
    )
    page.follow("#there")


@contextmanager
def opened(folder: Path, blogs: int = 3) -> Iterator[Desk]:
    """A bridge for one site, and blogs that it has not heard of; SIGTERM ends it."""
    with ExitStack() as open_:
        site, *others = (open_.enter_context(serving()) for _ in range(blogs + 1))
        site.put("/stool/", "<!doctype html><title>A stool</title>")
        named = ("--site", site.origin.removeprefix("http://"), "--moderation", "first", "--token", OWNER)
        serve = Serve(folder / "data", "--port", "0", "--no-demo", "--allow-private", *named).ready()
        try:
            yield Desk(serve.url, site, others)
        finally:
            code = serve.end()
        assert code == 0, serve.stderr
