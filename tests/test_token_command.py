"""`linkback token` for the bridge on one's own machine: while it runs, while it does not, and in between."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from linkback_cli import keyring, note, template
from linkback_cli.data import DataDir
from linkback_cli.emulator import Emulator
from linkback_cli.note import Note
from linkback_cli.store import Store, token_item
from linkback_cli.trouble import Trouble
from serving import SECONDS, Serve, ask, environment, refused, wait_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

TOKEN = re.compile(r"lb_[\w-]{43}")
SITES = ("--no-demo", "--site", "example.com", "--site", "127.0.0.1:8788")
ITEM = {"pk": {"S": "PAGE#example.com/"}, "sk": {"S": "MENTION#1"}, "raw": {"B": b"\x00\xff"}}


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Serve]]:
    """Starts bridges on this test's own data; what a failed test leaves running is ended."""
    started: list[Serve] = []

    def make(*options: str) -> Serve:
        started.append(Serve(tmp_path / "data", "--port", "0", *SITES, *options))
        return started[-1].ready()

    yield make
    for bridge in started:
        if bridge.process.poll() is None:
            bridge.end(signal.SIGKILL)


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    """The directory of a bridge that does not run, with one mention in it and the token of its last run."""
    data = DataDir(tmp_path / "data")
    data.save([ITEM, token_item("of-yesterday")])
    data.close()
    return tmp_path / "data"


def token(*words: str, data: Path) -> tuple[int, str, str]:
    """Exit code, stdout and stderr of `linkback token`, in a shell with AWS settings that must not matter."""
    command = [sys.executable, "-m", "linkback_cli", "token", *words, "--data", str(data)]
    done = subprocess.run(
        command, env=environment(), cwd=data.parent, capture_output=True, text=True, timeout=60, check=False
    )
    assert "Traceback" not in done.stderr
    return done.returncode, done.stdout, done.stderr


def made(*words: str, data: Path) -> str:
    """The token that `create` prints, and nothing beside it."""
    code, out, err = token("create", *words, data=data)
    assert code == 0, err
    assert TOKEN.fullmatch(out.removesuffix("\n")), out
    return out.strip()


def listed(data: Path) -> list[list[str]]:
    """The cells of the table that `list` prints, without its head."""
    code, out, err = token("list", data=data)
    assert (code, err) == (0, "")
    return [re.split(r"  +", line) for line in out.splitlines()[1:]]


def exports(bridge: Serve, shown: str) -> int:
    """The status of /api/export for this token."""
    return ask(f"{bridge.url}/api/export?token={shown}")[0]


# A bridge that runs


def test_a_token_is_made_used_listed_and_revoked_while_the_bridge_runs(start: Callable[..., Serve]) -> None:
    bridge = start()
    code, out, err = token("create", "my laptop", data=bridge.data)
    assert code == 0, err
    assert f"Sign in with it at {bridge.url}/dashboard, or send it as `Authorization: Bearer`." in err
    assert exports(bridge, out.strip()) == 200
    phone = made("phone", "--site", "www.Example.com", "--site", "example.com", data=bridge.data)
    rows = {row[0]: row[1:] for row in listed(bridge.data)}
    assert {name: row[0] for name, row in rows.items()} == {
        "serve --token": "all",
        "my laptop": "all",
        "phone": "example.com",
    }
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d UTC", rows["my laptop"][1])
    assert rows["my laptop"][2] == "not yet"
    assert [ask(f"{bridge.url}/api/export?domain={one}&token={phone}")[0] for one in ("example.com", "127.0.0.1")] == [
        200,
        403,
    ]
    code, out, err = token("revoke", "phone", data=bridge.data)
    assert (code, out) == (0, "The token phone is revoked, and whoever signed in with it is signed out.\n"), err
    assert exports(bridge, phone) == 401


def test_what_was_done_to_a_running_bridge_survives_kill_9_after_five_seconds(start: Callable[..., Serve]) -> None:
    bridge = start()
    kept, gone = made("kept", data=bridge.data), made("gone", data=bridge.data)
    token("revoke", "gone", data=bridge.data)
    state = bridge.data / "state.jsonl"
    wait_for(lambda: state.exists() and '"kept"' in state.read_text() and '"gone"' not in state.read_text(), 5)
    bridge.end(signal.SIGKILL)
    assert [row[0] for row in listed(bridge.data)] == ["kept"]
    bridge = start()
    assert (exports(bridge, kept), exports(bridge, gone)) == (200, 401)
    assert kept not in state.read_text()


