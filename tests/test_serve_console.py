"""What a person reads at the terminal, and what never gets there."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkback_cli.console import Console, printable


class Terminal(io.StringIO):
    """Says that it is one."""

    def isatty(self) -> bool:
        return True


def line(out: io.StringIO, event: str, **fields: object) -> str:
    Console(out).line(event, **fields)
    return out.getvalue()


def test_a_ping_is_one_line_that_tells_its_story() -> None:
    fields = {"id": "x", "protocol": "pingback", "source": "https://a.example/", "target": "https://b.example/"}
    text = line(io.StringIO(), "visit", **fields, outcome="declined", reason="no-link", detail="No link.", ms=12)
    words = text[10:-1].split("  ")
    assert [word.strip() for word in words if word] == [
        "visit", "declined", "pingback", "https://a.example/ → https://b.example/", "(no-link: No link.)", "/pings/x",
        "12 ms",
    ]  # fmt: skip
    assert "\x1b" not in text


def test_a_terminal_gets_colours_and_a_file_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert "\x1b[32mpublished\x1b[0m" in line(Terminal(), "visit", outcome="published")
    assert "\x1b" not in line(io.StringIO(), "visit", outcome="published")


def test_passing_words_are_gone_when_others_come() -> None:
    out = Terminal()
    console = Console(out)
    console.passing("Starting … 1 s")
    console.passing("Starting … 2 s")
    console.say("Ready")
    console.passing("")
    assert out.getvalue() == "Starting … 1 s\r\x1b[KStarting … 2 s\r\x1b[KReady\n"


def test_what_was_quick_leaves_no_line() -> None:
    for out in (Terminal(), io.StringIO()):
        with Console(out).slow("Starting"):
            pass
        assert out.getvalue() == ""


@given(st.text(), st.text())
def test_nothing_a_stranger_wrote_is_obeyed(source: str, detail: str) -> None:
    text = line(io.StringIO(), "visit", source=source, detail=detail, outcome=detail)
    assert text.count("\n") == 1
    assert text[:-1].isprintable()


@pytest.mark.parametrize("character", ["\x1b", "\x9b", "\x07", "\r", "\n", "\u202e", "\u2028", "\ud800", "\x00"])
def test_a_control_character_is_shown_as_its_escape(character: str) -> None:
    assert printable(f"a{character}b").isprintable()
    assert printable(f"a{character}b").startswith("a\\")


def test_long_words_are_cut() -> None:
    assert len(printable("x" * 100_000)) < 300


def test_a_read_that_succeeded_is_no_line() -> None:
    assert line(io.StringIO(), "read", route="GET /", status=200, ms=1) == ""
    assert "GET /nowhere" in line(io.StringIO(), "read", route="GET /nowhere", status=404, ms=1)


def test_a_bug_comes_with_its_traceback() -> None:
    text = line(io.StringIO(), "trouble", error="KeyError('x')", traceback="Traceback:\n  File x\x1b[2J")
    assert "error=KeyError('x')" in text
    assert "\n    Traceback:\n      File x\\x1b[2J" in text
