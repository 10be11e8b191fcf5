"""A wave of pings: what a small blog gets in a month, at once, each from a host of its own below `.localhost`."""

from __future__ import annotations

import re
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from html import escape
from typing import TYPE_CHECKING

from linkback.ping import Ping, Protocol
from linkback_cli import demo_fate
from linkback_cli.demo_bloggers import HONEST, MISTAKEN
from linkback_cli.demo_pages import button, go, html, missing, page
from linkback_cli.demo_senders import SENDERS
from linkback_cli.demo_sources import TITLES, Where
from linkback_cli.demo_spam import SPAM
from linkback_cli.localhost import SUFFIX

if TYPE_CHECKING:
    from collections.abc import Callable

    from linkback_cli.demo_memory import Memory
    from linkback_cli.demo_sources import Source
    from linkback_cli.events import HttpAnswer, HttpRequest

# The honest ones among the spam, as they come.
SOURCES = tuple(sorted((*HONEST, *SPAM, *MISTAKEN), key=lambda source: source.host[::-1]))
HOSTS = {source.host + SUFFIX: source for source in SOURCES}
# A page's path is the number of its wave.
_PATH = re.compile(r"/([1-9][0-9]{0,3})/")
_AT_ONCE = 4
_GROUPS = (
    ("The ten that somebody wrote", HONEST),
    ("The forty of spam, which all link to the site", SPAM),
    ("Two more whose page has no such link, so they are declined", MISTAKEN),
)
_WORDS = {
    "queued": "about to be visited",
    "published": "published",
    "held": "waiting at your desk",
    "declined": "declined",
    "": "not taken, or forgotten",
}
_AGAIN = '<meta http-equiv="refresh" content="2">\n'
BUTTON = "Send a wave of fifty pings"


