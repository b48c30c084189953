"""The state of the whole, from the states of its parts."""

from __future__ import annotations

import itertools

import pytest

from yoto.cache import CacheStats
from yoto.fleet import Worker, WorkerState
from yoto.monitor.health import DEFAULT_COMPONENTS, assess
from yoto.operate.live.components import (
    DEGRADED,
    FAILED,
    OK,
    STATES,
    UNKNOWN,
    Part,
    fleet_parts,
    health_parts,
    log_part,
    overall,
    with_servers,
)
from yoto.redis import NodeInfo, RedisInfo


def part(state: str, matters: bool = True) -> Part:
    return Part("x", "store", state, "", 0, matters=matters)


def test_unknown_is_never_healthy_and_failed_is_worst() -> None:
    for states in itertools.product(STATES, repeat=2):
        found = overall([part(one) for one in states])
        worst = next(state for state in (FAILED, UNKNOWN, DEGRADED, OK) if state in states)
        assert found == worst
    assert overall([part(OK), part(FAILED, matters=False)]) == OK


def stats(loads: int, silent_for: float | None) -> CacheStats:
    return CacheStats(
        {"loads": loads}, {}, {}, {}, {}, 0, 0, silent_for is not None, silent_for, "0"
    )


def test_a_log_that_was_asked_for_and_never_heard_is_not_taken_for_one_that_nobody_needs() -> None:
    idle, never, heard = (
        log_part(stats(*one), 30.0, 0) for one in ((0, None), (7, None), (7, 0.1))
    )
    assert [one.state for one in (idle, never, heard)] == [UNKNOWN, UNKNOWN, OK]
    assert [overall([part(OK), one]) for one in (idle, never, heard)] == [OK, UNKNOWN, OK]


def test_what_nobody_used_is_no_fault_and_what_nobody_measured_makes_the_whole_unknown() -> None:
    report = assess(DEFAULT_COMPONENTS, {})
    for recorded, whole in ((True, OK), (False, UNKNOWN)):
        found = list(health_parts(report, recorded, 0))
        assert {one.state for one in found} == {UNKNOWN}
        assert overall([part(OK), *found]) == whole


def node(name: str, available: bool) -> NodeInfo:
    return NodeInfo(f"{name}:6379", available)


def test_redis_limps_while_one_of_its_servers_is_away() -> None:
    whole = Part("redis", "store", OK, "answers", 0)
    both = RedisInfo("cluster", True, (node("a", True), node("b", True)))
    one = RedisInfo("cluster", True, (node("a", True), node("b", False)))
    assert with_servers(whole, both) == whole
    found = with_servers(whole, one)
    assert (found.state, found.detail) == (DEGRADED, "1 of 2 servers do not answer")
    failed = Part("redis", "store", FAILED, "away", 0)
    assert with_servers(failed, one) == failed
    other = Part("database", "store", OK, "", 0)
    assert with_servers(other, one) == other


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


def served(sockets: int | None) -> Worker:
    return Worker("h-1-ab", "h", 1, WorkerState.LIVE, 0, {"sockets": sockets})


@pytest.mark.parametrize(
    ("workers", "expected"),
    [
        ([served(3), served(4)], (OK, 7, 20)),
        ([served(3), served(10)], (DEGRADED, 13, 20)),
        # The sockets of the other are unknown: those counted here are not all there are.
        ([served(3), served(None)], (UNKNOWN, 3, 10)),
        ([], (UNKNOWN, 3, 10)),
        (None, (UNKNOWN, 3, 10)),
    ],
)
def test_sockets_are_those_of_all_workers(
    workers: list[Worker] | None, expected: tuple[str, int, int]
) -> None:
    found = fleet_parts(workers, 3, 10, 0)[1]
    assert (found.state, found.value, found.limit) == expected
