"""Pages in a real headless Chromium, used as a person uses them: by mouse, finger and keyboard.

    with chromium(tmp_path) as browser:
        page = browser.page(PHONE)
        page.open("http://127.0.0.1:8787/")
        page.follow("nav a")
        assert page.errors == []

It has an empty profile, and no name and no address but 127.0.0.1 leads it anywhere.
"""

from __future__ import annotations

import os
import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from browser.devtools import Devtools
from browser.page import Page
from browser.view import WINDOW, View

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync --disable-dev-shm-usage --no-proxy-server --remote-debugging-pipe"
).split()
NOWHERE = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"


class Browser:
    """A running Chromium; its pages are there until they are forgotten."""

    def __init__(self, devtools: Devtools) -> None:
        self.devtools = devtools
        self._visitors: set[str] = set()

    def page(self, view: View = WINDOW, beside: Page | None = None) -> Page:
        """An empty page of a visitor who was never here, or of the one of the page `beside` it, cookies and all."""
        visitor = beside.visitor if beside else self.devtools.call("Target.createBrowserContext")["browserContextId"]
        self._visitors.add(visitor)
        return Page(self.devtools, visitor, view)

    def forget(self) -> None:
        """Close all pages, and forget who has been here."""
        while self._visitors:
            self.devtools.call("Target.disposeBrowserContext", browserContextId=self._visitors.pop())


@contextmanager
def chromium(folder: Path) -> Iterator[Browser]:
    """A browser that keeps what it must in `folder` and that is gone afterwards, with all that it started."""
    program = next(filter(None, map(shutil.which, NAMES)), None)
    if program is None:
        pytest.fail(
            "chromium is not there: install it, on Debian by `apt-get install --no-install-recommends chromium`."
        )
    home = folder / "home"
    home.mkdir(parents=True)
    command = [program, *FLAGS, NOWHERE, f"--user-data-dir={folder / 'profile'}"]
    devtools = Devtools(command, {**os.environ, "HOME": str(home)}, folder / "chromium.log")
    try:
        yield Browser(devtools)
    finally:
        devtools.end()
