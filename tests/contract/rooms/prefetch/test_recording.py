"""Deeds in Redis: once each, within bounds, known to every worker, gone when forgotten."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract.rooms.prefetch.conftest import SETTINGS, MakeWorker, Worker
from tests.support.redis_fixtures import settings_of
from tests.support.redis_servers import Server
from tests.support.waiting import wait_until
from yoto.errors import StoreUnavailable
from yoto.redis import RedisConnection, RedisSettings
from yoto.rooms.prefetch.recording import log as log_module

ANNA, BEN = 42, 43


def kept(worker: Worker, user_id: int) -> list[Any]:
    """The deeds that Redis has of a user."""
    return worker.history.read([user_id])[user_id].activities


def logged(worker: Worker) -> list[Any]:
    """The entries of the log."""
    return worker.log.read("0-0", 10_000).entries


def test_what_one_worker_saw_is_known_to_the_others(worker: Worker, other: Worker) -> None:
    other.see(ANNA, 1)
    other.turn()
    worker.see(ANNA, 2, 3)
    worker.turn()
    other.turn()
    assert other.activities(ANNA) == worker.activities(ANNA) == 3
    assert other.analyzer.sizes["steps"] == 3


def test_a_restart_knows_what_was_known(
    worker: Worker, make_worker: MakeWorker, reach: RedisSettings
) -> None:
    worker.see(ANNA, *[1, 2, 3] * 6, 1)
    worker.turn()
    expected = [(one.step, round(one.probability, 3)) for one in worker.analyzer.predict(ANNA)]
    reborn = make_worker(reach)
    reborn.listen()
    reborn.work.read_histories([ANNA])
    found = [(one.step, round(one.probability, 3)) for one in reborn.analyzer.predict(ANNA)]
    assert found[0][0] == expected[0][0] and found[0][1] == pytest.approx(expected[0][1], abs=0.02)


def test_storing_twice_stores_once(worker: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    """The reply to the log, and then the one to the histories, is lost."""
    append, keep = worker.log.append, worker.history.keep
    lost = [True, True]

    def losing_append(*arguments: Any) -> Any:
        answer = append(*arguments)
        if lost[0]:
            lost[0] = False
            raise StoreUnavailable("redis")
        return answer

    def losing_keep(*arguments: Any) -> Any:
        answer = keep(*arguments)
        if lost[1]:
            lost[1] = False
            raise StoreUnavailable("redis")
        return answer

    monkeypatch.setattr(worker.log, "append", losing_append)
    monkeypatch.setattr(worker.history, "keep", losing_keep)
    worker.see(ANNA, 1, 2)
    worker.listen()
    assert [worker.flusher.flush() for _ in range(3)] == [False, False, True]
    assert [activity.resource_id for activity in kept(worker, ANNA)] == [1, 2]
    assert [len(entry.activities) for entry in logged(worker)] == [2]
    assert (worker.flusher.flushed, len(worker.flusher)) == (2, 0)


def test_redis_keeps_the_newest_deeds_of_a_user_for_a_while(
    worker: Worker, reach: RedisSettings
) -> None:
    worker.see(ANNA, *range(1, 31))
    worker.turn()
    found = [activity.resource_id for activity in kept(worker, ANNA)]
    assert found == list(range(31 - SETTINGS.history, 31))
    redis = RedisConnection(reach)
    for key in (redis.keys.behaviour_history(ANNA), redis.keys.behaviour_log()):
        assert 0 < redis.client.pttl(key) <= SETTINGS.retention * 1000
    redis.close()


def test_the_log_keeps_so_many_entries(worker: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_module, "MAX_LENGTH", 50)
    for user_id in range(1, 401):
        worker.see(user_id, 1)
        if user_id % 100 == 0:
            worker.turn()
    # Redis trims whole nodes of a stream, of a hundred entries each.
    assert 50 <= len(logged(worker)) < 200


def test_forgetting_leaves_nothing_of_a_user_and_all_of_the_others(
    worker: Worker, other: Worker
) -> None:
    for one in (worker, other):
        one.see(ANNA, 1, 2)
        one.see(BEN, 1, 2)
        one.turn()
    worker.work.forget(ANNA)
    other.turn()
    for one in (worker, other):
        assert (one.activities(ANNA), one.activities(BEN) >= 2) == (0, True)
        assert kept(one, ANNA) == [] and len(kept(one, BEN)) == 4
    assert {entry.user_id for entry in logged(worker) if not entry.forgets} == {BEN}


def test_what_was_on_its_way_when_somebody_was_forgotten_is_refused(
    worker: Worker, other: Worker
) -> None:
    other.see(ANNA, 1, 2)
    other.listen()  # taken down, and not stored yet
    worker.work.forget(ANNA)
    other.monotonic[0] += 1.0
    other.work.flush()
    assert kept(worker, ANNA) == []
    assert [entry for entry in logged(worker) if not entry.forgets] == []


def test_what_was_seen_before_somebody_was_forgotten_is_not_learned_after_it(
    worker: Worker, other: Worker
) -> None:
    other.see(ANNA, 1, 2)  # in the buffer, when the forgetting is heard
    worker.work.forget(ANNA)
    other.turn()
    assert other.activities(ANNA) == 0


def test_who_was_forgotten_is_learned_anew_from_then_on(worker: Worker) -> None:
    worker.see(ANNA, 1, 2)
    worker.turn()
    worker.work.forget(ANNA)
    worker.turn()

    def learned() -> bool:
        worker.see(ANNA, 3)
        worker.turn()
        return bool(kept(worker, ANNA))

    # Activity within the very millisecond of the forgetting is forgotten too.
    wait_until(learned)
    assert {activity.resource_id for activity in kept(worker, ANNA)} == {3}


def test_what_still_waits_for_the_buffer_is_forgotten_before_it_is_learned(
    worker: Worker, other: Worker
) -> None:
    other.listen()  # so that it would not listen now for the time alone
    waiting = [ANNA]
    other.recorder.read_first(lambda: other.see(waiting.pop(), 1, 2) if waiting else None)
    worker.work.forget(ANNA)
    other.work.learn()
    assert not waiting
    assert other.activities(ANNA) == 0


def test_a_worker_that_starts_does_not_hear_a_forgetting_as_news_of_somebody(
    worker: Worker, make_worker: MakeWorker, reach: RedisSettings
) -> None:
    worker.see(ANNA, 1, 2)
    worker.turn()
    worker.work.forget(ANNA)
    fresh = make_worker(reach)
    fresh.turn()
    assert fresh.activities(ANNA) == 0 and fresh.analyzer.sizes["steps"] == 0


def test_reports_are_those_of_workers_that_live(worker: Worker, other: Worker) -> None:
    worker.work.report()
    other.work.report()
    found = worker.reports.read()
    assert len(found) == 2
    assert all(report["recorded"]["dropped"] == 0 for report in found.values())
    other.work.close()
    assert len(worker.reports.read()) == 1


def test_while_redis_is_away_deeds_wait_and_are_stored_when_it_is_back(
    own_server: Server, make_worker: MakeWorker
) -> None:
    settings = settings_of(own_server)
    worker = make_worker(settings)
    worker.see(ANNA, 1)
    worker.turn()
    own_server.kill()
    worker.see(ANNA, 2, 3)
    worker.turn()
    assert worker.activities(ANNA) == 3  # it learns from what it sees
    assert len(worker.flusher) == 2 and worker.flusher.failures >= 1
    own_server.start()
    wait_until(lambda: worker.flusher.flush())
    # The server came back empty: activities that waited are there.
    assert [activity.resource_id for activity in kept(worker, ANNA)] == [2, 3]


def test_what_is_too_much_to_wait_is_dropped_and_counted(
    own_server: Server, make_worker: MakeWorker
) -> None:
    worker = make_worker(settings_of(own_server))
    own_server.kill()
    for _ in range(3):
        worker.see(ANNA, *range(1, 101))
        worker.turn()
    assert (len(worker.flusher), worker.flusher.dropped) == (SETTINGS.buffer, 100)


def test_forgetting_without_redis_says_so_and_is_done_later(
    own_server: Server, make_worker: MakeWorker
) -> None:
    worker = make_worker(settings_of(own_server))
    worker.see(ANNA, 1)
    worker.turn()
    own_server.kill()
    with pytest.raises(StoreUnavailable):
        worker.work.forget(ANNA)
    worker.work.forget_later(ANNA)
    worker.work.flush()
    assert worker.work.stats()["failures"]["forget_waiting"] == 1
    own_server.start()
    wait_until(
        lambda: worker.work.flush() and not worker.work.stats()["failures"]["forget_waiting"]
    )


def test_a_log_that_redis_lost_begins_anew(worker: Worker, other: Worker) -> None:
    worker.see(ANNA, 1, 2)
    worker.turn()
    other.turn()
    # As of a server whose clock was ahead.
    client, key = worker.redis.client, worker.redis.keys.behaviour_log()
    client.xadd(key, client.xrange(key)[0][1], id="99999999999999-0")
    other.turn()
    client.delete(key)
    other.turn()
    worker.see(BEN, 3)
    worker.turn()
    other.turn()
    assert other.analyzer.sizes["steps"] == 3


def test_scripts_survive_a_flush_of_the_servers_scripts(worker: Worker) -> None:
    worker.see(ANNA, 1)
    worker.turn()
    worker.redis.client.script_flush()
    worker.see(ANNA, 2)
    worker.turn()
    assert [activity.resource_id for activity in kept(worker, ANNA)] == [1, 2]
