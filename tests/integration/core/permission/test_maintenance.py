"""Maintenance mode closes every worker, says why, and lets operators end it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import update

from app import create_app
from app.core.errors import MaintenanceMode, ValidationFailed
from app.core.permission import require_permission
from app.core.permission.subject import acting_as
from app.extensions import db, optimization, permissions, redis_store
from app.models import AuditRecord, PlatformSwitch
from tests.support.redis_servers import wait_until
from tests.support.world import Community, Person, World

REASON = "the platform moves house"


@pytest.fixture
def other(app: Flask, app_config: dict[str, Any], tmp_path: Path) -> Iterator[Flask]:
    """Another worker of the same platform."""
    worker = create_app(app_config, instance_path=str(tmp_path / "other"))
    yield worker
    permissions.close(worker)
    optimization.of(worker).locks.close()
    redis_store.of(worker).close()
    with worker.app_context():
        db.engine.dispose()


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


def turn(app: Flask, enabled: bool) -> None:
    with app.app_context():
        permissions.set_maintenance_mode(enabled, REASON if enabled else None)


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
    caching.relay._interval = 0.05
    caching.relay.start()
    wait_until(lambda: is_turned_away(app, person, community), 1)


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
