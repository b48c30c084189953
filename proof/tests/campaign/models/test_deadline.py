from __future__ import annotations

from proof.campaign.models import deadline
from proof.tests.campaign.operations import fault, op


def test_a_read_that_waits_past_its_deadline_is_a_violation() -> None:
    assert deadline.judge([op("check", 0.0, 8.0)], []).holds
    finding = deadline.judge([op("check", 0.0, 14.0), op("check", 20.0, 40.0)], [])
    assert len(finding.violations) == 1
    assert finding.worst["longest wait of a read (s)"] == 20.0


def test_what_never_ends_is_a_violation_once_its_deadline_has_passed() -> None:
    hangs = op("check", 0.0, None, outcome="unknown")
    for over, holds in ((8.0, True), (14.0, False)):
        assert deadline.judge([hangs, op("list", over, over)], []).holds is holds
    stopped = [fault(4.0, 9.0, "silent", kind="stop")]
    for over, holds in ((20.0, True), (25.0, False)):
        assert deadline.judge([hangs, op("list", over, over)], stopped).holds is holds


def test_a_write_may_wait_for_its_turn_at_a_row() -> None:
    assert deadline.judge([op("set", 0.0, 14.0)], []).holds
    assert not deadline.judge([op("set", 0.0, 30.0)], []).holds


def test_what_waits_for_a_node_that_stands_still_is_excused() -> None:
    stopped = [fault(4.0, 9.0, "silent", kind="stop")]
    finding = deadline.judge([op("check", 0.0, 20.0)], stopped)
    assert finding.holds and finding.excused
    assert not deadline.judge([op("check", 10.0, 30.0)], stopped).holds
    assert not deadline.judge([op("check", 0.0, 20.0)], [fault(4.0, 9.0)]).holds


def test_the_excuse_ends_a_deadline_after_the_silence_itself() -> None:
    """However long everything else takes to recover."""
    stopped = [fault(4.0, 60.0, "silent", kind="stop", ended=9.0)]
    assert deadline.judge([op("check", 0.0, 20.0)], stopped).holds
    assert deadline.judge([op("check", 8.9, 21.2)], stopped).holds
    for late in (op("check", 0.0, 25.0), op("check", 10.0, 25.0)):
        assert len(deadline.judge([late], stopped).violations) == 1


def test_what_is_no_single_request_has_no_deadline() -> None:
    assert deadline.judge([op("list", 0.0, 100.0)], []).operations == 0


def test_a_machine_that_is_twice_too_busy_has_twice_the_time() -> None:
    busy = op("load", 5.0, 5.0, value=2.0)
    assert deadline.judge([op("check", 0.0, 20.0), busy], []).holds
    assert not deadline.judge([op("check", 0.0, 30.0), busy], []).holds
    # Before and after it was not.
    assert not deadline.judge([op("check", 40.0, 60.0), busy], []).holds


def test_no_machine_is_too_busy_for_a_deadline() -> None:
    """Nginx gives up after 30 s: an answer as slow as that is at least undecided."""
    busy = op("load", 5.0, 5.0, value=9.0)
    for call in ("check", "set"):
        assert deadline.judge([op(call, 0.0, 28.0), busy], []).holds
        finding = deadline.judge([op(call, 0.0, 30.1), op(call, 0.0, 40.0), busy], [])
        assert len(finding.undecided) == 1 and finding.undecided[0].startswith("2 waited")
        assert not finding.violations
    assert deadline.judge([op("set", 0.0, 30.1)], []).violations
