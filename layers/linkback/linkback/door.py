"""The doors: a stranger's POST becomes a recorded and queued ping, and an answer in the stranger's own dialect."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from linkback import form, pingback, queue, trackback, webmention
from linkback.dialect import Dialect, Request, Response
from linkback.dynamodb import Busy
from linkback.ping import Declined, Ping, Protocol, Reason, Status, TryLater, stamp
from linkback.policy import network

if TYPE_CHECKING:
    from linkback.address import Permit
    from linkback.policy import Claim, Pace, Policy
    from linkback.table import Table

Send = Callable[[dict[str, str]], None]
Fields = dict[str, Any]

DIALECTS: dict[str, Dialect] = {
    "webmention": webmention,
    "pingback": pingback,
    "xmlrpc": pingback,
    "trackback": trackback,
}
METHODS = {"webmention": "GET, HEAD, POST", "pingback": "POST", "xmlrpc": "POST", "trackback": "POST"}

# Seconds until a sender may try again: outages pass by themselves, bugs do not.
_TROUBLE_AFTER, _BUG_AFTER = 60, 3600
# A ping that changed nothing so often in a row is visited after a minute, two, four … and at last an hour.
FREE_REPEATS, FIRST_WAIT, LONGEST_WAIT = 3, 60, 3600
_BOMS = (b"\xff\xfe", b"\xfe\xff")


class Door:
    """One bridge's doors. `send` takes a queue.entry to the queue."""

    def __init__(self, policy: Policy, table: Table, send: Send, pace: Pace, permit: Permit) -> None:
        self._policy, self._table, self._send, self._pace, self._permit = policy, table, send, pace, permit

    def answer(self, request: Request, now: datetime) -> tuple[Response, Fields]:
        """The answer, and what the log should say of it. Never raises for anything a sender can write."""
        name = _name(request)
        if name not in METHODS:
            return _nothing_here(), {"outcome": "refused", "reason": "not-found"}
        if request.method == "OPTIONS":
            return _preflight(METHODS[name]), {}
        if request.method in ("GET", "HEAD") and name == "webmention":
            return webmention.form_page(request), {}
        if request.method != "POST":
            return _method_not_allowed(METHODS[name]), {"outcome": "refused", "reason": "method"}
        dialect = spoken(request, DIALECTS[name])
        told: Fields = {}
        try:
            return self._take(dialect, request, now, told), told
        except (Declined, TryLater) as refusal:
            return dialect.decline(request, refusal), told | _refused(refusal)

    def failed(self, request: Request) -> tuple[Response, Fields]:
        """The answer when `answer` raised, which is a bug of ours: trouble of ours in the door's own dialect."""
        detail = "The bridge failed at this, which is its own fault. Send the mention again later."
        refusal = TryLater(Reason.SERVER_TROUBLE, detail, _BUG_AFTER)
        return DIALECTS.get(_name(request), webmention).decline(request, refusal), _refused(refusal)

    def _take(self, dialect: Dialect, request: Request, now: datetime, told: Fields) -> Response:
        """Check, record and queue; `told` hears what is known so far."""
        self._pace.take(request.sender, now.timestamp())  # first: what is refused costs us, too
        ping = replace(dialect.read(request, now), sender=request.sender)
        told |= {"protocol": str(ping.protocol), "source": ping.source, "target": ping.target}
        claim = self._policy.read(ping)
        try:
            earlier = self._admit(ping, claim, request.base)
        except (BotoCoreError, ClientError, Busy) as trouble:
            detail = "The bridge's own store does not answer, and nothing was recorded. Send the mention again later."
            raise TryLater(Reason.SERVER_TROUBLE, detail, _TROUBLE_AFTER) from trouble
        told["id"] = ping.id
        if earlier is None:
            self._queue(ping, claim, request.base)
        elif earlier.get("status") == Status.QUEUED:
            # We may have been stopped before it was sent to the queue; if it was sent, the queue drops this one.
            self._queue(replace(ping, received=datetime.fromisoformat(earlier["received"])), claim, request.base)
        again = earlier is not None
        told["outcome"] = "again" if again else "accepted"
        return dialect.accept(request, ping, again=again)

    def _admit(self, ping: Ping, claim: Claim, base: str) -> dict[str, Any] | None:
        """Write the ping down, also that it was declined; or the record of one that need not be visited again."""
        earlier = self._table.ping(ping.id) or {}
        repeater = _repeater(ping)
        repeats = {"repeats": earlier.get("repeats", 0)} if earlier.get("repeater") == repeater else {}
        if repeats and _repeats_itself(earlier, ping.received.timestamp()):
            return earlier
        try:
            self._permit(claim.source)
            self._policy.admit(claim.source, claim, partial(self._table.look, claim.site))
        except Declined as refusal:
            told = {"reason": str(refusal.reason), "detail": refusal.detail, "checked": stamp(ping.received)}
            self._table.put_ping(ping, claim, base, Status.DECLINED, told)
            raise
        told = {"repeater": repeater, **repeats}
        return self._table.put_ping(ping, claim, base, told=told, fresh=ping.protocol is Protocol.PINGBACK)

    def _queue(self, ping: Ping, claim: Claim, base: str) -> None:
        try:
            self._send(queue.entry(ping, base))
        except (BotoCoreError, ClientError) as trouble:
            with suppress(BotoCoreError, ClientError):  # then it stays as it is, queued and never confirmed
                self._table.put_ping(ping, claim, base, Status.WAITING)
            detail = f"The mention is kept at {base}/pings/{ping.id}, but the bridge's queue is down. Send it again."
            raise TryLater(Reason.SERVER_TROUBLE, detail, _TROUBLE_AFTER) from trouble


