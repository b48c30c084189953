"""Acknowledged acts are there once."""

from __future__ import annotations

import pytest

from proof.campaign.history import Operation, Outcome
from proof.campaign.models import once
from proof.tests.campaign.operations import fault, op


def act(outcome: Outcome, at: float = 1.0) -> Operation:
    return op("act", at, at + 0.1, "a", outcome=outcome)


def there(*ids: str) -> Operation:
    return op("list", 50.0, 51.0, value=list(ids))


@pytest.mark.parametrize(
    ("outcome", "right", "wrong"),
    [("ok", (1,), (0, 2)), ("unknown", (0, 1), (2,)), ("failed", (0,), (1, 2))],
)
def test_how_often_it_is_there_follows_from_its_outcome(
    outcome: Outcome, right: tuple[int, ...], wrong: tuple[int, ...]
) -> None:
    for number in range(3):
        finding = once.kept([act(outcome), there(*["a"] * number)], [])
        assert finding.holds is (number in right)
        assert bool(finding.violations) is (number in wrong)


def test_what_was_asked_for_again_is_there_once() -> None:
    tries = [act("unknown"), act("ok", 3.0)]
    assert once.kept([*tries, there("a")], []).holds
    assert once.kept([*tries, there("a", "a")], []).violations
    assert once.kept([*tries, there()], []).violations


def test_what_nobody_asked_for_is_a_violation() -> None:
    assert once.audit([there("stranger")], []).violations


def test_without_a_look_at_the_end_it_is_undecided() -> None:
    assert not once.kept([act("ok")], []).holds


def test_only_the_queue_may_lose_what_a_lost_primary_had() -> None:
    losses = [fault(1.5, 2.0, "lost-data")]
    finding = once.queue([act("ok"), there()], losses)
    assert finding.holds and finding.excused
    assert once.kept([act("ok"), there()], losses).violations
    assert once.queue([act("ok"), there()], [fault(90.0, 90.5, "lost-data")]).violations


def test_what_was_put_in_long_before_the_loss_was_waiting_only_for_a_database() -> None:
    early, there_is_none = act("ok", 10.0), there()
    late_loss = fault(40.0, 41.0, "lost-data")
    assert once.queue([early, there_is_none], [late_loss]).violations
    assert once.queue([act("ok", 36.0), there_is_none], [late_loss]).holds
    away = fault(12.0, 30.0, kind="database-killed")
    assert once.queue([early, there_is_none], [away, late_loss]).holds
    # An earlier fault, or one of another kind, kept nothing.
    for other in (fault(1.0, 4.0, kind="database-killed"), fault(12.0, 30.0, kind="opa-killed")):
        assert once.queue([early, there_is_none], [other, late_loss]).violations
