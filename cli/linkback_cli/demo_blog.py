"""The demo blog: an old blog whose posts link to the demo site, with buttons for what its software would send."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from html import escape
from typing import TYPE_CHECKING, Any

from linkback.ping import Ping, Protocol
from linkback_cli.demo_pages import button, foreign, form, go, html, missing, page
from linkback_cli.demo_senders import SENDERS, Sent, opener

if TYPE_CHECKING:
    from collections.abc import Callable

    from linkback_cli.events import HttpAnswer, HttpRequest


@dataclass(frozen=True, slots=True)
class Post:
    """One post. `text` is HTML with `{link}` and `{end}` around the words that link to the site's post `about`."""

    slug: str
    title: str
    date: str
    about: str
    text: str
    excerpt: str
    link_class: str = ""
    linked: bool = True
    deleted: bool = False
    edited: str = ""


POSTS = (
    Post(
        "my-own-pond",
        "My own pond",
        "2026-06-01T18:20:00+01:00",
        "barrel-pond",
        "<p>I read about {link}a pond in half a barrel{end} in March, and could not stop thinking of the empty barrel "
        "behind the boat shed. Yesterday the first frog came. It looked at me as if I were late.</p>",
        "I read about a pond in half a barrel in March …",
    ),
    Post(
        "re-blue",
        "Re: Bees like blue",
        "2026-06-03T07:45:00+01:00",
        "bees-like-blue",
        "<p>{link}Bees like blue{end}? On the harbour wall they go for the viper&rsquo;s bugloss and leave the yellow "
        "broom to the beetles. Twelve mornings, 212 bees, 171 on blue. So: yes, here too.</p>",
        "Twelve mornings, 212 bees, 171 on blue.",
        "u-in-reply-to",
    ),
    Post(
        "liked-seeds",
        "Liked: Saving tomato seeds",
        "2026-06-04T21:10:00+01:00",
        "saving-seeds",
        "<p>A like for {link}Saving tomato seeds{end}.</p>",
        "A like for Saving tomato seeds.",
        "u-like-of",
    ),
)

STATES = {
    "published": ("good", "It is in the feed: build the site and look."),
    "held": ("wait", "It waits for the owner&rsquo;s word; it is in no feed."),
    "queued": ("wait", "The bridge has it and is about to visit this post."),
    "waiting": ("wait", "The post could not be read just now; the bridge will come again."),
    "declined": ("bad", "It will not be published."),
    "gone": ("bad", "The mention was taken out of the feed."),
    "hidden": ("bad", "The mention is not shown."),
}
DIALECTS = (("webmention", "Webmention"), ("pingback", "Pingback"), ("trackback", "TrackBack"))
NAMES = dict(DIALECTS)
# A status page asks again by itself for this long, in case its tab is forgotten.
SECONDS_TO_WATCH = 120
SETTLED = frozenset(STATES) - {"queued"}


@dataclass(frozen=True, slots=True)
class Attempt:
    """A ping that was sent: `ping_id` is what the bridge calls it, `at` when, in seconds since the epoch."""

    post: Post
    dialect: str
    sent: Sent
    ping_id: str
    at: float


