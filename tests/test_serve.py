"""`linkback serve` as its users meet it: the real command in a process of its own, spoken to over real sockets."""

from __future__ import annotations

import contextlib
import http.client
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
import xmlrpc.client
from html import unescape
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conftest import Web

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
            env=_environment(),
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


def _environment() -> dict[str, str]:
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
        env=_environment(), cwd=data.parent, capture_output=True, text=True, timeout=SECONDS, check=False,
    )  # fmt: skip
    assert done.stdout == ""
    return done.returncode, done.stderr


@pytest.fixture(scope="module")
def serve(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serve]:
    """One bridge with its demo, shared by the tests that leave it running."""
    running = Serve(tmp_path_factory.mktemp("shared") / "data", "--port", "0").ready()
    yield running
    assert running.end() == 0, running.stderr


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Serve]]:
    """Starts bridges on this test's own data; what a failed test leaves running is ended."""
    started: list[Serve] = []

    def make(*options: str) -> Serve:
        started.append(Serve(tmp_path / "data", "--port", "0", *options))
        return started[-1].ready()

    yield make
    for bridge in started:
        if bridge.process.poll() is None:
            bridge.end(signal.SIGKILL)


def test_three_dialects_sent_by_others_become_one_mention(serve: Serve) -> None:
    source, target = serve.demo("demo blog") + "/my-own-pond/", serve.demo("demo site") + "/barrel-pond/"
    status, body, headers = ask(f"{serve.url}/webmention", {"source": source, "target": target})
    assert status == 201, body
    assert settled(headers["Location"])["status"] == "published"
    with xmlrpc.client.ServerProxy(f"{serve.url}/pingback") as bridge:
        assert "fault" not in str(bridge.pingback.ping(source, target)).lower()
    path = target.removeprefix("http://")
    _, body, _ = ask(f"{serve.url}/trackback/{path}", {"url": source, "title": "A title that nobody saw"})
    assert "<error>0</error>" in body

    def told() -> Any:
        (mention,) = serve.feed(target)
        return mention if len(mention["wm-protocols"]) == 3 else None

    mention = wait_for(told)
    assert mention["wm-source"] == source
    assert sorted(mention["wm-protocols"]) == ["pingback", "trackback", "webmention"]
    assert "A title that nobody saw" not in json.dumps(mention)
    assert mention["author"]["name"] == "Marta Quay"
    assert "frog" in mention["content"]["text"]


def test_the_demo_shows_a_ping_from_its_button_to_the_built_page(serve: Serve) -> None:
    blog, site = serve.demo("demo blog"), serve.demo("demo site")
    assert "None yet" in ask(f"{site}/bees-like-blue/")[1]
    for dialect in ("webmention", "pingback", "trackback"):
        _, page, _ = ask(f"{blog}/re-blue/ping", {"dialect": dialect})
        number = len(re.findall(r"/sent/\d+", ask(blog)[1]))
        page = published(f"{blog}/sent/{number}")
        assert "What the bridge answered" in page
    assert "None yet" in ask(f"{site}/bees-like-blue/")[1], "a static page changes only when it is built"
    ask(f"{site}/build", {})
    assert "212 bees" in ask(f"{site}/bees-like-blue/")[1]


def published(url: str) -> str:
    """The page, once it says so."""

    def seen() -> str:
        page = ask(url)[1]
        return page if "published" in page else ""

    return str(wait_for(seen))


def test_a_post_that_loses_its_link_or_is_deleted_leaves_the_feed(serve: Serve) -> None:
    blog, target = serve.demo("demo blog"), serve.demo("demo site") + "/saving-seeds/"
    for change, mentions in (("edit", 1), ("unlink", 0), ("relink", 1), ("delete", 0), ("restore", 1)):
        ask(f"{blog}/liked-seeds/{change}", {})
        ask(f"{blog}/liked-seeds/ping", {"dialect": "webmention"})
        wait_until(len(serve.feed(target)) == mentions for _ in iter(int, 1))
    status, page, _ = ask(f"{blog}/liked-seeds/")
    assert status == 200
    assert 'class="u-like-of"' in page


