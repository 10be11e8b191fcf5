"""What the person at the terminal reads, all on stderr: stdout is for `ready` alone, which programs wait for."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import time
from collections.abc import Callable
from http import HTTPStatus
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from collections.abc import Iterator

Log = Callable[..., None]

# These have a place of their own in a line, or are for operators only; whatever else follows as name=value.
_PLACED = (
    "status", "outcome", "protocol", "source", "target", "reason", "detail", "ms", "id", "route", "traceback",
    "sender", "attempt", "waited", "mentions", "bytes",
)  # fmt: skip
_COLOURS = {
    "published": "32", "accepted": "32", "again": "36", "held": "33", "waiting": "33", "declined": "31", "gone": "35",
    "refused": "31", "hidden": "35",
}  # fmt: skip
_LONGEST, _LONGEST_SENTENCE = 200, 400


def printable(text: object, longest: int = _LONGEST) -> str:
    """A stranger's words without anything that a terminal would obey, on one line, cut at `longest` characters."""
    shown = str(text)[:longest]
    safe = "".join(c if c.isprintable() else c.encode("unicode_escape", "replace").decode() for c in shown)
    return safe + ("…" if len(str(text)) > longest else "")


class Console:
    """Writes lines to `out`, whole ones whatever the number of threads; in colour only to a terminal."""

    def __init__(self, out: TextIO | None = None) -> None:
        self._out = out or sys.stderr
        self._lock = threading.Lock()
        self.terminal = self._out.isatty() and os.environ.get("TERM") != "dumb"
        self._colour = self.terminal and "NO_COLOR" not in os.environ
        self._passing = ""

    def say(self, text: str = "") -> None:
        """Our own words, printed as they are. A terminal that is gone is no reason to stop."""
        with self._lock, contextlib.suppress(OSError):
            print(f"{self._wiped()}{text}", file=self._out, flush=True)

    def passing(self, text: str) -> None:
        """Words that the next ones take the place of, on a terminal only; none: wipe what is there."""
        with self._lock, contextlib.suppress(OSError):
            print(f"{self._wiped()}{text}", end="", file=self._out, flush=True)
            self._passing = text

    def _wiped(self) -> str:
        wipe, self._passing = "\r\x1b[K" if self._passing else "", ""
        return wipe

    def line(self, event: str, **fields: object) -> None:
        """One happening: time, what, outcome, dialect, source → target, reason, status page, ms.

        Of the reads, only what failed.
        """
        status = fields.get("status")
        if event == "read" and isinstance(status, int) and status < HTTPStatus.BAD_REQUEST:
            return
        shown = [time.strftime("%H:%M:%S"), f"{printable(event, 20):<7}", *self._story(fields)]
        trace = "".join(f"\n    {printable(line)}" for line in str(fields.get("traceback") or "").splitlines())
        self.say("  ".join(filter(None, shown)).rstrip() + trace)

    def _story(self, fields: dict[str, object]) -> Iterator[str]:
        yield self._painted(str(fields.get("outcome") or ""))
        yield printable(fields.get("protocol") or "")
        source, target = fields.get("source"), fields.get("target")
        yield f"{printable(source)} → {printable(target)}" if source or target else printable(fields.get("route") or "")
        words = [printable(fields[name], _LONGEST_SENTENCE) for name in ("reason", "detail") if fields.get(name)]
        yield f"({': '.join(words)})" if words else ""
        yield f"/pings/{printable(fields['id'])}" if fields.get("id") else ""
        others = {name: value for name, value in fields.items() if name not in _PLACED and _worth(value)}
        yield from (f"{name}={printable(value)}" for name, value in others.items())
        yield printable(fields.get("status") or "")
        yield f"{fields['ms']} ms" if fields.get("ms") is not None else ""

    def _painted(self, outcome: str) -> str:
        shown = printable(outcome, 20)
        return f"\x1b[{_COLOURS[outcome]}m{shown}\x1b[0m" if self._colour and outcome in _COLOURS else shown

    def slow(self, doing: str) -> Slow:
        """Say what takes so long, for a block that takes longer than a second."""
        return Slow(self, doing)


class Slow:
    """`with console.slow("…"):` counts the seconds on a terminal after the first; elsewhere, a line every ten."""

    def __init__(self, console: Console, doing: str) -> None:
        self._console, self._doing = console, doing
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()
        self._console.passing("")

    def _watch(self) -> None:
        began, wait = time.monotonic(), 1.0 if self._console.terminal else 10.0
        say = self._console.passing if self._console.terminal else self._console.say
        while not self._done.wait(wait):
            say(f"{self._doing} … {time.monotonic() - began:.0f} s")


def _worth(value: object) -> bool:
    return value is not None and value not in ("", (), [], {})
