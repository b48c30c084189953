"""Rights with positions: what may be answered when."""

from __future__ import annotations

from tests.chaos.campaign.history import Operation
from tests.chaos.campaign.models import rights
from tests.unit.chaos.operations import op

BEGIN = op("begin", 0.0, 0.0, True)
DENIED = op("set", 10.0, 10.1, False, "1000-1")


def violations(*operations: Operation) -> list[str]:
    return rights.judge(operations, []).violations


def test_an_answer_may_be_as_old_as_the_bound_and_no_older() -> None:
    young = op("check", 13.0, 13.01, None, True)
    old = op("check", 13.2, 13.21, None, True)
    assert not violations(BEGIN, DENIED, young)
    (said,) = violations(BEGIN, DENIED, old)
    assert "no order explains" in said and "13.200" in said


def test_an_allow_behind_the_position_of_a_denial_is_a_violation_at_once() -> None:
    assert not violations(BEGIN, DENIED, op("check", 10.2, 10.3, "999-7", True))
    assert violations(BEGIN, DENIED, op("check", 10.2, 10.3, "1000-1", True))
    # Whoever carries a later position has seen it, too.
    assert violations(BEGIN, DENIED, op("check", 10.2, 10.3, "1001-0", True))


def test_positions_of_the_outbox_cover_their_own_change() -> None:
    denied = op("set", 10.0, 10.1, False, "outbox-17")
    assert violations(BEGIN, denied, op("check", 10.2, 10.3, "outbox-17", True))
    assert not violations(BEGIN, denied, op("check", 10.2, 10.3, "outbox-18", True))


def test_a_write_without_an_answer_may_have_happened_or_not() -> None:
    lost = op("set", 10.0, 10.5, False, outcome="unknown")
    for seen in (True, False):
        assert not violations(BEGIN, lost, op("check", 30.0, 30.1, None, seen))
    # It does not happen twice.
    again = op("set", 40.0, 40.1, True, "2000-1")
    later = [op("check", 30.0, 30.1, None, False), op("check", 60.0, 60.1, None, False)]
    assert violations(BEGIN, lost, again, *later)


def test_a_right_that_was_given_is_seen_within_the_bound() -> None:
    given = op("set", 10.0, 10.1, True, "1000-1")
    assert violations(given, op("check", 14.0, 14.1, None, False))


def test_refused_requests_say_nothing() -> None:
    assert not violations(BEGIN, DENIED, op("check", 20.0, 20.1, None, None, outcome="failed"))


def test_the_oldest_answer_is_measured() -> None:
    finding = rights.judge([BEGIN, DENIED, op("check", 11.6, 11.7, None, True)], [])
    assert finding.holds and round(finding.worst["oldest allow (s)"], 3) == 1.5
