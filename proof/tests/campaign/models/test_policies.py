"""Decisions of policies: never an allow that they deny, and no denial without a fault."""

from __future__ import annotations

from proof.campaign.models import policies
from proof.tests.campaign.operations import fault, op

ALLOWED = {"allowed": True, "reason": None}
DENIED = {"allowed": False, "reason": "policy_unavailable"}


def test_what_a_policy_denies_is_never_allowed() -> None:
    away = fault(0.0, 5.0, kind="opa-killed")
    assert policies.judge([op("ask", 1.0, 1.1, False, DENIED)], [away]).holds
    assert policies.judge([op("ask", 1.0, 1.1, False, ALLOWED)], [away]).violations


def test_what_they_allow_is_denied_only_near_a_fault() -> None:
    away = fault(10.0, 15.0, kind="opa-killed")
    assert policies.judge([op("ask", 1.0, 1.1, True, ALLOWED)], []).holds
    finding = policies.judge([op("ask", at, at + 0.1, True, DENIED) for at in (9.0, 24.0)], [away])
    assert finding.holds and sum(finding.excused.values()) == 2
    assert policies.judge([op("ask", 26.0, 26.1, True, DENIED)], [away]).violations


def test_what_was_not_answered_says_nothing() -> None:
    assert policies.judge([op("ask", 1.0, 1.1, True, outcome="unknown")], []).holds
