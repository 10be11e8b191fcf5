"""The desk put together: what its pages and its API both use."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from linkback.desk.refused import Refused
from linkback.dynamodb import Busy

if TYPE_CHECKING:
    from collections.abc import Iterable

    from linkback.desk.acts import Act, Acts, Done, Scope
    from linkback.desk.attempts import Attempts
    from linkback.desk.gate import Gate
    from linkback.desk.ledger import Ledger
    from linkback.desk.rulebook import Rulebook
    from linkback.desk.sessions import Sessions
    from linkback.site import Sites
    from linkback.tokens import Owner, Tokens


# The store does not answer, or not in time.
WEATHER = (BotoCoreError, ClientError, Busy)
_DOWN = "The bridge's store does not answer. What is listed still was not done: do it again in a minute."


@dataclass(frozen=True, slots=True)
class Office:
    """All that one bridge's owners work with."""

    sites: Sites
    tokens: Tokens
    gate: Gate
    sessions: Sessions
    ledger: Ledger
    acts: Acts
    rulebook: Rulebook
    attempts: Attempts

    def sites_of(self, owner: Owner) -> list[str]:
        """The sites of the bridge that a token is for."""
        return [site for site in self.sites.names if owner.may(site)]

    def tokens_of(self, owner: Owner) -> list[Owner]:
        """The tokens that an owner may see and take back: all, or those for no other site than his own are."""
        own = set(owner.sites)
        return [one for one in self.tokens.all() if not own or (one.sites and set(one.sites) <= own)]

    def only_site(self, name: str, owner: Owner) -> str:
        """The site of this name, which may be left out where there is one alone. Raises Refused."""
        if not name and len(may := self.sites_of(owner)) > 1:
            raise Refused(400, "which-site", f"Say which site: site must be one of {', '.join(may)}.")
        return self.site(name, owner)

    def site(self, name: str, owner: Owner) -> str:
        """The site of this name, or where none is given the owner's only or first one. Raises Refused."""
        may = self.sites_of(owner)
        if not name and may:
            return may[0]
        if name in self.sites.names and name not in may:
            raise Refused(403, "forbidden", f"This token is for {', '.join(owner.sites)}, and not for {name}.")
        if name not in may:
            raise Refused(404, "unknown-site", f"site must be one of {', '.join(may) or 'those of this bridge'}.")
        return name

    def all(
        self, claims: Iterable[str], act: Act, scope: Scope, owner: Owner, *, alone: bool = True
    ) -> tuple[list[Done], list[tuple[str, Refused]]]:
        """One act on many mentions, one after another (Acts.act): what was done, and what could not be.

        Where the store does not answer the rest is not tried: what was done until then can be told, and undone.
        """
        done: list[Done] = []
        refused: list[tuple[str, Refused]] = []
        weather: Refused | None = None
        for claim in claims:
            try:
                if weather is None:
                    done.append(self.acts.act(claim, act, scope, owner, alone=alone))
                else:
                    refused.append((claim, weather))
            except Refused as refusal:
                refused.append((claim, refusal))
            except WEATHER:
                weather = Refused(503, "server-trouble", _DOWN, 60)
                refused.append((claim, weather))
        return done, refused
