"""The demo site: what an owner's static site looks like with the bridge's tags, and with its mentions built in."""

from __future__ import annotations

import json
import time
import urllib.request
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from linkback_cli.demo_pages import button, form, go, html, missing, page

if TYPE_CHECKING:
    from linkback_cli.events import HttpAnswer, HttpRequest


@dataclass(frozen=True, slots=True)
class Article:
    """One post of the site."""

    slug: str
    title: str
    date: str
    text: str


ARTICLES = (
    Article(
        "barrel-pond",
        "A pond in half a barrel",
        "2026-03-14",
        "<p>Half an oak barrel, a bag of gravel, three plants and rain water. It took an afternoon, and within a week "
        "something had moved in.</p><p>Put it where it gets four hours of sun, lay a brick in it so that a hedgehog "
        "can climb out, and then do nothing. The doing nothing is the hard part.</p>",
    ),
    Article(
        "bees-like-blue",
        "Bees like blue",
        "2026-04-02",
        "<p>I counted visitors for ten mornings: borage, cornflower and phacelia had more bees on them than all "
        "the yellow together.</p><p>It is a small count from one garden. I would love to know what others see.</p>",
    ),
    Article(
        "saving-seeds",
        "Saving tomato seeds",
        "2026-05-21",
        "<p>Scoop them out, leave them in a glass of water for three days, rinse, and dry them on a coffee filter. "
        "Write the name down <em>before</em> you are sure that you will remember it.</p>",
    ),
)

TITLES = {
    "in-reply-to": "replied",
    "like-of": "liked this",
    "repost-of": "shared this",
    "bookmark-of": "bookmarked this",
}


class DemoSite:
    """Answers for the site at `address`; its pages show what the bridge's feed had when the site was last built."""

    def __init__(self, address: str, bridge: str, blog: str) -> None:
        self._address, self._bridge, self._blog = address, bridge, blog
        self._built_at = ""
        self._trouble = ""
        self._mentions: dict[str, list[dict[str, Any]]] = {}

    def url(self, slug: str) -> str:
        """The permalink of a post."""
        return f"http://{self._address}/{slug}/"

    def __call__(self, request: HttpRequest) -> HttpAnswer:
        """A page, or the build."""
        if request.method == "POST" and request.path == "/build":
            self.build()
            wanted = form(request).get("page")
            return go(next((f"/{one.slug}/#mentions" for one in ARTICLES if one.slug == wanted), "/"))
        if request.path == "/":
            return html(self._front())
        found = [article for article in ARTICLES if request.path.strip("/") == article.slug]
        return html(self._article(found[0])) if found else missing(self._header())

    def build(self) -> None:
        """What a static site generator does: read the feed once, and write the pages from it."""
        query = urlencode({"target[]": [self.url(article.slug) for article in ARTICLES], "per-page": 100}, doseq=True)
        self._built_at, self._trouble = time.strftime("%H:%M:%S"), ""
        try:
            opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
            with opener.open(f"http://{self._bridge}/api/mentions.jf2?{query}", timeout=10) as answer:
                children = json.load(answer)["children"]
        except (OSError, ValueError, KeyError) as error:
            self._trouble = f"The feed could not be read: {error}"
            return
        self._mentions = {}
        for child in children:
            self._mentions.setdefault(str(child.get("wm-target", "")), []).append(child)

    def tags(self) -> str:
        """The two tags that go into the head of every page."""
        return (
            f'<link rel="pingback" href="http://{self._bridge}/pingback">\n'
            f'<link rel="webmention" href="http://{self._bridge}/webmention">\n'
        )

    def _rdf(self, article: Article) -> str:
        """TrackBack's autodiscovery, for blogs that look for it."""
        permalink = self.url(article.slug)
        return (
            '<!--\n<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" '
            'xmlns:dc="http://purl.org/dc/elements/1.1/" '
            'xmlns:trackback="http://madskills.com/public/xml/rss/module/trackback/">\n'
            f'<rdf:Description rdf:about="{permalink}" dc:identifier="{permalink}" dc:title="{escape(article.title)}" '
            f'trackback:ping="http://{self._bridge}/trackback/{self._address}/{article.slug}/" />\n</rdf:RDF>\n-->\n'
        )

    def _header(self) -> str:
        return '<a class="name" href="/">The Slow Garden</a><span>a static site (demo)</span>'

    def _front(self) -> str:
        rows = "".join(
            f'<li class="card"><h2><a href="/{article.slug}/">{escape(article.title)}</a></h2>'
            f'<p class="dim small">{article.date} · {self._count(article)}</p></li>'
            for article in ARTICLES
        )
        tags = (
            "<details class='card'><summary>What makes this site listen</summary><p>Two tags in the head of every "
            f"page, and nothing on the server:</p><pre>{escape(self.tags().strip())}</pre></details>"
        )
        body = f"<h1>Notes from a small garden</h1><ul class='plain'>{rows}</ul>{self._build_bar()}{tags}"
        return page("The Slow Garden", self._header(), body, self.tags(), self._footer())

    def _article(self, article: Article) -> str:
        mentions = self._mentions.get(self.url(article.slug), [])
        none = "<p class='dim'>None yet, as of the last build.</p>"
        shown = "".join(map(_mention, mentions)) or none
        body = (
            f'<article class="h-entry"><h1 class="p-name">{escape(article.title)}</h1>'
            f'<p class="dim small"><time class="dt-published">{article.date}</time></p>'
            f'<div class="e-content">{article.text}</div></article>'
            f"<section aria-labelledby='mentions'><h2 id='mentions'>Mentions</h2>{shown}</section>"
            f"{self._build_bar(article.slug)}"
        )
        return page(article.title, self._header(), body, self.tags() + self._rdf(article), self._footer())

    def _count(self, article: Article) -> str:
        return _counted(len(self._mentions.get(self.url(article.slug), [])))

    def _build_bar(self, slug: str = "") -> str:
        number = sum(map(len, self._mentions.values()))
        read = f"Built at {self._built_at} from the bridge's feed, which had {_counted(number)}."
        return (
            f"<section class='card'><p class='small'>{escape(self._trouble or read)} A static site shows what was "
            f"there when it was built.</p><div class='row'>{button('/build', 'Build the site', {'page': slug})}</div>"
            "</section>"
        )

    def _footer(self) -> str:
        return (
            f"The other side: <a href='http://{self._blog}/'>the demo blog</a>, which pings, and "
            f"<a href='http://{self._bridge}/'>the bridge</a>, which listens."
        )


def _counted(number: int) -> str:
    return "1 mention" if number == 1 else f"{number or 'no'} mentions"


def _mention(mention: dict[str, Any]) -> str:
    """One mention as a theme would show it: every word escaped, although the bridge cleaned it before."""
    author = mention.get("author") or {}
    content = mention.get("content") or {}
    text = content.get("text") or mention.get("name") or ""
    who = author.get("name") or str(mention.get("wm-source", "")).partition("://")[2].partition("/")[0]
    source = escape(str(mention.get("wm-source", "")))
    did = TITLES.get(str(mention.get("wm-property")), "mentioned this")
    words = f"<p>{escape(str(text)[:400])}</p>" if text and mention.get("wm-property") != "like-of" else ""
    told = escape(", ".join(map(str, mention.get("wm-protocols") or [mention.get("wm-protocol", "")])))
    return (
        f"<div class='mention'><p><strong>{escape(str(who))}</strong> {did}</p>{words}"
        f"<p class='small dim'><a rel='nofollow ugc' href='{source}'>{source}</a> · told by {told}</p></div>"
    )
