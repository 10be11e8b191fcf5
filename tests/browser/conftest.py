"""A Chromium for the whole run, axe-core as npm has it, and for each test a bridge and people at its desk."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from browser.axe import Axe
from browser.chromium import Browser, chromium
from browser.owner import Desk, opened, sign_in
from browser.view import WINDOW, View
from examples.generators import NPM, run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from browser.page import Page


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with chromium(tmp_path_factory.mktemp("chromium")) as browser:
        yield browser


@pytest.fixture
def browser(running: Browser) -> Iterator[Browser]:
    """Its pages are closed when the test is over."""
    yield running
    running.forget()


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with opened(tmp_path) as running:
        yield running


@pytest.fixture
def visitor(browser: Browser, desk: Desk) -> Iterator[Callable[..., Page]]:
    """Opens the desk for somebody; at the end no page of them all may have been complained of."""
    pages: list[Page] = []

    def at(view: View = WINDOW) -> Page:
        pages.append(desk.visitor(browser, view))
        return pages[-1]

    yield at
    assert [page.errors for page in pages] == [[] for _ in pages]


@pytest.fixture
def owner(visitor: Callable[..., Page]) -> Callable[..., Page]:
    """Opens the desk and signs in."""

    def at(view: View = WINDOW) -> Page:
        page = visitor(view)
        sign_in(page)
        return page

    return at


@pytest.fixture(scope="session")
def axe(tmp_path_factory: pytest.TempPathFactory) -> Axe:
    """The very version that package.json names; nothing is left in the project."""
    folder = tmp_path_factory.mktemp("axe")
    shutil.copy(Path(__file__).parent / "package.json", folder)
    run((*NPM, "--no-save", "--ignore-scripts"), folder, {})
    return Axe((folder / "node_modules/axe-core/axe.min.js").read_text("utf-8"))
