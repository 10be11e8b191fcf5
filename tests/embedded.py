"""The Embedded Metric Format: what CloudWatch takes out of a log line that has a member `_aws`."""

from __future__ import annotations

import json
import time
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.metrics import MetricUnit

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

# The metrics of each function: `service` is the one dimension.
OURS = {
    "receive": {"Accepted", "Refused", "Unavailable"},
    "verify": {"Published", "Held", "Declined", "Waiting", "Lost", "VisitTime"},
    "publish": {"Reads"},
}
KNOWN_UNITS = {unit.value for unit in MetricUnit}


def metrics(line: Mapping[str, Any], namespace: str) -> dict[str, float]:
    """A line's metrics, if it has any, after a check of all that CloudWatch asks of them, and of our names."""
    if "_aws" not in line:
        return {}
    assert abs(line["_aws"]["Timestamp"] / 1000 - time.time()) < 600
    [directive] = line["_aws"]["CloudWatchMetrics"]
    assert directive.keys() == {"Namespace", "Dimensions", "Metrics"}
    assert (directive["Namespace"], directive["Dimensions"]) == (namespace, [["service"]])
    names = [metric["Name"] for metric in directive["Metrics"]]
    assert 1 <= len(names) == len(set(names)) <= 100
    assert set(names) <= OURS[line["service"]]
    for metric in directive["Metrics"]:
        assert metric.keys() == {"Name", "Unit"}
        assert metric["Unit"] in KNOWN_UNITS
        assert type(line[metric["Name"]]) in (int, float)
    assert len(json.dumps(line)) < 100_000
    return {name: line[name] for name in names}


def sums(lines: Iterable[Mapping[str, Any]], namespace: str) -> dict[str, float]:
    """The sum of each metric."""
    found = defaultdict[str, float](float)
    for line in lines:
        for name, value in metrics(line, namespace).items():
            found[name] += value
    return found
