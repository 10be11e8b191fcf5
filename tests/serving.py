"""A running `linkback serve` in a process of its own, and what its users ask of it over real sockets."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).parents[1]
SECONDS = 20


class Serve:
    """A running `linkback serve`; `stderr` is what it said so far."""

    def __init__(self, data: Path, *options: str) -> None:
        self.data = data
        self.stderr = ""
        self.process = subprocess.Popen(
            [sys.executable, "-m", "linkback_cli", "serve", "--data", str(data), *options],
            cwd=data.parent,
            env=environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stderr
        for line in self.process.stderr:
            self.stderr += line

    def ready(self) -> Serve:
        assert self.process.stdout
        line = self.process.stdout.readline()
        found = re.fullmatch(r"ready (http://127\.0\.0\.1:\d+)\n", line)
        if not found:
            self.end(signal.SIGKILL)
            pytest.fail(line + self.stderr)
        self.url = found[1]
        return self

    def demo(self, name: str) -> str:
        """The address of the `demo site` or `demo blog`."""
        found = wait_for(lambda: re.search(rf"{name} +(http://\S+)", self.stderr))
        return str(found[1])

    def end(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        code = self.process.wait(SECONDS)
        self._reader.join(2)
        for stream in (self.process.stdout, self.process.stderr):
            assert stream
            stream.close()
        return code

    def feed(self, target: str) -> list[dict[str, Any]]:
        children: list[dict[str, Any]] = get(f"{self.url}/api/mentions.jf2?{urlencode({'target': target})}")["children"]
        return children

    def children(self) -> list[int]:
        """The processes that it started and that still run."""
        listed = subprocess.run(["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
        pairs = [tuple(map(int, line.split())) for line in listed.splitlines()]
        return [pid for pid, parent in pairs if parent == self.process.pid]


def environment() -> dict[str, str]:
    """A user's shell with AWS settings and a proxy that must not matter."""
    path = os.pathsep.join((str(ROOT / "layers/linkback"), str(ROOT / "cli")))
    theirs = {"AWS_PROFILE": "work", "AWS_REGION": "eu-west-9", "AWS_ENDPOINT_URL": "http://127.0.0.1:9"}
    proxies = {"HTTP_PROXY": "http://127.0.0.1:9", "http_proxy": "http://127.0.0.1:9"}
    return {**os.environ, **theirs, **proxies, "AWS_ACCESS_KEY_ID": "theirs", "PYTHONPATH": path}


def wait_for(seen: Callable[[], Any], seconds: float = SECONDS) -> Any:
    """What `seen` returns, as soon as that is something."""
    deadline = time.monotonic() + seconds
    while not (value := seen()):
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)
    return value


def wait_until(seen: Iterator[bool]) -> None:
    """Ask again and again until it is true."""
    wait_for(lambda: next(seen))


def ask(url: str, fields: dict[str, str] | None = None) -> tuple[int, str, Any]:
    """Status, body and headers of a GET, or of a form POST; redirects are followed."""
    body = urlencode(fields).encode() if fields is not None else None
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(urllib.request.Request(url, body), timeout=SECONDS) as answer:
            return answer.status, answer.read().decode(), answer.headers
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode(), error.headers


def get(url: str) -> Any:
    status, body, _ = ask(url)
    assert status == 200, body
    return json.loads(body)


def settled(url: str) -> dict[str, Any]:
    """The fate of a ping, once it is decided."""

    def seen() -> Any:
        fate = get(url)
        return fate if fate["status"] != "queued" else None

    fate: dict[str, Any] = wait_for(seen)
    return fate


def raw(url: str, sent: bytes) -> bytes:
    """All that comes back on one connection."""
    host, _, port = url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=SECONDS) as connection:
        connection.sendall(sent)
        with contextlib.suppress(OSError):
            connection.shutdown(socket.SHUT_WR)
        received = b""
        with contextlib.suppress(ConnectionResetError):
            while chunk := connection.recv(65_536):
                received += chunk
        return received


def refused(data: Path, *options: str) -> tuple[int, str]:
    """Exit code and words of a serve that must not start."""
    done = subprocess.run(
        [sys.executable, "-m", "linkback_cli", "serve", "--data", str(data), *options],
        env=environment(), cwd=data.parent, capture_output=True, text=True, timeout=SECONDS, check=False,
    )  # fmt: skip
    assert done.stdout == ""
    return done.returncode, done.stderr


def published(url: str) -> str:
    """The page, once it says so."""

    def seen() -> str:
        page = ask(url)[1]
        return page if "published" in page else ""

    return str(wait_for(seen))
