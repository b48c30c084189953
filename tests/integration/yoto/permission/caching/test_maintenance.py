"""Maintenance mode closes every worker, says why, and lets operators end it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update

from app.extensions import db, events, permissions
from tests.support.applications import another_app
from tests.support.operators import RIGHTS, control_client
from tests.support.waiting import wait_until
from tests.support.world import Community, Person, World
from yoto.errors import MaintenanceMode, StoreUnavailable, ValidationFailed
from yoto.permission import MaintenanceChanged, require_permission
from yoto.permission.caching.maintenance import Maintenance
from yoto.permission.guards.subject import acting_as
from yoto.store.columns import utcnow
from yoto.store.models import AuditRecord, PlatformSwitch

REASON = "the platform moves house"


@pytest.fixture
def other(app: Flask, app_config: dict[str, Any], tmp_path: Path) -> Iterator[Flask]:
    """Another worker of the same platform."""
    with another_app(app_config, tmp_path / "other") as worker:
        yield worker


@pytest.fixture
def community(world: World) -> Community:
    return world.server()


@pytest.fixture
def person(world: World, community: Community) -> Person:
    return world.member(community)


@pytest.fixture
def operator(world: World) -> Person:
    return world.user(super_admin=True)


def is_turned_away(app: Flask, person: Person, community: Community) -> bool:
    with app.app_context():
        try:
            permissions.check_permission(person.id, "message.send", "channel", community.channel_id)
        except MaintenanceMode as error:
            assert error.reason == REASON and error.retry_after > 0
            return True
        return False


def turn(app: Flask, enabled: bool, until: datetime | None = None) -> None:
    with app.app_context():
        permissions.set_maintenance_mode(enabled, REASON if enabled else None, until=until)


def told(app: Flask) -> list[tuple[bool, str]]:
    """The changes of maintenance in the event stream."""
    found = [stored.event for stored in events.of(app).stream.read()]
    return [(one.enabled, one.by) for one in found if isinstance(one, MaintenanceChanged)]


def set_clock(app: Flask, clock: Any) -> None:
    caching = permissions.caching_of(app)
    assert caching is not None
    caching.maintenance._clock = clock


def test_every_worker_is_closed_and_opened_again(
    app: Flask, other: Flask, person: Person, community: Community
) -> None:
    for worker in (app, other):
        assert not is_turned_away(worker, person, community)
        assert not is_turned_away(worker, person, community)
    for enabled in (True, False):
        turn(app, enabled)
        assert is_turned_away(app, person, community) is enabled
        wait_until(lambda: is_turned_away(other, person, community) is enabled)


def test_a_worker_that_redis_is_away_from_learns_it_from_the_database(
    app: Flask, world: World, person: Person, community: Community
) -> None:
    assert not is_turned_away(app, person, community)
    world.add(PlatformSwitch(name="maintenance", enabled=True, reason=REASON))
    caching = permissions.caching_of(app)
    assert caching is not None
    caching.relay.interval = 0.05
    caching.relay.start()
    wait_until(lambda: is_turned_away(app, person, community))


def test_a_database_that_takes_its_time_holds_up_nobody_who_follows_the_log(
    app: Flask, person: Person, community: Community
) -> None:
    caching = permissions.caching_of(app)
    assert caching is not None and not is_turned_away(app, person, community)
    caching.pool.resize(1)
    with caching.pool.read():  # nobody else has a connection to read the switch on
        position = caching.cache.invalidate("global")
        wait_until(lambda: caching.cache.tailer.applied >= position, limit=20)


def test_a_reading_that_breaks_opens_nothing(
    app: Flask,
    world: World,
    person: Person,
    community: Community,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    caching = permissions.caching_of(app)
    assert caching is not None and not is_turned_away(app, person, community)
    world.add(PlatformSwitch(name="maintenance", enabled=True, reason=REASON))
    caching.maintenance.expire()

    def broken() -> None:
        raise RuntimeError("the driver has a bug")

    with monkeypatch.context() as patched:
        patched.setattr(caching.pool, "read", broken)
        with pytest.raises(RuntimeError, match="has a bug"):
            is_turned_away(app, person, community)
    assert is_turned_away(app, person, community)


def test_a_process_that_starts_in_maintenance_is_closed_from_its_first_check(
    app: Flask, other: Flask, person: Person, community: Community
) -> None:
    turn(app, True)
    assert is_turned_away(other, person, community)


@pytest.mark.parametrize(
    "call",
    [
        lambda: permissions.decide(1, "message.send"),
        lambda: permissions.batch_check_permissions([1], "message.send"),
        lambda: permissions.check_many(1, [("message.send", None, None)]),
        lambda: permissions.effective_permissions(1),
        lambda: permissions.register_role("late"),
        lambda: permissions.register_permission("late.one"),
        lambda: permissions.list_registered_permissions(),
        lambda: permissions.invalidate_all(),
    ],
)
def test_every_call_is_turned_away(app: Flask, call: Any) -> None:
    turn(app, True)
    with app.app_context(), pytest.raises(MaintenanceMode, match=REASON):
        call()


def test_the_maintenance_calls_and_operators_permissions_work(
    app: Flask, operator: Person, person: Person
) -> None:
    @require_permission("platform.operate")
    def end_it() -> None:
        permissions.set_maintenance_mode(False)

    turn(app, True)
    with app.app_context():
        assert permissions.is_maintenance_mode_enabled()
        assert permissions.maintenance_status().reason == REASON
        assert not permissions.check_permission(person.id, "platform.view")
        with acting_as(person.id), pytest.raises(PermissionError):
            end_it()
        assert permissions.is_maintenance_mode_enabled()
        with acting_as(operator.id):
            end_it()
        assert not permissions.is_maintenance_mode_enabled()


def test_decorated_views_answer_503_with_the_reason(
    app: Flask, client: FlaskClient, person: Person, community: Community
) -> None:
    turn(app, True)
    answer = client.get(f"/api/v1/channels/{community.channel_id}/messages", headers=person.headers)
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
    assert answer.json["reason"] == REASON
    assert answer.json["type"].endswith("maintenance")


def test_it_ends_by_itself_in_every_worker_also_without_anybody_to_end_it(
    app: Flask, other: Flask, client: FlaskClient, person: Person, community: Community
) -> None:
    turn(app, True, utcnow() + timedelta(hours=1))
    for worker in (app, other):
        assert is_turned_away(worker, person, community)
    path = f"/api/v1/channels/{community.channel_id}/messages"
    retry_after = client.get(path, headers=person.headers).headers["Retry-After"]
    assert 3500 < int(retry_after) <= 3600
    for worker in (app, other):
        set_clock(worker, lambda: time.time() + 3601)
        assert not is_turned_away(worker, person, community)
        with worker.app_context():
            assert permissions.maintenance_status().until is None
    assert told(app) == [(True, "")]


def test_one_worker_turns_the_switch_off_that_is_over_and_tells_it(
    app: Flask, other: Flask, world: World
) -> None:
    turn(app, True, utcnow() + timedelta(hours=1))
    for worker in (app, other, app):
        set_clock(worker, lambda: time.time() + 3601)
        caching = permissions.caching_of(worker)
        assert caching is not None
        caching.maintenance.turn()
    assert world.rows(select(PlatformSwitch.enabled, PlatformSwitch.until)) == [(False, None)]
    assert told(app) == [(True, ""), (False, "")]
    (act,) = world.acts("maintenance.end")
    assert act.actor_id is None and act.before["reason"] == REASON and not act.after["enabled"]


def test_its_end_can_be_moved_and_taken_away(
    app: Flask, person: Person, community: Community, operator: Person
) -> None:
    turn(app, True, utcnow() + timedelta(hours=1))
    with app.app_context():
        permissions.set_maintenance_mode(True, REASON, actor_id=operator.id)
        status = permissions.maintenance_status()
    assert (status.until, status.changed_by) == (None, operator.id)
    set_clock(app, lambda: time.time() + 3601)
    assert is_turned_away(app, person, community)
    assert told(app)[-1] == (True, f"user:{operator.id}")


@pytest.mark.parametrize(
    ("enabled", "until"),
    [
        (True, datetime(2999, 1, 1)),
        (True, utcnow() - timedelta(seconds=1)),
        (True, utcnow() + timedelta(days=31)),
        (True, "tomorrow"),
        (False, utcnow() + timedelta(days=1)),
    ],
)
def test_an_end_that_makes_no_sense_is_refused(app: Flask, enabled: bool, until: Any) -> None:
    with app.app_context():
        with pytest.raises(ValidationFailed) as raised:
            permissions.set_maintenance_mode(enabled, REASON, until=until)
        assert list(raised.value.errors) == ["until"]
        assert not permissions.is_maintenance_mode_enabled()


def test_turning_it_is_audited(app: Flask, operator: Person) -> None:
    with app.app_context():
        permissions.set_maintenance_mode(True, REASON, actor_id=operator.id)
        record = db.session.query(AuditRecord).filter_by(action="maintenance.set").one()
        assert (record.actor_id, record.reason) == (operator.id, REASON)
        assert record.after == {"enabled": True, "reason": REASON}


@pytest.mark.parametrize(
    ("enabled", "reason", "field"),
    [(1, None, "enabled"), (True, "", "reason"), (True, "x" * 501, "reason"), (True, 5, "reason")],
)
def test_bad_values_change_nothing(app: Flask, enabled: Any, reason: Any, field: str) -> None:
    with app.app_context():
        with pytest.raises(ValidationFailed) as raised:
            permissions.set_maintenance_mode(enabled, reason)
        assert list(raised.value.errors) == [field]
        assert not permissions.is_maintenance_mode_enabled()


def test_a_switch_that_was_never_turned_is_off(app: Flask, world: World) -> None:
    world.run(update(PlatformSwitch).values(enabled=True))
    with app.app_context():
        assert not permissions.is_maintenance_mode_enabled()


def test_maintenance_that_was_turned_is_not_reported_as_failed(
    app: Flask, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The switch is committed, and cannot be read back."""
    ada = control_client(app, world, *RIGHTS)
    read = Maintenance.refresh

    def away(*_: Any) -> Any:
        raise StoreUnavailable("database")

    monkeypatch.setattr(Maintenance, "refresh", away)
    body = {"enabled": True, "confirm": "maintenance"}
    answer = ada.put("/maintenance/mode", **body)
    assert answer.status_code == 200, answer.text
    assert (answer.json["enabled"], answer.json["changed_by"]) == (True, "ada")
    assert answer.json["changed_at"] is not None
    with app.app_context():
        with pytest.raises(MaintenanceMode):
            permissions.check_permission(1, "message.send")
    assert [enabled for enabled, _ in told(app)] == [True]
    monkeypatch.setattr(Maintenance, "refresh", read)
    assert ada.get("/maintenance/mode").json["enabled"] is True
