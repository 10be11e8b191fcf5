"""Webmention (W3C Recommendation, 12 January 2017), the receiver's side of section 3.2."""

from __future__ import annotations

from typing import TYPE_CHECKING

from linkback import form, human
from linkback.dialect import Request, Response, as_json
from linkback.ping import Declined, Ping, Protocol, Reason, TryLater

if TYPE_CHECKING:
    from datetime import datetime

_CORS = {"access-control-allow-origin": "*", "x-content-type-options": "nosniff", "cache-control": "no-store"}


def read(request: Request, now: datetime) -> Ping:
    """3.2.1: `source` and `target`, form-encoded; every other field belongs to extensions and is passed over."""
    given = form.fields(request.body)
    declared = form.charset(request.headers.get("content-type", ""))
    source, target = (form.text(given.get(name, b""), declared) for name in ("source", "target"))
    if not source or not target:
        missing = " and ".join(name for name, value in (("source", source), ("target", target)) if not value)
        detail = f"There is no {missing} in the form: POST source and target as application/x-www-form-urlencoded."
        raise Declined(Reason.MALFORMED, detail)
    return Ping(source, target, Protocol.WEBMENTION, now)


def accept(request: Request, ping: Ping, *, again: bool) -> Response:  # noqa: ARG001 - telling it again is an update, 3.2.4
    """3.2: 201 with the address of the status page in Location; never a redirect, never Retry-After."""
    location = f"{request.base}/pings/{ping.id}"
    headers = {**_CORS, "location": location}
    if human.wanted(request):
        return human.page(201, "Thank you", human.accepted(location, ping), headers, base=request.base)
    told = {"status": "queued", "location": location, "source": ping.source, "target": ping.target}
    return _json(201, told, headers)


def decline(request: Request, refusal: Declined | TryLater) -> Response:
    """3.2.1 and 3.2.3: the sender's fault is 400 exactly; ours is 503, and too many is 429, both with Retry-After."""
    headers = dict(_CORS)
    status = 400
    if isinstance(refusal, TryLater):
        status = 429 if refusal.reason is Reason.TOO_MANY else 503
        headers["retry-after"] = str(refusal.after)
    if human.wanted(request):
        return human.page(status, "Not accepted", human.refused(refusal, request.base), headers, base=request.base)
    return _json(status, {"error": str(refusal.reason), "error_description": refusal.detail}, headers)


def form_page(request: Request) -> Response:
    """What a person sees who opens the endpoint in a browser."""
    return human.page(200, "Webmention endpoint", human.mention_form(request.base), _CORS, base=request.base)


def _json(status: int, told: dict[str, str], headers: dict[str, str]) -> Response:
    return Response(status, as_json(told), {**headers, "content-type": "application/json; charset=utf-8"})
