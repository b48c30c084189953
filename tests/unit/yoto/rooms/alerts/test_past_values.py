"""The past values of a rule: as its evaluations made them, from points that are kept."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from yoto.monitor import MemoryBackend, Series, names, signals
from yoto.monitor.alert_rules import AlertRule
from yoto.monitor.history import COARSE, Batch
from yoto.monitor.monitoring import Monitoring
from yoto.monitor.signals import Direction
from yoto.rooms.alerts.past_values import past_values

NOW = 1_800_000_000.0
FAILED = Series(names.REQUESTS, (("status", "5xx"),))
ANSWERED = Series(names.REQUESTS, (("status", "2xx"),))
WAITING = Series(names.QUEUE_ITEMS, (("kind", "mail"), ("state", "waiting")))


Values = Mapping[Series, float]


class Kept:
    """A monitor whose store has what a test records, at the time that it says."""

    def __init__(self) -> None:
        self.at = NOW
        self.backend = MemoryBackend(clock=lambda: self.at)
        self.monitoring = Monitoring(self.backend)

    def record(self, at: float, counters: Values, gauges: Values | None = None) -> None:
        self.at = at
        self.backend.record(Batch({**counters, Series(names.FLUSHED_SECONDS): 1}, gauges or {}))


@pytest.fixture
def kept() -> Kept:
    return Kept()


def rule(metric: str, direction: Direction = Direction.HIGH) -> AlertRule:
    return AlertRule(name="watched", metric=metric, direction=direction, warning=0.5)


def test_a_share_is_that_of_the_minute_up_to_each_point(kept: Kept) -> None:
    kept.record(NOW, {ANSWERED: 30})
    kept.record(NOW + 10, {FAILED: 10})
    kept.record(NOW + 80, {ANSWERED: 20})
    found = past_values(kept.monitoring, rule(signals.ERROR_RATE), {}, NOW, NOW + 90)
    assert (found.seconds, found.complete) == (10, True)
    # At the last the first minute is over; a point that nobody recorded is left out.
    assert found.points == [(NOW + 10, 0.0), (NOW + 20, 0.25), (NOW + 90, 0.0)]


def test_one_series_of_many_is_followed_and_a_counter_without_news_stands_still(kept: Kept) -> None:
    kept.record(NOW, {ANSWERED: 30}, {WAITING: 7.0})
    labels = {"kind": "mail", "state": "waiting"}
    found = past_values(kept.monitoring, rule(names.QUEUE_ITEMS), labels, NOW, NOW + 10)
    assert found.points == [(NOW + 10, 7.0)]
    other = {**labels, "kind": "push"}
    found = past_values(kept.monitoring, rule(names.QUEUE_ITEMS), other, NOW, NOW + 10)
    assert found.points == [(NOW + 10, None)]
    failed = rule(names.REQUESTS)
    found = past_values(kept.monitoring, failed, {"status": "5xx"}, NOW, NOW + 10)
    assert found.points == [(NOW + 10, 0.0)]


def test_what_is_hours_ago_comes_by_minutes(kept: Kept) -> None:
    kept.record(NOW, {ANSWERED: 30, FAILED: 10})
    kept.at = NOW + 7 * 3600
    found = past_values(kept.monitoring, rule(signals.ERROR_RATE), {}, NOW - 60, NOW + 60)
    assert found.seconds == COARSE.seconds
    assert found.points == [(NOW + 60, 0.25)]
