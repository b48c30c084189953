"""The default rules on healthy, borderline and sick samples: exactly these alerts and no other."""

from __future__ import annotations

import pytest

from tests.unit.yoto.rooms.alerts.making import Run
from yoto.monitor import names, signals
from yoto.monitor.default_rules import DEFAULT_RULES

HIT, MS, ERRORS, MEMORY = (
    signals.CACHE_HIT_RATE,
    signals.RESPONSE_MS,
    signals.ERROR_RATE,
    signals.MEMORY_SHARE,
)
HOLD = 30.0


@pytest.mark.parametrize(
    ("sample", "expected"),
    [
        # Healthy.
        ({HIT: 0.97, MS: 12.0, ERRORS: 0.0, MEMORY: 0.4}, {}),
        ({HIT: 1.0, MS: 0.0, ERRORS: 0.0, MEMORY: 0.0}, {}),
        # Borderline: the threshold itself is still good, a hair beyond it is not.
        ({HIT: 0.8, MS: 100.0, ERRORS: 0.05, MEMORY: 0.7}, {}),
        ({HIT: 0.7999, MS: 99.9, ERRORS: 0.0499, MEMORY: 0.6999}, {"hit_rate": "warning"}),
        ({HIT: 0.8001, MS: 100.1, ERRORS: 0.05, MEMORY: 0.7}, {"response_time": "warning"}),
        (
            {HIT: 0.6, MS: 200.0, ERRORS: 0.1, MEMORY: 0.85},
            {
                "hit_rate": "warning",
                "response_time": "warning",
                "error_rate": "warning",
                "memory": "warning",
            },
        ),
        (
            {HIT: 0.4, MS: 500.0, ERRORS: 0.2, MEMORY: 0.95},
            {
                "hit_rate": "error",
                "response_time": "error",
                "error_rate": "error",
                "memory": "error",
            },
        ),
        # Sick.
        ({HIT: 0.97, MS: 12.0, ERRORS: 0.11, MEMORY: 0.4}, {"error_rate": "error"}),
        (
            {HIT: 0.1, MS: 900.0, ERRORS: 0.5, MEMORY: 0.99},
            {
                "hit_rate": "critical",
                "response_time": "critical",
                "error_rate": "critical",
                "memory": "critical",
            },
        ),
        # Unknown is no alert, and hides none.
        ({HIT: None, MS: None, ERRORS: None, MEMORY: None}, {}),
        ({}, {}),
        ({HIT: None, MS: 250.0}, {"response_time": "error"}),
    ],
)
def test_exactly_these_alerts(sample: dict[str, float | None], expected: dict[str, str]) -> None:
    run = Run(*DEFAULT_RULES)
    assert run.see(sample) == []  # not for long enough yet
    assert run.see(sample, after=HOLD - 1) == []
    raised = run.see(sample, after=1)
    assert {one.rule: str(one.new) for one in raised} == expected
    assert all(one.kind == "raised" for one in raised)
    # Each once, however long it lasts.
    assert run.see(sample, after=HOLD) == run.see(sample, after=HOLD) == []


def test_what_was_sick_and_is_healthy_resolves_each_alert_once() -> None:
    run = Run(*DEFAULT_RULES)
    sick = {HIT: 0.1, MS: 900.0, ERRORS: 0.5, MEMORY: 0.99}
    healthy = {HIT: 0.97, MS: 12.0, ERRORS: 0.0, MEMORY: 0.4}
    run.see(sick)
    assert len(run.see(sick, after=HOLD)) == 4
    assert run.see(healthy) == run.see(healthy, after=59) == []
    ended = run.see(healthy, after=1)
    assert sorted((one.kind, one.rule) for one in ended) == [
        ("resolved", name) for name in ("error_rate", "hit_rate", "memory", "response_time")
    ]
    assert run.tracks == {}


@pytest.mark.parametrize(
    ("series", "well", "bad", "rule", "level", "hold"),
    [
        (names.REDIS_UP, 1.0, 0.0, "redis", "critical", 15),
        (signals.DATABASE_FAILURES, 0, 3, "database", "error", 5),
        (f'{signals.BREAKER_OPEN}{{name="billing"}}', 0, 1, "breaker_open", "error", 60),
        (
            f'{signals.BREAKER_ISOLATED}{{name="billing"}}',
            0,
            1,
            "breaker_isolated",
            "warning",
            1800,
        ),
        (
            f'{names.TOP_REFUSALS}{{name="message.send"}}',
            60,
            61,
            "refusals_of_one",
            "warning",
            HOLD,
        ),
        (f'{signals.DEAD_LETTERS}{{kind="mail"}}', 0, 2, "dead_letters", "warning", HOLD),
        (f'{names.QUEUE_UNSERVED}{{kind="mail"}}', 0, 1, "unserved_items", "error", 60),
        (f'{names.QUEUE_AGE}{{kind="mail"}}', 300, 301, "queue_age", "warning", HOLD),
        (names.STALENESS_WORST, 2, 2.1, "invalidation_lag", "warning", 90),
        (names.LOG_SILENCE, 10, 11, "log_silence", "warning", HOLD),
        (signals.SILENT_WORKERS, 0, 1, "silent_worker", "warning", HOLD),
        (signals.FAILED_SIGN_INS, 10, 34, "failed_sign_ins", "warning", 0),
        (signals.POLICY_ERRORS, 0, 1, "policy_errors", "error", HOLD),
    ],
)
def test_each_fault_of_the_platform_wakes_somebody_and_ends_by_itself(
    series: str, well: float, bad: float, rule: str, level: str, hold: float
) -> None:
    run = Run(*DEFAULT_RULES)
    for _ in range(40):
        assert run.see({series: well}, after=60) == []
    raised = [one for _ in range(int(hold // 5) + 1) for one in run.see({series: bad}, after=5)]
    assert [(one.kind, one.rule, one.new) for one in raised] == [("raised", rule, level)]
    calm = 1.0 if series == names.REDIS_UP else 0.0
    ended = [one for _ in range(7) for one in run.see({series: calm}, after=60)]
    assert [(one.kind, one.rule) for one in ended] == [("resolved", rule)]