class Wave:
    """Sends the waves of the blog at `address`, and answers for their hosts. `target_of` is DemoBlog's."""

    def __init__(self, address: str, bridge: str, target_of: Callable[[str], str], memory: Memory) -> None:
        self._port = address.rpartition(":")[2]
        self._bridge, self._target_of, self._memory = bridge, target_of, memory
        self._sending: dict[int, int] = {}  # wave: pings sent so far
        self._sent: dict[int, float] = {}

    def answer(self, request: HttpRequest, header: str) -> HttpAnswer | None:
        """A page of one of the waves' hosts, `POST /wave`, which sends one, or `/wave/2`, on the second; else None.

        `header` is that of the blog.
        """
        source = HOSTS.get(request.host.rpartition(":")[0].lower())
        if source:
            return self._visited(source, request)
        first, _, number = request.path.strip("/").partition("/")
        if first != "wave":
            return None
        if request.method == "POST" and not number:
            wave = self._memory.next_wave()
            self._sending[wave] = 0
            threading.Thread(target=self._send, args=(wave,), daemon=True, name=f"wave {wave}").start()
            return go(f"/wave/{wave}")
        known = number in map(str, range(1, self._memory.waves + 1))
        return self._told(int(number), header) if known else missing(header)

    def _visited(self, source: Source, request: HttpRequest) -> HttpAnswer:
        if request.path == "/":
            return go("/1/")
        found = _PATH.fullmatch(request.path)
        if not found or request.method == "POST":
            return missing(escape(source.blog))
        return html(source.draw(self._where(source, int(found[1]))))

    def card(self) -> str:
        """The button, and what was sent before."""
        waves = range(1, self._memory.waves + 1)
        before = " · ".join(f'<a href="/wave/{number}">wave {number}</a>' for number in waves[-10:])
        sent = f"<p class='small'>Sent: {before}</p>" if before else ""
        return (
            "<section class='card' id='wave'><h2>A month at a small blog</h2><p>Ten bloggers write about the site, and "
            "forty pages of spam link to it, for no other reason than to be linked from it. Try your desk on them.</p>"
            f"<div class='row'>{button('/wave', BUTTON)}</div>{sent}</section>"
        )

    def _send(self, number: int) -> None:
        for source in SOURCES:
            self._ping(source, number)
            self._sending[number] += 1
        self._sent[number] = time.monotonic()
        del self._sending[number]

    def _ping(self, source: Source, number: int) -> None:
        where = self._where(source, number)
        try:
            SENDERS[source.dialect](where.page, where.target, source.title, source.excerpt, source.blog)
        except OSError:
            return  # the site does not answer: of this ping there will be no record, and that is what is shown

    def _where(self, source: Source, number: int) -> Where:
        home = f"http://{source.host}{SUFFIX}:{self._port}/"
        other = next(slug for slug in TITLES if slug != source.about)
        return Where(f"{home}{number}/", home, self._target_of(source.about), self._target_of(other))

    def _told(self, number: int, header: str) -> HttpAnswer:
        sent = self._sending.get(number)
        if sent is not None:
            words = f"<h1>Wave {number}</h1><p role='status'>{sent} of {len(SOURCES)} pings are sent.</p>"
            return html(page("A wave", header, words, _AGAIN))
        pages = {source.host: self._status_page(source, number) for source in SOURCES}
        with ThreadPoolExecutor(_AT_ONCE) as readers:
            fates = [str(fate.get("status", "")) for fate in readers.map(demo_fate.read, pages.values())]
        states = dict(zip(pages, fates, strict=True))
        fresh = time.monotonic() - self._sent.get(number, -1e9) < demo_fate.SECONDS_TO_WATCH
        refresh = _AGAIN if fresh and "queued" in fates else ""
        groups = "".join(
            _group(title, [self._row(one, number, states[one.host]) for one in sources]) for title, sources in _GROUPS
        )
        body = (
            f"<h1>Wave {number}: fifty pings, and two more</h1>{self._summary(fates)}{groups}"
            "<p class='small dim'>Their hosts end in <code>.localhost</code>, which Chromium and Firefox take for this "
            "machine, as the bridge does. The hosts in <code>.example</code> that they link to do not exist.</p>"
            "<p><a href='/#wave'>Back to the posts</a></p>"
        )
        return html(page("A wave", header, body, refresh))

    def _summary(self, fates: list[str]) -> str:
        counted = Counter(fates)
        rows = "".join(
            f"<li><strong>{counted[status]}</strong> {escape(_WORDS.get(status, status))}</li>"
            for status in dict.fromkeys((*_WORDS, *counted))
            if counted[status]
        )
        desk = f"<a href='http://{self._bridge}/dashboard'>your desk</a>"
        shown = (
            "<p>What is published did not have to wait. To have every host wait that you have not approved, as a "
            "deployed bridge does, start with <code>--moderation first</code> and send another wave.</p>"
        )
        return (
            f"<section class='card' role='status'><h2>What became of them</h2><ul class='plain'>{rows}</ul>"
            f"<p>Sign in at {desk}: likely ham comes first, with what speaks against each below it, and its log of "
            f"pings tells why two were declined.</p>{shown if counted['published'] else ''}</section>"
        )

    def _row(self, source: Source, number: int, status: str) -> str:
        state = _WORDS.get(status, status)
        record = f"<a href='{self._status_page(source, number)}'>{escape(state)}</a>" if status else state
        where = self._where(source, number)
        return f"<li><a href='{where.page}'>{source.host}{SUFFIX}</a> · {source.dialect} · {record}</li>"

    def _status_page(self, source: Source, number: int) -> str:
        where = self._where(source, number)
        ping = Ping(where.page, where.target, Protocol(source.dialect), received=datetime.now(UTC))
        return demo_fate.url(self._bridge, ping.id)


def _group(title: str, rows: list[str]) -> str:
    return f"<details class='card'><summary>{title}</summary><ul class='plain small'>{''.join(rows)}</ul></details>"
