"""What the demo blog remembers from one run to the next: its posts as they were changed, and the pings it sent."""

from __future__ import annotations

import threading
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from linkback_cli.demo_senders import SENDERS, Sent

if TYPE_CHECKING:
    from linkback_cli.console import Console
    from linkback_cli.data import DataDir

NAME = "demo-blog"
MOST_ATTEMPTS = 50


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


@dataclass(frozen=True, slots=True)
class Attempt:
    """A ping that was sent for the post `slug`: `ping_id` is what the bridge calls it, `at` seconds since the epoch."""

    slug: str
    dialect: str
    sent: Sent
    ping_id: str
    at: float


class Memory:
    """Saved after each change, so that no way of ending loses any. What cannot be read is as good as nothing: a demo's.

    Attempts are numbered from 1; the last MOST_ATTEMPTS are kept.
    """

    def __init__(self, data: DataDir, console: Console) -> None:
        self._data, self._console = data, console
        self._lock = threading.Lock()
        try:
            self._posts, self._attempts, self._waves = _read(data.recall(NAME) or {})
        except (AttributeError, KeyError, TypeError, ValueError):
            self._posts, self._attempts, self._waves = _read({})

    def posts(self) -> list[Post]:
        """All posts, in the blog's order."""
        return list(self._posts.values())

    def post(self, slug: str) -> Post | None:
        """The post of this name, if there is one."""
        return self._posts.get(slug)

    def change(self, slug: str, changes: dict[str, Any]) -> None:
        """Replace members of a post."""
        with self._lock:
            self._posts[slug] = replace(self._posts[slug], **changes)
            self._save()

    def add(self, attempt: Attempt) -> int:
        """Keep an attempt; its number."""
        with self._lock:
            number = max(self._attempts, default=0) + 1
            self._attempts[number] = attempt
            self._attempts.pop(number - MOST_ATTEMPTS, None)
            self._save()
        return number

    def attempt(self, number: str) -> Attempt | None:
        """The attempt of this number, if it is one and still known."""
        return self._attempts.get(int(number)) if number.isdecimal() and len(number) < len(str(10**9)) else None

    def latest(self, most: int) -> list[tuple[int, Attempt]]:
        """The last attempts and their numbers, the newest first."""
        with self._lock:
            return sorted(self._attempts.items(), reverse=True)[:most]

    @property
    def waves(self) -> int:
        """How many waves were sent."""
        return self._waves

    def next_wave(self) -> int:
        """Count one more; its number, from 1."""
        with self._lock:
            self._waves += 1
            self._save()
            return self._waves

    def _save(self) -> None:
        changed = {post.slug: {name: getattr(post, name) for name in _CHANGES} for post in self._posts.values()}
        sent = {str(number): asdict(attempt) for number, attempt in self._attempts.items()}
        try:
            self._data.remember(NAME, {"posts": changed, "sent": sent, "waves": self._waves})
        except OSError as error:
            self._console.say(f"What changed on the demo blog could not be saved: {error}")


_CHANGES = {"linked": bool, "deleted": bool, "edited": str}


def _read(saved: dict[str, Any]) -> tuple[dict[str, Post], dict[int, Attempt], int]:
    """Posts, attempts and how many waves.

    Raises AttributeError, KeyError, TypeError or ValueError if they were not saved by us.
    """
    posts = {post.slug: _post(post, saved.get("posts", {}).get(post.slug, {})) for post in POSTS}
    attempts = {int(number): _attempt(value, posts) for number, value in saved.get("sent", {}).items()}
    return posts, attempts, max(0, int(saved.get("waves", 0)))


def _post(post: Post, changed: dict[str, Any]) -> Post:
    known: dict[str, Any] = {name: kind(changed[name]) for name, kind in _CHANGES.items() if name in changed}
    return replace(post, **known)


def _attempt(value: dict[str, Any], posts: dict[str, Post]) -> Attempt:
    sent = Sent(**{str(name): str(text) for name, text in value["sent"].items()})
    if value["dialect"] not in SENDERS:
        raise ValueError(value["dialect"])
    return Attempt(posts[value["slug"]].slug, value["dialect"], sent, str(value["ping_id"]), float(value["at"]))
