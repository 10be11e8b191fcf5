"""The owner of a deployed stack: a token by the command, the API and the desk over HTTP, under an enforced IAM."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import pytest

from e2e.stack import NAME, REGION

if TYPE_CHECKING:
    from e2e.bridge import Bridge
    from e2e.stack import Stack

pytestmark = pytest.mark.deployed


@pytest.fixture(scope="module")
def token(stack: Stack) -> str:
    """As an owner makes one."""
    command = [sys.executable, "-m", "linkback_cli", "token", "create", "e2e", "--stack", NAME, "--region", REGION]
    made = subprocess.run(command, env=stack.environment, capture_output=True, text=True, check=False)
    assert made.returncode == 0, made.stderr
    return made.stdout.strip()


def api(bridge: Bridge, token: str, method: str, place: str, body: Any = None) -> Any:
    sent = json.dumps(body).encode() if body is not None else None
    answer = bridge.call(method, f"/moderation/{place}", sent, authorization=f"Bearer {token}")
    assert answer.status == 200, answer.body
    return answer.json()


def published(bridge: Bridge) -> tuple[str, str]:
    target = bridge.new_target()
    source = bridge.new_source(target)
    assert bridge.fate(bridge.webmention(source, target))["status"] == "published"
    [child] = bridge.until(lambda: bridge.children(target), lambda children: len(children) == 1)
    return target, child["wm-claim"]


def test_what_is_public_is_hidden_and_shown_again_over_http(bridge: Bridge, token: str) -> None:
    target, claim = published(bridge)
    assert api(bridge, token, "POST", f"mentions/{claim}", {"action": "spam"})["before"] == "public"
    bridge.until(lambda: bridge.children(target), lambda children: children == [])
    assert claim in {item["id"] for item in api(bridge, token, "GET", "mentions?state=spam")["items"]}
    api(bridge, token, "POST", f"mentions/{claim}", {"action": "approve"})
    bridge.until(lambda: bridge.children(target), lambda children: len(children) == 1)


def test_a_rule_blocks_at_the_door_until_it_is_taken_back(bridge: Bridge, token: str) -> None:
    rule = {"kind": "host", "value": "blocked.example"}
    api(bridge, token, "POST", "rules", {**rule, "action": "block"})
    target = bridge.new_target()
    refused = bridge.webmention("https://blocked.example/", target)
    assert (refused.status, refused.json()["error"]) == (400, "blocked")
    [attempt] = [one for one in api(bridge, token, "GET", "pings?status=declined")["items"] if one["target"] == target]
    assert attempt["reason"] == "blocked"
    assert api(bridge, token, "DELETE", f"rules?{urlencode(rule)}")["removed"]["value"] == "blocked.example"


def test_a_ping_is_visited_again(bridge: Bridge, token: str) -> None:
    target, claim = published(bridge)
    [ping] = [one for one in api(bridge, token, "GET", "pings")["items"] if one["target"] == target]
    assert api(bridge, token, "POST", f"pings/{ping['id']}/retry")["status"] == "queued"
    bridge.until(lambda: bridge.get(f"/pings/{ping['id']}").json()["status"], lambda status: status == "published")
    assert claim


def test_an_owner_signs_in_acts_undoes_and_signs_out(bridge: Bridge, token: str) -> None:
    target, claim = published(bridge)
    assert bridge.form("/dashboard/sign-in", token="nobody").status == 401
    signed_in = bridge.form("/dashboard/sign-in", token=token)
    assert signed_in.status == 303, signed_in.body
    cookie = signed_in.headers["set-cookie"].partition(";")[0]
    page = bridge.get("/dashboard?state=public", cookie=cookie).body.decode()
    [csrf] = set(re.findall(r'name="csrf" value="([^"]+)"', page))
    assert f'id="m-{claim}"' in page

    def submit(place: str, **fields: str) -> int:
        body = urlencode({"csrf": csrf, **fields}).encode()
        return bridge.call("POST", f"/dashboard{place}", body, cookie=cookie).status

    assert submit("/mentions", do=f"hold none {claim}") == 303
    bridge.until(lambda: bridge.children(target), lambda children: children == [])
    assert submit("/undo") == 303
    bridge.until(lambda: bridge.children(target), lambda children: len(children) == 1)
    for place in ("/pings", "/rules", "/tokens", "/desk.js", "/desk.css"):
        assert bridge.get(f"/dashboard{place}", cookie=cookie).status == 200, place
    assert submit("/sign-out") == 303
    assert submit("/undo") == 403
