"""The logs of a campaign may hold what faults explain, and nothing else."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from proof.campaign.promises.logs import violations


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
        "worker 7 ended with -11",
        "worker 7 ended with -9",
    ],
)
def test_others_are_ours(bad: str) -> None:
    assert len(violations([bad], 0)) == 1


def test_who_was_killed_has_not_ended_by_itself() -> None:
    said = "worker 7 ended with -9"
    assert violations([said], 1) == []


def test_it_is_the_outermost_exception_that_explains() -> None:
    assert violations([line("a turn failed", "KeyError", "OperationalError")], 0)
    assert violations([line("a turn failed", "OperationalError", "KeyError")], 0) == []


@pytest.mark.parametrize("name", ["IntegrityError", "StaleDataError", "NoResultFound"])
def test_rows_that_are_not_what_they_were_need_a_broken_database(name: str) -> None:
    said = json.loads(line("two writers met", name))
    at = datetime(2026, 11, 30, 12, 0, tzinfo=UTC)
    stamped = [json.dumps(said | {"timestamp": at.isoformat()})]
    then = at.timestamp()
    assert violations(stamped, 0) and violations([json.dumps(said)], 0, [(0.0, 1e12)])
    assert violations(stamped, 0, [(then - 20, then - 9)])
    assert violations(stamped, 0, [(then + 1, then + 9)])
    assert violations(stamped, 0, [(then - 2, then + 2)]) == []
