"""Several worker processes and one truth."""

from __future__ import annotations

import time
from pathlib import Path

from tests.contract.cache.conftest import Connect
from tests.contract.cache.workers import CacheWorkers, Truth
from tests.support.redis_servers import Server
from tests.support.waiting import wait_until
from yoto.cache import InvalidationLog
from yoto.redis import RedisConnection, RedisSettings

# MAX_STALENESS, and a little for a busy machine to schedule who watches.
BOUND = 2.0 + 0.5


def test_two_hundred_misses_over_four_processes_load_once(
    workers: CacheWorkers, reach: RedisSettings, tmp_path: Path
) -> None:
    truth = Truth(tmp_path)
    truth.write(1, 42)
    four = workers.start_at(reach, tmp_path, 4)
    before = truth.loads
    at = time.time() + 1.0
    for worker in four:
        worker.ask("stampede", 1, 50, at, 0.3)
    masks = [mask for worker in four for mask in worker.answer()]
    assert masks == [42] * 200
    assert truth.loads - before == 1
    avoided = sum(worker.do("stats")["stampedes_avoided"] for worker in four)
    assert avoided >= 150


def test_a_loader_that_is_killed_is_taken_over_within_its_lease(
    workers: CacheWorkers, reach: RedisSettings, tmp_path: Path, redis: RedisConnection
) -> None:
    truth = Truth(tmp_path)
    truth.write(1, 42)
    doomed, heir = workers.start_at(reach, tmp_path, 2)
    doomed.ask("get", 1, None, 60.0)
    lock = redis.keys.lock("cache-load/1/server:7")
    wait_until(lambda: redis.client.exists(lock), what="the lock to be taken")
    doomed.kill()
    began = time.monotonic()
    assert heir.do("get", 1) == ["db", 42]
    waited = time.monotonic() - began
    assert 0.5 < waited < 2.0 + 0.5
    wait_until(lambda: not redis.client.exists(lock), what="the lock to be given back")


def test_a_change_in_one_process_is_seen_by_the_others(
    workers: CacheWorkers, reach: RedisSettings, tmp_path: Path
) -> None:
    Truth(tmp_path).write(1, 1)
    writer, *readers = workers.start_at(reach, tmp_path, 3)
    delays = []
    for mask in range(2, 8):
        for reader in readers:
            reader.do("get", 1)
            reader.ask("watch", 1, mask, 0.4)
        time.sleep(0.1)
        changed_at = time.time()
        position = writer.do("change", 1, mask)
        for reader in readers:
            delays.append(reader.answer() - changed_at)
            assert reader.do("get", 1, position)[1] == mask
        assert writer.do("get", 1)[1] == mask
    # Each was told, not left to a poll or to the bound.
    assert sorted(delays)[len(delays) // 2] < 0.4
    assert max(delays) < BOUND


def test_the_writer_sees_its_change_at_once_everywhere(
    workers: CacheWorkers, reach: RedisSettings, tmp_path: Path
) -> None:
    Truth(tmp_path).write(1, 1)
    all_workers = workers.start_at(reach, tmp_path, 3)
    for worker in all_workers:
        worker.do("get", 1)
    for mask in range(2, 40):
        position = all_workers[mask % 3].do("change", 1, mask)
        for worker in all_workers:
            assert worker.do("get", 1, position)[1] == mask


def test_a_worker_that_was_paused_does_not_answer_from_what_it_remembers(
    workers: CacheWorkers, reach: RedisSettings, tmp_path: Path
) -> None:
    Truth(tmp_path).write(1, 1)
    sleeper, writer = workers.start_at(reach, tmp_path, 2)
    assert sleeper.do("get", 1)[1] == 1
    sleeper.pause()
    writer.do("change", 1, 2)
    time.sleep(2.5)
    sleeper.ask("get", 1)
    sleeper.resume()
    # Memory is not asked: the tier that answers has heard of the change, or asks the database.
    tier, mask = sleeper.answer()
    assert (tier != "l1", mask) == (True, 2)


def test_a_log_that_is_cut_during_a_write_leaves_nobody_stale_beyond_the_bound(
    workers: CacheWorkers, own_server: Server, tmp_path: Path
) -> None:
    reach = RedisSettings(url=own_server.url)
    truth = Truth(tmp_path)
    truth.write(1, 1)
    (reader,) = workers.start_at(reach, tmp_path, 1)
    assert reader.do("get", 1)[1] == 1
    reader.ask("watch", 1, 2, 4.0)
    own_server.pause()
    truth.write(1, 2)
    cut_at = time.time()
    last_stale = reader.answer()
    assert cut_at < last_stale < cut_at + BOUND, "memory answered for a while, and not longer"
    assert reader.do("stats")["l1_bypassed"] > 0
    own_server.resume()
    # Entries remembered before the cut are gone, though no event was lost.
    wait_until(lambda: reader.do("get", 1)[0] == "l1", what="memory to be used again")
    assert reader.do("get", 1) == ["l1", 2]


def test_a_wiped_redis_makes_nobody_believe_what_is_old(
    workers: CacheWorkers, own_server: Server, connect: Connect, tmp_path: Path
) -> None:
    """Committed, and the event lost with the whole of Redis before anybody read it."""
    reach = RedisSettings(url=own_server.url)
    truth = Truth(tmp_path)
    truth.write(1, 1)
    readers = workers.start_at(reach, tmp_path, 2)
    for reader in readers:
        assert reader.do("get", 1)[1] == 1
        reader.ask("watch", 1, 2, 3.0)
    time.sleep(0.2)
    truth.write(1, 2)
    wiped_at = time.time()
    with own_server.client() as client:
        client.flushall()
    for reader in readers:
        # The bound of staleness, within which nobody may believe what is old.
        assert reader.answer() < wiped_at + 2.0
        assert reader.do("get", 1)[1] == 2
    log = InvalidationLog(connect(reach))
    newest = log.newest()
    assert newest is not None and newest.tags == ("global",)
