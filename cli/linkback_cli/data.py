"""The directory that holds everything the local bridge keeps: one process at a time, every file replaced as a whole."""

from __future__ import annotations

import base64
import fcntl
import json
import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from linkback_cli.trouble import Trouble

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

Item = dict[str, Any]
FORMAT = 1


class InUse(Trouble):
    """Another process has the directory."""


class DataDir:
    """An existing, writable directory that no other bridge uses as long as this object lives. Raises Trouble."""

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            self._lock = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        except FileExistsError:
            raise Trouble(f"{self.path} is a file, not a directory. Choose another place with --data DIR") from None
        except OSError as error:
            reason = f"{self.path} cannot be written to ({error.strerror})."
            raise Trouble(f"{reason} Choose another directory with --data DIR") from None
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(self._lock)
            hint = "Stop it, or choose another directory with --data DIR"
            raise InUse(f"Another `linkback serve` uses {self.path}. {hint}") from None
        self._write_once(".gitignore", "*\n")

    def close(self) -> None:
        """Let others use the directory."""
        os.close(self._lock)

    @property
    def state(self) -> Path:
        """The saved table, JSON lines; `state.previous.jsonl` beside it is the one before."""
        return self.path / "state.jsonl"

    @property
    def previous(self) -> Path:
        """The state before the last one."""
        return self.path / "state.previous.jsonl"

    def load(self) -> list[Item]:
        """The items of the saved state, in DynamoDB's JSON; none if there is none. Raises Trouble, changes nothing."""
        source = self.state if self.state.exists() else self.previous
        if not source.exists():
            return []
        try:
            return _read(source)
        except (OSError, ValueError) as error:
            rescue = f" (the state before it is {self.previous.name})" if self.previous.exists() else ""
            raise Trouble(
                f"The saved state {source} cannot be read: {error}. Nothing was changed. "
                f"Move it away to start without it{rescue}, or repair it"
            ) from None

    def save(self, items: Iterable[Item]) -> int:
        """Replace the saved state, and say how many items it has: after a crash there is the old one or the new one."""
        count = 0
        fresh = self.path / "state.new.jsonl"
        with fresh.open("w", encoding="utf-8") as out:
            out.write(json.dumps({"linkback": FORMAT, "saved": datetime.now(UTC).isoformat()}) + "\n")
            for item in items:
                out.write(json.dumps(item, ensure_ascii=False, separators=(",", ":"), default=_bytes) + "\n")
                count += 1
            out.write(json.dumps({"items": count}) + "\n")
            out.flush()
            os.fsync(out.fileno())
        if self.state.exists():
            self._keep_previous()
        fresh.replace(self.state)
        return count

    def _keep_previous(self) -> None:
        second_name = self.path / "state.link.jsonl"
        try:
            second_name.unlink(missing_ok=True)
            os.link(self.state, second_name)
            second_name.replace(self.previous)
        except OSError:  # no hard links here: for a moment there is no state.jsonl, and load() takes the previous one
            self.state.replace(self.previous)

    def remember(self, name: str, value: Any) -> None:
        """Keep a small value for the next run: after a crash there is the old one or the new one. Raises OSError."""
        fresh = self.path / f"{name}.new.json"
        with fresh.open("w", encoding="utf-8") as out:
            json.dump(value, out)
            out.flush()
            os.fsync(out.fileno())
        fresh.replace(self.path / f"{name}.json")

    def recall(self, name: str) -> Any:
        """What was remembered, or None."""
        try:
            return json.loads((self.path / f"{name}.json").read_text("utf-8"))
        except (OSError, ValueError):
            return None

    def _write_once(self, name: str, text: str) -> None:
        if not (self.path / name).exists():
            (self.path / name).write_text(text, "utf-8")


def _read(path: Path) -> list[Item]:
    """The items between the first line, which names the format, and the last, which counts them. Raises ValueError."""
    with path.open(encoding="utf-8") as lines:
        read = [_line(number, line) for number, line in enumerate(lines, 1)]
    if not read or read[0].get("linkback") != FORMAT:
        raise ValueError("it is not a state of this version of linkback")
    *items, last = read[1:] or [{}]
    if last != {"items": len(items)}:
        raise ValueError(f"it ends early, after line {len(read)}")
    return items


def _line(number: int, line: str) -> Item:
    try:
        value = json.loads(line, object_hook=_unbytes)
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise ValueError(f"line {number} is damaged")  # noqa: TRY004 - a wrong file, not a wrong call
    return value


def _bytes(value: object) -> str:
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    raise TypeError(f"{type(value)} has no place in an item")


def _unbytes(members: dict[str, Any]) -> dict[str, Any]:
    """`{"B": …}` is DynamoDB's binary value, which boto3 wants as bytes."""
    if set(members) == {"B"} and isinstance(members["B"], str):
        return {"B": base64.b64decode(members["B"])}
    return members