def test_an_address_on_this_machine_is_not_visited_unless_it_is_the_demo_s_own(serve: Serve) -> None:
    target = serve.demo("demo site") + "/barrel-pond/"
    for source in ("http://127.0.0.1:9/", "http://localhost/", "http://[::1]/", f"{serve.url}/"):
        status, body, _ = ask(f"{serve.url}/webmention", {"source": source, "target": target})
        assert (status, json.loads(body)["error"]) == (400, "forbidden-address"), source
        assert "--allow-private" in body


def test_the_demo_blog_may_be_called_localhost(serve: Serve) -> None:
    source = serve.demo("demo blog").replace("127.0.0.1", "localhost") + "/my-own-pond/"
    target = serve.demo("demo site") + "/barrel-pond/"
    _, body, headers = ask(f"{serve.url}/webmention", {"source": source, "target": target})
    assert settled(headers["Location"])["status"] == "published", body


def test_a_line_names_the_status_page_of_its_ping(serve: Serve) -> None:
    ask(f"{serve.demo('demo blog')}/my-own-pond/ping", {"dialect": "pingback"})
    line = wait_for(lambda: re.search(r"visit .*pingback .*/my-own-pond/ → .*", serve.stderr))[0]
    found = re.search(r"/pings/[\w-]{22}", line)
    assert found
    assert get(serve.url + found[0])["protocol"] == "pingback"


def test_a_connection_is_kept_for_the_next_request(serve: Serve) -> None:
    connection = http.client.HTTPConnection(serve.url.removeprefix("http://"), timeout=SECONDS)
    with contextlib.closing(connection):
        ports = set()
        for _ in range(3):
            connection.request("GET", "/healthz")
            assert connection.getresponse().read()
            ports.add(connection.sock.getsockname())
        assert len(ports) == 1


def test_http_1_0_without_a_host_is_answered(serve: Serve) -> None:
    body = b"source=x"
    head = b"POST /webmention HTTP/1.0\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n"
    answer = raw(serve.url, head % len(body) + body)
    assert answer.startswith(b"HTTP/1.1 400")
    assert b'"malformed"' in answer


