"""Events that the workers publish, their form, and their fate when something dies."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest

from tests.contract.rooms.queues.invalidation.conftest import Log, MakeInvalidation
from tests.support.redis_servers import Server
from tests.support.waiting import wait_until
from yoto.errors import StoreUnavailable
from yoto.housekeeping.clock import the_clock
from yoto.optimization import DistributedLocks
from yoto.redis import RedisConnection, RedisSettings
from yoto.rooms.queues.invalidation import (
    InvalidationSettings,
    Receipt,
    SmartInvalidation,
    Submission,
)
from yoto.rooms.queues.invalidation.plan import Plan
from yoto.rooms.queues.invalidation.queue import InvalidationQueue
from yoto.rooms.queues.settings import Strategy

LIMIT = 20.0  # s, for a busy machine
SOME = 60

# The queue's tests prove the scripts on each kind of server.
pytestmark = pytest.mark.parametrize("reach", ["valkey_server"], indirect=True)


def users(count: int, server: int | None = 7) -> list[Submission]:
    covering = None if server is None else f"server:{server}"
    return [Submission(f"user:{one}", "test", "all", covering) for one in range(1, count + 1)]


@pytest.mark.parametrize(
    ("strategy", "published"),
    [
        ("conservative", {f"user:{one}" for one in range(1, SOME + 1)} | {"user:91", "role:9"}),
        ("auto", {"server:7", "user:91", "role:9"}),
        ("aggressive", {"server:7", "server:8", "role:9"}),
    ],
)
def test_each_strategy_publishes_something_else(
    make_invalidation: MakeInvalidation, log: Log, strategy: str, published: set[str]
) -> None:
    invalidation = make_invalidation(strategy=strategy)
    pair = [Submission("user:91", "test", "all", "server:8")]
    if strategy == "aggressive":
        pair.append(Submission("user:92", "test", "all", "server:8"))
    receipt = invalidation.submit_many(users(SOME) + pair + [Submission("role:9", "test")])
    invalidation.start()
    assert invalidation.drain(LIMIT, receipt).done
    assert set(log.subjects) == published
    assert len(log.subjects) == len(published)


def test_too_many_servers_become_everything(make_invalidation: MakeInvalidation, log: Log) -> None:
    invalidation = make_invalidation(strategy="aggressive", global_above=10)
    invalidation.submit_many([Submission(f"server:{one}", "test") for one in range(1, 12)])
    invalidation.submit_many([Submission(f"server:{one}", "test", "l1") for one in range(1, 11)])
    invalidation.start()
    assert invalidation.drain(LIMIT).done
    assert set(log.subjects) == {"global"} | {f"memory:server:{one}" for one in range(1, 11)}


def test_without_a_strategy_the_analysis_decides(
    make_invalidation: MakeInvalidation, log: Log
) -> None:
    invalidation = make_invalidation()
    few = invalidation.submit_many(users(30))
    invalidation.start()
    assert invalidation.drain(LIMIT, few).done
    assert len(log.subjects) == 30
    invalidation.close()
    log.published.clear()
    flood = invalidation.submit_many(users(1_001))
    assert invalidation.analysis().strategy == "aggressive"
    invalidation.start()
    assert invalidation.drain(LIMIT, flood).done
    assert log.subjects == ["server:7"]


def test_an_operator_overrules_the_analysis_in_every_process(
    make_invalidation: MakeInvalidation, log: Log
) -> None:
    operator, worker = make_invalidation(), make_invalidation()
    operator.force("aggressive", 60, "flood")
    operator.submit_many(users(5))
    worker.start()
    assert operator.drain(LIMIT).done
    assert log.subjects == ["server:7"]


def test_many_that_are_due_at_once_become_one(
    make_invalidation: MakeInvalidation, log: Log
) -> None:
    invalidation = make_invalidation(strategy="conservative", pace=1, merge_above=20)
    ends = [replace(one, due=1.0, reason="role_ends") for one in users(30)]
    receipt = invalidation.submit_many(ends)
    invalidation.start()
    assert invalidation.drain(LIMIT, receipt).done
    assert log.subjects == ["server:7"]
    assert invalidation.stats().totals["processed_due"] == 30


def test_while_the_log_is_away_items_stay(make_invalidation: MakeInvalidation, log: Log) -> None:
    invalidation = make_invalidation()
    log.away = True
    receipt = invalidation.submit_many(users(5))
    invalidation.start()
    wait_until(lambda: invalidation.stats().failures)
    assert not invalidation.done(receipt).done
    assert invalidation.stats().claimed == 5
    invalidation.submit("role:9", "test")
    log.away = False
    assert invalidation.drain(LIMIT).done
    assert {"user:1", "user:5", "role:9"} <= set(log.subjects)


def test_what_a_dead_worker_had_claimed_is_published_by_the_next(
    make_invalidation: MakeInvalidation, log: Log, queue: InvalidationQueue
) -> None:
    invalidation = make_invalidation()
    receipt = invalidation.submit_many(users(5))
    # It died right after the log had it, or right before: nobody can tell.
    assert queue.take(Plan(Strategy.AGGRESSIVE, singles=(queue.look().oldest[0],), paced=False))
    assert not invalidation.done(receipt).done
    invalidation.start()
    assert invalidation.drain(LIMIT, receipt).done
    assert set(log.subjects) == {f"user:{one}" for one in range(1, 6)}


def test_a_subject_of_a_newer_version_is_published_as_everything(
    invalidation: SmartInvalidation, queue: InvalidationQueue, log: Log
) -> None:
    queue.submit([Submission("of_a_later_version:5", "test"), Submission("user:1", "test")])
    invalidation.start()
    assert invalidation.drain(LIMIT).done
    assert set(log.subjects) == {"global", "user:1"}


def test_workers_share_the_work_and_publish_everything(
    make_invalidation: MakeInvalidation, log: Log
) -> None:
    workers = [make_invalidation(strategy="conservative") for _ in range(3)]
    for one in workers:
        one.start()
    threads = [
        threading.Thread(target=worker.submit_many, args=(users(200, server),))
        for server, worker in enumerate(workers, start=1)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert workers[0].drain(LIMIT).done
    assert set(log.subjects) == {f"user:{one}" for one in range(1, 201)}
    assert workers[0].stats().totals["processed"] == 600


def test_it_ends_at_once_and_starts_again(invalidation: SmartInvalidation, log: Log) -> None:
    for number in (1, 2):
        invalidation.start()
        invalidation.start()
        assert invalidation.drain(LIMIT, invalidation.submit(f"user:{number}", "test")).done
        invalidation.close()
        assert "yoto-invalidation" not in {part.work.name for part in the_clock().parts}
    assert log.subjects == ["user:1", "user:2"]


def test_without_a_log_nothing_is_accepted(redis: RedisConnection) -> None:
    unconnected = SmartInvalidation(redis, DistributedLocks(redis), InvalidationSettings())
    with pytest.raises(RuntimeError):
        unconnected.submit("user:1", "test")
    with pytest.raises(RuntimeError):
        unconnected.start()


def test_redis_away_in_the_middle_loses_nothing_that_was_acknowledged_by_a_server_that_keeps_it(
    make_invalidation: MakeInvalidation,
    log: Log,
    own_server: Server,
    caplog: pytest.LogCaptureFixture,
) -> None:
    reach = RedisSettings(url=own_server.url, socket_timeout=0.2, connect_timeout=0.2)
    invalidation = make_invalidation(reach, strategy="conservative", pace=200)
    invalidation.start()
    receipt = invalidation.submit_many(users(100, None))
    own_server.pause()
    wait_until(lambda: "invalidations wait in their queue" in caplog.text)
    own_server.resume()
    assert _drained(invalidation, receipt)
    assert set(log.subjects) == {f"user:{one}" for one in range(1, 101)}


def test_after_a_restart_and_a_flush_of_scripts_it_goes_on(
    make_invalidation: MakeInvalidation, log: Log, own_server: Server
) -> None:
    invalidation = make_invalidation(RedisSettings(url=own_server.url))
    invalidation.start()
    own_server.restart()
    wait_until(lambda: _submitted(invalidation, "user:1"))
    wait_until(lambda: "user:1" in log.subjects)
    with own_server.client() as client:
        client.script_flush()
    assert _submitted(invalidation, "user:2")
    wait_until(lambda: "user:2" in log.subjects)


def _submitted(invalidation: SmartInvalidation, subject: str) -> bool:
    try:
        invalidation.submit(subject, "test")
    except StoreUnavailable:
        return False
    return True


def _drained(invalidation: SmartInvalidation, receipt: Receipt) -> bool:
    def done() -> bool:
        try:
            return invalidation.done(receipt).done
        except StoreUnavailable:
            return False

    wait_until(done)
    return True
