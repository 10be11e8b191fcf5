"""What operators read: one line of JSON for each thing that happened, and the metrics that are in it.

CloudWatch takes metrics out of a log line that has the members of its Embedded Metric Format (`_aws`, the dimension,
the values) beside any others. So one line is both, and the two cannot tell different stories. Where the log level hides
the line, its metrics are written alone.
"""

from __future__ import annotations

import json
import logging
import re
import sys
import time
import traceback
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

# All there are: CloudWatch asks nothing for the first ten of an account.
UNITS = {
    "Accepted": "Count",
    "Refused": "Count",
    "Unavailable": "Count",
    "Published": "Count",
    "Held": "Count",
    "Declined": "Count",
    "Waiting": "Count",
    "Lost": "Count",
    "VisitTime": "Milliseconds",
    "Reads": "Count",
}

# Bytes of a stranger's words. A URL has 2,048 characters at most. Of what is refused the beginning is enough: floods
# are made of it, and logs are paid by the byte.
LONGEST, LONGEST_REFUSED = 2048, 300
LIMITS = {"route": 200, "detail": 500, "cause": 500, "error": 500, "traceback": 8000, "body": 5000}

_FATES = {
    "published": "Published",
    "held": "Held",
    "declined": "Declined",
    "waiting": "Waiting",
    "hidden": "Lost",
    "gone": "Lost",
}
_NO_PING = ("method", "not-found")
_CLIENT_ERROR = 400
# Of `//me:secret@host` what is before the @. A password may have a slash in it, a path may have an @, a host a port.
_PASSWORD = re.compile(r"(?<=[/\\]{2})(?:[^/\\?#\s]*|[^/\\?#\s:@]*:(?!\d{1,5}(?:[/?#]|$))[^\s@]{0,200})@")


class Journal(Protocol):
    """What is asked of a log: Powertools' own has it."""

    @property
    def service(self) -> str:
        """The value of the one dimension, which each of the log's lines has, too."""

    @property
    def log_level(self) -> int:
        """The least serious level that is written."""

    def info(self, msg: object, *, extra: Mapping[str, object]) -> None:
        """Write a line with these members."""

    def error(self, msg: object, *, extra: Mapping[str, object]) -> None:
        """Write a line with these members that is there at every level."""


class Lines:
    """The lines of one instance of a function: called as `log(event, **fields)`, by any number of threads."""

    def __init__(self, journal: Journal, namespace: str, clock: Callable[[], float] = time.time) -> None:
        self._journal, self._namespace, self._clock, self._first = journal, namespace, clock, True

    def __call__(self, event: str, **fields: Any) -> None:
        """A bug ("trouble") is told whatever the level: an alarm sends its reader here."""
        if self._first:
            self._first, fields["cold_start"] = False, True
        longest = LONGEST_REFUSED if fields.get("outcome") == "refused" else LONGEST
        told = {name: _bounded(value, LIMITS.get(name, longest)) for name, value in fields.items()}
        metrics = embedded(self._namespace, int(self._clock() * 1000), measured(event, fields))
        if event == "trouble":
            self._journal.error(event, extra=told)
        elif self._journal.log_level <= logging.INFO:
            self._journal.info(event, extra=told | metrics)
        elif metrics:
            # In one piece, for the lines of two threads must not mix.
            sys.stdout.write(json.dumps({"service": self._journal.service, **metrics}) + "\n")
            sys.stdout.flush()


def measured(event: str, fields: Mapping[str, Any]) -> dict[str, float]:
    """The metrics of one line: names of UNITS, whatever is in the fields."""
    outcome, reason = fields.get("outcome"), fields.get("reason")
    if event == "visit" and outcome in _FATES:
        return {_FATES[outcome]: 1, "VisitTime": fields["ms"]}
    if event == "door" and outcome in ("accepted", "again"):
        return {"Accepted": 1}
    if event == "door" and outcome == "refused" and reason not in _NO_PING:
        return {"Unavailable" if reason == "server-trouble" else "Refused": 1}
    if event == "read" and fields["status"] < _CLIENT_ERROR and not fields["route"].startswith("OPTIONS "):
        return {"Reads": 1}
    return {}


def embedded(namespace: str, milliseconds: int, values: Mapping[str, float]) -> dict[str, Any]:
    """The members that make a line with a member `service` one of the Embedded Metric Format; none for no values."""
    if not values:
        return {}
    metrics = [{"Name": name, "Unit": UNITS[name]} for name in values]
    directive = {"Namespace": namespace, "Dimensions": [["service"]], "Metrics": metrics}
    return {"_aws": {"Timestamp": milliseconds, "CloudWatchMetrics": [directive]}, **values}


def bug(error: BaseException) -> dict[str, str]:
    """The fields of a line about our own failure. Of a long traceback the end is kept, where it happened."""
    trace = "".join(traceback.format_exception(error))
    end = trace.encode("utf-8", "replace")[-LIMITS["traceback"] :]
    return {"error": repr(error), "traceback": end.decode("utf-8", "ignore")}


def _bounded(value: Any, longest: int) -> Any:
    """A stranger's words, so many bytes at most, in characters that can be written, without the password of a URL."""
    if not isinstance(value, str):
        return value
    return _PASSWORD.sub("…@", value).encode("utf-8", "replace")[:longest].decode("utf-8", "ignore")
