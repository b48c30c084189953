"""Handlers that hang or are late, consumers that stand still, clocks that jump, a lost Redis."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from tests.contract.rooms.queues.batch.conftest import (
    QUICK,
    HandlerCount,
    MakeQueue,
    Recorder,
    adds_up,
    numbered,
    of_kind,
    settled,
)
from tests.contract.rooms.queues.batch.workers import QueueWorkers
from tests.support.redis_fixtures import settings_of
from tests.support.redis_servers import Server
from tests.support.waiting import wait_until
from yoto.errors import StoreUnavailable
from yoto.events import new_instance_id
from yoto.redis import RedisConnection, RedisSettings
from yoto.rooms.queues.batch import BatchQueue, QueueItem
from yoto.rooms.queues.batch.names import KindKeys, QueueKeys
from yoto.rooms.queues.batch.queue import DEFAULT_NAME
from yoto.rooms.queues.batch.store import QueueStore, Taken

LIMIT = 0.3  # s


def keys_of(redis: RedisConnection) -> KindKeys:
    """Where Redis has the items."""
    return QueueKeys(redis.keys, DEFAULT_NAME).of_kind("job")


def dies_with_items(redis: RedisConnection, **fields: Any) -> str:
    """A consumer that takes items, which is the last that is heard of it; its name."""
    settings, name = replace(QUICK, **fields), new_instance_id()
    store = QueueStore(redis, QueueKeys(redis.keys, DEFAULT_NAME), settings, name)
    assert isinstance(store.take(["job"], False), Taken)
    return name


class Sticky:
    """A handler that does not return from its first call, or calls, until it is let go."""

    def __init__(self, times: int = 1) -> None:
        self.let_go = threading.Event()
        self.returned = threading.Event()
        self.done: list[int] = []
        self._times = times
        self._lock = threading.Lock()

    def __call__(self, items: Sequence[QueueItem]) -> None:
        with self._lock:
            stuck = self._times > 0
            self._times -= 1
        if stuck:
            self.let_go.wait(60)
            self.returned.set()
            return
        self.done += [item.payload["n"] for item in items]


def test_a_handler_that_hangs_loses_its_items_and_its_late_result_changes_nothing(
    make_queue: MakeQueue, reach: RedisSettings, running_handlers: HandlerCount
) -> None:
    queue = make_queue(reach, handler_limit=LIMIT, workers=1)
    sticky = Sticky()
    queue.register_handler("job", sticky)
    queue.enqueue_many("job", numbered(3))
    queue.start()
    stats = settled(queue)
    assert sorted(sticky.done) == [0, 1, 2]
    assert (stats.counts.handled, stats.counts.failed, stats.counts.duplicates) == (3, 3, 0)
    assert running_handlers() == 2  # one hangs, and one has taken its place
    sticky.let_go.set()
    wait_until(lambda: of_kind(queue).counts.duplicates == 3)
    wait_until(lambda: running_handlers() == 1)
    stats = of_kind(queue)
    assert stats.counts.handled == 3 and adds_up(stats)


def test_an_item_that_hangs_every_time_is_a_dead_letter(
    make_queue: MakeQueue, reach: RedisSettings
) -> None:
    queue = make_queue(reach, handler_limit=LIMIT, max_tries=2, abandoned=2)
    sticky = Sticky(times=2)
    queue.register_handler("job", sticky)
    queue.enqueue("job", {"n": 1})
    queue.start()
    settled(queue)
    (letter,) = queue.dead_letters().letters
    assert (letter.tries, letter.reason) == (2, "TimeoutError: the handler took longer than 0.3 s")
    sticky.let_go.set()


def test_abandoned_threads_are_few_and_work_again_when_they_return(
    make_queue: MakeQueue, reach: RedisSettings, running_handlers: HandlerCount
) -> None:
    queue = make_queue(
        reach, handler_limit=LIMIT, workers=2, abandoned=1, max_tries=1, batch_size=1
    )
    sticky = Sticky(times=3)
    queue.register_handler("job", sticky)
    queue.enqueue_many("job", numbered(4))
    queue.start()
    # Two hang and one of them is replaced; that one hangs too, and nobody is left.
    wait_until(lambda: of_kind(queue).counts.dead == 3)
    assert running_handlers() == 3
    assert of_kind(queue).waiting == 1
    sticky.let_go.set()
    settled(queue)
    wait_until(lambda: running_handlers() == 2)
    assert sticky.done == [3]


def test_a_handler_that_works_for_two_leases_keeps_its_items(
    make_queue: MakeQueue, reach: RedisSettings
) -> None:
    queue, other = (make_queue(reach, lease=0.5) for _ in range(2))
    calls: list[int] = []

    def slow(items: Sequence[QueueItem]) -> None:
        calls.append(len(items))
        time.sleep(1.2)

    for one in (queue, other):
        one.register_handler("job", slow)
        one.start()
    queue.enqueue("job", {"n": 1})
    stats = settled(queue)
    assert calls == [1] and stats.counts.lapsed == 0 and stats.counts.handled == 1


def test_a_handler_that_exits_is_a_failure_like_any_other(
    queue: BatchQueue, running_handlers: HandlerCount
) -> None:
    def leave(items: Any) -> None:
        raise SystemExit(1)

    queue.register_handler("job", leave)
    queue.enqueue("job", {"n": 1})
    queue.start()
    assert settled(queue).counts.dead == 1
    assert running_handlers() == 2


def test_a_consumer_that_stood_still_finds_its_items_with_others(
    queue_workers: QueueWorkers, make_queue: MakeQueue, valkey_server: Server
) -> None:
    reach = settings_of(valkey_server, key_prefix=f"test-{secrets.token_hex(6)}:")
    settings = make_queue(reach, lease=0.5).settings
    (sleeper,) = queue_workers.start_at(reach, settings, 1)
    queue = make_queue(reach, lease=0.5)
    # Its handler takes 2 ms a call, so it is stopped within one.
    queue.enqueue_many("job", numbered(5_000))
    wait_until(lambda: of_kind(queue).counts.handled > 0)
    while True:
        sleeper.pause()
        if of_kind(queue).in_flight:
            break
        sleeper.resume()
    recorder = Recorder()
    queue.register_handler("job", recorder)
    queue.start()
    wait_until(lambda: of_kind(queue).counts.lapsed > 0)
    wait_until(lambda: of_kind(queue).length == 0)
    sleeper.resume()
    wait_until(lambda: of_kind(queue).counts.duplicates > 0)
    stats = of_kind(queue)
    assert stats.counts.handled == 5_000 and adds_up(stats)


def test_items_whose_consumer_died_at_the_last_try_say_so(
    make_queue: MakeQueue, reach: RedisSettings, redis: RedisConnection
) -> None:
    queue = make_queue(reach, max_tries=1)
    queue.enqueue("job", {"n": 1})
    name = dies_with_items(redis, lease=0.5, max_tries=1)
    queue.register_handler("job", Recorder())
    queue.start()
    stats = settled(queue)
    (letter,) = queue.dead_letters().letters
    assert letter.reason == f"the lease of {name} ran out: it died or stood still"
    assert stats.counts.lapsed == 1 and adds_up(stats)


def test_a_clock_that_was_set_back_holds_nothing_up(
    make_queue: MakeQueue, reach: RedisSettings, redis: RedisConnection
) -> None:
    queue = make_queue(reach, lease=0.5, batch_age=30.0)
    queue.enqueue_many("job", numbered(2))
    dies_with_items(redis, lease=0.5)
    keys = keys_of(redis)
    one, two = (entry.decode() for entry, _ in redis.client.xrange(keys.stream))
    # As an hour ago, by a clock that went an hour ahead: one in flight and one delayed.
    ahead = time.time() * 1000 + 3_600_000
    redis.client.zadd(keys.leases, {one: ahead})
    redis.client.zrem(keys.leases, two)
    redis.client.zadd(keys.delayed, {two: ahead})
    # And one that was put in then.
    redis.client.xadd(keys.stream, {"payload": '{"n":2}'}, id=f"{int(ahead)}-0")
    recorder = Recorder()
    queue.register_handler("job", recorder)
    queue.start()
    settled(queue)
    assert sorted(recorder.numbers) == [0, 1, 2]


def test_a_store_that_is_away_uses_up_no_try(make_queue: MakeQueue, reach: RedisSettings) -> None:
    queue = make_queue(reach, max_tries=2, retry_delay=0.05)
    away = 5
    attempts: list[int] = []

    def handle(items: Sequence[QueueItem]) -> None:
        nonlocal away
        attempts.extend(item.attempt for item in items)
        away -= 1
        if away > 0:
            raise StoreUnavailable("database", retry_after=0.01)

    queue.register_handler("job", handle)
    queue.enqueue("job", {"n": 1})
    queue.start()
    stats = settled(queue)
    assert attempts == [1] * 5
    assert (stats.counts.postponed, stats.counts.dead, stats.counts.handled) == (4, 0, 1)
    assert adds_up(stats)


def test_an_item_that_is_no_longer_young_uses_up_its_tries(
    make_queue: MakeQueue, reach: RedisSettings
) -> None:
    queue = make_queue(reach, max_tries=2, retry_delay=0.05, patience=0)

    def handle(items: Sequence[QueueItem]) -> None:
        raise StoreUnavailable("database", retry_after=0.01)

    queue.register_handler("job", handle)
    queue.enqueue("job", {"n": 1})
    queue.start()
    stats = settled(queue)
    assert (stats.counts.postponed, stats.counts.dead) == (0, 1) and adds_up(stats)


def test_a_payload_that_nobody_can_read_is_dead_and_the_others_are_done(
    queue: BatchQueue, redis: RedisConnection
) -> None:
    queue.enqueue("job", {"n": 1})
    redis.client.xadd(keys_of(redis).stream, {"payload": "{broken"})
    recorder = Recorder()
    queue.register_handler("job", recorder)
    queue.start()
    settled(queue)
    (letter,) = queue.dead_letters().letters
    assert letter.payload == "{broken" and letter.reason.startswith("DecodeError")
    assert recorder.numbers == [1]


def test_an_entry_that_somebody_deleted_is_passed_over(
    make_queue: MakeQueue, reach: RedisSettings, redis: RedisConnection
) -> None:
    queue, recorder = make_queue(reach), Recorder()
    queue.enqueue_many("job", numbered(2))
    dies_with_items(redis, lease=0.5)
    stream = keys_of(redis).stream
    redis.client.xdel(stream, redis.client.xrange(stream)[0][0])
    queue.register_handler("job", recorder)
    queue.start()
    settled(queue)
    assert recorder.numbers == [1]
    assert of_kind(queue).waiting == of_kind(queue).in_flight == 0


def test_a_queue_whose_redis_lost_everything_goes_on(
    make_queue: MakeQueue, own_server: Server
) -> None:
    queue = make_queue(RedisSettings(url=own_server.url))
    gate, began, recorder = threading.Event(), threading.Event(), Recorder()

    def handle(items: Sequence[QueueItem]) -> None:
        if items[0].payload["n"] == 0:
            began.set()
            gate.wait(30)
        recorder(items)

    queue.register_handler("job", handle)
    queue.start()
    queue.enqueue("job", {"n": 0})
    assert began.wait(30)
    own_server.restart()
    gate.set()
    wait_until(lambda: _enqueued(queue, {"n": 1}))
    settled(queue)
    assert recorder.numbers == [0, 1]


def test_a_stream_that_lost_its_group_is_read_again_from_its_beginning(
    make_queue: MakeQueue, reach: RedisSettings, redis: RedisConnection
) -> None:
    queue, recorder = make_queue(reach), Recorder()
    queue.enqueue_many("job", numbered(3))
    dies_with_items(redis, batch_size=1)
    redis.client.xgroup_destroy(keys_of(redis).stream, "workers")
    assert of_kind(queue).length == 3 and of_kind(queue).consumers == {}
    queue.register_handler("job", recorder)
    queue.start()
    settled(queue)
    assert sorted(recorder.numbers) == [0, 1, 2]


def _enqueued(queue: BatchQueue, payload: dict[str, Any]) -> bool:
    try:
        queue.enqueue("job", payload, key="once")
    except StoreUnavailable:
        return False
    return True


def test_an_answer_that_went_astray_is_not_counted_as_late(
    make_queue: MakeQueue, reach: RedisSettings, monkeypatch: Any
) -> None:
    queue = make_queue(reach)
    settle, answers = QueueStore.settle, []

    def forgetful(*args: Any, **options: Any) -> tuple[int, int]:
        answers.append(settle(*args, **options))
        if len(answers) == 1:
            raise StoreUnavailable("redis")
        return answers[-1]

    monkeypatch.setattr(QueueStore, "settle", forgetful)
    monkeypatch.setattr("yoto.rooms.queues.batch.settling.PAUSE", 0.01)
    queue.register_handler("job", Recorder())
    queue.enqueue_many("job", numbered(3))
    queue.start()
    settled(queue)
    wait_until(lambda: len(answers) == 2)
    stats = of_kind(queue)
    assert answers[0] == (3, 0)
    assert (stats.counts.handled, stats.counts.duplicates) == (3, 0) and adds_up(stats)
