"""What a cold start costs: a process that imports a function and makes its clients, against one that makes boto3's.

Ratios of medians, the sides taken in turns within one run, so that a slow moment hits all of them.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parent.parent
BUILD, HERE = ROOT / ".aws-sam/build", ROOT / ".aws-sam/here"
ROUNDS = 9
GOALS = {"receive": 1.3, "publish": 1.2, "verify": 2.0, "moderate": 1.5}
BYTECODE_GOAL = 1.1
LAYER_GOAL = 8.0

CLIENT = "import boto3; boto3.client('dynamodb')"
SETTINGS = {
    "AWS_DEFAULT_REGION": "eu-central-1",
    "AWS_ACCESS_KEY_ID": "bench",
    "AWS_SECRET_ACCESS_KEY": "bench",
    "TABLE": "linkback",
    "QUEUE_URL": "https://sqs.eu-central-1.amazonaws.com/123456789012/pings.fifo",
    "SITES": "example.com",
    "MODERATION": "first",
    "SELF_MENTIONS": "refuse",
    "PINGS_PER_MINUTE": "60",
    "WEBSUB_HUB": "",
    "LOG_LEVEL": "INFO",
}

Command = tuple[str, str, str]  # an interpreter, its PYTHONPATH, a script


def main() -> int:
    """Print every ratio beside its goal; 1 if one was missed."""
    return int(not all([*_functions(), *_layer(), *_bytecode()]))


def _functions() -> Iterator[bool]:
    library = ROOT / "layers/linkback"
    sides = {"boto3.client": (sys.executable, "", CLIENT)}
    sides |= {name: (sys.executable, f"{ROOT / 'functions' / name}:{library}", "import app") for name in GOALS}
    times = _medians(sides)
    print(f"boto3.client('dynamodb') alone: {times['boto3.client'] * 1000:.0f} ms")
    for name, goal in GOALS.items():
        note = f"{times[name] * 1000:.0f} ms"
        yield _row(f"import app of {name}, against that", times[name] / times["boto3.client"], goal, note)


def _bytecode() -> Iterator[bool]:
    """The built artefacts as they ship, against the same files with bytecode that was compiled here and now."""
    python = _python_of_lambda()
    if not python or not (HERE / "Library").is_dir():
        print("built artefacts against fresh bytecode: not measured (needs python3.13, and `make build-here` before)")
        return
    with tempfile.TemporaryDirectory() as folder:
        fresh = Path(folder, "build")
        shutil.copytree(HERE, fresh, ignore=shutil.ignore_patterns("__pycache__"))
        subprocess.run([python, "-m", "compileall", "-q", fresh], check=True)
        trees = {"built": HERE, "fresh": fresh}
        sides = {f"{side} {name}": _built(python, trees[side], name) for name in GOALS for side in trees}
        times = _medians(sides)
    for name in GOALS:
        yield _row(
            f"built {name}, against fresh bytecode", times[f"built {name}"] / times[f"fresh {name}"], BYTECODE_GOAL
        )


def _python_of_lambda() -> str | None:
    """The python3.13 on PATH, if it runs: a version manager may leave a stand-in there that does not."""
    python = shutil.which("python3.13")
    if python and subprocess.run([python, "-c", ""], check=False, capture_output=True).returncode:
        return None
    return python


def _built(python: str, tree: Path, name: str) -> Command:
    """Python's own site-packages have no boto3: it comes last, from this environment, as Lambda's runtime has it."""
    runtime = next(path for path in sys.path if path.endswith("site-packages"))
    return python, f"{tree / name.title()}:{tree / 'Library/python'}:{runtime}", "import app"


def _layer() -> Iterator[bool]:
    if not (BUILD / "Library").is_dir():
        print("layer.zip: not measured (needs `make build` before)")
        return
    with tempfile.TemporaryFile() as file:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            for path in (BUILD / "Library").rglob("*"):
                archive.write(path, path.relative_to(BUILD / "Library"))
        yield _row("layer.zip, MB", file.tell() / 1e6, LAYER_GOAL)


def _medians(sides: dict[str, Command]) -> dict[str, float]:
    """Wall seconds of each side. The first round, which may have bytecode to write, does not count."""
    rounds = [{name: _seconds(command) for name, command in sides.items()} for _ in range(ROUNDS + 1)][1:]
    return {name: statistics.median(one[name] for one in rounds) for name in sides}


def _seconds(command: Command) -> float:
    python, path, script = command
    began = time.perf_counter()
    subprocess.run([python, "-c", script], check=True, env={"PATH": os.environ["PATH"], "PYTHONPATH": path, **SETTINGS})
    return time.perf_counter() - began


def _row(what: str, value: float, goal: float, note: str = "") -> bool:
    print(f"{what:<45} {value:6.2f}   goal <= {goal:<4} {'ok' if value <= goal else 'MISSED':<7}{note}", flush=True)
    return value <= goal


if __name__ == "__main__":
    sys.exit(main())
