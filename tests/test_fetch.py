"""`linkback fetch` against a bridge on loopback: what it asks, what it writes, and what it says."""

from __future__ import annotations

import gzip
import io
import json
import threading
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings

from fake_bridge import DOMAIN, SCRIPTS, FakeBridge, Serving, Step, following, raw, serving
from linkback_cli import fetch
from linkback_cli.command import main
from linkback_cli.console import Console
from linkback_cli.fetch import Options
from linkback_cli.mentions_file import Mentions
from linkback_cli.trouble import Trouble
from loopback import Server, redirect

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

EMPTY = {"children": [], "deleted": [], "since_id": 0}
ENTRY = {"wm-id": 5, "wm-claim": "s a", "wm-page": "example.com/old"}
ONE = EMPTY | {"children": [ENTRY], "since_id": 5}


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "LINKBACK_BASE", "LINKBACK_DOMAIN"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.fixture
def served() -> Iterator[Serving]:
    with serving(FakeBridge()) as running:
        yield running


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "data" / "mentions.json"


def fetched(base: str, out: Path, *options: str, code: int = 0) -> str:
    """What the command says on stderr when it ends with this code; stdout stays empty."""
    done = CliRunner().invoke(main, ["fetch", "--base", base, "--domain", DOMAIN, "--out", str(out), *options])
    assert isinstance(done.exception, SystemExit | None)
    assert done.exit_code == code, done.stderr
    assert done.stdout == ""
    return done.stderr


def content(out: Path) -> dict[str, Any]:
    read: dict[str, Any] = json.loads(out.read_bytes())
    return read


def old_file(out: Path, base: str, since_id: int = 5) -> bytes:
    """A file of an earlier run, with one mention."""
    data = Mentions(base, DOMAIN, since_id, entries={"s a": ENTRY}).render()
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_bytes(data)
    return data


# What is asked and written


def test_the_first_run_brings_everything_and_the_next_what_has_changed(served: Serving, out: Path) -> None:
    claim = served.bridge.publish("s1", "example.com/post")
    served.bridge.publish("s2", "example.com")
    assert fetched(served.url, out) == ""
    assert content(out)["pages"] == served.bridge.pages()
    assert list(content(out)["pages"]) == ["/", "/post"]
    served.bridge.remove(claim)
    third = served.bridge.publish("s3", "example.com")
    assert fetched(served.url, out) == ""
    assert (
        content(out)["pages"]
        == served.bridge.pages()
        == {"/": [served.bridge.public[c][1] for c in (third, "s2 example.com")]}
    )
    assert [asked["since_id"] for asked, _ in served.asked] == ["0", "2"]
    assert {asked["domain"] for asked, _ in served.asked} == {DOMAIN}


