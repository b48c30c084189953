"""What a client knows of what it asked."""

from __future__ import annotations

import pytest

from tests.chaos.campaign.clients.http import Answer
from tests.chaos.campaign.history import Outcome, Pending

GOES_ON = {"type": "idempotency-in-progress"}


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (Answer(200), "ok"),
        (Answer(204), "ok"),
        (Answer(403), "failed"),
        (Answer(409, {"type": "conflict"}), "failed"),
        (Answer(409, GOES_ON), "unknown"),
        (Answer(429), "failed"),
        (Answer(404, repeated=True), "unknown"),
        (Answer(500), "unknown"),
        (Answer(502, "<html>"), "unknown"),
        (Answer(503, {"type": "store-unavailable"}), "unknown"),
        (Answer(0, sent=False, error="ConnectionRefusedError()"), "failed"),
        (Answer(0, error="TimeoutError()"), "unknown"),
    ],
)
def test_only_what_was_refused_or_never_sent_is_known_not_to_have_happened(
    answer: Answer, outcome: Outcome
) -> None:
    pending = Pending()
    assert answer.settle(pending, "value") is (outcome == "ok")
    assert pending.outcome == outcome
    assert (pending.error is None) is (outcome == "ok")
