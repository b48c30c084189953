"""Replaying a recorded decision: the same verdict, or what has changed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from app.extensions import permissions
from app.models import Member
from tests.support.world import Community, Person, World
from yoto.errors import UnknownResource, ValidationFailed
from yoto.permission import acting_as, require_expression
from yoto.permission.people.kinds import PUBLIC, Application, Team
from yoto.rooms.decision_log.log import ASKED_MAX, CUT, log_of
from yoto.rooms.decision_log.replaying import CHANGES_MAX
from yoto.rooms.decision_log.report import Replay
from yoto.rooms.decision_log.tables import DecisionRecord
from yoto.store.db import db
from yoto.store.models import AuditRecord

SEND, PIN = "message.send", "message.pin"


@pytest.fixture
def app_config(app_config: dict[str, Any]) -> dict[str, Any]:
    return app_config | {"DECISION_RECORDS": True, "DECISION_RECORD_ALLOW_SAMPLE": 1.0}


@pytest.fixture
def harbour(world: World) -> Community:
    return world.server()


@pytest.fixture
def record(app: Flask) -> Callable[..., int]:
    """Make a decision, and the id of its record."""

    def decided(*question: Any) -> int:
        with app.app_context():
            permissions.decide(*question)
        return last_record(app)

    return decided


def last_record(app: Flask) -> int:
    log = log_of(app)
    assert log is not None
    log.close()
    with app.app_context():
        found = db.session.scalar(select(func.max(DecisionRecord.id)))
        db.session.remove()
    assert found is not None
    return int(found)


@pytest.fixture
def replay(app: Flask) -> Callable[[int], Replay]:
    def again(record_id: int) -> Replay:
        with app.app_context():
            found = permissions.decision_log.replay(record_id)
            db.session.remove()
        return found

    return again


def test_what_nobody_changed_has_the_same_verdict(
    world: World, harbour: Community, record: Any, replay: Any
) -> None:
    person = world.member(harbour)
    for name, expected in ((SEND, (True, "granted")), (PIN, (False, "not_granted"))):
        found = replay(record(person.id, name, "channel", harbour.channel_id))
        assert (found.outcome, found.recorded, found.now) == ("same", expected, expected)
        assert found.same_permissions and "the same verdict" in found.text


def test_a_change_is_named_with_who_made_it(
    app: Flask, world: World, harbour: Community, record: Any, replay: Any
) -> None:
    crew = world.role(harbour, PIN)
    other = world.role(harbour)
    person = world.member(harbour)
    record_id = record(person.id, PIN, "channel", harbour.channel_id)
    with app.app_context():
        permissions.assign_permissions_to_role(other, ["member.kick"], "server", harbour.id)
        permissions.assign_roles_to_user(person.id, [crew], actor_id=harbour.owner.id)
        db.session.remove()
    found = replay(record_id)
    assert (found.outcome, found.now, found.same_permissions) == (
        "changed",
        (True, "granted"),
        False,
    )
    assert [(entry.action, entry.actor_id) for entry in found.changes] == [
        ("role.assign", harbour.owner.id)
    ]
    assert f"role.assign user:{person.id} by user {harbour.owner.id}" in found.text


def test_a_role_that_was_taken_is_named_with_its_changes(
    app: Flask, world: World, harbour: Community, record: Any, replay: Any
) -> None:
    crew = world.role(harbour, PIN)
    person = world.member(harbour, None, crew)
    record_id = record(person.id, PIN, "channel", harbour.channel_id)
    with app.app_context():
        permissions.revoke_permissions_from_role(crew, [PIN], "server", harbour.id)
        db.session.remove()
    found = replay(record_id)
    assert [entry.action for entry in found.changes] == ["role.revoke"]


def test_where_only_time_has_passed_it_says_so(
    app: Flask, world: World, harbour: Community, record: Any, replay: Any
) -> None:
    crew = world.role(harbour, PIN)
    person = world.member(harbour)
    world.assign(person, crew, valid_until=world.soon(3600))
    record_id = record(person.id, PIN, "channel", harbour.channel_id)
    shift(app, person, world.soon(-60))
    with app.app_context():
        db.session.execute(update(DecisionRecord).values(at=world.soon(-3600)))
        db.session.commit()
        db.session.remove()
    found = replay(record_id)
    assert (found.outcome, found.recorded[0], found.now[0]) == ("time_passed", True, False)
    assert "only time has passed" in found.text


def shift(app: Flask, person: Person, valid_until: datetime) -> None:
    """End the person's assignments, as if time had passed."""
    from yoto.store.models import RoleAssignment

    with app.app_context():
        db.session.execute(
            update(RoleAssignment)
            .where(RoleAssignment.user_id == person.id)
            .values(valid_until=valid_until)
        )
        db.session.commit()
        db.session.remove()
        permissions.invalidate_all()


