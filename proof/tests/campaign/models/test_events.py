"""The event stream: once, in order, or a gap."""

from __future__ import annotations

from proof.campaign.history import Fault, Operation
from proof.campaign.models import events
from proof.tests.campaign.operations import fault, op


def heard(reader: str, *ids: int) -> list[Operation]:
    return [
        op("event", 1.0 + place / 100, None, value=f"{number}-0", key=reader)
        for place, number in enumerate(ids)
    ]


def stream_of(*ids: int) -> Operation:
    return op("list", 90.0, 91.0, value=[f"{number}-0" for number in ids], key="stream")


STREAM = stream_of(1, 2, 3, 4)


def violations(*operations: Operation, faults: tuple[Fault, ...] = ()) -> list[str]:
    return events.judge(operations, faults).violations


def test_each_comes_once_and_in_order() -> None:
    assert not violations(*heard("a", 1, 2, 3, 4), *heard("b", 2, 3), STREAM)
    assert "twice" in violations(*heard("a", 1, 2, 2, 3), STREAM)[0]
    assert "after" in violations(*heard("a", 1, 3, 2), STREAM)[0]


def test_one_that_never_came_is_a_violation_unless_a_gap_says_so() -> None:
    missed = heard("a", 1, 4)
    assert "(2, 0) never came" in violations(*missed, STREAM)[0]
    gap = op("gap", 1.005, None, value=["1-0", "3-0"], key="a")
    finding = events.judge([*missed, gap, STREAM], [fault(0.9, 1.1)])
    assert finding.holds and sum(finding.excused.values()) == 2


def test_a_gap_is_excused_only_near_a_fault() -> None:
    history = [*heard("a", 1, 4), op("gap", 40.0, None, value=["1-0", "3-0"], key="a"), STREAM]
    assert "no fault explains" in violations(*history)[0]
    assert "no fault explains" in violations(*history, faults=(fault(1.0, 29.0),))[0]
    for near in (fault(1.0, 31.0), fault(49.0, 60.0)):
        assert not violations(*history, faults=(near,))


def test_a_stream_that_begins_again_below_is_missing_up_to_where_reading_goes_on() -> None:
    before = heard("a", 1, 9)
    gap = op("gap", 2.0, None, value=["9-0", "2-0"], key="a")
    after = [op("event", 2.0 + id_ / 100, None, value=f"{id_}-0", key="a") for id_ in (3, 11)]
    some, near = [*before, gap, *after], fault(1.9, 2.1)
    finding = events.judge([*some, stream_of(2, 3, 11)], [near])
    assert finding.holds and sum(finding.excused.values()) == 1
    # Neither what came before, nor what comes after the place where it goes on.
    other = heard("b", 1, 7, 9)
    assert "(7, 0) never came" in violations(*some, *other, stream_of(3, 11), faults=(near,))[0]
    assert "(4, 0) never came" in violations(*some, stream_of(3, 4, 11), faults=(near,))[0]


def test_a_reader_that_falls_silent_answers_for_all_until_the_end() -> None:
    end = op("until", 60.0, None, value="4-0", key="a")
    assert "(3, 0) never came" in violations(*heard("a", 1, 2), end, STREAM)[0]
    assert "(1, 0) never came" in violations(end, STREAM)[0]
    begun = op("snapshot", 0.5, None, value="2-0", key="a")
    assert "(3, 0) never came" in violations(begun, end, STREAM)[0]
    # It need not hear events that come while it ends.
    early = op("until", 60.0, None, value="2-0", key="a")
    assert not violations(*heard("a", 1, 2), early, STREAM)
    assert not violations(*heard("a", 1, 2, 3), early, STREAM)


def test_one_that_another_reader_had_counts_too() -> None:
    quick = heard("quick", 1, 2, 3)
    assert violations(*quick, *heard("slow", 1, 3))


def test_what_a_lost_primary_took_along_need_not_reach_everybody() -> None:
    some = [*heard("quick", 1, 2, 3), *heard("slow", 1, 3), stream_of(1, 3)]
    assert violations(*some)
    assert not violations(*some, faults=(fault(0.9, 1.2, "lost-data"),))


def test_what_comes_before_the_first_snapshot_was_not_asked_for() -> None:
    begun = op("snapshot", 0.5, None, value="2-0", key="a")
    assert not violations(begun, *heard("a", 3, 4), STREAM)
    assert violations(begun, *heard("a", 4), STREAM)
