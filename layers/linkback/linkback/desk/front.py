"""`/dashboard…`: the pages, and the forms on them. GET never changes anything; each POST carries a CSRF token."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from linkback.desk import assets, fields, mentions, pages, sessions
from linkback.desk.acts import Act, Scope
from linkback.desk.layout import View
from linkback.desk.office import WEATHER
from linkback.desk.refused import Refused
from linkback.dialect import Request, Response, as_json
from linkback.record import LISTED, State
from linkback.tokens import BadToken

if TYPE_CHECKING:
    from collections.abc import Callable

    from linkback.desk.acts import Done
    from linkback.desk.office import Office
    from linkback.desk.sessions import Session

_NOT_KEPT = "The store did not answer then, so this cannot be undone with one key."
_SAME = ("same-origin", "none", "")


@dataclass(frozen=True, slots=True)
class Call:
    """One request of somebody who is signed in: its parameters, or its form's fields, and when."""

    request: Request
    session: Session
    fields: list[tuple[str, str]]
    now: float

    def get(self, name: str) -> str:
        """The first field of this name, or ""."""
        return next((value for key, value in self.fields if key == name), "").strip()

    def all(self, name: str) -> list[str]:
        """Every field of this name."""
        return [value for key, value in self.fields if key == name]


class Front:
    """The pages of one bridge's desk."""

    def __init__(self, office: Office) -> None:
        self._office = office
        self._pages: dict[str, Callable[[Call], Response]] = {
            "": self._queue,
            "/pings": self._pings,
            "/rules": self._rules,
            "/tokens": self._tokens,
        }
        self._forms: dict[str, Callable[[Call], Response]] = {
            "/sign-out": self._sign_out,
            "/mentions": self._act,
            "/undo": self._undo,
            "/pings": self._retry,
            "/rules": self._change_rules,
            "/tokens": self._change_tokens,
        }

    def answer(self, request: Request, now: float) -> Response:
        """The answer to one request. Raises Refused, BadCursor and BadToken."""
        place = request.path.removeprefix("/dashboard").rstrip("/")
        if request.method == "POST":
            return self._posted(place, request, now)
        if request.method not in ("GET", "HEAD"):
            told = Refused(405, "method-not-allowed", "This page is read with GET, and its forms are sent with POST.")
            return pages.refusal(told, request, allow="GET, HEAD, POST")
        if place.removeprefix("/") in assets.KINDS:
            return _asset(place.removeprefix("/"))
        if place not in self._pages:
            raise Refused(404, "not-found", "There is no page at this address.")
        session = self._office.sessions.read(request.headers.get("cookie", ""), now)
        if session is None:
            return pages.sign_in(request, "")
        return self._pages[place](Call(request, session, fields.read(request.query), now))

    def _posted(self, place: str, request: Request, now: float) -> Response:
        if request.headers.get("sec-fetch-site", "") not in _SAME:
            raise Refused(403, "forbidden", "This form was sent from another site. Open the desk and do it there.")
        sent = fields.read(request.body.decode("utf-8", "replace"))
        if place == "/sign-in":
            return self._sign_in(request, dict(sent).get("token", "").strip(), now)
        if place not in self._forms:
            raise Refused(404, "not-found", "There is no form at this address.")
        session = self._office.sessions.read(request.headers.get("cookie", ""), now)
        if session is None:
            raise Refused(403, "signed-out", "You are not signed in any more, so nothing was changed. Sign in again.")
        call = Call(request, session, sent, now)
        if not sessions.is_csrf(call.get("csrf"), session):
            told = "This form is not one of this session, so nothing was changed. Open the page again and do it there."
            raise Refused(403, "forbidden", told)
        self._office.tokens.used(session.owner, now)
        return self._forms[place](call)

    # Signing in and out

    def _sign_in(self, request: Request, token: str, now: float) -> Response:
        try:
            owner = self._office.gate.owner(token, request.sender, now)
        except Refused as refused:
            return pages.sign_in(request, refused.detail, refused.status, refused.after)
        return _see_other(request, "", cookie=sessions.cookie(self._office.sessions.open(owner, now)))

    def _sign_out(self, call: Call) -> Response:
        self._office.sessions.close(call.session)
        return _see_other(call.request, "", cookie=sessions.cookie(""))

    # Mentions

    def _queue(self, call: Call) -> Response:
        view = self._view(call, "")
        state = State(call.get("state")) if call.get("state") in LISTED else State.HELD
        words = call.get("q")
        page = self._office.ledger.mentions(view.site, state, call.get("cursor"), wanted=mentions.search(words))
        last = self._office.sessions.last(call.session, call.now)
        return pages.queue(view, state, page, words, last.done if last else [])

    def _act(self, call: Call) -> Response:
        act, scope, claims = _asked(call)
        owner = call.session.owner
        done, refused = self._office.all(claims, act, scope, owner)
        if not done:
            raise refused[0][1]
        with suppress(*WEATHER):  # then they wait on
            alike = self._office.acts.alike(done, act) if scope is not Scope.NONE else []
            done += self._office.all(alike, act, Scope.NONE, owner, alone=False)[0]
        said = [one for _, one in refused]
        try:
            self._office.sessions.remember(call.session, done, call.now)
        except WEATHER:  # what was done stands, and must be told
            said.append(Refused(503, "server-trouble", _NOT_KEPT, 60))
        return self._told(call, done, said)

    def _told(self, call: Call, done: list[Done], refused: list[Refused]) -> Response:
        if "application/json" in call.request.headers.get("accept", ""):
            told = {"done": [mentions.outcome(one) for one in done], "words": pages.did(done)}
            told["refused"] = [one.detail for one in refused]
            return Response(200, as_json(told), {"content-type": "application/json", "cache-control": "no-store"})
        if refused:
            many = f" ({len(refused)} were not done.)" if refused[1:] else ""
            raise Refused(
                refused[0].status, refused[0].error, f"{pages.did(done)} {refused[0].detail}{many}", partly=True
            )
        return self._back(call, "")

    def _undo(self, call: Call) -> Response:
        last = self._office.sessions.last(call.session, call.now)
        if last is None:
            raise Refused(409, "nothing", "There is nothing to undo: what was done is undone for a day at most.")
        refused: list[Refused] = []
        for one in reversed(last.done):
            try:
                self._office.acts.undo(one, call.session.owner)
            except Refused as refusal:
                refused.append(refusal)
        self._office.sessions.forget(last)
        if refused:
            back = len(last.done) - len(refused)
            told = (
                f"{back} of {len(last.done)} were put back. {refused[0].detail}" if last.done[1:] else refused[0].detail
            )
            raise Refused(refused[0].status, refused[0].error, told, partly=back > 0)
        return self._back(call, "", "undone")

    # The log, the rules, the tokens

    def _pings(self, call: Call) -> Response:
        view, attempts = self._view(call, "/pings"), self._office.attempts
        asked = {"status": call.get("status"), "q": call.get("q")}
        page = attempts.page(view.site, asked["status"], asked["q"], call.get("cursor"))
        return pages.pings(view, page, asked, attempts.chart(view.site, _moment(call)))

    def _retry(self, call: Call) -> Response:
        owner, base = call.session.owner, call.request.base
        self._office.attempts.retry(call.get("retry"), owner, base, _moment(call))
        return self._back(call, "/pings", "again")

    def _rules(self, call: Call) -> Response:
        view, ledger = self._view(call, "/rules"), self._office.ledger
        known = ledger.rules(view.site, call.get("known"), known=True)
        return pages.rules(view, ledger.rules(view.site, call.get("cursor")), known)

    def _change_rules(self, call: Call) -> Response:
        site = self._office.only_site(call.get("site"), call.session.owner)
        if call.get("remove"):
            kind, _, value = call.get("remove").partition(" ")
            self._office.rulebook.remove(site, {"kind": kind, "value": value})
        else:
            told = {name: call.get(name) for name in ("kind", "value", "action")}
            self._office.rulebook.add(site, told, call.now, replacing=bool(call.get("replace")))
        return self._back(call, "/rules", "removed" if call.get("remove") else "added")

    def _tokens(self, call: Call) -> Response:
        return pages.tokens(self._view(call, "/tokens"), self._office.tokens_of(call.session.owner), "")

    def _change_tokens(self, call: Call) -> Response:
        office, owner = self._office, call.session.owner
        if name := call.get("revoke"):
            if name not in {one.name for one in office.tokens_of(owner)}:
                raise BadToken(f"There is no token named {name} that you may take back.")
            office.tokens.revoke(name)
            return self._back(call, "/tokens", "revoked")
        token = office.tokens.create(call.get("name"), owner.sites, call.now)
        return pages.tokens(self._view(call, "/tokens"), office.tokens_of(owner), token)

    # Getting there

    def _view(self, call: Call, tab: str) -> View:
        office, owner = self._office, call.session.owner
        site = office.site(call.get("site"), owner)
        return View(call.request, call.session, site, office.sites_of(owner), tab, call.get("done"))

    def _back(self, call: Call, tab: str, done: str = "") -> Response:
        """To the list that the form stood on, with a word for what was done."""
        kept = [(name, value) for name in ("site", "state", "q", "status") if (value := call.get(name))]
        kept += [("done", done)] if done else []
        return _see_other(call.request, f"{tab}?{urlencode(kept)}" if kept else tab)


def _asked(call: Call) -> tuple[Act, Scope, list[str]]:
    """The act that the pressed button names, `act scope` or `act scope claim`: of the ticked ones, or of its own."""
    act, _, rest = call.get("do").partition(" ")
    scope, _, claim = rest.partition(" ")
    if act not in set(Act) or scope not in set(Scope):
        raise Refused(400, "bad-action", "This button is unknown here: open the page again.")
    if not claim and not call.all("id"):
        raise Refused(400, "bad-ids", "Tick the mentions first, then press the button. Nothing was changed.")
    return Act(act), Scope(scope), fields.ids([claim] if claim else call.all("id"))


def _moment(call: Call) -> datetime:
    return datetime.fromtimestamp(call.now, UTC)


def _see_other(request: Request, place: str, cookie: str = "") -> Response:
    headers = {"location": f"{request.base}/dashboard{place}", "cache-control": "no-store"}
    return Response(303, "", headers | ({"set-cookie": cookie} if cookie else {}))


def _asset(name: str) -> Response:
    headers = {"content-type": assets.KINDS[name], "cache-control": "public, max-age=31536000, immutable"}
    return Response(200, assets.asset(name).text, {**headers, "x-content-type-options": "nosniff"})
