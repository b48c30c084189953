from __future__ import annotations

from proof.campaign.models import levels
from proof.tests.campaign.operations import op


def test_what_is_not_back_at_its_level_is_a_violation() -> None:
    before = op("before", 0.0, 1.0, value={"held slots": 0, "threads app1": 40})
    back = op("after", 8.0, 9.0, value={"held slots": 0, "threads app1": 55})
    assert levels.judge([before, back], []).holds
    leaked = op("after", 8.0, 9.0, value={"held slots": 1, "threads app1": 90})
    assert len(levels.judge([before, leaked], []).violations) == 2


def test_what_was_not_measured_is_undecided() -> None:
    before = op("before", 0.0, 1.0, value={})
    assert not levels.judge([before, op("after", 1.0, 2.0, outcome="failed")], []).holds
