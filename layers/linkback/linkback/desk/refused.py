"""What the desk says when something cannot be done: a status, a word for programs, and a sentence for a person."""

from __future__ import annotations


class Refused(Exception):  # noqa: N818 - an outcome, not a bug of ours
    """It was not done. `detail` says why and what to do, and may quote strangers: whoever shows it escapes it.

    `after`: seconds until it may be tried again, 0 where waiting does not help. `partly` where something was done.
    """

    def __init__(self, status: int, error: str, detail: str, after: int = 0, *, partly: bool = False) -> None:
        super().__init__(f"{error}: {detail}")
        self.status, self.error, self.detail, self.after, self.partly = status, error, detail, after, partly
