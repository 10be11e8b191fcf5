"""MiniStack, an AWS emulator, as a child that never outlives us, not even when we are killed."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Self

from linkback_cli.trouble import Trouble

if TYPE_CHECKING:
    from collections.abc import Mapping

CHILD = Path(__file__).with_name("emulator_process.py")
_KEPT = ("PATH", "HOME", "LANG", "LC_ALL", "SYSTEMROOT", "VIRTUAL_ENV", "LD_LIBRARY_PATH")


class Emulator:
    """`with Emulator(log_file) as emulator:` runs one on a loopback port of the system's choice: its `endpoint`.

    `settings` are MiniStack's own, as its environment has them: which SERVICES there are, AUTH if IAM is enforced.
    """

    def __init__(self, log: Path, settings: Mapping[str, str] | None = None) -> None:
        self.log = log
        self._settings = settings or {}
        self._child: subprocess.Popen[bytes] | None = None
        self.endpoint = ""

    def __enter__(self) -> Self:
        self.start()
        self.wait_until_ready()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def alive(self) -> bool:
        """Whether the child runs."""
        return self._child is not None and self._child.poll() is None

    def start(self) -> None:
        """Start the child; it is not ready yet. Raises Trouble if it ends at once."""
        with self.log.open("wb") as log:
            self._child = subprocess.Popen(
                [sys.executable, "-P", str(CHILD)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                env=self._environment(),
                start_new_session=True,  # Ctrl-C is for us; we then stop the child in good order
            )
        line = self._child.stdout.readline() if self._child.stdout else b""
        if not line.strip().isdigit():
            self.stop()
            raise Trouble(f"The embedded store did not start. Its log is {self.log}")
        self.endpoint = f"http://127.0.0.1:{int(line)}"

    def wait_until_ready(self, seconds: float = 60.0) -> None:
        """Return when it answers. Raises Trouble when it ended or took longer."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and self.alive:
            try:
                with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(
                    f"{self.endpoint}/_ministack/health", timeout=1
                ):
                    return
            except OSError:
                time.sleep(0.03)
        raise Trouble(f"The embedded store does not answer. Its log is {self.log}")

    def stop(self, seconds: float = 3.0) -> None:
        """End the child: it is asked by the end of its input, then told."""
        if self._child is None:
            return
        child, self._child = self._child, None
        for stream in (child.stdin, child.stdout):
            if stream:
                stream.close()
        try:
            child.wait(seconds)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()

    def _environment(self) -> dict[str, str]:
        """Two services, no state of its own, no look at the user's containers (it would tidy them) or AWS settings."""
        return {
            **{name: os.environ[name] for name in _KEPT if name in os.environ},
            "BIND_HOST": "127.0.0.1",
            "SERVICES": "dynamodb,sqs",
            "PERSIST_STATE": "0",
            "IOT_MTLS_ENABLED": "0",
            "SFTP_ENABLED": "0",
            "LOG_LEVEL": "WARNING",
            "MINISTACK_WORKER_THREADS": "4",
            "DOCKER_HOST": f"unix://{self.log.parent / 'no-docker.sock'}",
            "TMPDIR": str(self.log.parent),
            **self._settings,
        }
