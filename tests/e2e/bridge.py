"""A bridge over HTTP, wherever it runs, and the pages that its visits see: all that an outsider has."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode
from uuid import uuid4

if TYPE_CHECKING:
    from internet import Web

PATIENCE = 30.0
_serial = count(1)


@dataclass(frozen=True)
class Answer:
    """An HTTP answer; header names in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        return None


_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirects)


@dataclass
class Bridge:
    """`url` is where the tests reach it, `base` what it calls itself.

    `web` serves the tests' pages; its paths are seen by the bridge below `pages`. `target` is a page of one of the
    bridge's sites: each test has its own, told apart by a query.
    """

    url: str
    base: str
    web: Web
    pages: str
    target: str
    site: str

    def call(self, method: str, path: str, body: bytes | None = None, **headers: str) -> Answer:
        """One request; `path` may be an address that the bridge named."""
        told = {name.replace("_", "-"): value for name, value in headers.items()}
        request = urllib.request.Request(self.here(path), body, told, method=method)
        try:
            with _opener.open(request, timeout=PATIENCE) as answer:
                return Answer(answer.status, _lower(answer.headers), answer.read())
        except urllib.error.HTTPError as refused:
            with refused:
                return Answer(refused.code, _lower(refused.headers), refused.read())

    def here(self, address: str) -> str:
        """An address that the bridge named, as the tests reach it."""
        return self.url + (address.removeprefix(self.base) if address.startswith(self.base) else address)

    def get(self, path: str, **headers: str) -> Answer:
        return self.call("GET", path, None, **headers)

    def form(self, path: str, **fields: str) -> Answer:
        """A form, posted as a browser or curl does."""
        return self.call("POST", path, urlencode(fields).encode())

    def webmention(self, source: str, target: str) -> Answer:
        return self.form("/webmention", source=source, target=target)

    def new_target(self) -> str:
        """A page of the site that no other test speaks of."""
        query = f"?e2e={uuid4().hex[:12]}"
        self.web.put(f"/{query}", "<title>A page of the site</title>")  # unless the site is somewhere else
        return self.target + query

    def new_source(self, *targets: str, words: str = "a fine page") -> str:
        """The address of a new blog post that links to these pages."""
        links = " ".join(f'<a href="{target}">{words}</a>' for target in targets)
        return self.put(self.new_path(), f'<div class="h-entry"><p class="e-content">Look: {links}.</p></div>')

    def new_path(self) -> str:
        """A path of the tests' pages that is not taken."""
        return f"/e2e-{uuid4().hex[:8]}-{next(_serial)}"

    def put(self, path: str, body: str, status: int = 200, **headers: str) -> str:
        """Put a page there; its address, as the bridge sees it."""
        self.web.put(path, body, status, **headers)
        return self.pages + path

    def fate(self, answer: Answer) -> dict[str, Any]:
        """The status page of an accepted Webmention, once the visit is over."""
        assert answer.status == 201, answer
        return self.status(answer.headers["location"])

    def status(self, address: str) -> dict[str, Any]:
        """A ping's status page, once it is not queued any more."""
        return dict(self.until(lambda: self.get(address).json(), lambda told: told["status"] != "queued"))

    def children(self, target: str) -> list[dict[str, Any]]:
        """The feed of one page."""
        answer = self.get("/api/mentions.jf2?" + urlencode({"target": target}))
        assert answer.status == 200, answer
        return list(answer.json()["children"])

    def until(self, look: Any, good: Any) -> Any:
        """What `look` returns once it is good. Fails when it is not in time."""
        deadline = time.monotonic() + PATIENCE
        while not good(seen := look()):
            assert time.monotonic() < deadline, f"after {PATIENCE:.0f} s it is still {seen}"
            time.sleep(0.1)
        return seen


def _lower(headers: Any) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}
