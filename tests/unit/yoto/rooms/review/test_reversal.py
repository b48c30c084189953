"""Each record that can turn a verdict can be taken back."""

from __future__ import annotations

from yoto.permission.audited import TURNING
from yoto.rooms.review.reversal import REVERSALS


def test_every_record_that_can_turn_a_verdict_has_its_reversal() -> None:
    assert REVERSALS.keys() == set(TURNING) and len(TURNING) == len(set(TURNING))
