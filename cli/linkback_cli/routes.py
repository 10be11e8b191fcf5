"""Which route of the HTTP API takes a request, by API Gateway's own precedence."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import unquote

from linkback_cli.template import DEFAULT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from linkback_cli.template import Route

_BROKEN_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")


class BadPath(ValueError):  # noqa: N818 - reads as what it is
    """API Gateway refuses this path before any function sees it."""


def delivered_path(sent: str) -> str:
    """The path that an HTTP API hands to its functions as `rawPath`: decoded *twice*, cut at a `?` between the two.

    Seen on AWS (2026): `/a%20b` arrives as `/a b`, `/a%3Fb` as `/a`, `/a%252Fb` as `/a/b`, and `/a%25b` is refused.
    """
    once = unquote(sent).partition("?")[0]
    if _BROKEN_ESCAPE.search(once):
        raise BadPath(sent)
    return unquote(once)


def find(routes: Sequence[Route], method: str, path: str) -> tuple[Route, dict[str, str]] | None:
    """The route for a decoded path, with its path parameters: exact, then `{one}`, then `{rest+}`, then `$default`."""
    taken: list[tuple[tuple[int, int, bool], Route, dict[str, str]]] = []
    for route in routes:
        parameters = _match(route.path, path)
        if parameters is not None and route.method in (method, "ANY"):
            taken.append(((*_width(route.path), route.method == "ANY"), route, parameters))
    if not taken:
        return None
    _, route, parameters = min(taken, key=lambda candidate: candidate[0])
    return route, parameters


def key(route: Route) -> str:
    """The `routeKey` that API Gateway puts into an event, such as `GET /pings/{id}`."""
    return DEFAULT if route.path == DEFAULT else f"{route.method} {route.path}"


def _width(template: str) -> tuple[int, int]:
    """How much a path template takes in: the wider, the later it is asked."""
    if template == DEFAULT:
        return (3, 0)
    kind = 2 if "+}" in template else 1 if "{" in template else 0
    return (kind, -template.count("/"))


def _match(template: str, path: str) -> dict[str, str] | None:
    if template == DEFAULT:
        return {}
    parts = re.split(r"(\{\w+\+?\})", template)
    pattern = "".join(_group(part) for part in parts)
    found = re.fullmatch(pattern, path, re.DOTALL)
    return found.groupdict() if found else None


def _group(part: str) -> str:
    if not part.startswith("{"):
        return re.escape(part)
    return f"(?P<{part[1:-2]}>.+)" if part.endswith("+}") else f"(?P<{part[1:-1]}>[^/]+)"
