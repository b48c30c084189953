"""How far a change of rights has come, and which audit records tell who made it."""

from __future__ import annotations

import pytest
from flask import Flask

from app.extensions import events, fleet, monitor, permissions
from tests.support.operators import VIEW, ControlClient, control_client
from tests.support.waiting import wait_until
from tests.support.world import Community, Person, World
from yoto.fleet import Roster
from yoto.permission.outbox.notifying import PermissionsChanged
from yoto.permission.outbox.watching import mark_dirty
from yoto.redis import RedisStore
from yoto.store.db import db
from yoto.store.models import AuditRecord

REACH = "/cache/reach"
ELSEWHERE = "elsewhere-17-b"


@pytest.fixture
def viewer(app: Flask, world: World) -> ControlClient:
    return control_client(app, world, VIEW)


@pytest.fixture
def community(world: World) -> Community:
    return world.server()


@pytest.fixture
def member(world: World, community: Community) -> Person:
    return world.member(community)


def assigned(app: Flask, person: Person, role: int) -> str:
    """A role is given; the position of that."""
    with app.app_context():
        position = permissions.assign_roles_to_user(person.id, [role], reason="on duty").position
    assert position is not None
    return position


def records_of(app: Flask, position: str) -> list[int]:
    """The audit records that the event of a change names."""

    def published() -> list[PermissionsChanged]:
        stored = [one.event for one in events.of(app).stream.read()]
        changes = [one for one in stored if isinstance(one, PermissionsChanged)]
        return [one for one in changes if one.position == position]

    wait_until(published)
    (event,) = published()
    return list(event.records)


def test_a_change_reaches_the_workers_one_by_one(
    app: Flask, world: World, viewer: ControlClient, member: Person
) -> None:
    position = assigned(app, member, world.role(None, name="guard"))

    def reached() -> object:
        return viewer.get(REACH, position=position).json["reached"]

    monitor.of(app).flush()  # it tells the time by the clock of Redis
    wait_until(lambda: reached() == 1)
    roster = Roster(RedisStore.of(app))
    roster.beat(ELSEWHERE, {"log_position": "1-0", "log_silent_s": 0.1})
    found = viewer.get(REACH, position=position).json
    assert (found["workers"], found["reached"], found["took_ms"]) == (2, 1, None)
    assert found["waiting"] == [ELSEWHERE]
    took = {"log_position": position, "log_silent_s": 0.1, "log_took_ms": {position: 60_000}}
    roster.beat(ELSEWHERE, took)
    found = viewer.get(REACH, position=position).json
    assert (found["reached"], found["took_ms"], found["waiting"]) == (2, 60_000, [])
    # How long it took is forgotten sooner than that it is there.
    roster.beat(ELSEWHERE, {**took, "log_took_ms": {}})
    found = viewer.get(REACH, position=position).json
    assert (found["reached"], found["took_ms"]) == (2, None)
    roster.leave(ELSEWHERE)
    assert fleet.of(app).id not in found["waiting"]


@pytest.mark.parametrize("position", ["yesterday", "outbox-999999"])
def test_a_position_that_was_never_given_out_is_refused(
    viewer: ControlClient, position: str
) -> None:
    assert viewer.get(REACH, position=position).status_code == 422


def test_the_event_of_a_change_leads_to_the_audit_record_of_it(
    app: Flask, world: World, member: Person
) -> None:
    position = assigned(app, member, world.role(None, name="guard"))
    (record,) = records_of(app, position)
    with app.app_context():
        found = db.session.get_one(AuditRecord, record)
        assert (found.action, found.subject) == ("role.assign", f"user:{member.id}")


def test_it_names_the_records_of_savepoints_and_none_that_one_took_back(
    app: Flask, member: Person
) -> None:
    def act(name: str) -> AuditRecord:
        record = AuditRecord(action=name, subject=f"user:{member.id}")
        db.session.add(record)
        db.session.flush()
        return record

    with app.app_context():
        kept = [act("before")]
        with db.session.begin_nested():
            kept.append(act("within"))
        taken_back = db.session.begin_nested()
        act("taken back")
        taken_back.rollback()
        mark_dirty(db.session(), f"user:{member.id}")
        db.session.commit()
        position = permissions.last_position()
        ids = [one.id for one in kept]
    assert position is not None
    assert records_of(app, position) == ids
