"""`linkback serve` as its users meet it: the real command in a process of its own, spoken to over real sockets."""

from __future__ import annotations

import contextlib
import http.client
import json
import re
import xmlrpc.client
from typing import TYPE_CHECKING, Any

import pytest

from serving import SECONDS, Serve, ask, get, published, raw, refused, settled, wait_for, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="module")
def serve(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serve]:
    """One bridge with its demo, shared by the tests that leave it running."""
    running = Serve(tmp_path_factory.mktemp("shared") / "data", "--port", "0").ready()
    yield running
    assert running.end() == 0, running.stderr


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
    "chunks without a size": (b"POST /webmention HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", b"400"),
    "chunks and a length": (
        b"POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"400",
    ),
    "a chunk too large": (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nffffffff\r\n", b"413"),
    "another coding": (b"POST / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n", b"400"),
    "two lengths": (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", b"400"),
    "a negative length": (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", b"400"),
    "too much body": (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5000000\r\n\r\n" + b"a" * 5_000_000, b"413"),
    "a header without end": (b"GET / HTTP/1.1\r\nX: " + b"a" * 70_000 + b"\r\n\r\n", b"431"),
    "too many headers": (b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 200 + b"\r\n", b"431"),
    "an address without end": (b"GET /" + b"a" * 1_100_000 + b" HTTP/1.1\r\n\r\n", b"414"),
    "a broken escape": (b"GET /a%2 HTTP/1.1\r\nHost: x\r\n\r\n", b"400"),
    "a host with a script": (b"GET /nowhere HTTP/1.1\r\nHost: <script>\r\nConnection: close\r\n\r\n", b"404"),
}


@pytest.mark.parametrize(
    "query",
    [
        "domain=unknown.example&x=" + "y" * 100_000,
        "&".join(["target[]=https://example.com/"] * 10_000),
        "target=\0",
        "jsonp=alert(1)//",
    ],
)
def test_an_absurd_question_is_answered_in_the_shape_of_a_feed(serve: Serve, query: str) -> None:
    for path in ("/api/mentions.jf2", "/api/mentions", "/api/deleted"):
        answer = raw(serve.url, f"GET {path}?{query} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
        head, _, body = answer.partition(b"\r\n\r\n")
        assert b"access-control-allow-origin: *" in head.lower()
        told = json.loads(body)
        assert told.get("children", told.get("links")) == []


def test_a_body_in_chunks_is_put_together(serve: Serve) -> None:
    head = b"POST /pingback HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
    answer = raw(serve.url, head + b"9;x=y\r\n<method-C\r\n4\r\nall>\r\n0\r\nTrailer: x\r\n\r\n")
    assert b"200 OK" in answer
    assert b"-32700" in answer


def test_a_body_of_a_megabyte_is_refused_in_the_doors_own_words(serve: Serve) -> None:
    head = b"POST /pingback HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 2000000\r\n\r\n"
    answer = raw(serve.url, head + b"a" * 2_000_000)
    assert b"200 OK" in answer
    assert b"-32700" in answer


def test_a_host_without_its_port_still_leads_back_to_us(serve: Serve) -> None:
    answer = raw(serve.url, b"GET / HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n")
    assert f"{serve.url}/webmention".encode() in answer


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


def test_a_port_in_use_is_said_so(serve: Serve, tmp_path: Path) -> None:
    code, words = refused(tmp_path / "data", "--port", serve.url.rpartition(":")[2])
    assert code == 1
    assert "--port 0" in words
    assert "Traceback" not in words


def test_two_bridges_cannot_share_their_data(serve: Serve) -> None:
    code, words = refused(serve.data, "--port", "0")
    assert code == 1
    assert "Another `linkback serve` uses" in words
