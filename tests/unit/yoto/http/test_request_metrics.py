"""The share of failed answers, and what does not count as one."""

from __future__ import annotations

import pytest
from flask import Flask

from yoto.errors import CircuitIsolated, CircuitOpen, MaintenanceMode, StoreUnavailable
from yoto.http import request_metrics
from yoto.http.request_metrics import HALF_LIFE, ErrorRate
from yoto.monitor import Recorder, names
from yoto.request.records import records_of

from .conftest import Raiser


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def rate(failed: int, of: int, clock: Clock) -> ErrorRate:
    found = ErrorRate(clock)
    for number in range(of):
        found.add(number < failed)
    return found


def test_it_is_failures_among_answers() -> None:
    assert rate(10, 40, Clock()).share() == pytest.approx(0.25)


def test_a_few_answers_say_nothing() -> None:
    assert rate(5, 5, Clock()).share() == 0.0


def test_old_failures_fade() -> None:
    clock = Clock()
    found = rate(100, 100, clock)
    clock.now += HALF_LIFE
    for _ in range(50):
        found.add(False)
    assert found.share() == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("error", "counted"),
    [
        (MaintenanceMode("a new disk"), "planned"),
        (CircuitIsolated("billing", 9.0), "planned"),
        (CircuitOpen("billing", 9.0), "5xx"),
        (StoreUnavailable("redis"), "5xx"),
    ],
)
def test_a_refusal_that_an_operator_ordered_is_no_failure(
    bare_app: Flask, raising: Raiser, error: Exception, counted: str
) -> None:
    found = request_metrics.RequestMetrics(recorder := Recorder())
    records_of(bare_app).work = (found.count,)
    client = raising(error)
    for _ in range(30):
        assert client.get("/fail").status_code == 503
    records_of(bare_app).flush()
    counters = recorder.drain().counters
    of = {
        dict(one.labels)["status"]: n for one, n in counters.items() if one.name == names.REQUESTS
    }
    assert of == {counted: 30}
    assert found.error_rate.share() == pytest.approx(float(counted == "5xx"))
