"""A browser of our own, spoken to in the DevTools protocol over two pipes: JSON messages, a NUL byte after each."""

from __future__ import annotations

import fcntl
import json
import os
import select
import signal
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

SECONDS = 30
# Above those that the browser reads and writes, so that giving it its 3 and 4 cannot overwrite the ends of a pipe.
ABOVE = 10


class DevtoolsError(Exception):
    """The browser refused a command, is gone, or did not answer in time."""


class Devtools:
    """A process in a group of its own. Everything in that group is gone after `end`, however it went.

    Nothing is read behind the caller's back: what the browser tells is heard while a call waits, and in `read`.
    """

    def __init__(self, command: list[str], environ: Mapping[str, str], log: Path) -> None:
        self.log = log
        self._listeners: dict[str, Callable[[str, dict[str, Any]], None]] = {}
        self._answers: dict[int, dict[str, Any]] = {}
        self._last, self._partial = 0, b""
        theirs_in, self._write = _pipe()
        self._read, theirs_out = _pipe()
        self.pid = os.posix_spawn(
            command[0],
            command,
            environ,
            file_actions=[
                (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                (os.POSIX_SPAWN_OPEN, 1, str(log), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600),
                (os.POSIX_SPAWN_DUP2, 1, 2),
                (os.POSIX_SPAWN_DUP2, theirs_in, 3),
                (os.POSIX_SPAWN_DUP2, theirs_out, 4),
            ],
            setpgroup=0,
        )
        os.close(theirs_in)
        os.close(theirs_out)

    def end(self) -> None:
        """The group is ended before its first process is reaped: until then its number cannot be another's."""
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self._write)
        os.close(self._read)

    def listen(self, session: str, listener: Callable[[str, dict[str, Any]], None]) -> None:
        """The events of this session go there from now on, by method and parameters."""
        self._listeners[session] = listener

    def call(self, method: str, session: str = "", **parameters: Any) -> dict[str, Any]:
        """The browser's answer."""
        sent, deadline = self.send(method, session, **parameters), time.monotonic() + SECONDS
        while sent not in self._answers:
            if not self.read(deadline - time.monotonic()):
                raise DevtoolsError(f"{method}: no answer in {SECONDS} seconds")
        answer = self._answers.pop(sent)
        if "error" in answer:
            raise DevtoolsError(f"{method}: {answer['error']['message']}")
        result: dict[str, Any] = answer["result"]
        return result

    def send(self, method: str, session: str = "", **parameters: Any) -> int:
        """Say it and wait for nothing; the number that the answer will bear."""
        self._last += 1
        told: dict[str, Any] = {"id": self._last, "method": method, "params": parameters}
        left = json.dumps(told | ({"sessionId": session} if session else {})).encode() + b"\0"
        try:
            while left:
                left = left[os.write(self._write, left) :]
        except BrokenPipeError as error:
            raise self._gone() from error
        return self._last

    def read(self, seconds: float) -> bool:
        """Hear what the browser says, at most once; whether it said anything in so many seconds."""
        if not select.select([self._read], [], [], max(0.0, seconds))[0]:
            return False
        chunk = os.read(self._read, 1 << 20)
        if not chunk:
            raise self._gone()
        *messages, self._partial = (self._partial + chunk).split(b"\0")
        for message in messages:
            self._hear(json.loads(message))
        return True

    def _hear(self, message: dict[str, Any]) -> None:
        if "id" in message:
            self._answers[message["id"]] = message
        elif listener := self._listeners.get(message.get("sessionId", "")):
            listener(message["method"], message["params"])

    def _gone(self) -> DevtoolsError:
        return DevtoolsError(f"the browser has ended; it said\n{self.log.read_text('utf-8', 'replace')[-2_000:]}")


def _pipe() -> tuple[int, int]:
    """Where to read and where to write; nothing that is started inherits either."""
    ends = os.pipe()
    read, write = (fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, ABOVE) for end in ends)
    for end in ends:
        os.close(end)
    return read, write
