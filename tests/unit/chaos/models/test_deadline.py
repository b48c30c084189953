from __future__ import annotations

from tests.chaos.campaign.models import deadline
from tests.unit.chaos.operations import fault, op


def test_a_read_that_waits_past_its_deadline_is_a_violation() -> None:
    assert deadline.judge([op("check", 0.0, 8.0)], []).holds
    finding = deadline.judge([op("check", 0.0, 14.0), op("check", 20.0, 40.0)], [])
    assert len(finding.violations) == 1
    assert finding.worst["longest wait of a read (s)"] == 20.0


def test_a_write_may_wait_for_its_turn_at_a_row() -> None:
    assert deadline.judge([op("set", 0.0, 14.0)], []).holds
    assert not deadline.judge([op("set", 0.0, 30.0)], []).holds


def test_what_waits_for_a_node_that_stands_still_is_excused() -> None:
    stopped = [fault(4.0, 9.0, "silent", kind="stop")]
    finding = deadline.judge([op("check", 0.0, 20.0)], stopped)
    assert finding.holds and finding.excused
    assert not deadline.judge([op("check", 10.0, 30.0)], stopped).holds
    assert not deadline.judge([op("check", 0.0, 20.0)], [fault(4.0, 9.0)]).holds


def test_what_is_no_single_request_has_no_deadline() -> None:
    assert deadline.judge([op("list", 0.0, 100.0)], []).operations == 0


def test_a_machine_that_is_twice_too_busy_has_twice_the_time() -> None:
    busy = op("load", 5.0, 5.0, value=2.0)
    assert deadline.judge([op("check", 0.0, 20.0), busy], []).holds
    assert not deadline.judge([op("check", 0.0, 30.0), busy], []).holds
    # Before and after it was not.
    assert not deadline.judge([op("check", 40.0, 60.0), busy], []).holds