def test_what_was_done_right_before_it_is_stopped_is_kept(start: Callable[..., Serve]) -> None:
    bridge = start()
    made("laptop", data=bridge.data)
    assert bridge.end() == 0, bridge.stderr
    assert [row[0] for row in listed(bridge.data)] == ["laptop"]


def test_each_run_has_a_token_that_ends_with_it(start: Callable[..., Serve]) -> None:
    runs = []
    for _ in range(2):
        bridge = start()
        row = wait_for(lambda: re.search(r"Your desk +(\S+) +token: (\S+)\n", bridge.stderr))  # noqa: B023 - at once
        assert row[1] == f"{bridge.url}/dashboard"
        runs.append(row[2])
        assert exports(bridge, runs[-1]) == 200
        assert bridge.end() == 0
        assert runs[-1] not in (bridge.data / "state.jsonl").read_text()
    assert runs[0] != runs[1]
    assert listed(bridge.data) == []
    assert exports(start(), runs[1]) == 401


def test_a_token_that_was_given_is_not_printed(start: Callable[..., Serve]) -> None:
    bridge = start("--token", "a-token-for-scripts")
    wait_for(lambda: "Your desk" in bridge.stderr)
    assert "sign in with the token you gave" in bridge.stderr
    assert exports(bridge, "a-token-for-scripts") == 200
    bridge.end()
    assert "a-token-for-scripts" not in bridge.stderr


@pytest.mark.parametrize("given", ["", "two words", "schlüssel", "x" * 257])
def test_a_token_that_cannot_be_sent_is_refused(tmp_path: Path, given: str) -> None:
    code, words = refused(tmp_path / "data", "--port", "0", "--token", given)
    assert code == 1
    assert "--token cannot be sent as it stands: give 1 to 256" in words


# One that does not


def test_a_token_is_made_listed_and_revoked_while_no_bridge_runs(saved: Path, start: Callable[..., Serve]) -> None:
    first, other = made("laptop", data=saved), made("phone", "--site", "example.com", data=saved)
    assert [row[:2] for row in listed(saved)] == [["laptop", "all"], ["phone", "example.com"]]
    assert token("revoke", "phone", data=saved)[0] == 0
    assert [row[0] for row in listed(saved)] == ["laptop"]
    data = DataDir(saved)
    assert ITEM in data.load()
    data.close()
    bridge = start()
    assert [exports(bridge, one) for one in (first, other, "of-yesterday")] == [200, 401, 401]


def test_a_directory_without_tokens_says_so(saved: Path) -> None:
    before = (saved / "state.jsonl").read_bytes()
    assert token("list", data=saved) == (0, "There are no tokens.\n", "")
    assert (saved / "state.jsonl").read_bytes() == before


def test_a_directory_that_was_never_a_bridge_s_is_named_and_not_made(tmp_path: Path) -> None:
    for words in (("create", "laptop"), ("list",), ("revoke", "laptop")):
        code, out, err = token(*words, data=tmp_path / "data")
        assert (code, out) == (1, "")
        assert err.startswith(f"Error: {tmp_path / 'data'} was never a bridge's: give the directory")
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_state_is_left_as_it_is(saved: Path) -> None:
    (saved / "state.jsonl").write_text("{")
    code, _, err = token("create", "laptop", data=saved)
    assert code == 1
    assert "Nothing was changed" in err
    assert (saved / "state.jsonl").read_text() == "{"


