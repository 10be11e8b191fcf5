"""The data directory: saved as a whole or not at all, and never overwritten when it cannot be read."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linkback_cli.data import DataDir
from linkback_cli.trouble import Trouble

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ITEM = {"pk": {"S": "PAGE#é\u2028\n"}, "sk": {"S": "MENTION#1"}, "n": {"N": "1"}, "raw": {"B": b"\x00\xff"}}


@pytest.fixture
def data(tmp_path: Path) -> Iterator[DataDir]:
    directory = DataDir(tmp_path / "deep" / "data")
    yield directory
    directory.close()


def test_a_new_directory_has_no_items_and_is_not_for_git(data: DataDir) -> None:
    assert data.load() == []
    assert (data.path / ".gitignore").read_text() == "*\n"


def test_what_was_saved_is_loaded(data: DataDir) -> None:
    assert data.save([ITEM, {"pk": {"S": "2"}}]) == 2
    assert data.load() == [ITEM, {"pk": {"S": "2"}}]


def test_the_state_before_is_kept(data: DataDir) -> None:
    data.save([{"pk": {"S": "1"}}])
    data.save([{"pk": {"S": "2"}}])
    assert '"1"' in data.previous.read_text()
    assert data.load() == [{"pk": {"S": "2"}}]


def test_a_crash_between_the_two_renames_loses_nothing(data: DataDir) -> None:
    data.save([ITEM])
    data.state.rename(data.previous)
    assert data.load() == [ITEM]


def test_a_save_that_fails_leaves_the_state_as_it_was(data: DataDir) -> None:
    def broken() -> Iterator[dict[str, Any]]:
        yield {"pk": {"S": "2"}}
        raise OSError("no space left")

    data.save([ITEM])
    with pytest.raises(OSError, match="no space"):
        data.save(broken())
    assert data.load() == [ITEM]


@settings(max_examples=60)
@given(st.binary(max_size=40), st.integers(0, 200))
def test_a_damaged_state_is_trouble_and_is_not_touched(tmp_path_factory: Any, junk: bytes, at: int) -> None:
    data = DataDir(tmp_path_factory.mktemp("damaged"))
    try:
        data.save([ITEM])
        whole = data.state.read_bytes()
        damaged = whole[:at] + junk
        data.state.write_bytes(damaged)
        with contextlib.suppress(Trouble):
            data.load()
        assert data.state.read_bytes() == damaged
    finally:
        data.close()


def test_every_lost_line_is_noticed(data: DataDir) -> None:
    data.save([{"pk": {"S": str(number)}} for number in range(3)])
    lines = data.state.read_text().splitlines(keepends=True)
    for number in range(len(lines)):
        data.state.write_text("".join(lines[:number] + lines[number + 1 :]))
        with pytest.raises(Trouble, match="cannot be read"):
            data.load()


def test_a_directory_is_one_process_s_own(data: DataDir) -> None:
    with pytest.raises(Trouble, match="Another `linkback serve` uses"):
        DataDir(data.path)


def test_small_things_are_remembered(data: DataDir) -> None:
    assert data.recall("demo") is None
    data.remember("demo", [1, 2])
    assert data.recall("demo") == [1, 2]
    (data.path / "demo.json").write_text("{")
    assert data.recall("demo") is None
    data.remember("demo", [3])
    assert data.recall("demo") == [3]
    assert not list(data.path.glob("*.new.*"))
