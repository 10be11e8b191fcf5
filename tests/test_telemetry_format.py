"""The Embedded Metric Format as Powertools writes it, and no stranger's word in it that could be one of ours."""

from __future__ import annotations

import json
import logging
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
from aws_lambda_powertools.metrics import EphemeralMetrics
from hypothesis import given, settings
from hypothesis import strategies as st

from linkback import telemetry

if TYPE_CHECKING:
    from collections.abc import Mapping

TEN = {"Accepted", "Refused", "Unavailable", "Published", "Held", "Declined", "Waiting", "Lost", "VisitTime", "Reads"}
NAMESPACE = "Linkback/test-stack"


def test_there_are_ten_metrics_which_is_what_costs_nothing() -> None:
    assert set(telemetry.UNITS) == TEN
    ends = [{"outcome": outcome, "ms": 1} for outcome in ("published", "held", "declined", "waiting", "hidden", "gone")]
    doors = [{"outcome": "accepted"}, {"outcome": "refused"}, {"outcome": "refused", "reason": "server-trouble"}]
    told: list[tuple[str, dict[str, Any]]] = [("read", {"status": 200, "route": "GET /"})]
    told += [("visit", one) for one in ends] + [("door", one) for one in doors]
    assert set().union(*(telemetry.measured(event, fields) for event, fields in told)) == TEN


@pytest.mark.parametrize("values", [{"Accepted": 1}, {"Published": 1, "VisitTime": 1234.5}])
def test_the_format_is_what_powertools_writes(values: dict[str, float]) -> None:
    theirs = EphemeralMetrics(namespace=NAMESPACE, service="verify")
    for name, value in values.items():
        theirs.add_metric(name, telemetry.UNITS[name], value)
    expected = json.loads(json.dumps(theirs.serialize_metric_set()))
    ours = {"service": "verify", **telemetry.embedded(NAMESPACE, expected["_aws"]["Timestamp"], values)}
    assert {name: [value] if name in values else value for name, value in ours.items()} == expected


def test_no_values_make_no_metrics() -> None:
    assert telemetry.embedded(NAMESPACE, 1, {}) == {}


WORDS = st.text(st.characters(), max_size=30) | st.sampled_from(["_aws", "accepted", "refused", "Namespace", "gone"])


@settings(max_examples=200)
@given(
    st.sampled_from(["door", "trouble", "other", "_aws"]),
    st.dictionaries(st.sampled_from(["outcome", "reason"]), WORDS),
)
def test_whatever_a_field_says_no_metric_is_named_by_it(event: str, fields: dict[str, str]) -> None:
    assert telemetry.measured(event, fields).keys() <= TEN


@dataclass
class Journal:
    """A log that keeps what it is told."""

    log_level: int = logging.INFO
    service: str = "verify"
    told: list[tuple[str, object, Mapping[str, object]]] = field(default_factory=list)

    def info(self, msg: object, *, extra: Mapping[str, object]) -> None:
        self.told.append(("info", msg, extra))

    def error(self, msg: object, *, extra: Mapping[str, object]) -> None:
        self.told.append(("error", msg, extra))


def line(**fields: Any) -> Mapping[str, object]:
    journal = Journal()
    telemetry.Lines(journal, NAMESPACE)("door", **fields)
    [(_, _, extra)] = journal.told
    return extra


@settings(max_examples=100)
@given(st.sampled_from(["source", "route", "detail", "other"]), st.text(st.characters()) | st.just("ü\ud800" * 9000))
def test_any_text_is_bounded_and_can_be_written(name: str, text: str) -> None:
    told = line(**{name: text})[name]
    assert isinstance(told, str)
    assert len(told.encode()) <= telemetry.LIMITS.get(name, 2048)
    assert told.encode() or not text


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("https://ann:pw@a.example/", "https://…@a.example/"),
        ("https://ann@a.example/", "https://…@a.example/"),
        ("https:\\\\ann:pw@a.example/", "https:\\\\…@a.example/"),
        ("https://a:b@c@a.example/", "https://…@a.example/"),
        ("'https://ann:pw@a.example/' has a password; see //b:c@d", "'https://…@a.example/' has a password; see //…@d"),
        ("https://ann:p/w@a.example/", "https://…@a.example/"),
        ("https://a.example:8080/@ann", "https://a.example:8080/@ann"),
        ("https://a.example:8080?x=a@b", "https://a.example:8080?x=a@b"),
        ("https://ann:1234567/x@a.example/", "https://…@a.example/"),
        ("https://a.example/@ann?x=@y", "https://a.example/@ann?x=@y"),
        ("https://a.example?x@y", "https://a.example?x@y"),
        ("ann@a.example", "ann@a.example"),
    ],
)
def test_a_password_in_an_address_is_not_told(text: str, told: str) -> None:
    assert line(source=text)["source"] == told


def test_what_is_refused_makes_a_short_line_whatever_it_is_made_of() -> None:
    """A flood of it is paid for by the byte, and a letter may have four."""
    told = line(outcome="refused", source="\N{GRINNING FACE}" * 9000, target="t" * 9000, detail="d" * 9000)
    assert [len(str(told[name]).encode()) for name in ("source", "target", "detail")] == [300, 300, 500]


def test_a_long_text_of_addresses_costs_what_a_long_text_costs() -> None:
    began = time.process_time()
    line(body="//a:" * 16_000)
    assert time.process_time() - began < 5  # minutes, were it quadratic


def test_the_end_of_a_long_traceback_is_kept_since_it_says_what_happened() -> None:
    told = telemetry.bug(ValueError("é" * 20_000 + "the end"))
    assert str(line(**told)["traceback"]).endswith("the end\n")
    assert len(told["traceback"].encode()) <= 8000
