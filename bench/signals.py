"""What telling the signals of a mention costs, beside reading its page: of an honest one, and of hostile ones."""

from __future__ import annotations

import math
import sys
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from bench import pages
from linkback import links, page, signals, surroundings, urls
from linkback.ping import Declined
from linkback.policy import Claim
from linkback.signals import Context
from linkback.web import Answer

if TYPE_CHECKING:
    from collections.abc import Callable

    from linkback.page import Reading

ROUNDS = 9
AROUND_GOAL, TOLD_GOAL = 0.3, 0.3
HOSTILE_GOAL = 1.0  # seconds
TARGET, URL = urls.parse(pages.TARGET), urls.parse(pages.PAGE)
CLAIM = Claim(URL, TARGET, "static.example")
# A TrackBack's words, as long as they are kept.
CLAIMED = {"title": "Notes on a quiet web " * 23, "excerpt": "the web was once " * 29}
# A letter that is eighteen in the form that texts are compared in, as often as is still compared.
GROWING = pages.LINK + chr(0xFDFA) * (surroundings.LONGEST_TEXT - 100)


def main() -> int:
    """Print every figure beside its goal; 1 if one was missed."""
    return int(not all([*_honest(), _hostile()]))


def _honest() -> list[bool]:
    text = pages.blog_page()
    answer = _answer(text)
    found, reading = links.in_html(text, answer.url, TARGET), page.read(answer, TARGET)
    whole, around, told = _best(
        lambda: page.read(answer, TARGET),
        lambda: surroundings.read(text, found, answer.url),
        lambda: _tell(reading),
    )
    print(f"an honest page of {len(text) / 1000:.0f} KB: read in {whole:.1f} ms, its signals told in {told:.1f} ms")
    return [
        _row("looking around the link, of the whole reading", around / whole, AROUND_GOAL),
        _row("telling the signals, against the whole reading", told / whole, TOLD_GOAL),
    ]


def _hostile() -> bool:
    hostile = {name: pages.hostile_page(f"{name} | link before") for name in pages.HOSTILE} | {"growing": GROWING}
    both = {name: _seconds(text) for name, text in hostile.items()}
    telling = max(both, key=lambda name: both[name][1])
    print(f"{len(hostile)} hostile pages: the signals of '{telling}' took longest, {both[telling][1] * 1000:.0f} ms")
    worst = max(both, key=lambda name: sum(both[name]))
    return _row(f"CPU seconds of the worst, {worst}", sum(both[worst]), HOSTILE_GOAL)


def _answer(text: str) -> Answer:
    return Answer(URL, 200, {"content-type": "text/html; charset=utf-8"}, text.encode()[: pages.MEGABYTE])


def _tell(reading: Reading) -> tuple[str, int]:
    """All that the signals of a mention can take: a TrackBack, from a host that nobody knows, in another language."""
    elsewhere = ("one.example", "another.example") if signals.fingerprint(reading.mention) else ()
    context = Context(claimed=CLAIMED, elsewhere=elsewhere, site_language="de", permitted=False)
    told = signals.of(reading.surroundings, reading.mention, CLAIM, context)
    return signals.to_json(told), signals.doubt(told)


def _seconds(text: str) -> tuple[float, float]:
    """CPU seconds of reading a page and of telling its signals, which takes none where there is no mention."""
    answer, began = _answer(text), time.process_time()
    with suppress(Declined):
        reading = page.read(answer, TARGET)
        read = time.process_time()
        _tell(reading)
        return read - began, time.process_time() - read
    return time.process_time() - began, 0.0


def _best(*sides: Callable[[], object]) -> list[float]:
    """Milliseconds of each, the best of ROUNDS, in turns."""
    best = [math.inf] * len(sides)
    for _ in range(ROUNDS):
        for place, side in enumerate(sides):
            began = time.perf_counter()
            side()
            best[place] = min(best[place], (time.perf_counter() - began) * 1000)
    return best


def _row(what: str, value: float, goal: float) -> bool:
    print(f"{what:<50} {value:6.2f}   goal <= {goal:<6g} {'ok' if value <= goal else 'MISSED'}", flush=True)
    return value <= goal


if __name__ == "__main__":
    sys.exit(main())
