"""The values that the default alerts judge, from the measurements of a minute."""

from __future__ import annotations

from yoto.collectors.values import Values, values_of
from yoto.monitor import Distribution, Series, names, signals
from yoto.monitor.alert_rules import AlertRule
from yoto.monitor.history import Batch, Point
from yoto.monitor.signals import Direction, Extent
from yoto.rooms.alerts.machine import step

ANSWERED = Series(names.REQUESTS, (("status", "2xx"),))
FAILED = Series(names.REQUESTS, (("status", "5xx"),))
TIME = Series(names.REQUEST_TIME)
HIT = Series(names.LOOKUPS, (("result", "hit"), ("tier", "l1")))
MISS = Series(names.LOOKUPS, (("result", "miss"), ("tier", "l1")))
MEMORY = Series(names.MEMORY_SHARE)


def judged(*points: Point) -> Values:
    """The values where these are the last minute, and its end."""
    whole = Point(0, 60)
    for point in points:
        whole.merge(point)
    return values_of(whole, whole)


def spread(*seconds: float) -> Distribution:
    found = Distribution()
    found.add_all(seconds)
    return found


def test_points_are_judged_together_and_the_worst_worker_counts() -> None:
    first, second = Point(0, 10), Point(10, 10)
    first.add(Batch({ANSWERED: 90, HIT: 60}, {MEMORY: 0.2}, {TIME: spread(*[0.1] * 90)}))
    second.add(Batch({FAILED: 30, MISS: 40}, {MEMORY: 0.8}, {TIME: spread(*[0.1] * 30)}))
    values = judged(first, second)
    assert values["error_rate"] == 0.25
    assert values["cache_hit_rate"] == 0.6
    assert values["memory_share"] == 0.8
    response = values["response_ms"]
    assert isinstance(response, float) and abs(response - 100) < 10


def test_too_little_says_nothing() -> None:
    point = Point(0, 10)
    point.add(Batch({FAILED: 3, MISS: 3}, {}, {TIME: spread(*[9.0] * 99)}))
    shown = ("error_rate", "cache_hit_rate", "response_ms", "memory_share")
    for points in ([point], []):
        values = judged(*points)
        assert [values[name] for name in shown] == [None] * 4
    assert judged(point)[names.REQUEST_TIME] is None


def test_rules_may_be_on_any_series() -> None:
    point = Point(0, 10)
    waiting = Series(names.QUEUE_ITEMS, (("kind", "mail"), ("state", "waiting")))
    point.add(Batch({ANSWERED: 30}, {waiting: 4.0}, {TIME: spread(*[0.1] * 100)}))
    point.add(Batch({}, {waiting: 9.0}))
    values = judged(point)
    assert values['yoto_queue_items{kind="mail",state="waiting"}'] == Extent(4, 9)
    assert values['yoto_http_requests_total{status="2xx"}'] == 0.5
    p95 = values[names.REQUEST_TIME]
    assert isinstance(p95, float) and abs(p95 - 0.1) < 0.01


def test_an_alert_on_a_counter_ends_when_nothing_is_counted_any_more() -> None:
    rule = AlertRule(
        name="blind",
        metric=names.CHECK_ERRORS,
        direction=Direction.HIGH,
        warning=0.1,
        hold=0,
        recover=0,
    )
    lived = {Series(names.FLUSHED_SECONDS): 60.0}
    outage, quiet = Point(0, 60), Point(60, 60)
    outage.add(Batch({**lived, Series(names.CHECK_ERRORS): 600}))
    quiet.add(Batch(lived))
    raised = step([rule], {}, judged(outage), 0)
    assert [one.kind for one in raised.transitions] == ["raised"]
    silent = step([rule], raised.tracks, judged(), 60)
    assert silent.transitions == []
    ended = step([rule], silent.tracks, judged(quiet), 120)
    assert [one.kind for one in ended.transitions] == ["resolved"]


def test_a_low_rule_on_a_gauge_sees_the_worst_worker() -> None:
    rule = AlertRule(
        name="redis", metric=names.REDIS_UP, direction=Direction.LOW, warning=1.0, hold=0
    )
    point = Point(0, 60)
    for up in (1.0, 0.0, 1.0):
        point.add(Batch({}, {Series(names.REDIS_UP): up}))
    (raised,) = step([rule], {}, judged(point), 0).transitions
    assert (raised.kind, raised.value) == ("raised", 0.0)


def test_a_gauge_is_judged_by_what_it_says_now() -> None:
    # Redis was away for a second, half a minute ago.
    whole, latest = Point(0, 60), Point(0, 15)
    for up in (1.0, 0.0, 1.0):
        whole.add(Batch({}, {Series(names.REDIS_UP): up}))
    latest.add(Batch({}, {Series(names.REDIS_UP): 1.0}))
    assert values_of(whole, latest)[names.REDIS_UP] == Extent(1, 1)
    assert values_of(whole, whole)[names.REDIS_UP] == Extent(0, 1)


def test_signals_are_of_parts_and_sums_of_series() -> None:
    def series(metric: str, **labels: str) -> Series:
        return Series(metric, tuple(sorted(labels.items())))

    point = Point(0, 60)
    point.add(
        Batch(
            {
                Series(names.FLUSHED_SECONDS): 60.0,
                series(names.SIGN_INS, outcome="accepted"): 5,
                series(names.SIGN_INS, outcome="failed"): 30,
                series(names.SIGN_INS, outcome="locked_out"): 4,
                series(names.DATABASE_ERRORS, kind="operation"): 9,
                series(names.DATABASE_ERRORS, kind="connection"): 2,
                series(names.POLICY_EVALUATIONS, outcome="unavailable"): 1,
            },
            {
                series(names.BREAKER_STATE, name="a"): 2.0,
                series(names.BREAKER_STATE, name="b"): 3.0,
                series(names.QUEUE_ITEMS, kind="mail", state="dead"): 2.0,
                series(names.QUEUE_ITEMS, kind="mail", state="waiting"): 7.0,
                series(names.WORKERS, state="live"): 2.0,
                series(names.WORKERS, state="silent"): 1.0,
            },
        )
    )
    values = judged(point)
    assert (
        values[signals.FAILED_SIGN_INS],
        values[signals.DATABASE_FAILURES],
        values[signals.POLICY_ERRORS],
    ) == (34, 2, 1)
    assert (
        values[f'{signals.BREAKER_OPEN}{{name="a"}}'],
        values[f'{signals.BREAKER_OPEN}{{name="b"}}'],
    ) == (1, 0)
    assert values[f'{signals.BREAKER_ISOLATED}{{name="b"}}'] == 1
    assert values[f'{signals.DEAD_LETTERS}{{kind="mail"}}'] == 2
    assert values[signals.SILENT_WORKERS] == 1
    # Nobody recorded: that says nothing.
    assert judged()[signals.FAILED_SIGN_INS] is None
