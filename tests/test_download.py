"""When a busy server is asked again, and how often."""

from __future__ import annotations

import threading

import pytest

from fake_bridge import raw
from linkback_cli import download
from linkback_cli.download import Down
from loopback import Server


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "*")


class Unhurried(threading.Event):
    """Waits in no time, and knows for how long it was asked to."""

    def __init__(self) -> None:
        super().__init__()
        self.waited: list[float | None] = []

    def wait(self, timeout: float | None = None) -> bool:
        self.waited.append(timeout)
        return self.is_set()


def asked(busy: bytes, times: int) -> tuple[int, list[float | None]]:
    """The status that comes when a server is busy so many times, and the pauses until then."""
    clock = Unhurried()
    with (
        Server(lambda connection: connection.sendall(busy if len(server.requests) <= times else raw(b"{}"))) as server,
        download.client() as client,
    ):
        return download.get(client, str(server.url()), clock).status, clock.waited


@pytest.mark.parametrize("status", ["429 Too Many Requests", "500 Internal Server Error", "503 Service Unavailable"])
def test_a_busy_server_is_asked_three_times(status: str) -> None:
    busy = raw(b"", status=status)
    assert asked(busy, 0) == (200, [])
    assert asked(busy, 2) == (200, [0.5, 1.0])
    with pytest.raises(Down, match=f"answers {status[:3]}"):
        asked(busy, 3)


@pytest.mark.parametrize(
    ("told", "waited"),
    [("0", 0), ("3", 3), ("86400", 10), ("-1", 0.5), ("Wed, 21 Oct 2099 07:28:00 GMT", 0.5), ("9" * 99, 0.5)],
)
def test_it_is_asked_when_it_said_within_reason(told: str, waited: float) -> None:
    assert asked(raw(b"", f"Retry-After: {told}", status="503 Service Unavailable"), 1) == (200, [waited])


def test_a_broken_connection_is_tried_again_and_a_refusal_is_not() -> None:
    assert asked(raw(b"abc")[:-1], 2) == (200, [0.5, 1.0])
    assert asked(raw(b"", status="404 Not Found"), 1) == (404, [])


def test_nobody_who_is_stopping_waits() -> None:
    stopping = threading.Event()
    stopping.set()
    with Server(b"") as server, download.client() as client, pytest.raises(Down):
        download.get(client, str(server.url()), stopping)
    assert len(server.requests) == 1
