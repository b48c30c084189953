"""The queue on real servers, within one process."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from tests.contract.rooms.queues.batch.conftest import (
    HandlerCount,
    MakeQueue,
    Recorder,
    adds_up,
    numbered,
    of_kind,
    settled,
)
from tests.support.redis_servers import Server, start_valkey
from tests.support.waiting import wait_until
from yoto.errors import QueueFull, StoreUnavailable, ValidationFailed
from yoto.redis import RedisConnection, RedisSettings
from yoto.rooms.queues.batch import BatchQueue, QueueItem
from yoto.rooms.queues.batch.store import QueueStore


def test_an_item_comes_to_the_handler_of_its_kind(queue: BatchQueue) -> None:
    jobs, others = Recorder(), Recorder()
    queue.register_handler("job", jobs)
    queue.register_handler("other", others)
    queue.start()
    payload = {"n": 1, "name": "Zoë", "list": [1, 2.5, None, {"deep": True}]}
    item_id = queue.enqueue("job", payload)
    stats = settled(queue)
    ((item,),) = jobs.calls
    assert (item.id, item.kind, item.payload, item.attempt) == (item_id, "job", payload, 1)
    assert others.calls == []
    assert stats.counts.handled == 1 and adds_up(stats)


def test_items_come_in_batches_and_each_once(queue: BatchQueue) -> None:
    recorder = Recorder()
    queue.register_handler("job", recorder)
    ids = queue.enqueue_many("job", numbered(1050))
    assert len(set(ids)) == 1050
    queue.start()
    stats = settled(queue)
    assert sorted(recorder.numbers) == list(range(1050))
    assert max(map(len, recorder.calls)) == queue.settings.batch_size
    assert len(recorder.calls) <= 12
    assert stats.counts.handled == 1050 and adds_up(stats)


def test_a_batch_waits_for_others_until_it_is_full_or_old(
    make_queue: MakeQueue, reach: RedisSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[object] = []
    take = QueueStore.take

    def taken(*given: Any, **options: Any) -> object:
        looks.append(take(*given, **options))
        return looks[-1]

    monkeypatch.setattr(QueueStore, "take", taken)
    patient = make_queue(reach, batch_age=60.0, batch_size=3)
    recorder = Recorder()
    patient.register_handler("job", recorder)
    patient.start()
    patient.enqueue_many("job", numbered(2))
    # It looks several times a second, and finds too few of them.
    before = len(looks)
    wait_until(lambda: len(looks) > before + 3)
    assert recorder.calls == [] and of_kind(patient).waiting == 2
    patient.enqueue("job", {"n": 2})
    settled(patient)
    assert [len(call) for call in recorder.calls] == [3]

    quick = make_queue(reach, batch_age=0.3, batch_size=3)
    recorder = Recorder()
    quick.register_handler("aging", recorder)
    quick.start()
    quick.enqueue_many("aging", numbered(2))
    settled(quick, "aging")
    assert [len(call) for call in recorder.calls] == [2]


def test_the_items_of_a_failed_batch_are_tried_one_by_one(queue: BatchQueue) -> None:
    recorder = Recorder(fail=lambda item: item.payload["n"] == 3)
    queue.register_handler("job", recorder)
    queue.enqueue_many("job", numbered(10))
    queue.start()
    stats = settled(queue)
    first, *others = recorder.calls
    assert len(first) == 10
    assert all(len(call) == 1 for call in others)
    # The nine others were held up by nothing but their one failed batch.
    assert sorted(call[0].payload["n"] for call in others) == [0, 1, 2, 3, 3, 4, 5, 6, 7, 8, 9]
    assert {call[0].attempt for call in others if call[0].payload["n"] != 3} == {2}
    (letter,) = queue.dead_letters().letters
    assert (letter.kind, letter.payload, letter.tries) == ("job", '{"n":3}', 3)
    assert letter.reason == "RuntimeError: cannot do {'n': 3}"
    assert letter.enqueued_at <= letter.died_at
    counts = stats.counts
    assert (counts.handled, counts.failed, counts.retried, counts.dead) == (9, 12, 11, 1)
    assert adds_up(stats)


def test_what_a_handler_refuses_is_dead_at_once_and_alone(queue: BatchQueue) -> None:
    def refuse(items: Any) -> None:
        for item in items:
            if item.payload["n"] == 1:
                raise ValidationFailed({"n": "must not be 1"})

    queue.register_handler("job", refuse)
    queue.enqueue_many("job", numbered(3))
    queue.start()
    stats = settled(queue)
    (letter,) = queue.dead_letters().letters
    # Once in the batch, of which nobody knew which one was meant, and once alone.
    assert (letter.payload, letter.tries) == ('{"n":1}', 2)
    assert letter.reason == "ValidationFailed: n: must not be 1"
    assert stats.counts.handled == 2 and adds_up(stats)


def test_dead_letters_are_paged_and_redriven(queue: BatchQueue) -> None:
    broken = True

    def handle(items: Any) -> None:
        if broken:
            raise OSError("the disk is full")

    for kind in ("one", "two"):
        queue.register_handler(kind, handle)
        queue.enqueue_many(kind, numbered(3))
    queue.start()
    for kind in ("one", "two"):
        settled(queue, kind)
    first = queue.dead_letters(limit=4)
    rest = queue.dead_letters(limit=4, after=first.after)
    letters = [*first.letters, *rest.letters]
    assert rest.after is None
    assert [letter.kind for letter in letters] == ["one"] * 3 + ["two"] * 3
    assert [letter.number for letter in letters] == [3, 2, 1] * 2
    assert queue.dead_letters("two").letters == tuple(letters[3:])

    broken = False
    assert queue.redrive([letters[0].id, letters[3].id, "one:1-0"]) == 2
    assert settled(queue, "one").counts.handled == 1
    assert queue.redrive_all("one") == 2
    assert queue.redrive_all() == 2
    assert queue.redrive_all() == 0
    for kind in ("one", "two"):
        stats = settled(queue, kind)
        assert (stats.counts.redriven, stats.counts.handled, stats.dead) == (3, 3, 0)
        assert adds_up(stats)


def test_what_dies_again_is_redriven_once(queue: BatchQueue) -> None:
    queue.register_handler("job", Recorder(fail=lambda item: True))
    queue.enqueue_many("job", numbered(5))
    queue.start()
    settled(queue)
    assert queue.redrive_all() == 5
    stats = settled(queue)
    assert (stats.counts.dead, stats.counts.redriven, stats.dead) == (10, 5, 5)


def test_a_dead_letter_is_read_whole_and_thrown_away_once(queue: BatchQueue) -> None:
    queue.register_handler("job", Recorder(fail=lambda item: True))
    queue.enqueue_many("job", numbered(2))
    queue.start()
    settled(queue)
    newest = queue.dead_letters("job").letters[0]
    assert queue.dead_letter(newest.id) == newest
    assert queue.discard(newest.id) and not queue.discard(newest.id)
    assert queue.dead_letter(newest.id) is None and queue.redrive([newest.id]) == 0
    stats = of_kind(queue)
    assert (stats.dead, stats.counts.discarded) == (1, 1) and adds_up(stats)
    for call in (queue.dead_letter, queue.discard):
        with pytest.raises(ValidationFailed, match="is no id"):
            call("nonsense")


def test_only_the_newest_dead_letters_are_kept_and_the_others_counted(
    make_queue: MakeQueue, reach: RedisSettings
) -> None:
    queue = make_queue(reach, dead_kept=3, max_tries=1)
    queue.register_handler("job", Recorder(fail=lambda item: True))
    queue.enqueue_many("job", numbered(10))
    queue.start()
    stats = settled(queue)
    assert (stats.dead, stats.counts.dead, stats.counts.forgotten) == (3, 10, 7)
    assert [letter.number for letter in queue.dead_letters().letters] == [10, 9, 8]
    assert adds_up(stats)


def test_a_kind_that_nobody_knows_waits_and_blocks_nobody(
    make_queue: MakeQueue, queue: BatchQueue, reach: RedisSettings
) -> None:
    recorder = Recorder()
    queue.register_handler("job", recorder)
    queue.start()
    queue.enqueue("new-in-this-release", {"n": 7})
    queue.enqueue("job", {"n": 1})
    settled(queue)
    assert queue.stats().unserved == ("new-in-this-release",)
    newer, later = make_queue(reach), Recorder()
    newer.register_handler("new-in-this-release", later)
    newer.start()
    settled(newer, "new-in-this-release")
    assert later.numbers == [7] and recorder.numbers == [1]


def test_a_handler_may_be_registered_while_the_queue_runs(queue: BatchQueue) -> None:
    queue.start()
    queue.enqueue("job", {"n": 1})
    recorder = Recorder()
    queue.register_handler("job", recorder)
    settled(queue)
    assert recorder.numbers == [1]


def test_a_key_makes_two_items_one(queue: BatchQueue) -> None:
    first = queue.enqueue("job", {"n": 1}, key="daily: 2026-11-24 {x}")
    assert queue.enqueue("job", {"n": 1}, key="daily: 2026-11-24 {x}") == first
    assert queue.enqueue("job", {"n": 1}, key="another") != first
    assert queue.enqueue("other", {"n": 1}, key="daily: 2026-11-24 {x}") != first
    ids = queue.enqueue_many("job", numbered(3), ["a", None, "a"])
    assert ids[0] == ids[2] != ids[1]
    stats = of_kind(queue)
    assert (stats.counts.enqueued, stats.counts.repeated, stats.length) == (4, 2, 4)


def test_a_full_queue_refuses_and_keeps_what_it_has(
    make_queue: MakeQueue, reach: RedisSettings
) -> None:
    queue = make_queue(reach, max_length=5)
    queue.enqueue_many("job", numbered(4))
    with pytest.raises(QueueFull) as refused:
        queue.enqueue_many("job", numbered(2))
    assert (refused.value.name, refused.value.limit) == ("job", 5)
    queue.enqueue("job", {"n": 4})
    queue.enqueue("other", {"n": 0})
    assert of_kind(queue).length == 5
    recorder = Recorder()
    queue.register_handler("job", recorder)
    queue.start()
    settled(queue)
    assert recorder.numbers == [0, 1, 2, 3, 4]


def test_what_makes_no_sense_is_refused_and_changes_nothing(
    queue: BatchQueue, redis: RedisConnection, reach: RedisSettings
) -> None:
    def check(payload: Any) -> None:
        if "n" not in payload:
            raise ValidationFailed({"payload.n": "is missing"})

    queue.register_handler("job", Recorder(), check)
    for field, act in (
        ("payload.n", lambda: queue.enqueue("job", {})),
        ("payload.n", lambda: queue.enqueue_many("job", [{"n": 1}, {"x": 1}])),
        ("payload.x", lambda: queue.enqueue("free", {"x": object()})),
        ("kind", lambda: queue.enqueue("No Kind", {})),
        ("key", lambda: queue.enqueue("free", {}, key="")),
        ("keys", lambda: queue.enqueue_many("free", [{}], ["a", "b"])),
        ("kind", lambda: queue.register_handler("job", Recorder())),
        ("limit", lambda: queue.dead_letters(limit=0)),
        ("after", lambda: queue.dead_letters(after="job")),
        ("ids", lambda: queue.redrive(["job"])),
    ):
        with pytest.raises(ValidationFailed) as refused:
            act()
        assert list(refused.value.errors) == [field]
    assert not list(redis.client.scan_iter(match=f"{reach.key_prefix}*"))


def test_every_key_ends_by_itself_and_has_the_tag_of_the_queue(
    queue: BatchQueue, redis: RedisConnection, reach: RedisSettings
) -> None:
    gate = threading.Event()

    def handle(items: Any) -> None:
        if items[0].payload["n"] == 1:
            raise ValidationFailed({"n": "must not be 1"})
        if items[0].payload["n"] == 2:
            raise RuntimeError("later")
        gate.wait(30)

    queue.register_handler("job", handle)
    queue.start()
    for n in (1, 2, 3):
        queue.enqueue("job", {"n": n}, key=str(n))
    wait_until(lambda: of_kind(queue).in_flight and of_kind(queue).dead)
    found = list(redis.client.scan_iter(match=f"{reach.key_prefix}*"))
    assert len(found) >= 8
    for key in found:
        assert b"{q:tasks}" in key
        assert redis.client.pttl(key) != -1, key
    gate.set()


def test_stats_say_who_has_what(queue: BatchQueue) -> None:
    gate, began = threading.Event(), threading.Event()

    def handle(items: Any) -> None:
        began.set()
        assert gate.wait(30)

    queue.register_handler("job", handle)
    queue.enqueue_many("job", numbered(150))
    queue.start()
    assert began.wait(30)
    wait_until(lambda: of_kind(queue).in_flight == 150 and queue.stats().consumers)
    stats = queue.stats()
    (consumer,) = stats.consumers.values()
    assert (consumer.workers, consumer.abandoned, consumer.kinds) == (2, 0, ("job",))
    assert consumer.in_flight == 150 and list(stats.kinds["job"].consumers.values()) == [150]
    assert (stats.length, stats.waiting, stats.delayed) == (150, 0, 0)
    assert stats.oldest_age is not None and stats.inflow > 0 and stats.processing == 0
    gate.set()
    assert settled(queue).processing > 0
    queue.close()
    assert queue.stats().consumers == {}


def test_closing_waits_for_handlers_and_a_start_goes_on(
    queue: BatchQueue, running_handlers: HandlerCount
) -> None:
    began = threading.Event()
    done: list[QueueItem] = []

    def handle(items: Any) -> None:
        began.set()
        threading.Event().wait(0.2)
        done.extend(items)

    before = set(threading.enumerate())
    queue.register_handler("job", handle)
    queue.start()
    queue.enqueue("job", {"n": 1})
    assert began.wait(30)
    queue.close(drain=30)
    assert len(done) == 1 and of_kind(queue).counts.handled == 1
    wait_until(lambda: not set(threading.enumerate()) - before)
    queue.enqueue("job", {"n": 2})
    queue.start()
    queue.start()
    assert settled(queue).counts.handled == 2
    assert running_handlers() == 2


def test_a_process_without_workers_only_enqueues(
    make_queue: MakeQueue, reach: RedisSettings
) -> None:
    queue = make_queue(reach, workers=0)
    before = set(threading.enumerate())
    queue.register_handler("job", Recorder())
    queue.start()
    queue.enqueue("job", {"n": 1})
    assert not set(threading.enumerate()) - before
    assert of_kind(queue).waiting == 1


def test_without_redis_nothing_is_taken_for_granted(make_queue: MakeQueue) -> None:
    with start_valkey() as server:
        queue = make_queue(RedisSettings(url=server.url))
        queue.enqueue("job", {"n": 1})
        server.kill()
        with pytest.raises(StoreUnavailable):
            queue.enqueue("job", {"n": 2})
        with pytest.raises(StoreUnavailable):
            queue.stats()


def test_two_queues_of_different_names_do_not_meet(
    valkey_server: Server, reach: RedisSettings, redis: RedisConnection
) -> None:
    one, other = (BatchQueue(redis, "me", name=name) for name in ("one", "other"))
    one.enqueue("job", {"n": 1})
    assert list(one.stats().kinds) == ["job"] and not other.stats().kinds
