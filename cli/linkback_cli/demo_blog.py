"""The demo blog: an old blog whose posts link to the demo site, with buttons for what its software would send."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from html import escape
from typing import TYPE_CHECKING, Any

from linkback.ping import Ping, Protocol
from linkback_cli import demo_fate
from linkback_cli.demo_memory import Attempt
from linkback_cli.demo_pages import button, foreign, form, go, html, missing, page
from linkback_cli.demo_senders import SENDERS, Sent
from linkback_cli.demo_wave import Wave

if TYPE_CHECKING:
    from collections.abc import Callable

    from linkback_cli.demo_memory import Memory, Post
    from linkback_cli.events import HttpAnswer, HttpRequest


HELD = (
    "It waits for the owner&rsquo;s word and is in no feed until then, so building the site would show nothing. To see "
    "it published, start with <code>--moderation none</code> and send it again."
)
STATES = {
    "published": ("good", "It is in the feed: build the site and look."),
    "held": ("wait", HELD),
    "queued": ("wait", "The bridge has it and is about to visit this post."),
    "waiting": ("wait", "The post could not be read just now; send again in a while."),
    "declined": ("bad", "It will not be published."),
    "gone": ("bad", "The mention was taken out of the feed."),
    "hidden": ("bad", "The mention is not shown."),
}
DIALECTS = (("webmention", "Webmention"), ("pingback", "Pingback"), ("trackback", "TrackBack"))
NAMES = dict(DIALECTS)
SETTLED = frozenset(STATES) - {"queued"}
# After these, the next build of the site differs from the last.
TO_BE_SEEN = frozenset({"published", "gone", "hidden"})
MOST_SHOWN = 10


class DemoBlog:
    """Answers for the blog at `address`, and sends its pings. `target_of` gives the permalink of a site's post."""

    def __init__(self, address: str, bridge: str, target_of: Callable[[str], str], memory: Memory) -> None:
        self._address, self._bridge, self._target_of, self._memory = address, bridge, target_of, memory
        self._wave = Wave(address, bridge, target_of, memory)

    def __call__(self, request: HttpRequest) -> HttpAnswer:
        """A page, or what a button does."""
        if foreign(request):
            return missing(self._header())
        return self._wave.answer(request, self._header()) or self._own(request)

    def _own(self, request: HttpRequest) -> HttpAnswer:
        words = request.path.strip("/").split("/")
        if words == [""]:
            return html(self._front())
        if words[0] == "sent" and len(words) > 1:
            return self._sent(words[1])
        post = self._memory.post(words[0])
        if post is None:
            return missing(self._header())
        if request.method != "POST":
            return self._post(post)
        return self._press(post, words[-1], form(request).get("dialect", ""))

    def _press(self, post: Post, action: str, dialect: str) -> HttpAnswer:
        if action == "ping" and dialect in SENDERS:
            return go(f"/sent/{self._memory.add(self._send(post, dialect))}")
        changes: dict[str, dict[str, Any]] = {
            "edit": {"edited": time.strftime("%Y-%m-%d %H:%M:%S")},
            "unlink": {"linked": False},
            "relink": {"linked": True},
            "delete": {"deleted": True},
            "restore": {"deleted": False},
        }
        if action not in changes:
            return missing(self._header())
        self._memory.change(post.slug, changes[action])
        return go(f"/#{post.slug}")

    def _send(self, post: Post, dialect: str) -> Attempt:
        source, target = f"http://{self._address}/{post.slug}/", self._target_of(post.about)
        try:
            sent = SENDERS[dialect](source, target, post.title, post.excerpt)
        except OSError as error:
            sent = Sent("", f"GET {target}", f"The page could not be read: {error}")
        told = Ping(source, target, Protocol(dialect), received=datetime.now(UTC))
        return Attempt(post.slug, dialect, sent, told.id, time.time())

    def _header(self) -> str:
        return '<a class="name" href="/">Harbour Log</a><span>an old blog (demo)</span>'

    def _front(self) -> str:
        site = self._target_of("").rstrip("/")
        intro = (
            f"<p>Each post links to a page of <a href='{site}/'>the demo site</a>. Send what blog software of its time "
            "would send, see what the bridge makes of it, and build the site to find it there. Then change the post "
            "and send again: the bridge believes what it sees on the page, not what it is told.</p>"
        )
        cards = "".join(self._card(post) for post in self._memory.posts())
        bridge = f"<a href='http://{self._bridge}/'>the bridge</a>"
        footer = f"The other side: <a href='{site}/'>the demo site</a> and {bridge}."
        posts = f"<h1>Posts</h1>{intro}{cards}{self._wave.card()}{self._recent()}"
        return page("Harbour Log", self._header(), posts, footer=footer)

    def _card(self, post: Post) -> str:
        pings = "".join(
            button(f"/{post.slug}/ping", f"Send {name}", {"dialect": dialect}) for dialect, name in DIALECTS
        )
        changes = "".join(button(f"/{post.slug}/{name}", label, style="quiet") for name, label in _actions(post))
        return (
            f"<section class='card' id='{post.slug}'><h2><a href='/{post.slug}/'>{escape(post.title)}</a></h2>"
            f"<p class='small dim'>{self._condition(post)}</p>"
            f"<div class='row'>{pings}</div><div class='row'>{changes}</div></section>"
        )

    def _condition(self, post: Post) -> str:
        """What a visitor of the post would see now."""
        about = escape(self._target_of(post.about))
        link = f"<a href='{about}'>{about}</a>"
        if post.deleted:
            return f"<strong class='wait'>deleted, the page answers 410</strong>; it was about {link}"
        shown = f"links to {link}" if post.linked else f"<strong class='wait'>without its link</strong> to {link}"
        return shown + (f" · <strong class='wait'>edited at {escape(post.edited)}</strong>" if post.edited else "")

    def _recent(self) -> str:
        rows = "".join(
            f"<li><a href='/sent/{number}'>{_clock(one.at)} · {NAMES[one.dialect]} for “{self._title(one)}”</a></li>"
            for number, one in self._memory.latest(MOST_SHOWN)
        )
        return f"<h2>Sent</h2><ol class='plain'>{rows}</ol>" if rows else ""

    def _title(self, attempt: Attempt) -> str:
        post = self._memory.post(attempt.slug)
        return escape(post.title if post else attempt.slug)

    def _post(self, post: Post) -> HttpAnswer:
        if post.deleted:
            tombstone = "<h1>This post was deleted</h1><p><a href='/'>To the other posts</a></p>"
            return html(page("Deleted", self._header(), tombstone), 410)
        target = escape(self._target_of(post.about))
        link = f'<a class="{post.link_class}" href="{target}">' if post.link_class else f'<a href="{target}">'
        text = post.text.format(link=link if post.linked else "", end="</a>" if post.linked else "")
        edited = f"<p>Edited at {post.edited}: still true, and now with this line.</p>" if post.edited else ""
        entry = (
            f'<article class="h-entry"><h1 class="p-name">{escape(post.title)}</h1>'
            f'<p class="small dim"><a class="p-author h-card" href="http://{self._address}/">Marta Quay</a>, '
            f'<a class="u-url" href="http://{self._address}/{post.slug}/">'
            f'<time class="dt-published" datetime="{post.date}">{post.date[:10]}</time></a></p>'
            f'<div class="e-content">{text}{edited}</div></article>'
            f"<p><a href='/#{post.slug}'>Send a ping for this post</a></p>"
        )
        return html(page(post.title, self._header(), entry))

    def _sent(self, number: str) -> HttpAnswer:
        attempt = self._memory.attempt(number)
        post = self._memory.post(attempt.slug) if attempt else None
        if not attempt or not post:
            return missing(self._header())
        fate = demo_fate.read(self._status_url(attempt))
        fresh = time.time() - attempt.at < demo_fate.SECONDS_TO_WATCH
        waits = fresh and attempt.sent.endpoint and fate.get("status") not in SETTLED
        refresh = '<meta http-equiv="refresh" content="1">\n' if waits else ""
        body = (
            f"<h1>{NAMES[attempt.dialect]} for “{escape(post.title)}”</h1>"
            f"{self._shown(fate, self._status_url(attempt), post)}"
            f"<h2>What the blog sent</h2><pre>{escape(attempt.sent.asked)}</pre>"
            f"<h2>What the bridge answered</h2><pre>{escape(attempt.sent.answered)}</pre>"
            f"<p><a href='/#{post.slug}'>Back to the posts</a></p>"
        )
        return html(page("Sent", self._header(), body, refresh))

    def _status_url(self, attempt: Attempt) -> str:
        return demo_fate.url(self._bridge, attempt.ping_id)

    def _shown(self, fate: dict[str, Any], its_page: str, post: Post) -> str:
        status = str(fate.get("status", ""))
        tone, meaning = STATES.get(status, ("bad", "The bridge keeps no record of it; its answer is below."))
        told = fate.get("detail") if status not in ("published", "queued") else ""
        detail = f"<p>{escape(str(told))}</p>" if told else ""
        record = f"<a href='{escape(its_page)}'>The bridge&rsquo;s own page on it</a> · " if status else ""
        site = self._target_of("").rstrip("/")
        build = button(f"{site}/build", "Build the site and see", {"page": post.about})
        return (
            "<section class='card' role='status'>"
            f"<h2>Status: <span class='state {tone}'>{escape(status or 'none')}</span></h2><p>{meaning}</p>{detail}"
            f"<div class='row'>{build if status in TO_BE_SEEN else ''}</div>"
            f"<p class='small'>{record}<a href='{escape(self._target_of(post.about))}'>The page it is about</a></p>"
            "</section>"
        )


def _actions(post: Post) -> tuple[tuple[str, str], ...]:
    """What can be done to the post, and the words on its button: to a deleted one, nothing else than to restore it."""
    if post.deleted:
        return (("restore", "Bring the post back"),)
    link = ("unlink", "Remove the link") if post.linked else ("relink", "Put the link back")
    return ("edit", "Edit the post"), link, ("delete", "Delete the post (410)")


def _clock(at: float) -> str:
    """The time of day; of another day, with its date."""
    then, day = time.localtime(at), "%Y-%m-%d"
    return time.strftime("%H:%M:%S" if time.strftime(day) == time.strftime(day, then) else f"{day} %H:%M:%S", then)
