"""What a visit costs: servers that mean harm, each met in a process of its own, and ten slow hosts visited at once.

The first table has CPU seconds and memory above those of an ordinary page; a deadline of DEADLINE seconds stands in for
the ten of a real visit. The last line is one batch through the verify function on an emulated table.
"""

from __future__ import annotations

import json
import os
import resource
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import zlib
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import boto3

from linkback import page, queue, urls, web
from linkback.ping import Declined, Ping, Protocol, TryLater
from linkback_cli import functions, permits, template
from linkback_cli.emulator import Emulator

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

TARGET = "https://static.example/post"
BODY = f'<p>See <a href="{TARGET}">this</a>.</p>'.encode()
CPU_GOAL, MEMORY_GOAL, AT_ONCE_GOAL = 1.0, 128.0, 1.5
DEADLINE, DELAY, HOSTS, ROUNDS = 3.0, 0.3, 10, 5
GIGABYTE, BLOCK = 1 << 30, 1 << 20


def main() -> int:
    """Print the table and the ratio; 1 if a goal was missed."""
    missed = _hostile() + _at_once()
    return int(missed > 0)


# ---- servers that mean harm


def _head(*more: str) -> bytes:
    return "\r\n".join(["HTTP/1.1 200 OK", "Content-Type: text/html", "Connection: close", *more, "", ""]).encode()


def _bomb() -> bytes:
    """A gigabyte of zeroes behind the link, as one gzip member of a megabyte."""
    packer = zlib.compressobj(9, wbits=31)
    zeroes = bytes(BLOCK)
    return b"".join(
        [packer.compress(BODY), *(packer.compress(zeroes) for _ in range(GIGABYTE // BLOCK)), packer.flush()]
    )


def _drip(head: bytes) -> Iterator[bytes]:
    yield head
    while True:
        time.sleep(1)
        yield b"x"


def _answers() -> dict[str, Callable[[], Iterator[bytes]]]:
    """What each server sends, by its name; the ordinary one first."""
    bomb = _bomb()
    whole: dict[str, bytes] = {
        "ordinary": _head() + BODY,
        "1 GB gzip bomb": _head("Content-Encoding: gzip") + bomb,
        "1 GB gzip bomb, deflate": _head("Content-Encoding: deflate") + bomb,
        "brotli, unasked for": _head("Content-Encoding: br") + bomb,
        "zstd, unasked for": _head("Content-Encoding: zstd") + bomb,
        "gzip in gzip": _head("Content-Encoding: gzip, gzip") + bomb,
        "64 KB of blanks in a header": b"HTTP/1.1 200 OK\r\nX:" + b" " * 65_000 + b"\r\n\r\n" + BODY,
        "chunks of one byte": _head("Transfer-Encoding: chunked") + b"1\r\nx\r\n" * 200_000,
        "ten megabytes": _head() + b"x" * (10 * BLOCK),
    }
    sides: dict[str, Callable[[], Iterator[bytes]]] = {name: _whole(sent) for name, sent in whole.items()}
    sides["a byte a second, body"] = lambda: _drip(_head() + BODY)
    sides["a byte a second, head"] = lambda: _drip(b"HTTP/1.1 200 OK\r\nX: ")
    return sides


def _whole(sent: bytes) -> Callable[[], Iterator[bytes]]:
    return lambda: iter([sent])


class Server:
    """`with Server(host, answer) as origin:` sends the pieces of `answer()` to whoever connects."""

    def __init__(self, host: str, answer: Callable[[], Iterator[bytes]]) -> None:
        self._answer = answer
        self._socket = socket.create_server((host, 0))

    def __enter__(self) -> str:
        threading.Thread(target=self._accept, daemon=True).start()
        return f"http://{self._socket.getsockname()[0]}:{self._socket.getsockname()[1]}/"

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection:
            try:
                connection.recv(65_536)
                for piece in self._answer():
                    connection.sendall(piece)
            except OSError:
                return


def _hostile() -> int:
    print(f"{'server':<30} {'outcome':<18} {'CPU s':>6} {'MB above an ordinary page':>26}")
    usual, missed = 0.0, 0
    for name, answer in _answers().items():
        with Server("127.0.0.1", answer) as origin:
            ran = subprocess.run(
                [sys.executable, __file__, origin], check=True, capture_output=True, timeout=60, text=True
            )
        outcome, cpu, memory = json.loads(ran.stdout)
        usual = usual or memory
        bad = cpu > CPU_GOAL or memory - usual > MEMORY_GOAL
        missed += bad
        print(f"{name:<30} {outcome:<18} {cpu:6.2f} {memory - usual:26.0f}{'   MISSED' if bad else ''}", flush=True)
    return missed


def child(origin: str) -> None:
    """Visit one page and print what it cost."""
    begun = time.process_time()
    try:
        answer = web.get(
            urls.parse(origin), permit=permits.everything, admit=lambda _: None, agent="bench", seconds=DEADLINE
        )
        outcome = str(page.read(answer, urls.parse(TARGET)).mention.relation)
    except (Declined, TryLater) as refusal:
        outcome = str(refusal.reason)
    cpu = time.process_time() - begun
    print(json.dumps([outcome, cpu, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024]))


# ---- ten at once


def _slow() -> Iterator[bytes]:
    time.sleep(DELAY)
    yield _head() + BODY


def _at_once() -> int:
    with tempfile.TemporaryDirectory() as folder, Emulator(Path(folder, "log")) as emulator:
        settings = {"TABLE": "linkback", "SITES": "static.example", "MODERATION": "none", "SELF_MENTIONS": "refuse"}
        functions.use_environment(functions.aws_environment(emulator.endpoint, settings))
        boto3.client("dynamodb").create_table(**template.load().table("linkback"))
        app = functions.load(template.ROOT / "functions", "verify")
        handler = app.connect(os.environ, permit=permits.everything, log=lambda _event, **_fields: None)
        servers = [Server(f"127.0.0.{number}", _slow) for number in range(2, 2 + HOSTS)]
        origins = [server.__enter__() for server in servers]
        _seconds(handler, origins)  # the table's first write, the target's first look
        one, ten = (statistics.median(_seconds(handler, origins[:n]) for _ in range(ROUNDS)) for n in (1, HOSTS))
    ratio = ten / one
    verdict = "ok" if ratio <= AT_ONCE_GOAL else "MISSED"
    print(f"ten hosts that answer after {DELAY * 1000:.0f} ms, visited in one batch: {ratio:.2f} x the time of one")
    print(f"(goal {AT_ONCE_GOAL}; one after another it would be {HOSTS}) {verdict}")
    return int(ratio > AT_ONCE_GOAL)


def _seconds(handler: Callable[[dict[str, Any], Any], Any], origins: list[str]) -> float:
    records = [
        {"messageId": origin, "body": _body(origin), "attributes": {"MessageGroupId": origin}} for origin in origins
    ]
    began = time.perf_counter()
    handler({"Records": records}, None)
    return time.perf_counter() - began


def _body(origin: str) -> str:
    ping = Ping(origin, TARGET, Protocol.WEBMENTION, datetime.now(UTC))
    return queue.entry(ping, "https://bridge.example")["MessageBody"]


if __name__ == "__main__":
    if sys.argv[1:]:
        child(sys.argv[1])
    else:
        sys.exit(main())
