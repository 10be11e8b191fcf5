"""The owner's desk over HTTP: pages under `/dashboard`, the API under `/moderation`."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from linkback.desk import api, pages
from linkback.desk.acts import Acts
from linkback.desk.api import Api
from linkback.desk.attempts import Attempts
from linkback.desk.front import Front
from linkback.desk.gate import Gate
from linkback.desk.ledger import BadCursor, Ledger
from linkback.desk.office import Office
from linkback.desk.refused import Refused
from linkback.desk.rulebook import Rulebook
from linkback.desk.sessions import Sessions
from linkback.table import Table
from linkback.tokens import BadToken, Tokens

if TYPE_CHECKING:
    from collections.abc import Callable

    from publicsuffixlist import PublicSuffixList

    from linkback.desk.attempts import Send
    from linkback.dialect import Request, Response
    from linkback.policy import Policy

_API = "/moderation/"


class Desk:
    """The desk of one bridge, on its table, behind a low-level DynamoDB client. `clock` tells seconds since 1970."""

    def __init__(self, policy: Policy, client: Any, table: str, send: Send, clock: Callable[[], float]) -> None:
        store, ledger, tokens = Table(client, table), Ledger(client, table), Tokens(client, table)
        self._clock = clock
        office = Office(
            sites=policy.sites,
            tokens=tokens,
            gate=Gate(tokens),
            sessions=Sessions(ledger, tokens),
            ledger=ledger,
            acts=Acts(store, ledger, clock, is_suffix),
            rulebook=Rulebook(store, is_suffix),
            attempts=Attempts(policy, store, ledger, send),
        )
        self._api, self._front = Api(office), Front(office)

    def answer(self, request: Request, told: dict[str, Any]) -> Response:
        """The answer; `told` hears what the log should say of it. Raises what the store raises."""
        try:
            if request.path.startswith(_API):
                return self._api.answer(request, self._clock())
            return self._front.answer(request, self._clock())
        except Refused as refusal:
            told |= {"outcome": "refused", "reason": refusal.error, "detail": refusal.detail}
            return self._refusal(refusal, request)
        except BadToken as bad:
            return self._refusal(Refused(400, "bad-token", str(bad)), request)
        except BadCursor:
            return self._refusal(Refused(400, "bad-cursor", "This cursor is none of ours: begin without one."), request)

    def unavailable(self, request: Request) -> Response:
        """The table or the queue does not answer."""
        told = "The bridge's store does not answer. What you did may not be done: look in a minute, then do it again."
        return self._refusal(Refused(503, "server-trouble", told, 60), request)

    def failed(self, request: Request) -> Response:
        """A bug of ours."""
        told = "The bridge failed at this, which is its own fault. Its log says more."
        return self._refusal(Refused(500, "server-trouble", told), request)

    def _refusal(self, refused: Refused, request: Request) -> Response:
        if request.path.startswith(_API) or "application/json" in request.headers.get("accept", ""):
            return api.refusal(refused)
        return pages.refusal(refused, request)


def is_suffix(host: str) -> bool:
    """Whether anybody may register a name below this host (publicsuffix.org), so that it is not one owner's."""
    return _suffixes().publicsuffix(host) == host


@cache
def _suffixes() -> PublicSuffixList:
    from publicsuffixlist import PublicSuffixList  # noqa: PLC0415 - 60 ms that only a rule for a host needs

    return PublicSuffixList()
