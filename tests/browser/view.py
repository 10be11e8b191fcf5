"""How a page is looked at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class View:
    """Width and height in CSS pixels; `touch` is a phone, `still` wants no motion, without `scripts` none are run."""

    width: int = 1280
    height: int = 900
    dark: bool = False
    scripts: bool = True
    touch: bool = False
    still: bool = False

    def commands(self) -> dict[str, dict[str, Any]]:
        """What the browser is to be told, by DevTools method."""
        scheme = {"name": "prefers-color-scheme", "value": "dark" if self.dark else "light"}
        motion = {"name": "prefers-reduced-motion", "value": "reduce" if self.still else "no-preference"}
        size = {"width": self.width, "height": self.height, "deviceScaleFactor": 2 if self.touch else 1}
        return {
            "Emulation.setDeviceMetricsOverride": {**size, "mobile": self.touch},
            "Emulation.setTouchEmulationEnabled": {"enabled": self.touch},
            "Emulation.setEmulatedMedia": {"features": [scheme, motion]},
            "Emulation.setScriptExecutionDisabled": {"value": not self.scripts},
            "Emulation.setFocusEmulationEnabled": {"enabled": True},
        }


WINDOW = View()
PHONE = View(width=360, height=740, touch=True)