def test_a_change_past_the_audit_log_is_called_unknown(
    app: Flask, world: World, harbour: Community, record: Any, replay: Any
) -> None:
    person = world.member(harbour)
    record_id = record(person.id, SEND, "channel", harbour.channel_id)
    with app.app_context():
        member = db.session.scalars(select(Member).where(Member.user_id == person.id)).one()
        db.session.delete(member)
        db.session.commit()
        db.session.remove()
        permissions.invalidate_all()
    found = replay(record_id)
    assert (found.outcome, found.changes) == ("unknown", ())
    assert "does not say why" in found.text


def test_a_place_that_is_gone_is_told(
    app: Flask, world: World, harbour: Community, record: Any, replay: Any
) -> None:
    channel = world.channel(harbour)
    record_id = record(harbour.owner.id, SEND, "channel", channel)
    with app.app_context():
        from app.models import Channel

        db.session.delete(db.session.get_one(Channel, channel))
        db.session.commit()
        db.session.remove()
    assert replay(record_id).now == (False, "place_gone")


def test_an_expression_is_replayed_as_it_was_asked(
    app: Flask, world: World, harbour: Community, replay: Any
) -> None:
    @require_expression(f"{SEND} AND NOT {PIN}", scope="channel", scope_id="channel_id")
    def act(channel_id: int) -> str:
        return "done"

    person = world.member(harbour)
    with app.app_context(), acting_as(person.id):
        assert act(harbour.channel_id) == "done"
    record_id = last_record(app)
    assert replay(record_id).outcome == "same"
    with app.app_context():
        permissions.set_overwrite(harbour.channel_id, user_id=person.id, allow=[PIN])
        db.session.remove()
    found = replay(record_id)
    assert (found.outcome, found.now) == ("changed", (False, "not_satisfied"))
    assert [entry.action for entry in found.changes] == ["overwrite.set"]


def test_half_a_question_is_not_asked_again(
    app: Flask, world: World, harbour: Community, replay: Any
) -> None:
    expression = " OR ".join([PIN] * 60)

    @require_expression(f"{expression} OR {SEND}", scope="channel", scope_id="channel_id")
    def act(channel_id: int) -> str:
        return "done"

    person = world.member(harbour)
    with app.app_context(), acting_as(person.id):
        assert act(harbour.channel_id) == "done"
    found = replay(last_record(app))
    assert len(found.asked) == ASKED_MAX and found.asked.endswith(CUT)
    assert (found.outcome, found.now, found.same_permissions) == ("unknown", None, True)
    assert "now: unknown" in found.text and "too long" in found.text


def test_what_changes_no_right_is_no_reason(
    app: Flask, world: World, harbour: Community, record: Any, replay: Any
) -> None:
    person = world.member(harbour)
    user, channel = f"user:{person.id}", f"channel:{harbour.channel_id}"
    record_id = record(person.id, SEND, "channel", harbour.channel_id)
    for action, subject in (
        ("user.change_password", user),
        ("emergency_access.use", user),
        ("member.nickname", user),
        ("channel.update", channel),
        ("channel.rules", channel),
        ("user.clearance", user),
    ):
        world.add(AuditRecord(action=action, subject=subject, server_id=None))
    with app.app_context():
        permissions.set_overwrite(harbour.channel_id, user_id=person.id, deny=[SEND])
        db.session.remove()
    found = replay(record_id)
    assert [entry.action for entry in found.changes] == [
        "channel.rules",
        "user.clearance",
        "overwrite.set",
    ]


