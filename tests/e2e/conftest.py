"""What is tested: a stack deployed here into an emulator, or one in the cloud that LINKBACK_URL names."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from e2e import stack as deployed
from e2e.bridge import Bridge
from e2e.stack import Stack
from internet import serving
from linkback_cli import template
from linkback_cli.emulator import Emulator

if TYPE_CHECKING:
    from collections.abc import Iterator

    from internet import Web

BLOG, SITE = "blog.example", "site.example"
CLOUD = os.environ.get("LINKBACK_URL", "").rstrip("/")
NEEDED = (
    "A bridge in the cloud visits the public web only. Beside LINKBACK_URL (https://…) say LINKBACK_PAGES, an address "
    "on the public web (https://…) that leads to LINKBACK_PORT (a number) of this machine, which takes a tunnel, and "
    "LINKBACK_TARGET, a page (https://…) that exists on a site of that bridge, deployed with Moderation=none."
)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Say what is missing before anything is deployed.

    What looks behind HTTP needs the stack that was deployed here: against another one it is not selected.
    """
    ours = [one for one in items if "e2e" in one.path.parts]
    if ours and (problem := missing()):
        raise pytest.UsageError(problem)
    apart = [one for one in ours if CLOUD and "stack" in getattr(one, "fixturenames", ())]
    if apart:
        config.hook.pytest_deselected(items=apart)
        items[:] = [one for one in items if one not in apart]


def missing() -> str:
    """What these tests cannot be run without, in a sentence that says what to do; empty if it is all there."""
    if CLOUD:
        addresses = [os.environ.get(f"LINKBACK_{name}", "") for name in ("URL", "PAGES", "TARGET")]
        whole = all(address.startswith(("http://", "https://")) for address in addresses)
        return "" if whole and os.environ.get("LINKBACK_PORT", "").isdigit() else NEEDED
    wanted = str(template.load().tree["Globals"]["Function"]["Runtime"])
    have = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    if have != wanted:
        return (
            f"The emulator runs the functions with its own {have}, and they are built for {wanted}: have that on the "
            "PATH, remove .venv, and do this again."
        )
    return "" if os.environ.get("SAM") else "SAM does not say where the SAM CLI is: start these tests by `make e2e`."


@pytest.fixture(scope="session")
def web() -> Iterator[Web]:
    """The tests' pages."""
    with serving(int(os.environ.get("LINKBACK_PORT") or 0)) as pages:
        pages.put("/", "<title>A site</title>")
        yield pages


@pytest.fixture(scope="session")
def stack(web: Web, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The stack, deployed. The build is the shipped one, but for the address table of the tests' own pages."""
    port, log = urlsplit(web.origin).port, tmp_path_factory.mktemp("stack") / "emulator.log"
    built = deployed.with_addresses({f"{host}:{port}": "127.0.0.1" for host in (BLOG, SITE)})
    with Emulator(log, deployed.SETTINGS) as emulator:
        one = Stack(emulator, os.environ["SAM"])
        one.deploy(built, Sites=SITE, Moderation="none", Architecture=deployed.ARCHITECTURE)
        yield one


@pytest.fixture(scope="session")
def bridge(request: pytest.FixtureRequest, web: Web) -> Bridge:
    """The bridge, over HTTP."""
    if CLOUD:
        target = os.environ["LINKBACK_TARGET"].partition("?")[0]
        pages = os.environ["LINKBACK_PAGES"].rstrip("/")
        return Bridge(CLOUD, CLOUD, web, pages, target, str(urlsplit(target).hostname))
    stack = request.getfixturevalue("stack")
    port = urlsplit(web.origin).port
    base = stack.outputs["WebmentionEndpoint"].removesuffix("/webmention")
    api = urlsplit(base).hostname.partition(".")[0]
    url = f"{stack.endpoint}/_aws/execute-api/{api}/$default"
    return Bridge(url, base, web, f"http://{BLOG}:{port}", f"http://{SITE}:{port}/", SITE)
