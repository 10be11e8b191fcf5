"""What a release must hold, before anybody sees it: `python deploy/release.py check v1.2.3` (also `notes`, `narrow`).

Only the standard library: the release workflow runs this before it installs anything.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
USAGE = """\
python deploy/release.py check v1.2.3      the tag, the package, the template and CHANGELOG.md name one version
python deploy/release.py notes v1.2.3      print that version's section of CHANGELOG.md
python deploy/release.py narrow arm64      let template.yaml know that one architecture only, since only it was built"""


def check(tag: str, root: Path = ROOT) -> str:
    """The version. Exits with a sentence for each place that names another one, or none."""
    version = tag.removeprefix("v")
    named = {
        "layers/linkback/linkback/__init__.py": r'^__version__ = "([^"]+)"',
        "template.yaml": r"^\s+SemanticVersion: [\"']?([0-9][^\s\"']*)",
    }
    found = {path: re.search(told, (root / path).read_text("utf-8"), re.MULTILINE) for path, told in named.items()}
    wrong = [
        f"{path} says {match[1] if match else 'nothing'}, not {version}."
        for path, match in found.items()
        if not match or match[1] != version
    ]
    wrong += [] if tag == f"v{version}" else [f"A release's tag is v and its version: v{version}, not {tag}."]
    wrong += [] if notes(tag, root) else [f"CHANGELOG.md has no section ## [{version}] with a date and a word in it."]
    if wrong:
        raise SystemExit("\n".join(wrong))
    return version


def notes(tag: str, root: Path = ROOT) -> str:
    """What changed in that version, without its heading; empty where CHANGELOG.md does not say."""
    heading = rf"^## \[{re.escape(tag.removeprefix('v'))}\] - \d{{4}}-\d\d-\d\d$"
    section = re.compile(rf"{heading}\n(.*?)(?=^## |^\[|\Z)", re.MULTILINE | re.DOTALL)
    told = section.search((root / "CHANGELOG.md").read_text("utf-8"))
    return told[1].strip() if told else ""


def narrow(architecture: str, root: Path = ROOT) -> str:
    """Write template.yaml with one Architecture to choose: what is packaged has the wheels of that one alone."""
    template = root / "template.yaml"
    both = r"^    AllowedValues: \[arm64, x86_64\]\n    Default: \w+$"
    one = f"    AllowedValues: [{architecture}]\n    Default: {architecture}"
    text, changed = re.subn(both, one, template.read_text("utf-8"), flags=re.MULTILINE)
    if architecture not in ("arm64", "x86_64") or changed != 1:
        raise SystemExit(f"template.yaml has no single choice of Architecture that {architecture} could narrow.")
    template.write_text(text, "utf-8")
    return f"template.yaml: Architecture is {architecture}"


def main(arguments: list[str]) -> str:
    """What is to be printed."""
    commands = {"check": check, "notes": notes, "narrow": narrow}
    if len(arguments) != len(("command", "argument")) or arguments[0] not in commands:
        raise SystemExit(USAGE)
    return commands[arguments[0]](arguments[1])


if __name__ == "__main__":
    print(main(sys.argv[1:]))
