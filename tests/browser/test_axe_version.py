"""The axe-core that judges is the one that was tested: an exact version."""

from __future__ import annotations

import json
import re
from pathlib import Path


def test_npm_is_told_an_exact_version() -> None:
    told = json.loads((Path(__file__).parent / "package.json").read_text("utf-8"))["dependencies"]
    assert list(told) == ["axe-core"]
    assert re.fullmatch(r"\d+\.\d+\.\d+", told["axe-core"])
