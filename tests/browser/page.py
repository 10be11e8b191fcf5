"""One page of a browser: opening, reading, pointing, typing, and what it complained of."""

from __future__ import annotations

import base64
import json
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from browser.complaints import complaint, of_request
from browser.devtools import SECONDS, DevtoolsError
from browser.keyboard import pressed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from browser.devtools import Devtools
    from browser.view import View

DOMAINS = ("Page", "Runtime", "Log", "Network", "Audits")
# A page that a click or a key leads away from is left within this time, in seconds; `follow` waits for it longer.
SOON = 0.1
SHOWN = "one => { const box = one.getBoundingClientRect(); return box.width > 0 && box.height > 0; }"
# An element has no value that could be handed over, but it is something.
ITS_VALUE = "found => found instanceof Node || found"
# Where to point: the middle of its first line, if what is seen there is the element, a part of it, or its label.
MIDDLE = """selector => {
  const one = document.querySelector(selector);
  one.scrollIntoView({block: "center", inline: "center", behavior: "instant"});
  const {left, top, width, height} = one.getClientRects()[0] ?? one.getBoundingClientRect();
  const [x, y] = [left + width / 2, top + height / 2];
  const seen = document.elementFromPoint(x, y);
  if (one.contains(seen) || seen?.closest("label")?.control === one) return {x, y};
  return {covered: seen ? seen.outerHTML.slice(0, 200) : "nothing: it has no place on the page"};
}"""


