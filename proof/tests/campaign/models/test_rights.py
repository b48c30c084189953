"""Rights with positions: what may be answered when."""

from __future__ import annotations

import dataclasses

from proof.campaign.history import Operation
from proof.campaign.models import rights
from proof.tests.campaign.operations import fault, op

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
    # A caller that carries a later position has seen it, too.
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


def test_a_change_that_met_a_broken_link_may_take_effect_once_more() -> None:
    """Nginx sent it to the other node, and the first one went on with it."""
    again = op("set", 20.0, 20.1, True, "2000-1")
    history = [BEGIN, DENIED, again, op("check", 30.0, 30.1, None, False)]
    cut = fault(9.0, 40.0, "silent", kind="link-nginx-app-cut", ended=12.0)
    assert violations(*history)
    assert rights.judge(history, [cut]).holds
    # Once, and not where it met nothing of it.
    more = [op("set", 40.0, 40.1, True), op("check", 50.0, 50.1, None, False)]
    assert rights.judge([*history, *more], [cut]).violations
    assert rights.judge(history, [fault(13.0, 40.0, "silent", ended=15.0)]).violations
    assert rights.judge(history, [fault(9.0, 40.0, ended=12.0)]).violations


def test_a_sign_out_is_never_repeated() -> None:
    key, cut = "credential:1", fault(9.0, 12.0, "silent")
    history = [BEGIN, DENIED, op("set", 20.0, 20.1, True), op("check", 30.0, 30.1, None, False)]
    assert rights.judge([dataclasses.replace(one, key=key) for one in history], [cut]).violations
