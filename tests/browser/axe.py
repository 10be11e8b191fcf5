"""axe-core on a page: what of it a screen reader, a keyboard or weak eyes cannot use."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from browser.page import Page

RUN = "axe.run(document, {resultTypes: ['violations']}).then(({violations}) => violations)"
GRAVE = ("serious", "critical")


@dataclass(frozen=True, slots=True)
class Violation:
    """A rule that the page breaks, how badly (minor, moderate, serious, critical), and the HTML that breaks it."""

    rule: str
    impact: str
    places: tuple[str, ...]

    @property
    def grave(self) -> bool:
        return self.impact in GRAVE

    def __str__(self) -> str:
        return "\n  ".join((f"{self.impact}: {self.rule}", *self.places))


@dataclass(frozen=True, slots=True)
class Axe:
    """The script of axe-core. It runs beside the page's own scripts, so the page and its policy stay as they are."""

    script: str

    def violations(self, page: Page) -> list[Violation]:
        """All that it finds on the page as it is now."""
        view = page.view
        page.look(replace(view, scripts=True))  # it needs timers; those of the page that were not run stay so
        world = page.aside("axe")
        page.evaluate_aside(world, self.script)
        found = page.evaluate_aside(world, RUN)
        page.look(view)
        return [_violation(one) for one in found]


def _violation(found: dict[str, Any]) -> Violation:
    places = (f"{node['html'][:200]} {json.dumps(node['failureSummary'])}" for node in found["nodes"])
    return Violation(found["id"], found["impact"] or "minor", tuple(places))