class DemoBlog:
    """Answers for the blog at `address`, and sends its pings. `target_of` gives the permalink of a site's post."""

    def __init__(self, address: str, bridge: str, target_of: Callable[[str], str]) -> None:
        self._address, self._bridge, self._target_of = address, bridge, target_of
        self._posts = {post.slug: post for post in POSTS}
        self._attempts: list[Attempt] = []

    def __call__(self, request: HttpRequest) -> HttpAnswer:
        """A page, or what a button does."""
        if foreign(request):
            return missing(self._header())
        words = request.path.strip("/").split("/")
        if words == [""]:
            return html(self._front())
        if words[0] == "sent" and len(words) > 1:
            return self._sent(words[1])
        post = self._posts.get(words[0])
        if post is None:
            return missing(self._header())
        if request.method != "POST":
            return self._post(post)
        return self._press(post, words[-1], form(request).get("dialect", ""))

    def _press(self, post: Post, action: str, dialect: str) -> HttpAnswer:
        if action == "ping" and dialect in SENDERS:
            self._attempts.append(self._send(post, dialect))
            return go(f"/sent/{len(self._attempts)}")
        changes: dict[str, dict[str, Any]] = {
            "edit": {"edited": time.strftime("%H:%M:%S"), "deleted": False},
            "unlink": {"linked": False},
            "relink": {"linked": True},
            "delete": {"deleted": True},
            "restore": {"deleted": False},
        }
        if action not in changes:
            return missing(self._header())
        self._posts[post.slug] = replace(post, **changes[action])
        return go(f"/#{post.slug}")

    def _send(self, post: Post, dialect: str) -> Attempt:
        source, target = f"http://{self._address}/{post.slug}/", self._target_of(post.about)
        try:
            sent = SENDERS[dialect](source, target, post.title, post.excerpt)
        except OSError as error:
            sent = Sent("", f"GET {target}", f"The page could not be read: {error}")
        told = Ping(source, target, Protocol(dialect), received=datetime.now(UTC))
        return Attempt(post, dialect, sent, told.id, time.time())

    def _header(self) -> str:
        return '<a class="name" href="/">Harbour Log</a><span>an old blog (demo)</span>'

    def _front(self) -> str:
        site = self._target_of("").rstrip("/")
        intro = (
            f"<p>Each post links to a page of <a href='{site}/'>the demo site</a>. Send what blog software of its time "
            "would send, see what the bridge makes of it, and build the site to find it there. Then change the post "
            "and send again: the bridge believes what it sees on the page, not what it is told.</p>"
        )
        cards = "".join(self._card(post) for post in self._posts.values())
        bridge = f"<a href='http://{self._bridge}/'>the bridge</a>"
        footer = f"The other side: <a href='{site}/'>the demo site</a> and {bridge}."
        return page("Harbour Log", self._header(), f"<h1>Posts</h1>{intro}{cards}{self._recent()}", footer=footer)

    def _card(self, post: Post) -> str:
        notes = [
            "deleted: the page answers 410" if post.deleted else "",
            "" if post.linked else "without its link",
            f"edited at {post.edited}" if post.edited else "",
        ]
        said = ", ".join(filter(None, notes))
        note = f" · <strong class='wait'>{escape(said)}</strong>" if said else ""
        pings = "".join(
            button(f"/{post.slug}/ping", f"Send {name}", {"dialect": dialect}) for dialect, name in DIALECTS
        )
        actions = (
            ("edit", "Edit the post"),
            ("unlink", "Remove the link") if post.linked else ("relink", "Put the link back"),
            ("restore", "Bring the post back") if post.deleted else ("delete", "Delete the post (410)"),
        )
        changes = "".join(button(f"/{post.slug}/{action}", label, style="quiet") for action, label in actions)
        about = escape(self._target_of(post.about))
        return (
            f"<section class='card' id='{post.slug}'><h2><a href='/{post.slug}/'>{escape(post.title)}</a></h2>"
            f"<p class='small dim'>links to <a href='{about}'>{about}</a>{note}</p>"
            f"<div class='row'>{pings}</div><div class='row'>{changes}</div></section>"
        )

    def _recent(self) -> str:
        if not self._attempts:
            return ""
        rows = "".join(
            f"<li><a href='/sent/{number}'>{time.strftime('%H:%M:%S', time.localtime(one.at))} · "
            f"{NAMES[one.dialect]} for “{escape(one.post.title)}”</a></li>"
            for number, one in list(enumerate(self._attempts, 1))[:-11:-1]
        )
        return f"<h2>Sent</h2><ol class='plain'>{rows}</ol>"

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
        if not number.isdigit() or not 0 < int(number) <= len(self._attempts):
            return missing(self._header())
        attempt = self._attempts[int(number) - 1]
        fate = self._fate(attempt)
        fresh = time.time() - attempt.at < SECONDS_TO_WATCH
        waits = fresh and attempt.sent.endpoint and fate.get("status") not in SETTLED
        refresh = '<meta http-equiv="refresh" content="1">\n' if waits else ""
        body = (
            f"<h1>{NAMES[attempt.dialect]} for “{escape(attempt.post.title)}”</h1>{self._shown(fate, attempt)}"
            f"<h2>What the blog sent</h2><pre>{escape(attempt.sent.asked)}</pre>"
            f"<h2>What the bridge answered</h2><pre>{escape(attempt.sent.answered)}</pre>"
            f"<p><a href='/#{attempt.post.slug}'>Back to the posts</a></p>"
        )
        return html(page("Sent", self._header(), body, refresh))

    def _status_url(self, attempt: Attempt) -> str:
        return attempt.sent.location or f"http://{self._bridge}/pings/{attempt.ping_id}"

    def _fate(self, attempt: Attempt) -> dict[str, Any]:
        try:
            with opener().open(self._status_url(attempt), timeout=5) as answer:
                fate = json.load(answer)
        except (OSError, ValueError):
            return {}
        return fate if isinstance(fate, dict) else {}

    def _shown(self, fate: dict[str, Any], attempt: Attempt) -> str:
        status = str(fate.get("status", ""))
        tone, meaning = STATES.get(status, ("bad", "The bridge keeps no record of it; its answer is below."))
        told = fate.get("detail") if status not in ("published", "queued") else ""
        detail = f"<p>{escape(str(told))}</p>" if told else ""
        target = escape(self._target_of(attempt.post.about))
        its_page = escape(self._status_url(attempt))
        record = f"<a href='{its_page}'>The bridge&rsquo;s own page on it</a> · " if status else ""
        site = self._target_of("").rstrip("/")
        build = button(f"{site}/build", "Build the site and see", {"page": attempt.post.about})
        return (
            "<section class='card' role='status'>"
            f"<h2>Status: <span class='state {tone}'>{escape(status or 'none')}</span></h2><p>{meaning}</p>{detail}"
            f"<div class='row'>{build if status in SETTLED else ''}</div>"
            f"<p class='small'>{record}<a href='{target}'>The page it is about</a></p></section>"
        )