def test_a_file_is_not_touched_when_nothing_has_changed(served: Serving, out: Path) -> None:
    served.bridge.back = 60  # so that the same is told again
    served.bridge.publish("s1", "example.com/post")
    fetched(served.url, out)
    before = out.stat()
    assert fetched(served.url, out) == ""
    assert served.asked[-1][1]["if-none-match"] == content(out)["etag"] != ""
    served.bridge.back = 0
    assert fetched(served.url, out) == ""
    assert (out.stat().st_ino, out.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_an_answer_that_is_the_same_but_no_longer_the_last_is_gone_on_from(served: Serving, out: Path) -> None:
    served.bridge.most, served.bridge.back = 1, 1
    served.bridge.publish("s1", "example.com")
    fetched(served.url, out)
    served.bridge.publish("s2", "example.com")
    fetched(served.url, out)
    assert content(out)["pages"] == served.bridge.pages()
    assert ["if-none-match" in headers for _, headers in served.asked] == [False, True, False, False]


def test_every_page_of_a_feed_is_read(served: Serving, out: Path) -> None:
    served.bridge.most = 3
    for number in range(10):
        served.bridge.publish(f"s{number}", "example.com/post")
    fetched(served.url, out)
    assert content(out)["pages"] == served.bridge.pages()
    assert len(served.asked) == 4


def test_a_page_on_another_server_is_not_asked_for(served: Serving, out: Path) -> None:
    served.bridge.most, served.links_to = 3, "http://elsewhere.invalid"
    for number in range(10):
        served.bridge.publish(f"s{number}", "example.com/post")
    fetched(served.url, out)
    assert content(out)["pages"] == served.bridge.pages()
    assert [asked["since_id"] for asked, _ in served.asked] == ["0", "3", "6", "9"]


def test_a_page_without_mentions_is_gone_from_the_file(served: Serving, out: Path) -> None:
    served.bridge.remove(served.bridge.publish("s1", "example.com/post"))
    fetched(served.url, out)
    assert content(out)["pages"] == {}


@pytest.mark.parametrize("since_id", [0, 5, 9])
def test_a_number_alone_is_no_reason_to_touch_the_file(since_id: int, out: Path) -> None:
    with Server(raw(EMPTY | {"since_id": since_id})) as server:
        base = str(server.url("")).rstrip("/")
        data = old_file(out, base)
        before = out.stat().st_mtime_ns
        assert fetched(base, out) == ""
    assert (out.read_bytes(), out.stat().st_mtime_ns) == (data, before)


def test_a_bridge_that_counts_anew_is_read_as_a_whole(out: Path) -> None:
    with Server(raw(ONE)) as restored:
        base = str(restored.url("")).rstrip("/")
        old_file(out, base, since_id=1000)
        assert "has begun to count anew" in fetched(base, out)
        assert [request.split()[1].partition(b"since_id=")[2] for request in restored.requests] == [b"1000", b"0"]
        assert fetched(base, out) == ""  # though nothing has changed but the number


@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(SCRIPTS)
def test_the_file_has_what_is_public_whatever_happened(served: Serving, tmp_path: Path, script: list[Step]) -> None:
    out = tmp_path / "mentions.json"
    out.unlink(missing_ok=True)
    served.bridge = FakeBridge(most=2, back=3)
    for what, one, other in [*script, ("sync", 0, 0)]:
        if what in ("sync", "answer"):
            fetch.run(Options(served.url, DOMAIN, out), Console(io.StringIO()))
            assert content(out)["pages"] == served.bridge.pages()
        else:
            served.bridge.happen(what, one, other)


def test_a_redirect_is_followed(served: Serving, out: Path) -> None:
    served.bridge.publish("s1", "example.com/post")
    with Server(redirect(f"{served.url}/api/changes?domain={DOMAIN}&since_id=0")) as before:
        fetched(str(before.url("")), out)
    assert content(out)["pages"] == served.bridge.pages()
    assert served.asked[0][1]["user-agent"].startswith("linkback/")


def test_a_compressed_answer_is_read(out: Path) -> None:
    with Server(raw(gzip.compress(json.dumps(ONE).encode()), "Content-Encoding: gzip")) as server:
        assert fetched(str(server.url("")), out) == ""
        assert b"accept-encoding: gzip\r\n" in server.requests[0].lower()
    assert content(out)["pages"] == {"/old": [ENTRY]}


# The old file


@pytest.mark.parametrize(
    "damaged",
    [
        b"",
        b"\0" * 512,
        b'{\n  "bridge": "ht',
        b'{"bridge":\xff',
        b'{"pages": 5, "domain": "", "bridge": ""}',
        b'{"bridge": 1}',
    ],
)
def test_a_damaged_file_is_made_anew_with_a_word(damaged: bytes, served: Serving, out: Path) -> None:
    served.bridge.publish("s1", "example.com/post")
    out.parent.mkdir()
    out.write_bytes(damaged)
    words = fetched(served.url, out)
    assert words.startswith(f"Warning: {out} is damaged (")
    assert words.count("\n") == 1
    assert content(out)["pages"] == served.bridge.pages()
    assert served.asked[0][0]["since_id"] == "0"


@pytest.mark.parametrize(
    "other", [b"[5]", b"\xff\x00", b"{5", b'{"name": "a-site"}', b"[" * 100_000, b"title: My site\n"]
)
def test_a_file_that_is_none_of_ours_is_not_touched(other: bytes, served: Serving, out: Path) -> None:
    out.parent.mkdir()
    out.write_bytes(other)
    with pytest.raises(Trouble, match="is no file of mentions, and was not touched"):
        fetch.run(Options(served.url, DOMAIN, out), Console(io.StringIO()))
    assert out.read_bytes() == other
    assert served.asked == []


def test_a_file_of_another_bridge_or_domain_is_made_anew_with_a_word(served: Serving, out: Path) -> None:
    for other in (Mentions("https://other.example", DOMAIN, 9), Mentions(served.url, "other.example", 9)):
        out.parent.mkdir(exist_ok=True)
        out.write_bytes(other.render())
        assert "other.example" in fetched(served.url, out)
        assert (content(out)["bridge"], content(out)["domain"]) == (served.url, DOMAIN)


def test_a_damaged_file_stays_as_long_as_there_is_no_whole_new_one(out: Path) -> None:
    first = raw(EMPTY, following("?page=2"))
    out.parent.mkdir()
    out.write_bytes(b'{"bridge": ')
    with Server(lambda connection: connection.sendall(first if len(cut.requests) == 1 else first[:-9])) as cut:
        words = fetched(str(cut.url("")), out)
    assert "stays as it was" in words
    assert out.read_bytes() == b'{"bridge": '


def test_two_at_once_leave_a_whole_file(served: Serving, out: Path) -> None:
    for number in range(200):
        served.bridge.publish(f"s{number}", "example.com/post")

    def run() -> None:
        fetch.run(Options(served.url, DOMAIN, out), Console(io.StringIO()))

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert content(out)["pages"] == served.bridge.pages()
    assert [one.name for one in out.parent.iterdir()] == [out.name]


# What it refuses


def test_a_domain_that_the_bridge_does_not_listen_for_is_the_owners_mistake(served: Serving, out: Path) -> None:
    data = old_file(out, served.url)
    words = fetched(served.url, out, "--domain", "other.example", code=1)
    assert "This bridge does not listen for other.example." in words
    assert "--domain" in words
    assert out.read_bytes() == data


def test_what_a_bridge_says_of_a_request_that_it_does_not_take_is_told(out: Path) -> None:
    told = {"error": "not-found", "error_description": "There is nothing at this address.\x1b[2J"}
    with Server(raw(told, status="404 Not Found")) as older:
        words = fetched(str(older.url("")), out, code=1)
    assert "There is nothing at this address.\\x1b[2J. Nothing was written." in words
    assert "as new as this command" in words
    assert not out.exists()


@pytest.mark.parametrize(
    ("options", "code", "hint"),
    [
        (("--base", "bridge.example"), 1, "such as https://linkback.example.com"),
        (("--base", ""), 1, "such as https://linkback.example.com"),
        (("--base", "ftp://bridge.example"), 1, "http:// or https://"),
        (("--base", "https://me:secret@bridge.example"), 1, "user name or password"),
        (("--base", "https://bridge.example/?a=b"), 1, "Give https://bridge.example\n"),
        (("--base", "https://bridge.example/v1/api/mentions.jf2?domain=a.example"), 1, "Give https://bridge.example/v1\n"),
        (("--base", "https://bridge.example/webmention"), 1, "Give https://bridge.example\n"),
        (("--base", "https://bridge.example/feed.json#x"), 1, "Give https://bridge.example\n"),
        (("--domain", "https://example.com"), 1, "without a scheme or path"),
        (("--domain", "example.com/blog"), 1, "without a scheme or path"),
        (("--domain", "a.example b.example"), 1, "one site"),
        (("--domain", ""), 1, "one site"),
        (("--timeout", "soon"), 2, "'soon' is not a whole number"),
        (("--timeout", "0"), 2, "1<=x<=3600"),
        (("--out", "."), 1, "is not a file"),
    ],
)  # fmt: skip
def test_a_wrong_option_is_told_what_to_write(options: tuple[str, ...], code: int, hint: str, out: Path) -> None:
    words = fetched("https://bridge.invalid", out, *options, code=code)
    assert hint in words
    assert "secret" not in words
    assert not out.exists()


def test_what_is_missing_is_named_with_its_variable() -> None:
    done = CliRunner().invoke(main, ["fetch", "--base", "https://bridge.example"])
    assert done.exit_code == 2
    assert "LINKBACK_DOMAIN" in done.stderr


def test_the_environment_stands_in_for_base_and_domain(
    served: Serving, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LINKBACK_BASE", f"{served.url}//")
    monkeypatch.setenv("LINKBACK_DOMAIN", "www.Example.com")
    done = CliRunner().invoke(main, ["fetch", "--out", str(out)])
    assert (done.exit_code, done.output) == (0, "")
    assert (content(out)["bridge"], content(out)["domain"]) == (served.url, DOMAIN)


def test_a_proxy_of_the_environment_is_used(out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Server(raw(EMPTY)) as proxy:
        monkeypatch.setenv("HTTP_PROXY", str(proxy.url()))
        assert fetched("http://bridge.invalid", out) == ""
        assert proxy.requests[0].startswith(b"GET http://bridge.invalid/api/changes?domain=example.com")


@pytest.mark.parametrize(("name", "value"), [("HTTPS_PROXY", "gopher://x"), ("SSL_CERT_FILE", "/nowhere")])
def test_an_environment_that_cannot_be_used_is_named(
    name: str, value: str, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    assert name in fetched("https://bridge.invalid", out, code=1)
    assert not out.exists()


def test_an_out_that_cannot_be_written_is_named(served: Serving, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"in the way")
    assert "--out" in fetched(served.url, tmp_path / "file" / "mentions.json", code=1)
    assert (tmp_path / "file").read_bytes() == b"in the way"
