"""The child of emulator.py, run as a script: MiniStack on a port of its own, until our input ends.

The parent holds the other end of our standard input. However it ends, kill -9 included, the system closes that end,
we read the end of the file and are gone: no process is left behind, on Linux and macOS alike.
"""

from __future__ import annotations

import asyncio
import os
import socket
import sys
import threading


def _listen() -> socket.socket:
    """A bound socket: the port is ours before anyone can be told of it."""
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listening.bind(("127.0.0.1", 0))
    return listening


async def _serve(listening: socket.socket) -> None:
    from hypercorn.asyncio import serve  # noqa: PLC0415 - what it imports reads the environment that _run completes
    from hypercorn.config import Config  # noqa: PLC0415 - as above
    from ministack.app import app  # noqa: PLC0415 - as above

    config = Config()
    config.bind = [f"fd://{listening.fileno()}"]
    config.keep_alive_timeout = 75
    config.loglevel = "WARNING"
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    threading.Thread(target=_wait_for_parent, args=(loop, ended), daemon=True).start()
    await serve(app, config, shutdown_trigger=ended.wait)


def _wait_for_parent(loop: asyncio.AbstractEventLoop, ended: asyncio.Event) -> None:
    sys.stdin.buffer.read()
    loop.call_soon_threadsafe(ended.set)
    # Nothing here is worth saving: the parent has the data. A second for connections in work, and then the end.
    threading.Timer(1.0, os._exit, (0,)).start()


def _run() -> None:
    listening = _listen()
    port = listening.getsockname()[1]
    os.environ["GATEWAY_PORT"] = str(port)
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    asyncio.run(_serve(listening))


if __name__ == "__main__":
    _run()
