"""Redis, the record and the copies in step again after each of them was lost."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.support.redis_fixtures import settings_of
from tests.support.redis_servers import Server, start_valkey
from tests.support.waiting import wait_until
from yoto.errors import StoreUnavailable
from yoto.events import ConfigChanged, ConfigRestored, Event, EventStream
from yoto.redis import RedisConnection, RedisSettings
from yoto.resilience import ConfigStore, Kind, Origin
from yoto.resilience.settings import BulkheadConfig

from .conftest import MakeStore
from .journals import ListJournal

B = Kind.BULKHEAD


def limit_of(store: ConfigStore) -> int:
    config = store.get(B, "search").config
    assert isinstance(config, BulkheadConfig)
    return config.max_concurrent


def told(events: EventStream) -> list[Event]:
    return [stored.event for stored in events.read()]


def changed(version: int, **fields: Any) -> ConfigChanged:
    return ConfigChanged(
        kind="bulkhead", name="search", version=version, origin="operator", action="set",
        author="ada", **fields,
    )  # fmt: skip


@pytest.fixture
def journal() -> ListJournal:
    """Every test here has a record unless it says otherwise."""
    return ListJournal()


def flush(redis: RedisConnection) -> None:
    redis.client.delete(redis.keys.event_stream("config"), redis.keys.event_stream())


def test_a_flushed_redis_is_filled_from_the_record_and_the_loss_told_once(
    make_store: MakeStore, redis: RedisConnection, events: EventStream
) -> None:
    stores = [make_store() for _ in range(3)]
    stores[0].set(B, "search", {"max_concurrent": 3}, author="ada")
    stores[0].set(Kind.SWITCH, "signups", {"enabled": True}, author="ada")
    for store in stores:
        store.sync.refresh()
    flush(redis)
    for store in stores:
        store.sync.refresh()
        # Nobody ever sees the defaults in between.
        assert limit_of(store) == 3
        store.sync.reconcile()
    fresh = make_store()
    fresh.sync.refresh()
    assert limit_of(fresh) == 3
    assert told(events) == [ConfigRestored(entries=2)]


def test_a_loss_wakes_the_look_at_the_record(make_store: MakeStore, redis: RedisConnection) -> None:
    store = make_store()
    store.set(B, "search", {"max_concurrent": 3}, author="ada")
    store.sync.refresh()
    store.sync.reconcile()
    woken: list[bool] = []
    store.sync.wake_record = lambda: woken.append(True)
    store.sync.refresh()
    assert woken == []
    flush(redis)
    store.sync.refresh()
    assert woken == [True]


def test_a_writer_that_died_after_the_record_lost_nothing(
    make_store: MakeStore, journal: ListJournal, events: EventStream
) -> None:
    store, others = make_store(), [make_store() for _ in range(3)]
    store.set(B, "search", {"max_concurrent": 3}, author="ada")
    # The record got version 2, and the process that wrote it was killed before it told Redis.
    died = make_store()
    died.sync.push = lambda *arguments: True  # type: ignore[method-assign]
    died.set(B, "search", {"max_concurrent": 5}, author="ada")
    for other in others:
        other.sync.refresh()
        other.sync.reconcile()
        other.sync.refresh()
        assert limit_of(other) == 5
    assert told(events) == [changed(1), changed(2)]


def test_a_change_at_a_flushed_redis_is_told_as_one_change(
    make_store: MakeStore, redis: RedisConnection, events: EventStream
) -> None:
    store = make_store()
    store.set(B, "search", {"max_concurrent": 3}, author="ada")
    flush(redis)
    store.set(B, "search", {"max_concurrent": 4}, author="ada")
    assert told(events) == [ConfigRestored(entries=1), changed(2)]
    other = make_store()
    other.sync.refresh()
    assert limit_of(other) == 4


def test_a_redis_restored_from_an_old_backup_is_brought_up(
    make_store: MakeStore, redis: RedisConnection
) -> None:
    key = redis.keys.event_stream("config")
    store = make_store()
    store.set(B, "search", {"max_concurrent": 3}, author="ada")
    backup = redis.client.hgetall(key)
    store.set(B, "search", {"max_concurrent": 4}, author="ada")
    store.sync.refresh()
    redis.client.delete(key)
    redis.client.hset(key, mapping=backup)
    store.sync.refresh()
    assert limit_of(store) == 4
    fresh = make_store()
    fresh.sync.refresh()
    fresh.sync.reconcile()
    assert limit_of(fresh) == 4


def limited_to(store: ConfigStore, *limits: int) -> None:
    for limit in limits:
        store.set(B, "search", {"max_concurrent": limit}, author="ada")


@pytest.mark.parametrize("kept", [0, 1], ids=["new", "restored"])
class TestRecordOlderThanRedis:
    """The database is new or comes from a backup; Redis is the one of before."""

    def test_it_is_given_what_is_in_force_and_the_version_that_was_told_counts(
        self, make_store: MakeStore, journal: ListJournal, kept: int
    ) -> None:
        store, other = make_store(), make_store()
        limited_to(store, 3, 4, 5)
        del journal.appended[kept:]
        fresh = make_store()
        fresh.sync.refresh()
        told = fresh.get(B, "search").version
        assert (told, limit_of(fresh)) == (3, 5)
        receipt = fresh.set(B, "search", {"max_concurrent": 9}, author="ada", version=told)
        assert (receipt.entry.version, receipt.live) == (4, True)
        for one in (store, other):
            one.sync.refresh()
            assert (one.get(B, "search").version, limit_of(one)) == (4, 9)
        assert [change.version for change in journal.appended][-2:] == [3, 4]

    def test_a_process_that_has_not_seen_redis_yet_changes_it_for_all(
        self, make_store: MakeStore, journal: ListJournal, kept: int
    ) -> None:
        store = make_store()
        limited_to(store, 3, 4, 5)
        store.set(B, "search", {"wait": 1}, author="tuner", origin=Origin.TUNER)
        del journal.appended[kept:]
        fresh = make_store()
        receipt = fresh.set(B, "search", {"max_concurrent": 9}, author="ada")
        assert receipt.live and receipt.entry.version > 4
        for one in (store, make_store()):
            one.sync.refresh()
            assert (one.get(B, "search").version, limit_of(one)) == (receipt.entry.version, 9)

    def test_a_look_at_the_record_is_enough(
        self, make_store: MakeStore, journal: ListJournal, redis: RedisConnection, kept: int
    ) -> None:
        store = make_store()
        limited_to(store, 3, 4, 5)
        del journal.appended[kept:]
        fresh = make_store()
        fresh.sync.refresh()
        fresh.sync.reconcile()
        assert journal.appended[-1].version == 3
        flush(redis)
        fresh.sync.refresh()
        fresh.sync.reconcile()
        late = make_store()
        late.sync.refresh()
        assert (late.get(B, "search").version, limit_of(late)) == (3, 5)

    def test_a_process_that_knows_what_redis_lost_as_well_gives_it_to_both(
        self, make_store: MakeStore, journal: ListJournal, redis: RedisConnection, kept: int
    ) -> None:
        store = make_store()
        limited_to(store, 3, 4, 5)
        del journal.appended[kept:]
        flush(redis)
        store.sync.refresh()
        store.sync.reconcile()
        assert journal.appended[-1].version == 3
        for one in (store, make_store()):
            one.sync.refresh()
            assert (one.get(B, "search").version, limit_of(one)) == (3, 5)

    def test_of_two_histories_the_later_change_wins_under_a_version_of_its_own(
        self, make_store: MakeStore, journal: ListJournal, redis: RedisConnection, kept: int
    ) -> None:
        store = make_store()
        limited_to(store, 3, 4, 5)
        key = redis.keys.event_stream("config")
        backup = redis.client.hgetall(key)
        del journal.appended[kept:]
        flush(redis)
        # Nothing of Redis is left to compare with, until it comes back.
        fresh = make_store()
        limited_to(fresh, *range(6, 9 - kept))
        assert fresh.get(B, "search").version == 3
        redis.client.delete(key)
        redis.client.hset(key, mapping=backup)
        fresh.sync.refresh()
        fresh.sync.reconcile()
        for one in (store, fresh, make_store()):
            one.sync.refresh()
            assert (one.get(B, "search").version, limit_of(one)) == (4, 8 - kept)


def test_a_record_that_is_away_refuses_changes_and_nothing_else(
    make_store: MakeStore, journal: ListJournal, events: EventStream
) -> None:
    store = make_store()
    store.set(B, "search", {"max_concurrent": 3}, author="ada")
    journal.away = True
    with pytest.raises(StoreUnavailable) as refused:
        store.set(B, "search", {"max_concurrent": 4}, author="ada")
    assert refused.value.store == "database"
    other = make_store()
    other.sync.refresh()
    other.sync.reconcile()
    assert limit_of(other) == 3 and told(events) == [changed(1)]
    assert other.sync.counts.failed_record_reads == 1


@pytest.mark.parametrize("journal", [None])
def test_without_a_record_what_redis_forgot_is_forgotten(
    make_store: MakeStore, redis: RedisConnection
) -> None:
    store = make_store()
    store.set(B, "search", {"max_concurrent": 3}, author="ada")
    flush(redis)
    store.sync.refresh()
    assert store.get(B, "search").version == 0 and limit_of(store) == 20


def test_an_unchanged_record_is_not_read_again(make_store: MakeStore, journal: ListJournal) -> None:
    store = make_store()
    store.set(B, "search", {"max_concurrent": 3}, author="ada")
    store.sync.refresh()
    store.sync.reconcile()
    before = journal.reads
    store.sync.reconcile()
    assert journal.reads == before


class TestWithoutRedis:
    @pytest.fixture
    def server(self) -> Iterator[Server]:
        with start_valkey() as server:
            yield server

    @pytest.fixture
    def settings(self, server: Server) -> RedisSettings:
        return settings_of(server)

    def test_a_change_is_recorded_and_in_force_from_the_record(
        self, server: Server, make_store: MakeStore, events: EventStream
    ) -> None:
        here, there = make_store(), make_store()
        here.set(B, "search", {"max_concurrent": 3}, author="ada")
        there.sync.refresh()
        server.kill()
        receipt = here.set(B, "search", {"max_concurrent": 5}, author="ada", version=1)
        assert (receipt.live, receipt.entry.version) == (False, 2)
        assert limit_of(here) == 5
        # The other process asks Redis in vain, then looks at the record.
        there.sync.refresh()
        there.sync.reconcile()
        assert limit_of(there) == 5

        server.start()
        for store in (there, here):
            wait_until(lambda: _answers(store))
            store.sync.reconcile()
        fresh = make_store()
        fresh.sync.refresh()
        assert limit_of(fresh) == 5
        assert told(events) == [ConfigRestored(entries=1)]

    def test_everybody_keeps_what_was_in_force(self, server: Server, make_store: MakeStore) -> None:
        store = make_store()
        store.set(B, "search", {"max_concurrent": 3}, author="ada")
        store.sync.refresh()
        server.kill()
        store.sync.refresh()
        assert limit_of(store) == 3 and not store.sync.redis_reachable

    def test_a_process_that_starts_then_reads_the_record(
        self, server: Server, make_store: MakeStore
    ) -> None:
        make_store().set(B, "search", {"max_concurrent": 3}, author="ada")
        server.kill()
        late = make_store()
        late.sync.refresh()
        late.sync.reconcile()
        assert limit_of(late) == 3

    @pytest.mark.parametrize("journal", [None])
    def test_nothing_is_changed_where_redis_is_the_record(
        self, server: Server, make_store: MakeStore, connect: Callable[..., RedisConnection]
    ) -> None:
        store = make_store()
        store.set(B, "search", {"max_concurrent": 3}, author="ada")
        server.kill()
        with pytest.raises(StoreUnavailable):
            store.set(B, "search", {"max_concurrent": 4}, author="ada")
        assert limit_of(store) == 3 and store.get(B, "search").version == 1


def _answers(store: ConfigStore) -> bool:
    store.sync.refresh()
    return store.sync.redis_reachable
