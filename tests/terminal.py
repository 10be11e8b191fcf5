"""A conversation with a command at a terminal."""

from __future__ import annotations

import os
import pty
import re
import select
import subprocess
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def talk(
    command: list[str], question: re.Pattern[str], answer: Callable[[str], str], patience: float = 30, **place: Any
) -> tuple[int, str]:
    """The command's exit code, and all that it said, in black and white.

    When it is silent and its last words are a question, the answer to the pattern's first group is typed.
    """
    ours, its = pty.openpty()
    process = subprocess.Popen(command, stdin=its, stdout=its, stderr=its, **place)
    os.close(its)
    said, seen, end = "", 0, time.monotonic() + patience
    try:
        while time.monotonic() < end:
            if select.select([ours], [], [], 0.2)[0]:
                said = COLOUR.sub("", said + os.read(ours, 65536).decode("utf-8", "replace").replace("\r", ""))
            elif asked := question.search(said, seen):
                seen = len(said)
                os.write(ours, f"{answer(asked[1])}\n".encode())
    except OSError:  # so Linux says that the other end is closed
        return process.wait(10), said
    finally:
        process.kill()
        process.wait()
        os.close(ours)
    raise TimeoutError(said)
