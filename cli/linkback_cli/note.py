"""What a running bridge notes in its data directory for other commands, and the sign that they leave there for it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple, Self

if TYPE_CHECKING:
    from pathlib import Path

    from linkback_cli.data import DataDir

_NAME, _SIGN = "bridge", "changed"


class Note(NamedTuple):
    """Where the store answers ("" when none does), the bridge's own address, and its sites.

    After kill -9 the store of yesterday stands there. Who may take the directory's lock knows that nothing runs.
    """

    store: str = ""
    address: str = ""
    sites: tuple[str, ...] = ()

    @classmethod
    def read(cls, path: Path) -> Self:
        """What stands in this directory; an empty note where there is none, or another one than ours."""
        try:
            store, address, sites = json.loads((path / f"{_NAME}.json").read_text("utf-8"))
            return cls(str(store), str(address), tuple(map(str, sites)))
        except (OSError, ValueError, TypeError):
            return cls()

    def leave(self, data: DataDir) -> None:
        """Write it down. Raises OSError."""
        data.remember(_NAME, self)


def tell(path: Path) -> None:
    """Let the bridge that uses this directory know that its store was changed: it saves soon. Raises OSError."""
    (path / _SIGN).touch()


def told(data: DataDir) -> bool:
    """Whether somebody let us know since this was last asked."""
    sign = data.path / _SIGN
    there = sign.exists()
    if there:
        sign.unlink(missing_ok=True)
    return there
