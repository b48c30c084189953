"""The logs of a campaign may hold what faults explain, and nothing else."""

from __future__ import annotations

import json

import pytest

from tests.chaos.campaign.promises.logs import violations


def line(event: str, *types: str) -> str:
    return json.dumps({"event": event, "exception": [{"exc_type": name} for name in types]})


def test_errors_of_stores_are_explained() -> None:
    assert violations([line("store unavailable", "StoreUnavailable", "OperationalError")], 0) == []


@pytest.mark.parametrize(
    "bad",
    [
        line("a turn failed", "KeyError"),
        json.dumps({"event": "unexpected error in GET /x"}),
        "Traceback (most recent call last):",
        "worker 7 ended with -11 after 3.0 s; the next one starts in 0.1 s",
        "worker 7 ended with -9 after 3.0 s; the next one starts in 0.1 s",
    ],
)
def test_others_are_ours(bad: str) -> None:
    assert len(violations([bad], 0)) == 1


def test_who_was_killed_has_not_ended_by_itself() -> None:
    said = "worker 7 ended with -9 after 3.0 s; the next one starts in 0.1 s"
    assert violations([said], 1) == []
