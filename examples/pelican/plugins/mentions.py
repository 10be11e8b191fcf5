"""Hands the file that `linkback fetch` writes to the templates, as MENTIONS: paths of pages, and what is of each."""

import json
from pathlib import Path

from pelican import Pelican, signals


def read(pelican: Pelican) -> None:
    """Read the file, if there is one. Its keys are paths without a slash at the end; the front page is `/`."""
    place = Path(pelican.settings["PATH"]).parent / pelican.settings["MENTIONS_FILE"]
    pelican.settings["MENTIONS"] = json.loads(place.read_text("utf-8"))["pages"] if place.exists() else {}


def register() -> None:
    """What Pelican calls."""
    signals.initialized.connect(read)
