"""The state of the whole, from the states of its parts."""

from __future__ import annotations

import itertools

import pytest

from app.blueprints.control_plane.live.components import (
    DEGRADED,
    FAILED,
    OK,
    STATES,
    UNKNOWN,
    Part,
    fleet_parts,
    overall,
    policy_part,
)
from app.core.fleet import Worker, WorkerState
from app.core.policy import EngineHealth


def part(state: str, matters: bool = True) -> Part:
    return Part("x", "store", state, "", 0, matters=matters)


def test_unknown_is_never_healthy_and_failed_is_worst() -> None:
    for states in itertools.product(STATES, repeat=2):
        found = overall([part(one) for one in states])
        worst = next(state for state in (FAILED, UNKNOWN, DEGRADED, OK) if state in states)
        assert found == worst
    assert overall([part(OK), part(FAILED, matters=False)]) == OK


@pytest.mark.parametrize(
    ("said", "state", "matters"),
    [("ok", OK, True), ("unavailable", FAILED, True), ("unknown", UNKNOWN, False)],
)
def test_an_engine_that_nobody_needed_is_unknown_and_no_fault(
    said: str, state: str, matters: bool
) -> None:
    found = policy_part(EngineHealth(said, "as it is"), 1)  # type: ignore[arg-type]
    assert (found.state, found.matters) == (state, matters)


def worker(state: WorkerState, heard_ms: int = 0) -> Worker:
    return Worker("h-1-ab", "h", 1, state, heard_ms)


@pytest.mark.parametrize(
    ("workers", "state", "living"),
    [
        (None, UNKNOWN, None),
        ([], DEGRADED, 0),
        ([worker(WorkerState.LIVE), worker(WorkerState.ENDED)], OK, 1),
        ([worker(WorkerState.DRAINING)], DEGRADED, 1),
        ([worker(WorkerState.LIVE), worker(WorkerState.DRAINING)], OK, 2),
        ([worker(WorkerState.LIVE), worker(WorkerState.SILENT, 20_000)], DEGRADED, 1),
        ([worker(WorkerState.LIVE), worker(WorkerState.SILENT, 7_200_000)], OK, 1),
    ],
)
def test_the_fleet_limps_without_a_worker_that_takes_what_comes_or_after_a_loss(
    workers: list[Worker] | None, state: str, living: int | None
) -> None:
    found = fleet_parts(workers, 3, 10, 0)[0]
    assert (found.state, found.value) == (state, living)
