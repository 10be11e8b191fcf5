"""`/moderation/…`: the owner's actions over HTTP, JSON in and out, with `Authorization: Bearer` and nothing else.

No cookie opens these, so no page that an owner visits can call them.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from linkback.desk import attempts, fields, mentions
from linkback.desk.acts import Act, Scope
from linkback.desk.refused import Refused
from linkback.dialect import Request, Response, as_json
from linkback.record import LISTED, State

if TYPE_CHECKING:
    from linkback.desk.office import Office
    from linkback.rules import Rule
    from linkback.tokens import Owner

_UNAUTHORIZED = 401  # RFC 9110, section 15.5.2
_JSON = {
    "content-type": "application/json; charset=utf-8",
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
}


@dataclass(frozen=True, slots=True)
class Call:
    """One call: who asks, with which parameters, and for which thing, "" for none."""

    request: Request
    owner: Owner
    name: str
    now: float
    query: dict[str, str] = field(default_factory=dict)

    @property
    def body(self) -> dict[str, Any]:
        """The JSON object that was sent. Raises Refused."""
        try:
            told = json.loads(self.request.body.decode("utf-8"))
            json.dumps(told, ensure_ascii=False).encode()  # which half a surrogate pair cannot be
        except (ValueError, RecursionError):
            told = None
        if not isinstance(told, dict):
            raise Refused(400, "bad-json", 'Send a JSON object, such as {"action": "approve"}.')
        return told


Answer = Callable[[Call], Any]


class Api:
    """The API of one bridge."""

    def __init__(self, office: Office) -> None:
        self._office = office
        self._calls: dict[str, dict[str, Answer]] = {
            "mentions": {"GET": self._mentions, "POST": self._act_on_many},
            "mentions/": {"POST": self._act},
            "rules": {"GET": self._rules, "POST": self._add_rule, "DELETE": self._remove_rule},
            "hosts": {"GET": self._known, "DELETE": self._remove_rule},
            "pings": {"GET": self._pings},
            "pings/": {"POST": self._retry},
        }

    def answer(self, request: Request, now: float) -> Response:
        """The answer to a call. Raises Refused."""
        place, name = _place(request.path)
        calls = self._calls.get(place)
        if calls is None:
            raise Refused(404, "not-found", f"There is nothing at this address. There are {_addresses()}.")
        if request.method not in calls:
            allowed = ", ".join(calls)
            return refusal(Refused(405, "method-not-allowed", f"This address takes {allowed}."), allow=allowed)
        owner = self._office.gate.bearer(request, now)
        call = Call(request, owner, name, now, dict(reversed(fields.read(request.query))))
        return Response(200, as_json(calls[request.method](call)), _JSON)

    # Mentions

    def _mentions(self, call: Call) -> Any:
        state = call.query.get("state") or State.HELD
        if state not in LISTED:
            raise Refused(400, "bad-state", f"state must be one of {', '.join(LISTED)}.")
        site = self._office.site(call.query.get("site", ""), call.owner)
        wanted = mentions.search(call.query.get("q", ""))
        page = self._office.ledger.mentions(site, State(state), call.query.get("cursor", ""), wanted=wanted)
        return {"items": [mentions.members(record) for record in page.items], "cursor": page.cursor or None}

    def _act(self, call: Call) -> Any:
        act, scope = _asked(call.body)
        return mentions.outcome(self._office.acts.act(call.name, act, scope, call.owner))

    def _act_on_many(self, call: Call) -> Any:
        body = call.body
        act, scope = _asked(body)
        done, refused = self._office.all(fields.ids(body.get("ids")), act, scope, call.owner)
        told = [{"id": claim, "error": one.error, "error_description": one.detail} for claim, one in refused]
        return {"done": [mentions.outcome(one) for one in done], "refused": told}

    # Rules

    def _rules(self, call: Call) -> Any:
        return self._listed(call, known=False)

    def _known(self, call: Call) -> Any:
        return self._listed(call, known=True)

    def _listed(self, call: Call, *, known: bool) -> Any:
        site = self._office.site(call.query.get("site", ""), call.owner)
        page = self._office.ledger.rules(site, call.query.get("cursor", ""), known=known)
        return {"items": [_members(rule) for rule in page.items], "cursor": page.cursor or None}

    def _add_rule(self, call: Call) -> Any:
        body = call.body
        site = self._office.only_site(_string(body, "site"), call.owner)
        rule, before = self._office.rulebook.add(site, body, call.now, replacing=body.get("replace") is True)
        return {"rule": _members(rule), "before": before}

    def _remove_rule(self, call: Call) -> Any:
        """The rule's members as JSON, or in the query, where a client cannot send a body with DELETE."""
        body = call.body if call.request.body.strip() else dict[str, Any](call.query)
        rule = self._office.rulebook.remove(self._office.only_site(_string(body, "site"), call.owner), body)
        return {"removed": _members(rule)}

    # Pings

    def _pings(self, call: Call) -> Any:
        site = self._office.site(call.query.get("site", ""), call.owner)
        told = (call.query.get(name, "") for name in ("status", "q", "cursor"))
        page = self._office.attempts.page(site, *told)
        return {"items": [attempts.members(item) for item in page.items], "cursor": page.cursor or None}

    def _retry(self, call: Call) -> Any:
        moment = datetime.fromtimestamp(call.now, UTC)
        return self._office.attempts.retry(call.name, call.owner, call.request.base, moment)


def refusal(refused: Refused, **headers: str) -> Response:
    """A refusal as JSON."""
    told = {"error": refused.error, "error_description": refused.detail}
    extra = {"retry-after": str(refused.after)} if refused.after else {}
    if refused.status == _UNAUTHORIZED:
        extra["www-authenticate"] = 'Bearer realm="Linkback"'
    return Response(refused.status, as_json(told), _JSON | extra | headers)


def _place(path: str) -> tuple[str, str]:
    """`/moderation/mentions/x` is the place `mentions/` and the name `x`; `…/pings/x/retry` is `pings/` and `x`."""
    kind, slash, name = path.removeprefix("/moderation/").partition("/")
    if kind == "pings" and slash:
        name, end, verb = name.partition("/")
        if (end, verb) != ("/", "retry"):
            return "", ""
    return (f"{kind}/", name) if slash else (kind, "")


def _asked(body: dict[str, Any]) -> tuple[Act, Scope]:
    action, trust = _string(body, "action"), _string(body, "trust") or Scope.NONE
    if action not in set(Act):
        raise Refused(400, "bad-action", f"action must be one of {', '.join(Act)}.")
    if trust not in set(Scope):
        raise Refused(400, "bad-trust", f"trust must be one of {', '.join(Scope)}.")
    return Act(action), Scope(trust)


def _string(body: dict[str, Any], name: str) -> str:
    value = body.get(name)
    if value is not None and not isinstance(value, str):
        raise Refused(400, "bad-json", f"{name} must be a string.")
    return value or ""


def _members(rule: Rule) -> dict[str, str]:
    told = {"site": rule.site, "kind": rule.kind, "value": rule.value, "action": rule.action}
    return {**told, "made": rule.made} if rule.made else told


def _addresses() -> str:
    return "/moderation/mentions, /moderation/rules, /moderation/hosts and /moderation/pings"
