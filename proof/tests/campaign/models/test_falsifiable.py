"""Checks that could have been wrong, and those to which any answer would have been right."""

from __future__ import annotations

from proof.campaign.models import quota, rights, row, slots
from proof.tests.campaign.operations import fault, op

BEGIN = op("begin", 0.0, 0.0, True)
TAKEN = op("set", 10.0, 10.1, False, "1000-1")
LIMIT = {"algorithm": "sliding_log", "limit": 2, "window": 2.0, "burst": 0}
SLOT = {"cap": 1, "lease": 2.0, "hold": 1.0}


def count(*operations: object, faults: tuple[object, ...] = ()) -> int:
    return rights.judge(operations, faults).falsifiable  # type: ignore[arg-type]


def test_a_check_within_the_bound_of_a_change_could_not_be_wrong() -> None:
    early = op("check", 12.0, 12.1, None, True)
    late = op("check", 14.0, 14.1, None, False)
    assert count(BEGIN, TAKEN, early) == 0
    assert count(BEGIN, TAKEN, early, late) == 1


def test_a_position_makes_a_check_falsifiable_at_once() -> None:
    assert count(BEGIN, TAKEN, op("check", 10.2, 10.3, "1000-1", False)) == 1
    assert count(BEGIN, TAKEN, op("check", 10.2, 10.3, "900-0", True)) == 0


def test_a_change_that_may_yet_take_effect_explains_either_answer() -> None:
    lost = op("set", 20.0, 20.5, True, outcome="unknown")
    check = op("check", 40.0, 40.1, None, False)
    assert count(BEGIN, TAKEN, check) == 1
    assert count(BEGIN, TAKEN, lost, check) == 0
    # nginx may have sent the first one again.
    assert count(BEGIN, TAKEN, check, faults=(fault(9.0, 11.0, "silent"),)) == 1


def test_a_right_that_never_changed_shows_nothing() -> None:
    assert count(BEGIN, op("check", 14.0, 14.1, None, True)) == 0


def test_a_read_of_a_row_could_have_been_an_older_value() -> None:
    written = op("write", 1.0, 1.1, "a")
    read = op("read", 2.0, 2.1, None, "a")
    assert row.judge([written, read], []).falsifiable == 1
    assert row.judge([op("write", 1.9, 2.5, "a"), read], []).falsifiable == 0


def test_a_refusal_of_a_limit_counts_where_one_more_was_too_many() -> None:
    full = {"admitted": [(0.0, 0.01), (0.1, 0.11)], "refused": [(0.2, 0.21)]}
    free = {"admitted": [(0.0, 0.01)], "refused": [(0.2, 0.21)]}
    assert quota.judge([op("hit", 0.0, 0.3, LIMIT, full)], []).falsifiable == 1
    assert quota.judge([op("hit", 0.0, 0.3, LIMIT, free)], []).falsifiable == 0


def test_stays_count_where_as_many_are_inside_as_may_be() -> None:
    stay = {"admitted": True, "entered": 1.1, "held_until": 4.0}
    finding = slots.judge([op("enter", 1.0, 4.1, SLOT, stay)], [])
    assert finding.falsifiable == 1
    assert finding.worst["stays of k for longer than a lease"] == 1
