"""Python 3.13, with which SAM builds what runs on Lambda."""

from __future__ import annotations

import shutil
import subprocess

from linkback_cli.trouble import Trouble

NAME = "python3.13"


def check() -> None:
    """Raise Trouble if `python3.13` would not build."""
    path = shutil.which(NAME)
    if path is None:
        raise Trouble(f"SAM builds with Python 3.13, and there is no {NAME} on your PATH: install it, or put it there.")
    if not _runs(path, ""):
        hint = " (pyenv shell 3.13)" if "shims" in path else ""
        raise Trouble(f"SAM builds with Python 3.13, and {path} does not run: activate or mend it{hint}.")
    if not _runs(path, "import ensurepip, pip, venv"):
        raise Trouble(f"SAM builds with the pip of Python 3.13, and {path} lacks pip or venv: install both.")


def _runs(path: str, script: str) -> bool:
    return subprocess.run([path, "-c", script], capture_output=True, check=False).returncode == 0
