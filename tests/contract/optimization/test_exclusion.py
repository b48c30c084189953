"""Mutual exclusion, shown: eight processes, some of which die or stand still with the lock."""

from __future__ import annotations

import time

import pytest

from tests.contract.optimization import contest
from tests.contract.optimization.workers import LockWorkers
from tests.support.waiting import wait_until
from tests.support.workers import WorkerProcess
from yoto.optimization import FencedStore
from yoto.redis import RedisConnection, RedisSettings

PROCESSES = 8
# s. The ten on a single server; a cluster differs by the way to the key alone.
SECONDS = {"valkey_server": 10.0, "valkey_cluster": 5.0}
TRAPS = {
    "valkey_server": ("killed", "stopped", "killed", "stopped"),
    "valkey_cluster": ("stopped",),
}
# s; a holder that stands still blocks the others for so long.
LEASE = 1.0


@pytest.mark.parametrize("reach", list(SECONDS), indirect=True)
def test_no_two_are_inside_at_once_and_nobody_gets_nothing(
    workers: LockWorkers,
    reach: RedisSettings,
    redis: RedisConnection,
    request: pytest.FixtureRequest,
) -> None:
    kind = request.node.callspec.params["reach"]
    eight = {one.pid: one for one in workers.start_at(reach, PROCESSES)}
    ends = time.monotonic() + SECONDS[kind]
    for worker in eight.values():
        worker.ask("contend", SECONDS[kind], LEASE)
    # One that is killed before it wrote for the first time would have got nothing.
    wait_until(
        lambda: (wrote := judged(redis).wrote) and len(wrote) == PROCESSES and min(wrote.values())
    )
    for trap in TRAPS[kind]:
        suffer(redis, eight, trap)
    assert time.monotonic() < ends, "the traps took the whole time"
    killed = {pid for pid, worker in eight.items() if worker.ended()}

    verdict = judged(redis)
    assert verdict.overlaps == []
    # Only holders that were stopped past their lease wrote too late.
    stopped = [token for token, what in verdict.trapped.items() if what == "stopped"]
    assert verdict.refused == stopped
    assert sorted(verdict.trapped.values()) == sorted(TRAPS[kind])
    assert len(killed) == TRAPS[kind].count("killed")
    # No write was lost: each began with the number that the one before had left.
    assert int(FencedStore(redis).read(contest.RESOURCE) or 0) == sum(verdict.wrote.values())
    assert len(verdict.wrote) == PROCESSES and min(verdict.wrote.values()) > 0
    alive = [count for pid, count in verdict.wrote.items() if pid not in killed]
    assert min(alive) > max(alive) / 4, "taking turns gives everybody about as many"
    assert not redis.client.exists(redis.keys.lock(contest.LOCK, "waiters"))


def judged(redis: RedisConnection) -> contest.Verdict:
    return contest.judge(contest.journal(redis))


def suffer(redis: RedisConnection, workers: dict[int, WorkerProcess], kind: str) -> None:
    """Let a holder step into a trap; return when another has the lock and it goes on, if it can."""
    before = set(judged(redis).trapped)
    contest.set_trap(redis, kind)
    wait_until(lambda: len(judged(redis).trapped) > len(before))
    (token,) = set(judged(redis).trapped) - before
    # Another is in, and past its claim: until then the write of this one is not too late.
    wait_until(lambda: any(line[1] > token and line[0] != "in" for line in contest.journal(redis)))
    if kind == "stopped":
        process = next(line[2] for line in contest.journal(redis) if line[1] == token)
        workers[process].resume()
        wait_until(lambda: token in judged(redis).refused)
