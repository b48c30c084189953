"""What was acknowledged is there once."""

from __future__ import annotations

import pytest

from tests.chaos.campaign.history import Operation, Outcome
from tests.chaos.campaign.models import once
from tests.unit.chaos.operations import fault, op


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
