"""Each example, built from the feed of a real bridge that strangers have pinged, and built again when it is gone."""

from __future__ import annotations

import shutil
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from examples.generators import PLAIN, Generator, rendered, run
from examples.strangers import FACE, FIRST, OLD, SECOND, STRANGERS
from internet import Web, serving
from serving import Serve, ask, environment, settled

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PAGES = ("/", FIRST, SECOND)


@dataclass(frozen=True, slots=True)
class World:
    """A site, a blog that has pinged it, and the folder in which the bridge keeps what it has heard."""

    site: Web
    blog: Web
    data: Path

    @property
    def domain(self) -> str:
        return self.site.origin.removeprefix("http://")

    @contextmanager
    def bridge(self) -> Iterator[str]:
        """The address of a running bridge; SIGTERM ends it."""
        options = ("--port", "0", "--no-demo", "--allow-private", "--self", "allow", "--site", self.domain)
        serve = Serve(self.data, *options).ready()
        try:
            yield serve.url
        finally:
            code = serve.end()
        assert code == 0, serve.stderr


@dataclass(frozen=True, slots=True)
class Built:
    """The pages of an example by path: while its bridge ran, and as they came out once it was gone."""

    generator: Generator
    base: str
    blog: str
    pages: dict[str, str]
    later: dict[str, str]


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Every stranger has sent a Webmention, and it is published."""
    with serving() as site, serving() as blog:
        for path in PAGES:
            site.put(path, "<title>A page of mine</title>")
        site.put(OLD, "", 301, location=FIRST)
        blog.put("/ada.svg", FACE, content_type="image/svg+xml")
        world = World(site, blog, tmp_path_factory.mktemp("bridge") / "data")
        with world.bridge() as base:
            for one in STRANGERS:
                target = site.origin + (one.linked or one.post)
                source = blog.put(one.path, one.html.replace("{target}", target))
                status, body, headers = ask(f"{base}/webmention", {"source": source, "target": target})
                assert status == 201, body
                fate = settled(headers["location"])
                assert fate["status"] == "published", fate
        yield world


@pytest.fixture(scope="session")
def built(request: pytest.FixtureRequest, world: World, tmp_path_factory: pytest.TempPathFactory) -> Built:
    """The example that the test names; its folder is a copy."""
    generator: Generator = request.param
    folder = generator.copied(tmp_path_factory.mktemp("example"))
    make = browsed if generator is PLAIN else generated
    return make(generator, world, folder)


def generated(generator: Generator, world: World, folder: Path) -> Built:
    """As README says: have its packages, have its file, build."""
    with world.bridge() as base:
        settings = {"LINKBACK_BASE": base, "LINKBACK_DOMAIN": world.domain, "LC_ALL": "C.UTF-8"}
        settings["ASTRO_TELEMETRY_DISABLED"] = "1"
        if generator.install:
            run(generator.install, folder, settings)
        fetch(generator, folder, settings, "--strict")
        run(generator.build, folder, settings)
        pages = read(folder / generator.output)
    shutil.rmtree(folder / generator.output)
    fetch(generator, folder, settings)
    run(generator.build, folder, settings)
    return Built(generator, base, world.blog.origin, pages, read(folder / generator.output))


def fetch(generator: Generator, folder: Path, settings: dict[str, str], *options: str) -> None:
    """What the site's build runs first, where its generator reads a file."""
    if generator.file:
        command = (sys.executable, "-m", "linkback_cli", "fetch", "--out", generator.file, *options)
        run(command, folder, settings | {"PYTHONPATH": environment()["PYTHONPATH"]})


def read(output: Path) -> dict[str, str]:
    """The pages that were built, and that there are no others."""
    pages = {f"/{path.parent.relative_to(output)}/": path for path in output.rglob("*.html")}
    return {path.replace("/./", "/"): page.read_text("utf-8") for path, page in pages.items()}


def browsed(generator: Generator, world: World, folder: Path) -> Built:
    """Served where the site is, and read in a browser, by visitors who never saw it before."""
    run(generator.install, folder, {})
    for path in ("bridge.js", "webmention.min.js"):
        world.site.put(f"/{path}", (folder / path).read_bytes(), content_type="text/javascript")
    world.site.put("/style.css", (folder / "style.css").read_bytes(), content_type="text/css")

    def visit(name: str) -> dict[str, str]:
        return {path: rendered(world.site.origin + path, folder / f"{name}{n}") for n, path in enumerate(PAGES)}

    with world.bridge() as base:
        for path in PAGES:
            page = folder / path.strip("/") / "index.html"
            world.site.put(path, page.read_text("utf-8").replace("http://127.0.0.1:8787", base))
        pages = visit("with")
    return Built(generator, base, world.blog.origin, pages, visit("without"))
