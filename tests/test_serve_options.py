"""What `linkback serve` says when it is started wrongly, and that it changes nothing then."""

from __future__ import annotations

import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from serving import environment, refused

if TYPE_CHECKING:
    from pathlib import Path


def test_the_version_is_told() -> None:
    asked = [sys.executable, "-m", "linkback_cli", "--version"]
    told = subprocess.run(asked, env=environment(), capture_output=True, text=True, check=True).stdout
    assert re.fullmatch(r"linkback \d+\.\d+\.\d+\S*\n", told)


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
        (("--alias", "https://a.example/x"), 1, "write it like --alias https://example.com/old="),
        (("--alias", "https://a.example/x=https://b.example/"), 1, "is not on a site of this bridge"),
        (("--site", "a.example", "--alias", "https://a.example/x=http://a.example/x"), 1, "the same page already"),
        (("--hub", "foo"), 1, "Give the hub's whole address"),
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


def test_a_damaged_state_is_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    state = tmp_path / "data" / "state.jsonl"
    for damaged in ('{"linkback": 1}\n{"pk"', '{"linkback": 1}\n', "", '{"linkback": 2}\n{"items": 0}\n', "\x00\xff"):
        state.write_text(damaged, "utf-8")
        code, words = refused(tmp_path / "data", "--port", "0")
        assert code == 1
        assert "Nothing was changed" in words
        assert state.read_text("utf-8") == damaged
