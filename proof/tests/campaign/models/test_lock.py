"""The fenced lock: tokens, counts, holders."""

from __future__ import annotations

import pytest

from proof.campaign.history import Fault, Operation, Outcome
from proof.campaign.models import lock
from proof.tests.campaign.operations import fault, op


def add(
    at: float, token: int, count: int, until: float = 0.0, outcome: Outcome = "ok"
) -> Operation:
    value = {
        "token": token,
        "count": count,
        "entered": at,
        "held_until": until or at + 0.5,
        "lease": 2.0,
    }
    return op("add", at - 0.1, at + 0.6, None, value, outcome)


def violations(*operations: Operation, faults: tuple[Fault, ...] = ()) -> list[str]:
    return lock.judge(operations, faults).violations


def log(*tokens: int) -> Operation:
    return op("log", 90.0, 91.0, None, list(tokens))


def test_one_after_the_other_counts_up() -> None:
    assert not violations(add(1.0, 5, 1), add(2.0, 6, 2), add(3.0, 9, 3), log(5, 6, 9))


def test_an_update_that_was_lost_is_a_violation() -> None:
    assert violations(add(1.0, 5, 1), add(2.0, 6, 1))


def test_a_step_of_nobody_is_one_of_an_unknown_write_at_most() -> None:
    lost = op("add", 1.5, None, outcome="unknown")
    assert not violations(add(1.0, 5, 1), lost, add(3.0, 7, 3))
    assert violations(add(1.0, 5, 1), lost, add(3.0, 7, 4))


def test_tokens_grow_from_holder_to_holder() -> None:
    assert violations(add(1.0, 6, 1), add(2.0, 5, 2))
    assert violations(add(1.0, 6, 1), add(2.0, 6, 2))
    # Not only from one to the next.
    said = violations(add(1.0, 9, 1), add(3.0, 5, 2), add(5.0, 7, 3))
    assert any("smaller" in one for one in said)


BACK = fault(0.5, 8.0, "lost-data", kind="redis-clock-back")
FORWARD = fault(0.2, 0.8, "lost-data", kind="redis-clock-forward")


@pytest.mark.parametrize("clock", [BACK, FORWARD])
@pytest.mark.parametrize("token", [5, 6])
def test_tokens_grow_unless_redis_lost_data_with_its_clock_set_back(
    clock: Fault, token: int
) -> None:
    shrunken = add(1.0, 6, 1), add(3.0, token, 2)
    loss = fault(2.0, 2.2, "lost-data")
    assert violations(*shrunken, faults=(clock,))
    assert violations(*shrunken, faults=(loss,))
    assert not violations(*shrunken, faults=(clock, loss))
    # Not by a loss of long ago, nor where the clock was right again by then.
    assert violations(*shrunken, faults=(clock, fault(-60.0, -50.0, "lost-data")))
    late = add(101.0, 6, 1), add(103.0, token, 2)
    assert violations(*late, faults=(clock, fault(102.0, 102.2, "lost-data")))


def test_a_write_by_an_older_token_is_a_violation() -> None:
    assert violations(log(5, 7, 6))
    assert not violations(log(5, 5, 7))


def test_a_refused_write_is_not_in_the_row_and_an_accepted_one_is() -> None:
    late = add(2.0, 6, 2, outcome="failed")
    assert not violations(add(1.0, 5, 1), late, log(5))
    assert violations(add(1.0, 5, 1), late, log(5, 6))
    assert violations(add(1.0, 5, 1), add(2.0, 6, 2), log(5))


def test_two_who_know_that_they_hold_it_overlap_only_after_a_loss_of_data() -> None:
    late = add(1.4, 6, 1, outcome="failed")
    both = add(1.0, 5, 1, until=2.0), late
    assert violations(*both)
    assert not violations(*both, faults=(fault(1.1, 1.2, "lost-data"),))


def test_who_never_saw_that_it_held_the_lock_overlaps_with_nobody() -> None:
    late = add(1.4, 6, 1, until=1.4, outcome="failed")
    assert not violations(add(1.0, 7, 1, until=2.0), late)