def _repeater(ping: Ping) -> str:
    """By what the sender who repeats a ping is told from others, who must not be made to wait for him.

    Four digits, which some thousands of addresses share: enough for that, and nobody's address.
    """
    return hashlib.sha256(f"{ping.id} {network(ping.sender)}".encode()).hexdigest()[:4]


def _repeats_itself(earlier: dict[str, Any], now: float) -> bool:
    """Whether the last visits changed nothing, and the last one was not long ago: some plug-ins repeat for ever.

    The more often nothing changed the longer it is not looked again, up to LONGEST_WAIT seconds.
    """
    extra = int(earlier.get("repeats", 0)) - FREE_REPEATS
    if extra < 0 or earlier.get("status") not in (Status.PUBLISHED, Status.HELD) or "checked" not in earlier:
        return False
    wait = min(FIRST_WAIT << min(extra, 10), LONGEST_WAIT)
    return now - datetime.fromisoformat(earlier["checked"]).timestamp() < wait


def spoken(request: Request, door: Dialect) -> Dialect:
    """The dialect of the call itself: some knock at another's door (WordPress, when a site's tags are out of order)."""
    start = request.body[:200].removeprefix(b"\xef\xbb\xbf").lstrip()
    if start.startswith((b"<", *_BOMS)):
        return pingback if pingback.is_call(request) else door
    try:
        names, in_query = form.fields(request.body).keys(), form.fields(request.query.encode("utf-8", "replace")).keys()
    except Declined:
        return door
    if door is trackback and "url" in names:
        return trackback
    if {"source", "target"} <= names:
        return webmention
    return trackback if "url" in names and "target" in in_query else door


def _name(request: Request) -> str:
    return request.path.removeprefix("/").partition("/")[0]


def _refused(refusal: Declined | TryLater) -> Fields:
    told = {"outcome": "refused", "reason": str(refusal.reason), "detail": refusal.detail}
    ours = isinstance(refusal, TryLater) and refusal.__cause__
    return told | ({"cause": repr(ours)} if ours else {})


def _preflight(allowed: str) -> Response:
    methods = {"access-control-allow-methods": allowed, "access-control-allow-headers": "*"}
    return Response(204, "", {"access-control-allow-origin": "*", "access-control-max-age": "86400", **methods})


def _nothing_here() -> Response:
    """A path that no door is at: it cannot come by the template's routes, only by others that point here."""
    headers = {"content-type": "text/plain; charset=utf-8", "access-control-allow-origin": "*"}
    return Response(404, "There is nothing at this address.\n", {**headers, "x-content-type-options": "nosniff"})


def _method_not_allowed(allowed: str) -> Response:
    headers = {"allow": allowed, "content-type": "text/plain; charset=utf-8", "access-control-allow-origin": "*"}
    words = (
        f"This address is for blog software and takes {allowed}. To announce a link by hand, open /webmention here.\n"
    )
    return Response(405, words, {**headers, "x-content-type-options": "nosniff"})
