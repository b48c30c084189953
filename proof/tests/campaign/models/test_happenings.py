"""Whether the stream says what happened."""

from __future__ import annotations

from typing import Any

from proof.campaign.history import Fault, Operation
from proof.campaign.models import events
from proof.campaign.models.finding import Finding
from proof.tests.campaign.operations import fault, op

BEGUN = op("snapshot", 0.0, 0.0, value="1-0", key="reader.0")


def changed(at: float, position: str | None, subject: str = "user:7") -> Operation:
    outcome: Any = "unknown" if position is None else "ok"
    return op("changed", at, at + 0.1, subject, position, outcome, key="happened")


def turned(at: float, period: int) -> Operation:
    return op("turned", at, at + 0.1, None, {"name": "b", "period": period}, key="happened")


def said(id_: str, **fact: Any) -> Operation:
    return op("event", 1.0, 1.0, fact, id_, key="reader.0")


def named(id_: str, position: str, *subjects: str) -> Operation:
    return said(id_, subjects=list(subjects), count=len(subjects), position=position)


def judged(*operations: Operation, faults: tuple[Fault, ...] = ()) -> Finding:
    return events.judge([BEGUN, *operations], faults)


def test_a_turn_of_a_breaker_is_one_event_of_its_period() -> None:
    assert judged(turned(5.0, 11), said("5-0", name="b", period=11)).holds
    (missed,) = judged(turned(5.0, 11), said("5-0", name="b", period=10)).violations
    assert "no event says what happened" in missed


def test_a_change_is_in_an_event_that_names_its_subject_up_to_its_position() -> None:
    change = changed(5.0, "500-1")
    assert judged(change, named("6-0", "501-0", "role:1", "user:7")).holds
    assert judged(change, named("6-0", "499-0", "user:7")).violations
    assert judged(change, named("6-0", "501-0", "user:8")).violations


def test_the_event_of_the_next_change_says_nothing_of_this_one() -> None:
    first, second = changed(5.0, "500-1"), changed(20.0, "900-0")
    finding = judged(first, second, named("9-0", "900-0", "user:7"))
    assert len(finding.violations) == 1 and "500-1" in finding.violations[0]
    assert finding.falsifiable == 3  # the event that was heard, too


def test_changes_that_one_event_may_gather_are_not_judged_apart() -> None:
    close = changed(5.0, "500-1"), changed(6.0, "510-0")
    finding = judged(*close, named("9-0", "510-0", "user:7"))
    assert finding.holds and finding.falsifiable == 2
    # One that may have happened is as much in the way.
    assert judged(changed(5.0, "500-1"), changed(6.0, None)).falsifiable == 0


def test_an_event_of_very_many_subjects_may_leave_this_one_out() -> None:
    many = said("6-0", subjects=["user:1"], count=33, position="501-0")
    assert judged(changed(5.0, "500-1"), many).holds


def test_near_a_fault_and_before_anybody_reads_nothing_need_be_said() -> None:
    assert judged(turned(5.0, 11), faults=(fault(9.0, 10.0),)).holds
    assert judged(turned(5.0, 11), faults=(fault(50.0, 60.0),)).violations
    assert judged(turned(-5.0, 11)).holds
    listed = op("list", 90.0, 91.0, {"5-0": {"name": "b", "period": 11}}, [], key="stream")
    assert judged(turned(5.0, 11), listed).holds
