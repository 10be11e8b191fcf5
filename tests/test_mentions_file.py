"""The file of mentions: its shape, what a bridge's answers make of it, and that it is whole at every moment."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from fake_bridge import DOMAIN, SCRIPTS, FakeBridge, Step
from linkback_cli import changes, mentions_file
from linkback_cli.changes import Changes, Malformed
from linkback_cli.mentions_file import Mentions
from linkback_cli.trouble import Trouble
from serving import environment

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

BRIDGE = "https://bridge.example"
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)
ENTRY = {"wm-id": 1, "wm-claim": "a", "wm-page": "example.com/post"}
ANSWER = {"since_id": 1, "children": [ENTRY], "deleted": [{"wm-id": 2, "wm-claim": "b"}]}
FILE = {"bridge": BRIDGE, "domain": DOMAIN, "since_id": 1, "etag": "", "pages": {"/post": [ENTRY]}}


def written(value: object) -> bytes:
    return json.dumps(value).encode()


def mentions(*entries: dict[str, Any], **members: Any) -> Mentions:
    return Mentions(BRIDGE, DOMAIN, entries={entry["wm-claim"]: entry for entry in entries}, **members)


# Its shape


def test_a_page_is_named_by_its_path_and_query() -> None:
    assert mentions_file.path("example.com/post") == "/post"
    assert mentions_file.path("example.com") == "/"
    assert mentions_file.path("127.0.0.1:8788/post?x=1") == "/post?x=1"
    assert mentions_file.path("example.com?p=12") == "/?p=12"
    assert mentions_file.path("[::1]:8788/a/b") == "/a/b"


def test_the_newest_mention_of_a_page_is_first() -> None:
    entries = [{"wm-id": n, "wm-claim": str(n), "wm-page": "example.com/post"} for n in (3, 10, 1)]
    assert [entry["wm-id"] for entry in mentions(*entries).pages()["/post"]] == [10, 3, 1]


def test_the_file_is_sorted_indented_utf8_and_ends_with_a_newline() -> None:
    entry = ENTRY | {"name": "Café <b>"}
    data = mentions(entry, since_id=7, etag='"x"').render()
    assert json.loads(data) == FILE | {"since_id": 7, "etag": '"x"', "pages": {"/post": [entry]}}
    assert '"name": "Café <b>"' in data.decode()
    assert data.endswith(b"\n}\n")
    assert data.splitlines()[1].startswith(b'  "bridge"')
    names = [line.split(b'"')[1] for line in data.splitlines() if line.startswith(b'  "')]
    assert names == sorted(names)


@example("\ud800 \udfff\x00\u2028", [{"": 1.5}])
@given(st.text(st.characters()), st.lists(JSON, max_size=3))
def test_whatever_a_mention_says_is_the_same_after_writing_and_reading(text: str, within: list[Any]) -> None:
    try:
        (child,) = changes.parse(written(ANSWER | {"children": [ENTRY | {"name": text, "x": within}]})).children
    except Malformed:
        return  # not a number that JSON has
    whole = mentions(child, since_id=3, etag='W/"tag"')
    assert mentions_file.parse(whole.render()) == whole


# What is no file and no answer


@given(JSON | st.fixed_dictionaries(dict.fromkeys(FILE, JSON)))
@pytest.mark.parametrize("read", [changes.parse, mentions_file.parse])
def test_any_json_is_read_or_refused(read: Callable[[bytes], object], value: object) -> None:
    refuses_or_reads(read, written(value))


@given(st.binary())
@pytest.mark.parametrize("read", [changes.parse, mentions_file.parse])
def test_any_bytes_are_read_or_refused(read: Callable[[bytes], object], data: bytes) -> None:
    refuses_or_reads(read, data)


@given(st.data())
@pytest.mark.parametrize(("read", "good"), [(changes.parse, ANSWER), (mentions_file.parse, FILE)])
def test_one_wrong_place_is_read_or_refused(read: Callable[[bytes], object], good: dict[str, Any], data: Any) -> None:
    damaged = json.loads(written(good))
    place = damaged
    while isinstance(place, dict | list) and place:
        key = data.draw(st.sampled_from(list(place) if isinstance(place, dict) else range(len(place))))
        if data.draw(st.booleans()):
            place[key] = data.draw(JSON)
            break
        place = place[key]
    refuses_or_reads(read, written(damaged))


def refuses_or_reads(read: Callable[[bytes], object], data: bytes) -> None:
    with suppress(Malformed):
        assert isinstance(read(data), Changes | Mentions)


@pytest.mark.parametrize("read", [changes.parse, mentions_file.parse])
@pytest.mark.parametrize(
    "data",
    [
        b"", b"[]", b"<!DOCTYPE html>", b'{"since_id": NaN}', b'{"since_id": 1e999}', b"1" * 5000, b"\xff\xfe",
        b"[" * 10**6, b'{"a":' * 10**5, b'{"a": "\\ud800', b"null",
    ],
)  # fmt: skip
def test_what_is_no_json_object_is_refused(read: Callable[[bytes], object], data: bytes) -> None:
    with pytest.raises(Malformed):
        read(data)


@pytest.mark.parametrize("read", [changes.parse, mentions_file.parse])
@pytest.mark.parametrize(
    "member", [{"wm-id": True}, {"wm-id": "1"}, {"wm-id": 2**53}, {"wm-claim": 1}, {"wm-page": None}]
)
def test_a_mention_without_number_claim_or_page_is_refused(
    read: Callable[[bytes], object], member: dict[str, Any]
) -> None:
    wrong = ENTRY | member
    with pytest.raises(Malformed):
        read(written(ANSWER | FILE | {"children": [wrong], "pages": {"/post": [wrong]}}))


@pytest.mark.parametrize("member", [{"since_id": -1}, {"since_id": 1.0}, {"children": None}, {"deleted": [{}]}])
def test_an_answer_with_a_wrong_member_is_refused(member: dict[str, Any]) -> None:
    changes.parse(written(ANSWER))
    with pytest.raises(Malformed):
        changes.parse(written(ANSWER | member))


def test_a_mention_that_is_nested_as_no_mention_is_is_refused() -> None:
    nested: list[Any] = []
    for _ in range(100):
        nested = [nested]
    with pytest.raises(Malformed, match="nested"):
        changes.parse(written(ANSWER | {"children": [ENTRY | {"x": nested}]}))


@pytest.mark.parametrize("number", [b"NaN", b"-Infinity", b"1e999"])
def test_a_number_that_others_could_not_read_is_refused(number: bytes) -> None:
    with pytest.raises(Malformed, match="no JSON"):
        changes.parse(written(ANSWER | {"children": [ENTRY | {"x": 0.5}]}).replace(b"0.5", number))


def test_a_file_with_a_mention_twice_is_damaged() -> None:
    for other in ({"wm-id": 2}, {"wm-claim": "b"}, {}):
        with pytest.raises(Malformed, match="twice"):
            mentions_file.parse(written(FILE | {"pages": {"/post": [ENTRY, ENTRY | other]}}))


def test_an_etag_that_no_header_could_carry_is_forgotten() -> None:
    for etag in ("", "x", '"a\nb"', '"é"', '"' + "x" * 9999 + '"'):
        assert mentions_file.parse(written(FILE | {"etag": etag})).etag == ""
    assert mentions_file.parse(written(FILE | {"etag": 'W/"x"'})).etag == 'W/"x"'


# What a bridge's answers make of it


class Client:
    """A reading of one page after the other, of which the bridge knows nothing."""

    def __init__(self, bridge: FakeBridge) -> None:
        self.bridge = bridge
        self.mentions = mentions()
        self.told, self.after = list[Changes](), 0

    def page(self) -> bool:
        """Read one answer; whether it was the last."""
        feed, self.after = self.bridge.answer(self.mentions.since_id, self.after)
        self.told += [changes.parse(written(feed))]
        if self.after:
            return False
        entries = changes.merged(self.mentions.entries, self.told)
        entries = changes.merged(entries, self.told[-1:])
        self.mentions = mentions_file.parse(mentions(*entries.values(), since_id=self.told[-1].since_id).render())
        self.told = []
        return True

    def sync(self) -> None:
        while not self.page():
            pass


@settings(max_examples=400)
@given(SCRIPTS)
def test_the_file_has_what_is_public_whatever_happened_and_whenever_it_was_read(
    script: list[Step],
) -> None:
    bridge = FakeBridge()
    client = Client(bridge)
    for what, one, other in script:
        if what == "answer":  # one page only: the rest comes after what happens next
            bridge.most, bridge.back = one % 4 + 1, other
            client.page()
        elif what == "sync":
            client.sync()
            client.sync()
            assert client.mentions.pages() == bridge.pages()
        else:
            bridge.happen(what, one, other)
    client.sync()
    client.sync()
    assert client.mentions.pages() == bridge.pages()


def test_what_was_told_is_not_changed_by_merging() -> None:
    known = {"a": ENTRY}
    told = changes.parse(written(ANSWER | {"children": [], "deleted": [{"wm-id": 1, "wm-claim": "other"}]}))
    assert changes.merged(known, [told]) == {}
    assert known == {"a": ENTRY}


def test_a_move_is_known_by_its_number_alone() -> None:
    known = {"a": ENTRY}
    moved = ENTRY | {"wm-claim": "b", "wm-page": "example.com/other"}
    told = changes.parse(written(ANSWER | {"children": [moved], "deleted": []}))
    assert changes.merged(known, [told]) == {"b": moved}


# Whole at every moment


def names(folder: Path) -> list[str]:
    return sorted(one.name for one in folder.iterdir())


def read_and_write(place: Path) -> None:
    mentions_file.read(place)
    mentions_file.write(place, b"new")


def test_folders_are_made_and_a_new_file_has_the_permissions_of_any(tmp_path: Path) -> None:
    place = tmp_path / "a" / "b" / "mentions.json"
    old = os.umask(0o027)
    try:
        mentions_file.write(place, b"new")
    finally:
        os.umask(old)
    assert place.read_bytes() == b"new"
    assert stat.S_IMODE(place.stat().st_mode) == 0o640
    assert names(place.parent) == ["mentions.json"]


def test_permissions_stay_and_a_link_is_followed(tmp_path: Path) -> None:
    place, link = tmp_path / "there.json", tmp_path / "link.json"
    place.write_bytes(b"old")
    place.chmod(0o604)
    link.symlink_to("there.json")
    mentions_file.write(link, b"new")
    assert link.is_symlink()
    assert place.read_bytes() == b"new"
    assert stat.S_IMODE(place.stat().st_mode) == 0o604


def test_a_link_to_nowhere_gets_its_file(tmp_path: Path) -> None:
    link = tmp_path / "link.json"
    link.symlink_to("folder/there.json")
    assert mentions_file.read(link) is None
    mentions_file.write(link, b"new")
    assert (tmp_path / "folder/there.json").read_bytes() == b"new"


def test_a_place_where_no_file_can_be_is_told_and_left(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"in the way")
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "circle").symlink_to("circle")
    for wrong in ("", "fifo", "circle", "file/mentions.json", "x" * 300, "nul\0"):
        with pytest.raises(Trouble, match="--out"):
            read_and_write(tmp_path / wrong)
    assert names(tmp_path) == ["circle", "fifo", "file"]
    assert (tmp_path / "file").read_bytes() == b"in the way"


def test_a_write_that_fails_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(Trouble, match="cannot be written"):
        mentions_file.write(tmp_path / "folder", b"new")
    assert names(tmp_path) == ["folder"]


def test_a_write_that_is_killed_leaves_the_old_file_or_the_new_one(tmp_path: Path) -> None:
    place = tmp_path / "mentions.json"
    whole = [letter * 3_000_000 for letter in (b"a", b"b")]
    place.write_bytes(whole[0])
    script = (
        "import sys, pathlib\nfrom linkback_cli import mentions_file\nprint(flush=True)\n"
        "while True:\n    for letter in (b'a', b'b'):\n"
        "        mentions_file.write(pathlib.Path(sys.argv[1]), letter * 3_000_000)"
    )
    for number in range(6):
        process = subprocess.Popen(
            [sys.executable, "-c", script, str(place)], env=environment(), stdout=subprocess.PIPE
        )  # fmt: skip
        assert process.stdout
        with process.stdout:
            process.stdout.readline()
            time.sleep(0.013 * number)
            process.send_signal(signal.SIGKILL)
            process.wait()
        assert place.read_bytes() in whole