GARBAGE = {
    "no request line": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", b"400"),
    "a method nobody knows": (b"BREW /webmention HTTP/1.1\r\nHost: x\r\n\r\n", b"405"),
    "chunks": (b"POST /webmention HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", b"411"),
    "two lengths": (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", b"400"),
    "a negative length": (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", b"400"),
    "too much body": (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2000000\r\n\r\n" + b"a" * 2_000_000, b"413"),
    "a header without end": (b"GET / HTTP/1.1\r\nX: " + b"a" * 70_000 + b"\r\n\r\n", b"431"),
    "too many headers": (b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 200 + b"\r\n", b"431"),
    "an address without end": (b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\n\r\n", b"414"),
    "a broken escape": (b"GET /a%2 HTTP/1.1\r\nHost: x\r\n\r\n", b"400"),
    "a host with a script": (b"GET /nowhere HTTP/1.1\r\nHost: <script>\r\nConnection: close\r\n\r\n", b"404"),
}


@pytest.mark.parametrize("name", GARBAGE)
def test_garbage_gets_an_answer_and_does_no_harm(serve: Serve, name: str) -> None:
    sent, status = GARBAGE[name]
    answer = raw(serve.url, sent)
    assert answer.split(b" ")[1] == status, answer[:200]
    assert b"<script>" not in answer
    assert get(f"{serve.url}/healthz") == {"status": "ok"}


def test_a_sender_that_breaks_off_is_forgotten(serve: Serve) -> None:
    assert raw(serve.url, b"POST /webmention HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nsource") == b""
    assert get(f"{serve.url}/healthz") == {"status": "ok"}


def test_a_stranger_s_control_characters_do_not_reach_the_terminal(serve: Serve) -> None:
    ask(f"{serve.url}/webmention", {"source": "http://x/\x1b[2J", "target": "\x1b]0;owned\x07"})
    wait_for(lambda: "malformed" in serve.stderr)
    assert "\x1b" not in serve.stderr
    assert "\x07" not in serve.stderr


def test_the_version_is_told() -> None:
    asked = [sys.executable, "-m", "linkback_cli", "--version"]
    told = subprocess.run(asked, env=_environment(), capture_output=True, text=True, check=True).stdout
    assert re.fullmatch(r"linkback \d+\.\d+\.\d+\S*\n", told)


def test_a_port_in_use_is_said_so(serve: Serve, tmp_path: Path) -> None:
    code, words = refused(tmp_path / "data", "--port", serve.url.rpartition(":")[2])
    assert code == 1
    assert "--port 0" in words
    assert "Traceback" not in words


def test_two_bridges_cannot_share_their_data(serve: Serve) -> None:
    code, words = refused(serve.data, "--port", "0")
    assert code == 1
    assert "Another `linkback serve` uses" in words


@pytest.mark.parametrize(
    ("options", "code", "hint"),
    [
        (("--no-demo",), 1, "--site HOST"),
        (("--site", "https://example.com/blog"), 1, "without a scheme"),
        (("--site", "127.1"), 1, "127.1"),
        (("--site", ""), 1, "--site is empty"),
        (("--site", " , "), 1, "--site is empty"),
        (("--site", "exa mple"), 1, "another --site"),
        (("--site", "example.com,foo.org"), 1, "another --site"),
        (("--port", "abc"), 2, "'abc' is not a number"),
        (("--moderation", "some"), 2, "first"),
        (("--self", "maybe"), 2, "refuse"),
        (("--port", "70000"), 2, "65535"),
        (("--bogus",), 2, "bogus"),
    ],
)
def test_a_wrong_option_is_told_what_to_write(options: tuple[str, ...], code: int, hint: str, tmp_path: Path) -> None:
    exit_code, words = refused(tmp_path / "data", *options)
    assert exit_code == code
    assert hint in words
    assert "Traceback" not in words


def test_a_directory_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    code, words = refused(tmp_path / "file", "--port", "0")
    assert code == 1
    assert "is a file, not a directory" in words
    assert "--data DIR" in words
    assert (tmp_path / "file").read_text() == "in the way"


def publish(bridge: Serve, internet: Web, name: str) -> str:
    """The target of a mention that is published now."""
    target = internet.put(f"/about/{name}", "<p>A page of the site</p>")
    source = internet.put(f"/post/{name}", f'<p>See <a href="{target}">this</a></p>')
    _, body, headers = ask(f"{bridge.url}/webmention", {"source": source, "target": target})
    assert settled(headers["Location"])["status"] == "published", body
    return target


def on_loopback(internet: Web) -> tuple[str, ...]:
    """Options for a bridge whose one site is this small internet, which a restart finds where it was."""
    return "--no-demo", "--allow-private", "--self", "allow", "--site", internet.origin.removeprefix("http://")


def test_what_was_accepted_survives_sigterm_and_kill_9_and_no_process_is_left(
    start: Callable[..., Serve], internet: Web
) -> None:
    options = on_loopback(internet)
    bridge = start(*options, "--token", "a-secret")
    first = publish(bridge, internet, "first")
    began = time.monotonic()
    assert bridge.end(signal.SIGTERM) == 0, bridge.stderr
    assert time.monotonic() - began < 8

    bridge = start(*options)
    assert len(bridge.feed(first)) == 1, "SIGTERM loses nothing"
    second = publish(bridge, internet, "second")
    state = bridge.data / "state.jsonl"
    wait_for(lambda: second in state.read_text(), 5)
    children = bridge.children()
    assert children
    bridge.end(signal.SIGKILL)
    wait_for(lambda: not any(_alive(pid) for pid in children), 5)
    assert "a-secret" not in state.read_text()

    _unvisit(state)
    bridge = start(*options)
    wait_for(lambda: len(bridge.feed(second)) == len(bridge.feed(first)) == 1)
    assert bridge.end(signal.SIGINT) == 0, bridge.stderr


def test_a_restart_finds_the_demo_as_it_was_left(start: Callable[..., Serve]) -> None:
    bridge = start()
    blog, site = bridge.demo("demo blog"), bridge.demo("demo site")
    for change in ("edit", "unlink"):
        ask(f"{blog}/re-blue/{change}", {})
    ask(f"{blog}/liked-seeds/ping", {"dialect": "trackback"})
    published(f"{blog}/sent/1")
    ask(f"{blog}/liked-seeds/delete", {})
    bridge.end(signal.SIGKILL)

    bridge = start()
    assert (bridge.demo("demo blog"), bridge.demo("demo site")) == (blog, site)
    post = ask(f"{blog}/re-blue/")[1]
    assert "Edited at" in post
    assert f"{site}/bees-like-blue/" not in post
    assert ask(f"{blog}/liked-seeds/")[0] == 410
    assert "/sent/1" in ask(blog)[1]
    assert "<error>0</error>" in unescape(ask(f"{blog}/sent/1")[1])


def test_pings_in_work_are_visited_before_the_demo_is_closed(start: Callable[..., Serve]) -> None:
    bridge = start("--site", "WWW.Example.com")
    blog, site = bridge.demo("demo blog"), bridge.demo("demo site").removeprefix("http://")
    assert f"Listening for   example.com, {site}" in bridge.stderr
    for feed in ("?domain=example.com", f"?domain={site}", "  (all of them)"):
        assert f"{bridge.url}/api/mentions.jf2{feed}" in bridge.stderr
    for number in range(12):
        target = f"http://{site}/barrel-pond/"
        ask(f"{bridge.url}/webmention", {"source": f"{blog}/my-own-pond/?{number}", "target": target})
    assert bridge.end(signal.SIGTERM) == 0, bridge.stderr
    lines = (bridge.data / "state.jsonl").read_text("utf-8").splitlines()
    pings = [item for item in map(json.loads, lines) if item.get("sk") == {"S": "PING"}]
    assert len(pings) == 12
    assert {item["status"]["S"] for item in pings} <= {"queued", "published"}


def test_a_visit_that_hangs_does_not_keep_it_from_stopping(start: Callable[..., Serve], internet: Web) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        source = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        bridge = start(*on_loopback(internet))
        target = internet.put("/page", "<p>A page of the site</p>")
        status, body, _ = ask(f"{bridge.url}/webmention", {"source": source, "target": target})
        assert status == 201, body
        silent.settimeout(SECONDS)
        visit, _ = silent.accept()  # it is in work, and will get no answer
        with visit:
            began = time.monotonic()
            assert bridge.end(signal.SIGINT) == 0, bridge.stderr
            assert time.monotonic() - began < 8
        assert '"queued"' in (bridge.data / "state.jsonl").read_text("utf-8")


def _unvisit(state: Path) -> None:
    """Make the state what it was between the door and the visit: every ping queued, no mention."""
    head, *lines, _ = state.read_text("utf-8").splitlines()
    items = [json.loads(line) for line in lines]
    kept = [item for item in items if not item["sk"]["S"].startswith("MENTION#")]
    for item in kept:
        if item["sk"]["S"] == "PING":
            item["status"] = {"S": "queued"}
    tail = json.dumps({"items": len(kept)})
    state.write_text("\n".join((head, *map(json.dumps, kept), tail)) + "\n", "utf-8")


def _alive(pid: int) -> bool:
    listed = subprocess.run(["ps", "-p", str(pid), "-o", "stat="], capture_output=True, text=True, check=False).stdout
    return bool(listed.strip()) and not listed.startswith("Z")


def test_a_damaged_state_is_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    state = tmp_path / "data" / "state.jsonl"
    for damaged in ('{"linkback": 1}\n{"pk"', '{"linkback": 1}\n', "", '{"linkback": 2}\n{"items": 0}\n', "\x00\xff"):
        state.write_text(damaged, "utf-8")
        code, words = refused(tmp_path / "data", "--port", "0")
        assert code == 1
        assert "Nothing was changed" in words
        assert state.read_text("utf-8") == damaged
