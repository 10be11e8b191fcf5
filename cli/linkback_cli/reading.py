"""One reading of a bridge's /api/changes, all of its pages, in a thread that nobody has to wait for."""

from __future__ import annotations

import json
import threading
import time
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from linkback import urls
from linkback_cli import changes, download
from linkback_cli.changes import Changes, Malformed
from linkback_cli.console import printable
from linkback_cli.download import Down
from linkback_cli.trouble import Trouble

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx

    from linkback_cli.download import Answer

MOST_ANSWERS = 1000
_TICK = 0.1
_BASE = "See whether --base is the address of your bridge, and whether the bridge is as new as this command"


@dataclass(frozen=True, slots=True)
class Told:
    """Everything that a bridge told in one reading; `etag` is that of its last answer."""

    answers: tuple[Changes, ...]
    etag: str

    @property
    def since_id(self) -> int:
        """What to ask with next time."""
        return self.answers[-1].since_id


class Reading:
    """What changed in a domain since a number; from 0 all that is public.

    In a thread, since the names of hosts, and servers that send a byte now and then, know no bound on the whole.
    """

    def __init__(self, base: str, domain: str, since_id: int = 0, etag: str = "") -> None:
        self._base, self._domain, self._since_id, self._etag = base, domain, since_id, etag
        self._count = 0
        self._stopping, self._done = threading.Event(), threading.Event()
        self._told: Told | None = None
        self._trouble: Exception | None = None

    def wait(self, seconds: float, watch: Callable[[int], None]) -> Told | None:
        """What was told, or None if nothing changed (304); tells `watch` meanwhile how many mentions were read.

        Raises Down, or Trouble in the bridge's own words.
        """
        threading.Thread(target=self._run, daemon=True).start()
        deadline = time.monotonic() + seconds
        try:
            while not self._done.wait(max(0.0, min(_TICK, deadline - time.monotonic()))):
                if time.monotonic() >= deadline:
                    raise Down(f"has not told everything within {seconds:g} s", "--timeout gives it longer")
                watch(self._count)
        finally:
            self._stopping.set()
        if self._trouble:
            raise self._trouble
        return self._told

    def _run(self) -> None:
        try:
            with download.client() as client:
                self._told = self._read(client)
        except Exception as trouble:  # noqa: BLE001 - wait() raises it again, where somebody hears it
            self._trouble = trouble
        self._done.set()

    def _read(self, client: httpx.Client) -> Told | None:
        address, answers, asked, etag = self._address(self._since_id), list[Changes](), set[str](), self._etag
        while address not in asked and len(asked) < MOST_ANSWERS:
            asked.add(address)
            answer = download.get(client, address, self._stopping, etag)
            if etag and answer.status == HTTPStatus.NOT_MODIFIED:
                if not answer.following:
                    return None
                answer = download.get(client, address, self._stopping)  # the same as before, but now more comes after
            etag = ""
            answers.append(_changes(answer))
            self._count += len(answers[-1].children)
            if not answer.following:
                return Told(tuple(answers), answer.etag)
            address = self._following(answer, answers[-1])
        raise Down("sends answer after answer without an end", _BASE)

    def _address(self, since_id: int) -> str:
        return f"{self._base}/api/changes?{urlencode({'domain': self._domain, 'since_id': since_id})}"

    def _following(self, answer: Answer, told: Changes) -> str:
        """The next page's address, or, if that is another server's, ours with the number that the answer ended with."""
        try:
            url, base = urls.resolve(answer.url, answer.following), urls.parse(self._base)
        except urls.BadUrl:
            return self._address(told.since_id)
        same = (url.scheme, url.authority) == (base.scheme, base.authority)
        return str(url) if same else self._address(told.since_id)


def _changes(answer: Answer) -> Changes:
    """What a 200 tells. Raises Down, or Trouble in the bridge's own words."""
    if answer.status == HTTPStatus.OK:
        try:
            return changes.parse(answer.body)
        except Malformed as error:
            raise Down(f"answers with something that is no list of changes ({printable(error)})", _BASE) from None
    if HTTPStatus.BAD_REQUEST <= answer.status < HTTPStatus.INTERNAL_SERVER_ERROR:
        _refuse(answer)
    raise Down(f"answers {answer.status}", _BASE)


def _refuse(answer: Answer) -> None:
    """Raises Trouble if this is a bridge's own error, which says what is wrong, as others' hardly ever do."""
    try:
        told = json.loads(answer.body)
    except (ValueError, RecursionError):
        return
    error, words = (told.get(name) if isinstance(told, dict) else None for name in ("error", "error_description"))
    if isinstance(error, str) and isinstance(words, str) and words:
        own = f"The bridge answers {answer.status}: {printable(words, 400).rstrip('.')}. Nothing was written"
        raise Trouble(f"{own}. {'See --domain' if error == 'unknown-domain' else _BASE}")