def test_of_many_changes_the_last_are_told_and_no_other_servers(
    app: Flask, world: World, harbour: Community, record: Any, replay: Any
) -> None:
    person = world.member(harbour)
    elsewhere = world.server().id
    record_id = record(person.id, SEND, "channel", harbour.channel_id)
    for number in range(CHANGES_MAX + 2):
        for server_id in (elsewhere, harbour.id):
            subject = f"user:{person.id}"
            world.add(
                AuditRecord(
                    action="member.timeout",
                    subject=subject,
                    server_id=server_id,
                    actor_id=harbour.owner.id if server_id == harbour.id else None,
                    after={"number": number},
                )
            )
    with app.app_context():
        permissions.set_overwrite(harbour.channel_id, user_id=person.id, deny=[SEND])
        db.session.remove()
    changes = replay(record_id).changes
    assert len(changes) == CHANGES_MAX and changes[-1].action == "overwrite.set"
    assert {entry.actor_id for entry in changes[:-1]} == {harbour.owner.id}
    assert [entry.id for entry in changes] == sorted(entry.id for entry in changes)


def test_a_replay_is_no_use_and_is_not_recorded(
    app: Flask, world: World, harbour: Community, record: Any, replay: Any
) -> None:
    root = world.user("root", super_admin=True)
    record_id = record(root.id, SEND, "channel", harbour.channel_id)
    uses = len(world.audit(harbour))
    assert replay(record_id).outcome == "same"
    assert len(world.audit(harbour)) == uses and last_record(app) == record_id


@pytest.mark.parametrize(
    ("record_id", "error"), [("7", ValidationFailed), (0, ValidationFailed), (7, UnknownResource)]
)
def test_bad_ids_name_the_field(app: Flask, record_id: Any, error: type[Exception]) -> None:
    with app.app_context(), pytest.raises(error) as raised:
        permissions.decision_log.replay(record_id)
    assert list(raised.value.errors) == ["record_id"]  # type: ignore[attr-defined]


def test_what_teams_the_public_and_programs_lost_is_named(
    app: Flask, world: World, harbour: Community, record: Any, replay: Any
) -> None:
    pinning, place = world.role(None, PIN), ("channel", harbour.channel_id)
    person = world.member(harbour)
    with app.app_context():
        [crew], [below] = (permissions.create_team(name).ids for name in ("crew", "below"))
        [program] = permissions.register_application("indexer").ids
        permissions.assign(Team(crew), pinning, at=place)
        permissions.add_team_members(below, [person.id])
        permissions.add_team_parent(below, crew)
        permissions.assign(Application(program), pinning, at=place)
    by_team = record(person.id, PIN, *place)
    by_itself = record(Application(program), PIN, *place)
    with app.app_context():
        permissions.remove_team_parent(below, crew)
        permissions.unassign(Team(crew), pinning, at=place)
        permissions.remove_team_members(below, [person.id])
        permissions.set_application_disabled(program, True)
    assert [(one.action, one.subject) for one in replay(by_team).changes] == [
        ("team.unnest", f"team:{below}"),
        ("role.unassign", f"team:{crew}"),
        ("team.leave", f"team:{below}"),
    ]
    assert [one.action for one in replay(by_itself).changes] == ["application.disable"]
    with app.app_context():
        permissions.assign(PUBLIC, pinning, at=place)
    by_all = record(world.user().id, PIN, *place)
    with app.app_context():
        permissions.unassign(PUBLIC, pinning, at=place)
    assert [one.subject for one in replay(by_all).changes] == ["public"]
