"""An owner at the desk of a bridge on the emulated table: by the API with a token, and in a browser's place."""

from __future__ import annotations

import html
import json
import re
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from linkback.tokens import Tokens

if TYPE_CHECKING:
    from conftest import Bridge
    from linkback_cli.events import HttpAnswer

FORM = "application/x-www-form-urlencoded"


@dataclass
class Owner:
    """Somebody with a token; `cookie` and `csrf` once he is signed in."""

    bridge: Bridge
    token: str
    cookie: str = ""
    csrf: str = ""
    sent: dict[str, str] = field(default_factory=dict)

    # Over HTTP

    def api(self, method: str, place: str, body: Any = None) -> tuple[int, Any]:
        """Status and JSON of a call with the token; a `body` of bytes is sent as it is."""
        sent = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        headers = {"authorization": f"Bearer {self.token}", "content_type": "application/json"}
        answer = self.bridge.call(method, f"/moderation/{place}", sent, **headers)
        return answer.status, json.loads(answer.body)

    def get(self, place: str) -> Any:
        """The JSON of a successful read."""
        status, told = self.api("GET", place)
        assert status == 200, told
        return told

    def act(self, claim: str, action: str, **members: str) -> Any:
        """The JSON of a successful act."""
        status, told = self.api("POST", f"mentions/{claim}", {"action": action, **members})
        assert status == 200, told
        return told

    def queue(self, state: str = "held", **query: str) -> list[dict[str, Any]]:
        """What is listed in a state."""
        items: list[dict[str, Any]] = self.get(f"mentions?{urlencode({'state': state, **query})}")["items"]
        return items

    def sources(self, state: str = "held") -> set[str]:
        """The paths of the sources listed in a state."""
        return {re.sub(r"https?://[^/]+", "", item["wm-source"]) for item in self.queue(state)}

    # In a browser

    def sign_in(self) -> HttpAnswer:
        """Open a session."""
        answer = self.bridge.call(
            "POST", "/dashboard/sign-in", urlencode({"token": self.token}).encode(), content_type=FORM
        )
        headers = dict(answer.headers)
        self.cookie = headers["set-cookie"].partition(";")[0]
        self.csrf = re.findall(r'name="csrf" value="([^"]+)"', self.page())[0]
        return answer

    def open(self, place: str = "") -> HttpAnswer:
        """A page of the desk."""
        return self.bridge.call("GET", f"/dashboard{place}", cookie=self.cookie, accept="text/html")

    def page(self, place: str = "") -> str:
        """The markup of a page of the desk that opens."""
        answer = self.open(place)
        assert answer.status == 200, answer.body
        return answer.body.decode()

    def submit(self, place: str, *fields: tuple[str, str], **headers: str) -> HttpAnswer:
        """Send a form with its CSRF token, as a browser does."""
        body = urlencode([("csrf", self.csrf), *fields]).encode()
        told = {"content_type": FORM, "cookie": self.cookie, "sec_fetch_site": "same-origin", **headers}
        return self.bridge.call("POST", f"/dashboard{place}", body, **told)


def owner(bridge: Bridge, dynamodb: Any, table: str, *sites: str) -> Owner:
    """An owner with a new token, for these sites or for all."""
    name = f"owner {time.perf_counter_ns()}"
    return Owner(bridge, Tokens(dynamodb, table).create(name, sites, time.time()))


def words(markup: str) -> str:
    """What a page says, without its markup."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", markup)).split())
