"""Who may come in: a token, as `Authorization: Bearer` or at sign-in. Whoever guesses is told to wait."""

from __future__ import annotations

from typing import TYPE_CHECKING

from linkback.desk.refused import Refused
from linkback.policy import network
from linkback.tokens import digest

if TYPE_CHECKING:
    from linkback.dialect import Request
    from linkback.tokens import Owner, Tokens

# Wrong tokens of one sender in a minute, counted in this process alone: there is nothing to guess in 256 bits, but a
# flood of guesses would be paid for by the read.
MOST_GUESSES = 10
_TOO_MANY = "That were too many wrong tokens from your address. Wait a minute, then try again."
_WRONG = "This is not a token of this bridge, or it was taken back. The command linkback token create NAME makes one."
_NONE = "Send the token of the bridge's owner as `Authorization: Bearer TOKEN`. `linkback token create NAME` makes one."


class Gate:
    """The gate of one process."""

    def __init__(self, tokens: Tokens) -> None:
        self._tokens = tokens
        self._minute, self._wrong = 0, dict[str, int]()
        self._right: set[str] = set()

    def bearer(self, request: Request, now: float) -> Owner:
        """The owner who sends the token. Raises Refused: 401 for nobody, 429 for who guesses."""
        kind, _, told = request.headers.get("authorization", "").strip().partition(" ")
        if kind.lower() != "bearer" or not told.strip():
            raise Refused(401, "unauthorized", _NONE)
        return self.owner(told.strip(), request.sender, now)

    def owner(self, token: str, sender: str, now: float) -> Owner:
        """The owner of this token. Raises Refused as `bearer` does."""
        if int(now // 60) != self._minute:
            self._minute, self._wrong = int(now // 60), {}
        sender = network(sender)
        # Whose token was right before does not wait for his neighbour who guesses.
        if digest(token) not in self._right and self._wrong.get(sender, 0) >= MOST_GUESSES:
            raise Refused(429, "too-many", _TOO_MANY, 60 - int(now % 60))
        owner = self._tokens.owner(token)
        if owner is None:
            self._wrong[sender] = self._wrong.get(sender, 0) + 1
            raise Refused(401, "unauthorized", _WRONG)
        self._right.add(owner.digest)
        self._tokens.used(owner, now)
        return owner
