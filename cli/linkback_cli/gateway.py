"""API Gateway on this machine: a request becomes a payload 2.0 event for the function that its route names."""

from __future__ import annotations

import json
import traceback
from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING

from linkback_cli import events, routes
from linkback_cli.console import printable
from linkback_cli.events import HttpAnswer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from linkback_cli.console import Console
    from linkback_cli.events import HttpRequest
    from linkback_cli.functions import Function
    from linkback_cli.template import Route

READS = ("GET", "HEAD", "OPTIONS")


class Gateway:
    """Answers requests by the template's routes; calls `written` after each one that may have changed something."""

    def __init__(
        self, table: Sequence[Route], functions: Mapping[str, Function], written: Callable[[], None], console: Console
    ) -> None:
        self._routes, self._functions, self._written, self._console = table, functions, written, console

    def __call__(self, request: HttpRequest) -> HttpAnswer:
        """An answer, whatever happens."""
        try:
            found = routes.find(self._routes, request.method, routes.delivered_path(request.path))
            if found is None:
                return _plain(HTTPStatus.NOT_FOUND, "Not Found")
            event = events.http_event(request, *found, datetime.now(UTC))
        except routes.BadPath:
            return _plain(HTTPStatus.BAD_REQUEST, "Bad Request")
        answer = self._invoke(found[0].function, event)
        if request.method not in READS:
            self._written()
        return answer

    def _invoke(self, name: str, event: dict[str, object]) -> HttpAnswer:
        try:
            return events.http_answer(self._functions[name](event))
        except events.BadAnswer as bad:
            told = f"functions/{name} on {event['routeKey']} returned what API Gateway cannot send"
            self._console.say(f"{told}: {printable(bad, 400)}")
        except Exception:  # noqa: BLE001 - API Gateway answers every failure of a function like this
            self._console.say(f"functions/{name} failed on {event['routeKey']}:\n{traceback.format_exc()}")
        return _plain(HTTPStatus.INTERNAL_SERVER_ERROR, "Internal Server Error")


def _plain(status: HTTPStatus, message: str) -> HttpAnswer:
    return HttpAnswer(status, json.dumps({"message": message}).encode(), (("content-type", "application/json"),))