@pytest.mark.parametrize(
    ("words", "code", "hint"),
    [
        (("create",), 2, "Missing argument 'NAME'"),
        (("create", "laptop", "--site", "https://example.com/"), 1, "without a scheme"),
        (("create", "laptop", "--site", ""), 1, "--site is empty"),
        (("create", "laptop", "--site", "a.example,b.example"), 1, "another --site"),
        (("create", ""), 1, "needs a name of 1 to 64"),
        (("create", "x" * 65), 1, "needs a name of 1 to 64"),
        (("create", "a\x1b[2J"), 1, "needs a name of 1 to 64"),
        (("create", os.fsdecode(b"\xff")), 1, "needs a name of 1 to 64"),
        (("create", "there"), 1, "There is a token named there already: revoke it first"),
        (("create", "serve --token"), 1, "choose another name"),
        (("revoke", "another"), 1, "There is no token named another"),
        (("list", "--stack", "linkback"), 2, "--data means a bridge on this machine"),
        (("list", "--region", "eu-central-1"), 2, "--data means a bridge on this machine"),
        (("mint",), 2, "No such command"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_sentence(saved: Path, words: tuple[str, ...], code: int, hint: str) -> None:
    made("there", data=saved)
    before = (saved / "state.jsonl").read_bytes()
    found, out, err = token(*words, data=saved)
    assert (found, out) == (code, "")
    assert hint in err
    assert (saved / "state.jsonl").read_bytes() == before


# In between


@pytest.fixture
def own_environment() -> Iterator[None]:
    """What talks to a running bridge takes its AWS settings for the whole process; a test gives them back."""
    before = dict(os.environ)
    yield
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture
def running(saved: Path, own_environment: None) -> Iterator[DataDir]:
    """The directory and the store of a bridge that runs, with one site."""
    data = DataDir(saved)
    with Emulator(saved / "store.log") as emulator:
        Store(emulator.endpoint, template.load())
        Note(emulator.endpoint, "http://127.0.0.1:8787", ("example.com",)).leave(data)
        yield data
    data.close()


def test_a_running_bridge_is_told_that_its_store_was_changed(running: DataDir) -> None:
    with keyring.of_directory(running.path) as found:
        assert (found.desk, found.sites) == ("http://127.0.0.1:8787/dashboard", ("example.com",))
        assert not note.told(running)
        found.tokens.create("laptop", (), 0)
        assert note.told(running)
        assert not note.told(running)
        found.tokens.revoke("laptop")
        assert note.told(running)


def test_whoever_comes_while_it_stops_is_told_to_look_and_do_it_again(running: DataDir) -> None:
    with keyring.of_directory(running.path) as found:
        Note("", "http://127.0.0.1:8787", ("example.com",)).leave(running)
        with pytest.raises(Trouble, match="was stopped at this moment: see what `linkback token list` has"):
            found.tokens.create("laptop", (), 0)


def test_a_site_that_a_running_bridge_has_not_is_refused(running: DataDir) -> None:
    code, out, err = token("create", "laptop", "--site", "example.org", data=running.path)
    assert (code, out) == (1, "")
    assert err == "Error: example.org is no site of this bridge. It has example.com.\n"
    assert token("list", data=running.path) == (0, "There are no tokens.\n", "")


@pytest.mark.parametrize("left", [None, "http://127.0.0.1:9"])
def test_a_bridge_that_starts_or_stops_is_waited_for(saved: Path, left: str | None) -> None:
    """A store stands in the note after kill -9 as well, and does not answer."""
    data = DataDir(saved)
    if left:
        Note(left, "http://127.0.0.1:8787").leave(data)
    stopped = threading.Timer(1.5, data.close)
    stopped.start()
    began = time.monotonic()
    assert token("list", data=saved) == (0, "There are no tokens.\n", "")
    assert time.monotonic() - began < SECONDS
    stopped.join()


def test_a_bridge_that_neither_starts_nor_stops_is_not_waited_for_forever(saved: Path) -> None:
    data = DataDir(saved)
    with (
        pytest.raises(Trouble, match="neither starts nor stops: do this again when it has"),
        keyring.of_directory(saved, patience=0.2),
    ):
        pass
    data.close()


@pytest.mark.parametrize("text", ["", "{", "[]", "[1]", '["x", "y", 5]', "null", "\x00", '{"store": 1}'])
def test_a_note_that_is_not_ours_is_an_empty_one(tmp_path: Path, text: str) -> None:
    (tmp_path / "bridge.json").write_text(text)
    assert Note.read(tmp_path) == Note()


def test_a_note_is_read_as_it_was_left(tmp_path: Path) -> None:
    data = DataDir(tmp_path)
    left: Any = Note("http://127.0.0.1:1", "http://127.0.0.1:2", ("example.com", "127.0.0.1:8788"))
    left.leave(data)
    assert Note.read(tmp_path) == left
    assert json.loads((tmp_path / "bridge.json").read_text())[0] == "http://127.0.0.1:1"
    data.close()
