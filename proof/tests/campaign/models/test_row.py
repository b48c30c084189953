from __future__ import annotations

from proof.campaign.models import row
from proof.tests.campaign.operations import op


def test_a_read_returns_what_was_last_written() -> None:
    write = op("write", 0.0, 1.0, "a")
    assert row.judge([write, op("read", 2.0, 3.0, value="a")], []).holds
    finding = row.judge([write, op("read", 2.0, 3.0, value=None)], [])
    assert len(finding.violations) == 1


def test_what_is_known_not_to_have_happened_is_left_out() -> None:
    refused = op("write", 0.0, 1.0, "a", outcome="failed")
    assert row.judge([refused, op("read", 2.0, 3.0, value=None)], []).holds
    assert row.judge([refused, op("read", 2.0, 3.0, value="a")], []).violations


def test_a_read_of_what_was_never_written_is_a_violation() -> None:
    assert row.judge([op("read", 2.0, 3.0, value="b")], []).violations
