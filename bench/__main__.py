"""Run every bench of this folder, one after another, each in a process of its own: `make bench`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent


def main() -> int:
    """How many of them failed."""
    failed = 0
    for script in sorted(HERE.glob("[!_]*.py")):
        if sys.argv[1:] and script.stem not in sys.argv[1:]:
            continue
        print(f"\n== {script.stem}", flush=True)
        command = [sys.executable, "-m", f"{HERE.name}.{script.stem}"]  # so that one finds the pages of another
        failed += subprocess.run(command, check=False, cwd=HERE.parent).returncode != 0
    return failed


if __name__ == "__main__":
    sys.exit(main())