class Page:
    """A tab, looked at as `view` says; `visitor` is whose cookies it has."""

    def __init__(self, devtools: Devtools, visitor: str, view: View) -> None:
        self.visitor = visitor
        self.status = 0
        self._devtools = devtools
        self._complaints: list[str] = []
        self._frame = self._loader = ""
        self._arrivals, self._leaving = 0, False
        self._axe: tuple[str, int] = ("", 0)
        self._target = devtools.call("Target.createTarget", url="about:blank", browserContextId=visitor)["targetId"]
        attached = devtools.call("Target.attachToTarget", targetId=self._target, flatten=True)
        self._session = attached["sessionId"]
        devtools.listen(self._session, self._hear)
        for domain in DOMAINS:
            self.command(f"{domain}.enable")
        self._frame = self.command("Page.getFrameTree")["frameTree"]["frame"]["id"]
        self.look(view)

    def look(self, view: View) -> None:
        """Look at it so from now on; whether scripts run is decided when the next page is opened."""
        self.view = view
        for method, parameters in view.commands().items():
            self.command(method, **parameters)

    def command(self, method: str, **parameters: Any) -> dict[str, Any]:
        """The answer to any command of the DevTools protocol."""
        return self._devtools.call(method, self._session, **parameters)

    # Going somewhere

    def open(self, url: str) -> None:
        """Go there and wait until all is loaded; `status` is the answer's."""
        with self.arrives():
            told = self.command("Page.navigate", url=url)
            if error := told.get("errorText"):
                raise DevtoolsError(f"{url}: {error}")

    @contextmanager
    def arrives(self) -> Iterator[None]:
        """What is done within leads to another document; afterwards that is loaded."""
        before = self._arrivals
        yield
        self._until(lambda: self._arrivals > before and not self._leaving, "no other page has come")

    def follow(self, selector: str) -> None:
        """Click what leads to another document, and wait for that."""
        with self.arrives():
            self.click(selector)

    @property
    def url(self) -> str:
        return str(self.evaluate("location.href"))

    # Reading

    def evaluate(self, expression: str) -> Any:
        """The value of a JavaScript expression, or what its promise comes to; the page's policy does not bind it."""
        return self._value(self.command("Runtime.evaluate", expression=expression, **_BY_VALUE))

    def text(self, selector: str = "body") -> str:
        """The words of the first such element as they are shown, once there is one."""
        self.wait_for(f"document.querySelector({json.dumps(selector)}) !== null", f"{selector} is not on the page")
        return str(self.evaluate(f"document.querySelector({json.dumps(selector)}).innerText"))

    def all(self, selector: str) -> list[str]:
        """The words of each such element that is shown, at once."""
        found = f"[...document.querySelectorAll({json.dumps(selector)})].filter({SHOWN})"
        return [str(text) for text in self.evaluate(f"{found}.map(one => one.innerText)")]

    def wait_for(self, seen: str | Callable[[], Any], otherwise: str = "") -> Any:
        """The value of an expression or a function, as soon as that is something, be it on the page that comes next."""
        deadline = time.monotonic() + SECONDS
        while True:
            value = None
            try:
                value = self.evaluate(f"({ITS_VALUE})({seen})") if isinstance(seen, str) else seen()
            except DevtoolsError:
                if time.monotonic() > deadline:
                    raise
            if value:
                return value
            assert time.monotonic() < deadline, otherwise or f"waited in vain for {seen}"
            self._hear_for(0.02)

    @property
    def errors(self) -> list[str]:
        """All that the browser complained of since the page was made; not that a page was answered by an error."""
        self.command("Runtime.evaluate", expression="0")
        self._hear_for(SOON)
        return list(self._complaints)

    @property
    def overflow(self) -> int:
        """By how many CSS pixels the page is wider than what it is looked at with."""
        return max(0, int(self.evaluate("document.documentElement.scrollWidth")) - self.view.width)

    def screenshot(self, path: Path, *, full: bool = True) -> None:
        """The whole page, or only what is in view, as a PNG file."""
        size = self.command("Page.getLayoutMetrics")["cssContentSize"]
        clip = {"clip": {"x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": 1}} if full else {}
        shot = self.command("Page.captureScreenshot", format="png", captureBeyondViewport=full, **clip)
        path.write_bytes(base64.b64decode(shot["data"]))

    def aside(self, name: str) -> int:
        """A world of scripts that sees the document and that the page cannot see; empty in each new document."""
        world = self.command("Page.createIsolatedWorld", frameId=self._frame, worldName=name)
        return int(world["executionContextId"])

    def evaluate_aside(self, world: int, expression: str) -> Any:
        """As `evaluate`, in a world that `aside` made."""
        return self._value(self.command("Runtime.evaluate", contextId=world, expression=expression, **_BY_VALUE))

    # Pointing and typing

    def click(self, selector: str) -> None:
        """Press and let go the mouse, or with a finger, where it stands; a page that this leads to is waited for."""
        point = self._point(selector)
        if self.view.touch:
            self.command("Input.dispatchTouchEvent", type="touchStart", touchPoints=[point])
            self.command("Input.dispatchTouchEvent", type="touchEnd", touchPoints=[])
        else:
            self.command("Input.dispatchMouseEvent", type="mouseMoved", **point)
            for step in ("mousePressed", "mouseReleased"):
                self.command("Input.dispatchMouseEvent", type=step, button="left", clickCount=1, **point)
        self._settle()

    def type(self, selector: str, text: str) -> None:
        """Click into it and type, a key for each character."""
        self.click(selector)
        for character in text:
            self._key(pressed(character))

    def press(self, *keys: str) -> None:
        """Press one key after the other, wherever the focus is; a page that one leads to is waited for."""
        for key in keys:
            self._key(pressed(key))
            self._settle()

    def _point(self, selector: str) -> dict[str, float]:
        """The middle of the element; it fails if something lies over it, as a person would."""
        self.text(selector)
        point: dict[str, Any] = self.evaluate(f"({MIDDLE})({json.dumps(selector)})")
        assert "covered" not in point, f"{selector} cannot be clicked, in its place is {point['covered']}"
        return point

    def _key(self, key: dict[str, Any]) -> None:
        self.command("Input.dispatchKeyEvent", type="keyDown" if "text" in key else "rawKeyDown", **key)
        self.command("Input.dispatchKeyEvent", type="keyUp", **{k: v for k, v in key.items() if "ext" not in k})

    # What the browser tells

    def _hear(self, method: str, told: dict[str, Any]) -> None:
        if words := complaint(method, told):
            if words not in self._complaints and of_request(method, told) != self._loader:
                self._complaints.append(words)
        elif method == "Page.javascriptDialogOpening":
            self._devtools.send("Page.handleJavaScriptDialog", self._session, accept=True)
        elif method == "Network.responseReceived" and told["requestId"] == told["loaderId"]:
            self._loader, self.status = told["loaderId"], told["response"]["status"]
        elif method == "Page.frameNavigated" and told["frame"]["id"] == self._frame:
            self._arrivals += 1
        elif told.get("frameId") == self._frame:
            self._leaving = _LEAVING.get(method, self._leaving)

    def _hear_for(self, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            self._devtools.read(left)

    def _settle(self) -> None:
        """A page that is being left has become another one."""
        deadline = time.monotonic() + SOON
        while not self._leaving and (left := deadline - time.monotonic()) > 0:
            self._devtools.read(left)
        self._until(lambda: not self._leaving, "the page that was to come is not there")

    def _until(self, seen: Callable[[], bool], otherwise: str) -> None:
        deadline = time.monotonic() + SECONDS
        while not seen():
            assert self._devtools.read(deadline - time.monotonic()), otherwise

    def _value(self, answer: dict[str, Any]) -> Any:
        if details := answer.get("exceptionDetails"):
            raise DevtoolsError(details.get("exception", {}).get("description") or details["text"])
        return answer["result"].get("value")


_BY_VALUE: dict[str, Any] = {"returnByValue": True, "awaitPromise": True, "userGesture": True}
_LEAVING = {
    "Page.frameRequestedNavigation": True,
    "Page.frameStartedNavigating": True,
    "Page.frameStartedLoading": True,
    "Page.navigatedWithinDocument": False,
    "Page.frameStoppedLoading": False,
}
