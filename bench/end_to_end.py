"""What `linkback serve` does in a second, from a stranger's POST to the feed, over real sockets.

Each rate stands beside a bare `http.server` that takes the same POSTs on the same machine in the same run; the sources
are pages on loopback addresses (127.0.0.x), so that each is a host of its own. This needs a system where all of 127/8
is loopback (Linux): the bridge visits one host's pages one after another, and that alone would be what is measured.
"""

from __future__ import annotations

import asyncio
import http.client
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parent.parent
HOSTS = [f"127.0.0.{number}" for number in range(2, 202)]
CLIENTS = 4
ALONE, FLOOD, SLOW, SLOW_SECONDS = 60, 600, 10, 0.3
TARGETS = ("/alone", "/slow/1", f"/slow/{SLOW}", "/flood")
LONGEST = 60
GOAL_MS, GOAL_SLOWEST = 300, 3.0
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


async def sources(site: str) -> None:
    """Pages that link to every target, on one port of every host; those below /slow think first. Prints the port."""
    links = "".join(f'<a href="{site}{path}">this</a> ' for path in TARGETS)
    page = f'<article class="h-entry"><p class="e-content">See {links}</p></article>'.encode()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = await reader.readuntil(b"\r\n\r\n")
        if b"/slow" in request.partition(b"\r\n")[0]:
            await asyncio.sleep(SLOW_SECONDS)
        head = f"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {len(page)}\r\nConnection: close\r\n\r\n"
        writer.write(head.encode() + page)
        await writer.drain()
        writer.close()

    first = await asyncio.start_server(answer, HOSTS[0], 0)
    port = first.sockets[0].getsockname()[1]
    await asyncio.start_server(answer, HOSTS[1:], port)
    print(port, flush=True)
    await first.serve_forever()


class Bare(BaseHTTPRequestHandler):
    """Reads the POST and says 201: what the standard library's own server needs for that much."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        """The baseline's answer."""
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(201)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nothing: the bridge does not print requests either."""


def bare() -> None:
    """Serve the baseline and print its port."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Bare)
    print(server.server_address[1], flush=True)
    server.serve_forever()


@contextmanager
def started(*command: str) -> Iterator[str]:
    """The first line of a process that lives for the block."""
    paths = os.pathsep.join((str(ROOT / "layers/linkback"), str(ROOT / "cli")))
    environment = {**os.environ, "PYTHONPATH": paths}
    with tempfile.TemporaryFile() as quiet:
        process = subprocess.Popen(
            [sys.executable, *command], stdout=subprocess.PIPE, stderr=quiet, text=True, env=environment
        )
        try:
            line = process.stdout.readline().strip() if process.stdout else ""
            if not line:
                quiet.seek(0)
                sys.exit(quiet.read().decode())
            yield line
        finally:
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=20)


def post(connection: http.client.HTTPConnection, source: str, target: str) -> str:
    """Send one Webmention; the path of its status page."""
    connection.request("POST", "/webmention", urlencode({"source": source, "target": target}), FORM)
    answer = connection.getresponse()
    body = answer.read()
    if answer.status != http.client.CREATED:
        sys.exit(f"{answer.status} {body.decode()}")
    return (answer.headers["Location"] or "").partition("//")[2].partition("/")[2]


def accepted_to_published(bridge: str, port: str, target: str) -> list[float]:
    """Milliseconds from the 201 to the status page that says `published`, one ping after another."""
    connection, took = http.client.HTTPConnection(bridge), []
    for number in range(ALONE):
        path = post(connection, f"http://{HOSTS[number]}:{port}/alone", target)
        began, status = time.perf_counter(), ""
        while status != "published":
            time.sleep(0.002)
            connection.request("GET", f"/{path}")
            status = json.loads(connection.getresponse().read())["status"]
        took.append((time.perf_counter() - began) * 1000)
    return took


def flood(address: str, port: str, target: str, name: str, number: int) -> float:
    """Seconds until so many POSTs of as many sources were answered, CLIENTS at a time."""

    def send(client: int) -> None:
        connection = http.client.HTTPConnection(address)
        for index in range(client, number, CLIENTS):
            post(connection, f"http://{HOSTS[index % len(HOSTS)]}:{port}/{name}/{index}", target)

    began = time.perf_counter()
    with ThreadPoolExecutor(CLIENTS) as clients:
        list(clients.map(send, range(CLIENTS)))
    return time.perf_counter() - began


def published(bridge: str, target: str) -> int:
    """How many mentions the feed counts for a page."""
    connection = http.client.HTTPConnection(bridge)
    connection.request("GET", f"/api/count.json?target={quote(target, safe='')}")
    return int(json.loads(connection.getresponse().read())["count"])


def until_published(bridge: str, target: str, number: int, began: float) -> float:
    """Seconds since `began` until the feed has them all."""
    while published(bridge, target) < number:
        if time.perf_counter() - began > LONGEST:
            sys.exit(f"{published(bridge, target)} of {number} mentions of {target} were published in {LONGEST} s")
        time.sleep(0.005 if number <= SLOW else 0.1)
    return time.perf_counter() - began


def slowest(bridge: str, port: str, page: str) -> tuple[float, float]:
    """Seconds for one source that thinks for SLOW_SECONDS, and for SLOW of them, each a host of its own."""
    took = []
    for number in (1, SLOW):
        target = f"{page}/slow/{number}"
        began = time.perf_counter()
        flood(bridge, port, target, f"slow/{number}", number)
        took.append(until_published(bridge, target, number, began))
    return took[0], took[1]


def main() -> None:
    """Print the table; exit code 1 if a goal is missed."""
    with ExitStack() as running:
        data = running.enter_context(tempfile.TemporaryDirectory())
        page = "http://127.0.0.1:9"
        serve = ("-m", "linkback_cli", "serve", "--port", "0", "--no-demo", "--allow-private", "--site", "127.0.0.1:9")
        bridge = running.enter_context(started(*serve, "--data", data)).removeprefix("ready http://")
        port = running.enter_context(started(__file__, "sources", page))
        baseline = f"127.0.0.1:{running.enter_context(started(__file__, 'bare'))}"

        took = accepted_to_published(bridge, port, f"{page}/alone")
        p50, p95 = statistics.median(took), statistics.quantiles(took, n=20)[-1]
        one, ten = slowest(bridge, port, page)
        bare_rate = FLOOD / flood(baseline, port, f"{page}/", "bare", FLOOD)
        began = time.perf_counter()
        rate = FLOOD / flood(bridge, port, f"{page}/flood", "flood", FLOOD)
        stored = FLOOD / until_published(bridge, f"{page}/flood", FLOOD, began)
    print(f"accepted to published, one after another   p50 {p50:.0f} ms   p95 {p95:.0f} ms   goal p50 < {GOAL_MS} ms")
    print(
        f"ten pings of ten hosts, {SLOW_SECONDS * 1000:.0f} ms each, with the time to send them"
        f"   {ten / one:.2f} × the time of one   goal < {GOAL_SLOWEST} × (in turn it would be 10 ×)"
    )
    print(f"a bare http.server answers                  {bare_rate:6.0f} POSTs/s")
    print(f"accepted, while the visits go on            {rate:6.0f} pings/s   1/{bare_rate / rate:.0f} of that")
    print(f"verified and stored                         {stored:6.0f} pings/s   1/{bare_rate / stored:.0f}")
    sys.exit(p50 >= GOAL_MS or ten / one >= GOAL_SLOWEST)


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["sources", where]:
            asyncio.run(sources(where))
        case ["bare"]:
            bare()
        case _:
            main()
