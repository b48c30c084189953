"""Preloading brings what is hot into memory, from Redis or the database, within its budget."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import delete

from app.extensions import cache, optimization, permissions, redis_store
from app.models import Channel
from tests.integration.yoto.rooms.warm_up.preloading.conftest import (
    PEOPLE,
    Note,
    preload,
    preloading_of,
)
from tests.support.applications import another_app
from tests.support.statements import count_statements
from tests.support.together import together
from tests.support.waiting import wait_until
from tests.support.world import Community, World
from yoto.cache import place_key
from yoto.errors import StoreUnavailable
from yoto.permission import PermissionSystem
from yoto.rooms.warm_up.preloading import filling, running
from yoto.rooms.warm_up.wiring import start
from yoto.store.db import db, writing
from yoto.store.models import RoleGrant

NOWHERE = "redis://127.0.0.1:1/0"


def tier(user_id: int, community: Community) -> str:
    return permissions.decide(user_id, "channel.read", "channel", community.channel_id).tier


def test_what_is_hot_answers_from_memory_before_anybody_asked(
    app: Flask, community: Community, people: list[int], ask: Note
) -> None:
    ask(people)
    report = preload(app)
    assert (report.wanted, report.db, report.left, report.ended) == (PEOPLE, PEOPLE, 0, "done")
    with app.app_context():
        assert {tier(user_id, community) for user_id in people} == {"l1"}


def test_with_nothing_hot_nothing_is_loaded_and_the_report_says_so(app: Flask) -> None:
    cache.of(app).start(30)
    report = preload(app)
    assert (report.wanted, report.loaded, report.ended) == (0, 0, "done")


def test_the_second_worker_copies_from_redis_and_asks_no_database(
    app: Flask, other: Flask, people: list[int], ask: Note
) -> None:
    ask(people)
    preload(app)
    caching = PermissionSystem.caching_of(other)
    assert caching is not None
    with count_statements(other) as statements:
        report = preload(other)
    assert (report.l2, report.db, report.left) == (PEOPLE, 0, 0)
    assert statements == []
    assert preload(other).l1 == PEOPLE


def test_two_workers_that_start_together_load_each_entry_once(
    app: Flask, other: Flask, world: World, community: Community, ask: Note
) -> None:
    channels = [world.channel(community, f"talk-{number}") for number in range(5)]
    crowd = world.members(community, 150)
    for channel in channels:
        ask(crowd, "channel", channel)
    reports = together([lambda: preload(app), lambda: preload(other)])
    assert [report.left for report in reports] == [0, 0]
    assert sum(report.db for report in reports) == 750
    assert sum(report.l2 for report in reports) == 750


def test_a_run_takes_the_hottest_and_no_more_than_its_budget(
    app_config: dict[str, Any], app: Flask, people: list[int], ask: Note, tmp_path: Path
) -> None:
    ask(people)
    ask(people[:3])
    with another_app(app_config | {"PRELOAD_ENTRIES": 3}, tmp_path / "small") as small:
        report = preload(small)
        assert (report.wanted, report.db) == (3, 3)
        kept = [
            user_id
            for user_id in people
            if cache.of(small).remembered(user_id, optimization.of(app).hot.pairs(1)[0].place)
        ]
        assert kept == people[:3]


def test_a_run_whose_time_is_up_tells_what_is_left(
    app_config: dict[str, Any],
    world: World,
    community: Community,
    people: list[int],
    ask: Note,
    tmp_path: Path,
) -> None:
    ask(people)
    for number in range(20):
        ask(people, "channel", world.channel(community, f"talk-{number}"))
    slow = app_config | {"PRELOAD_SHARE": 0.01, "PRELOAD_SECONDS": 0.3}
    with another_app(slow, tmp_path / "slow") as gentle:
        cache.of(gentle).start(30)
        report = preload(gentle)
    assert report.ended == "time"
    assert 0 < report.left <= report.wanted == 21 * PEOPLE


def test_preloading_is_no_look_up_that_anybody_made(
    app: Flask, people: list[int], ask: Note
) -> None:
    ask(people)
    before = cache.of(app).stats()
    preload(app)
    after = cache.of(app).stats()
    assert after.counts == before.counts
    assert after.preload["loads"] == before.preload["loads"] + 1


def test_what_somebody_asked_for_afterwards_counts_as_used_and_the_rest_as_unused(
    app: Flask, people: list[int], ask: Note
) -> None:
    ask(people)
    preload(app)
    assert preloading_of(app).stats().waiting == PEOPLE
    ask(people[:5])
    ask(people[:5])
    stats = preloading_of(app).stats()
    assert (stats.used, stats.waiting, stats.l2 + stats.db) == (5, PEOPLE - 5, PEOPLE)
    for user_id in people[5:]:
        optimization.of(app).hot.forget(user_id)
    preload(app)
    stats = preloading_of(app).stats()
    assert (stats.used, stats.unused, stats.waiting) == (5, PEOPLE - 5, 0)


def test_a_place_that_is_no_more_is_told_once_and_then_forgotten(
    app: Flask, world: World, community: Community, people: list[int], ask: Note
) -> None:
    ask(people)
    ask([*people, 10**9], "channel", channel := world.channel(community, "short-lived"))
    world.run(delete(Channel).where(Channel.id == channel))
    report = preload(app)
    assert (report.db, report.gone, report.left) == (PEOPLE, PEOPLE + 1, 0)
    report = preload(app)
    assert (report.wanted, report.gone) == (PEOPLE, 0)


def test_a_user_who_is_no_more_is_forgotten_as_well(
    app: Flask, people: list[int], ask: Note
) -> None:
    ask([*people, 10**9])
    assert preload(app).gone == 1
    assert preload(app).wanted == PEOPLE


def test_a_change_is_believed_over_what_was_preloaded(
    app: Flask, other: Flask, community: Community, people: list[int], ask: Note
) -> None:
    ask(people)
    preload(app)
    preload(other)
    with app.app_context():
        with writing():
            everybody = RoleGrant.role_id == community.everyone_id
            db.session.execute(delete(RoleGrant).where(everybody))
            db.session.commit()
            position = permissions.invalidate_role_cache(community.everyone_id).position
    assert position is not None
    for worker in (app, other):
        with worker.app_context():
            assert not permissions.check_permission(
                people[0], "channel.read", "channel", community.channel_id, at_least=position
            )


def test_without_redis_nothing_is_preloaded_and_the_database_is_left_alone(
    app_config: dict[str, Any], app: Flask, tmp_path: Path
) -> None:
    with another_app(app_config | {"REDIS_URL": NOWHERE}, tmp_path / "other") as cut_off:
        with count_statements(cut_off) as statements, pytest.raises(StoreUnavailable):
            preload(cut_off)
        assert statements == []
        stats = preloading_of(cut_off).stats()
        assert stats.failures == 1 and "redis" in str(stats.error)


def test_redis_that_goes_away_in_the_middle_ends_the_run(
    app: Flask, people: list[int], ask: Note, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask(people)

    def away(*arguments: Any, **more: Any) -> Any:
        raise StoreUnavailable("redis")

    monkeypatch.setattr(optimization.of(app).locks, "create_lock", away)
    with pytest.raises(StoreUnavailable):
        preload(app)


def test_a_worker_that_loses_the_lock_while_it_loads_takes_it_again_and_goes_on(
    app: Flask,
    world: World,
    community: Community,
    people: list[int],
    ask: Note,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ask(people)
    ask(people, "channel", world.channel(community, "second"))
    redis = redis_store.of(app)
    source = preloading_of(app)._source
    load_many = source._load_many
    taken: list[Any] = []
    create_lock = optimization.of(app).locks.create_lock

    def counted(key: str, *arguments: Any, **more: Any) -> Any:
        taken.append(create_lock(key, *arguments, **more))
        return taken[-1]

    def lose_the_lock(*arguments: Any) -> Any:
        if len(taken) == 1:
            redis.client.delete(redis.keys.lock(filling.LOCK))
            wait_until(lambda: not taken[0].held)
        return load_many(*arguments)

    monkeypatch.setattr(optimization.of(app).locks, "create_lock", counted)
    monkeypatch.setattr(source, "_load_many", lose_the_lock)
    monkeypatch.setattr(filling, "LEASE", 0.3)
    report = preload(app)
    assert (report.db, report.left, report.ended) == (2 * PEOPLE, 0, "done")
    assert len(taken) == 2


def test_a_database_that_goes_away_in_the_middle_ends_the_run_and_keeps_what_was_loaded(
    app: Flask,
    world: World,
    community: Community,
    people: list[int],
    ask: Note,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ask(people)
    ask(people)
    ask(people, "channel", world.channel(community, "second"))
    source = preloading_of(app)._source
    load_many = source._load_many
    calls: list[Any] = []

    def fail_later(*arguments: Any) -> Any:
        calls.append(arguments)
        if len(calls) > 1:
            raise StoreUnavailable("database")
        return load_many(*arguments)

    monkeypatch.setattr(source, "_load_many", fail_later)
    with pytest.raises(StoreUnavailable):
        preload(app)
    monkeypatch.undo()
    report = preload(app)
    assert (report.l1, report.db) == (PEOPLE, PEOPLE)


def test_the_thread_preloads_at_intervals_and_stops_at_once(
    app_config: dict[str, Any], people: list[int], ask: Note, tmp_path: Path
) -> None:
    ask(people)
    with another_app(app_config | {"PRELOAD_INTERVAL": 1.0}, tmp_path / "other") as worker:
        permissions.start(worker)
        start(worker)
        preloading = preloading_of(worker)
        wait_until(lambda: preloading.stats().runs)
        assert preloading.stats().running
        preloading.close()
        assert not preloading.stats().running
        assert not any(
            thread.name == "yoto-preload" and thread.is_alive() for thread in threading.enumerate()
        )


def test_the_end_of_the_process_ends_a_run(
    app: Flask, people: list[int], ask: Note, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask(people)
    lock = optimization.of(app).locks.create_lock("preload", 10.0)
    with lock:
        # Somebody else loads, and this process waits for what they find.
        reports: list[Any] = []
        thread = threading.Thread(target=lambda: reports.append(preload(app)))
        thread.start()
        wait_until(lambda: cache.of(app).stats().preload["l2_misses"] >= PEOPLE)
        preloading_of(app).close()
        thread.join(10)
    assert [(report.ended, report.left) for report in reports] == [("stopped", PEOPLE)]


def test_switched_off_no_thread_runs(app_config: dict[str, Any], tmp_path: Path) -> None:
    with another_app(app_config | {"PRELOAD": False}, tmp_path / "other") as worker:
        permissions.start(worker)
        start(worker)
        assert not preloading_of(worker).stats().running


def test_turned_off_it_ends_its_run_and_another_setting_ends_none(app: Flask) -> None:
    preloading = preloading_of(app)
    run = preloading._stop
    preloading.retune(replace(preloading.settings, entries=9))
    assert not run.is_set() and not preloading.stats().running
    preloading.start()
    preloading.retune(replace(preloading.settings, entries=10))
    assert not run.is_set() and preloading.stats().running
    preloading.retune(replace(preloading.settings, enabled=False))
    assert run.is_set() and not preloading.stats().running
    preloading.retune(replace(preloading.settings, enabled=True))
    assert preloading.stats().running


def test_the_jitter_keeps_workers_apart(app: Flask) -> None:
    preloading = preloading_of(app)
    pauses = set()
    for _ in range(20):
        preloading._rest()
        pauses.add(preloading._until_next())
    interval = app.config["PRELOAD_INTERVAL"]
    assert len(pauses) > 10
    # The time since the rest began is no part of the pause any more.
    assert all(abs(pause - interval) <= running.JITTER * interval + 1 for pause in pauses)


def test_a_real_request_is_what_makes_something_hot(
    app: Flask, client: Any, world: World, community: Community
) -> None:
    person = world.member(community)
    path = f"/api/v1/channels/{community.channel_id}/messages"
    assert client.get(path, headers=person.headers).status_code == 200
    hot = optimization.of(app).hot
    hot.flush()
    found = [(pair.user_id, pair.place) for pair in hot.pairs(10)]
    assert (person.id, place_key("channel", community.channel_id)) in found
    assert community.everyone_id in [role.role_id for role in hot.roles(10)]
