"""Warm-up of a whole application, and the start of its background work."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from app import initialize_permission_platform
from app.extensions import cache, events, optimization, permissions
from tests.support.applications import another_app
from tests.support.waiting import wait_until
from tests.support.world import Community, World
from yoto.cache import place_key
from yoto.errors import AlreadyRunning
from yoto.events import TaskFinished, TaskProgressed
from yoto.permission import PermissionSystem
from yoto.rooms.warm_up.extension import warming_of
from yoto.rooms.warm_up.warming import WarmUpReport
from yoto.rooms.warm_up.wiring import close

NOWHERE = "redis://127.0.0.1:1/0"


@pytest.fixture
def community(world: World) -> Community:
    return world.server()


@pytest.fixture
def crowd(app: Flask, world: World, community: Community) -> list[int]:
    """Ten people who asked in the first channel."""
    people = world.members(community, 10)
    hot = optimization.of(app).hot
    for user_id in people:
        hot.note(user_id, place_key("channel", community.channel_id))
    hot.flush()
    return people


@pytest.fixture
def worker(app: Flask, app_config: dict[str, Any], tmp_path: Path) -> Iterator[Flask]:
    """Another worker, that warms up when it starts."""
    with another_app(app_config | {"WARM_UP_AT_START": True}, tmp_path / "worker") as started:
        yield started


def test_hot_entries_are_loaded_and_every_component_is_looked_at(
    app: Flask, community: Community, crowd: list[int]
) -> None:
    with app.app_context():
        plain = permissions.warm_up.run().to_plain()
        assert plain["cache_warmup"]["success"] and plain["system_warmup"]["success"]
        assert plain["cache_warmup"]["details"]["loaded"] == 10
        assert set(plain["system_warmup"]["details"]) == {
            "database",
            "redis",
            "migrations",
            "policies",
        }
        decision = permissions.decide(crowd[0], "channel.read", "channel", community.channel_id)
        assert decision.tier == "l1"


def begun(app: Flask) -> WarmUpReport | None:
    """The warm-up that the start of the platform begins."""
    initialize_permission_platform(app)
    return warming_of(app).latest


def test_without_hot_users_nothing_is_loaded_and_the_report_says_so(app: Flask) -> None:
    with app.app_context():
        step = permissions.warm_up.run().steps["cache_warmup"]
    assert step.success
    assert (step.details["wanted"], step.details["loaded"]) == (0, 0)


def test_the_platform_starts_at_once_and_warms_up_behind(
    worker: Flask, community: Community, crowd: list[int]
) -> None:
    report = begun(worker)
    assert report is not None
    with worker.app_context():
        if not report.finished:
            with pytest.raises(AlreadyRunning):
                permissions.warm_up.run()
        assert report.wait(60)
        assert report.steps["cache_warmup"].details["loaded"] == 10
        assert permissions.warm_up.preload_stats().running
    caching = PermissionSystem.caching_of(worker)
    assert caching is not None and caching.cache.tailer.running


def test_where_the_configuration_says_so_the_start_warms_nothing_up(app: Flask) -> None:
    assert begun(app) is None
    with app.app_context():
        assert permissions.warm_up.preload_stats().running


def test_operators_can_watch_it_in_the_event_stream(app: Flask, crowd: list[int]) -> None:
    with app.app_context():
        report = permissions.warm_up.run()
        told = [stored.event for stored in events.stream.read()]
    ours = [one for one in told if isinstance(one, (TaskProgressed, TaskFinished))]
    assert {one.task_id for one in ours} == {report.task_id}
    assert any(
        (one.step, one.done, one.total) == ("cache_warmup", 10, 10)
        for one in ours
        if isinstance(one, TaskProgressed)
    )
    assert isinstance(ours[-1], TaskFinished) and ours[-1].errors == report.errors


def test_it_works_in_maintenance_whose_end_one_warms_up_for(app: Flask, crowd: list[int]) -> None:
    with app.app_context():
        permissions.set_maintenance_mode(True, "moving house")
        assert permissions.warm_up.run().steps["cache_warmup"].details["loaded"] == 10


def test_without_redis_the_other_steps_are_done_and_the_start_is_not_held_up(
    app: Flask, app_config: dict[str, Any], tmp_path: Path
) -> None:
    config = app_config | {"REDIS_URL": NOWHERE, "WARM_UP_AT_START": True}
    with another_app(config, tmp_path / "cut-off") as cut_off:
        report = begun(cut_off)
        assert report is not None and report.wait(60)
    assert "redis is unavailable" in str(report.steps["cache_warmup"].error)
    assert "redis is failed" in str(report.steps["system_warmup"].error)
    components = report.steps["system_warmup"].details
    assert components["database"]["state"] == components["migrations"]["state"] == "ok"
    assert not report.success


def test_without_the_database_what_redis_has_is_copied_all_the_same(
    app: Flask, app_config: dict[str, Any], crowd: list[int], tmp_path: Path
) -> None:
    with app.app_context():
        permissions.warm_up.run()
    url = "mysql+pymysql://root@127.0.0.1:1/nothing"
    config = app_config | {"DATABASE_URL": url, "WARM_UP_AT_START": True}
    with another_app(config, tmp_path / "cut-off") as cut_off:
        report = begun(cut_off)
        assert report is not None and report.wait(60)
        details = report.steps["cache_warmup"].details
        assert (details["l2"], details["db"], details["left"]) == (10, 0, 0)
        components = report.steps["system_warmup"].details
        assert components["database"]["state"] == "failed"
        assert components["migrations"]["state"] == "unknown"
    assert not report.steps["system_warmup"].success


def test_a_worker_that_ends_while_it_warms_up_ends_at_once(worker: Flask, crowd: list[int]) -> None:
    with optimization.of(worker).locks.create_lock("preload", 10.0):
        report = begun(worker)
        assert report is not None
        wait_until(lambda: cache.of(worker).stats().preload["l2_misses"] >= 10)
        close(worker)
        assert report.wait(10)
    assert not report.success
