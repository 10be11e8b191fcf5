"""What `make build` and `make build-here` left in .aws-sam.

.aws-sam/build is what gets deployed (arm64); .aws-sam/here is the same for this machine, so that it can be imported and
run; .aws-sam/runtime has what Lambda's python3.13 brings by itself: boto3, the runtime client, and what those need.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

ROOT = Path(__file__).parent.parent
SHIPPED, HERE, RUNTIME = (ROOT / ".aws-sam" / name for name in ("build", "here", "runtime"))
ENTRY = ROOT / "tests/e2e/entry"
FUNCTIONS = ("Receive", "Verify", "Publish", "Moderate")


def built(folder: Path) -> Path:
    """The folder, once `make` has filled it."""
    filled = {SHIPPED: "Library/python/linkback", HERE: "Library/python/linkback", RUNTIME: "awslambdaric"}[folder]
    target = "build" if folder == SHIPPED else "build-here"
    assert (folder / filled).is_dir(), f"nothing is built there: make {target}"
    return folder


def visiting(function: Path, addresses: dict[str, str]) -> None:
    """Make of a copy of a built function one that also visits these addresses (e2e/entry/addresses.py).

    Its app.py is kept as it is, under another name: what the tests add is one module that calls it.
    """
    shutil.rmtree(function / "__pycache__")  # bytecode that is never checked would stand for the new app.py, too
    (function / "app.py").rename(function / "shipped.py")
    shutil.copy(ENTRY / f"{function.name.lower()}.py", function / "app.py")
    shutil.copy(ENTRY / "addresses.py", function)
    (function / "addresses.json").write_text(json.dumps(addresses))


def without(package: str, into: Path) -> Path:
    """A layer, as built for this machine, but for one package."""
    into.mkdir()
    whole = list((built(HERE) / "Library/python").iterdir())
    left = [path for path in whole if path.name != package]
    assert len(left) == len(whole) - 1, f"the layer has no {package} to leave out"
    for path in left:
        (into / path.name).symlink_to(path)
    return into
