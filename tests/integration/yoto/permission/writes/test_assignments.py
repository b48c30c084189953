"""Giving and taking roles, with and without a window in time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from app.extensions import permissions
from tests.integration.yoto.permission.conftest import Clock
from tests.integration.yoto.permission.town import Town
from tests.support.world import World
from yoto.errors import UnknownResource, ValidationFailed
from yoto.permission import Application
from yoto.store.models import RoleAssignment

NOON = datetime(2031, 5, 1, 12, tzinfo=UTC)


def has_kick(town: Town) -> bool:
    return permissions.check_permission(town.junior.id, "member.kick", "server", town.id)


def test_a_role_counts_from_its_start_until_just_before_its_end(
    app: Flask, clock: Clock, town: Town
) -> None:
    clock.now = NOON.timestamp()
    start, end = NOON + timedelta(hours=1), NOON + timedelta(hours=2)
    moments = [
        (start - timedelta(microseconds=1), False, start),
        (start, True, end),
        (end - timedelta(microseconds=1), True, end),
        (end, False, None),
    ]
    with app.app_context():
        permissions.assign_roles_to_user(
            town.junior.id, [town.middle], valid_from=start, valid_until=end
        )
        for moment, holds, boundary in moments:
            clock.now = moment.timestamp()
            found = permissions.effective(town.junior.id, "server", town.id)
            assert has_kick(town) is holds, moment
            assert found.valid_until == (boundary.timestamp() if boundary else None)


def test_a_window_in_another_zone_means_the_same_moment(
    app: Flask, clock: Clock, town: Town
) -> None:
    clock.now = NOON.timestamp()
    eastern = timezone(timedelta(hours=-5))
    with app.app_context():
        permissions.assign_roles_to_user(
            town.junior.id, [town.middle], valid_until=datetime(2031, 5, 1, 8, tzinfo=eastern)
        )
        assert has_kick(town)
        clock.now = datetime(2031, 5, 1, 13, tzinfo=UTC).timestamp()
        assert not has_kick(town)


def test_giving_again_sets_the_new_window_and_audits_both(
    app: Flask, world: World, town: Town
) -> None:
    end = datetime(2040, 1, 1, tzinfo=UTC)
    who = {"actor_id": town.owner.id, "reason": "trial"}
    with app.app_context():
        first = permissions.assign_roles_to_user(town.junior.id, [town.middle], **who)
        again = permissions.assign_roles_to_user(
            town.junior.id, [town.middle], town.id, valid_until=end, **who
        )
    assert first.ids == again.ids
    assert world.rows(
        select(RoleAssignment.valid_until, RoleAssignment.assigned_by).where(
            RoleAssignment.id == first.ids[0]
        )
    ) == [(end, town.owner.id)]
    act = world.audit(town.community)[-1]
    assert (act.action, act.subject) == ("role.assign", f"user:{town.junior.id}")
    open_window = {
        **{"role_id": town.middle, "node": "", "attributes": None},
        **{"valid_from": None, "valid_until": None},
    }
    assert act.before == open_window
    assert act.after == open_window | {"valid_until": end.isoformat()}


def test_several_roles_of_a_person_are_given_and_taken_as_assign_and_unassign_do_it(
    app: Flask, world: World, town: Town
) -> None:
    who = {"actor_id": town.owner.id, "reason": "trial"}
    mine, theirs = town.junior.id, world.member(town.community).id

    def acts(user_id: int) -> list[tuple[str, Any, Any]]:
        found = [one for one in world.audit(town.community) if one.subject == f"user:{user_id}"]
        return [(one.action, one.before, one.after) for one in found if "assign" in one.action]

    with app.app_context():
        several = permissions.assign_roles_to_user(mine, [town.middle, town.high], **who)
        permissions.revoke_roles_from_user(mine, [town.high, town.middle], **who)
        for role in (town.middle, town.high):
            permissions.assign(theirs, role, **who)
        for role in (town.high, town.middle):
            permissions.unassign(theirs, role, **who)
    assert len(set(several.ids)) == 2
    assert acts(mine) == acts(theirs) and len(acts(mine)) == 4


def test_a_new_window_for_several_roles_keeps_what_policies_know_of_the_assignment(
    app: Flask, world: World, town: Town
) -> None:
    with app.app_context():
        permissions.assign(town.junior.id, town.middle, attributes={"desk": 4})
        permissions.assign_roles_to_user(town.junior.id, [town.middle, town.high])
    found = select(RoleAssignment.attributes).where(RoleAssignment.role_id == town.middle)
    assert ({"desk": 4},) in world.rows(found.where(RoleAssignment.user_id == town.junior.id))


def test_a_program_is_no_user(app: Flask, town: Town) -> None:
    with app.app_context():
        robot = Application(permissions.register_application("robot").ids[0])
        for act in (permissions.assign_roles_to_user, permissions.revoke_roles_from_user):
            with pytest.raises(UnknownResource) as refused:
                act(robot, [town.low])
            assert list(refused.value.errors) == ["user_id"]


def test_a_role_that_is_taken_is_gone_and_the_others_stay(
    app: Flask, world: World, town: Town
) -> None:
    world.assign(town.junior, town.middle)
    with app.app_context():
        permissions.revoke_roles_from_user(town.junior.id, [town.middle], town.id)
        assert not has_kick(town)
    left = select(RoleAssignment.role_id).where(RoleAssignment.user_id == town.junior.id)
    assert world.rows(left) == [(town.low,)]
    assert world.audit(town.community)[-1].action == "role.unassign"


def test_global_roles_are_for_anybody(app: Flask, town: Town) -> None:
    with app.app_context():
        permissions.assign_permissions_to_role(town.global_role, ["platform.view"])
        permissions.assign_roles_to_user(
            town.outsider.id, [town.global_role], actor_id=town.root.id
        )
        assert permissions.check_permission(town.outsider.id, "platform.view")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"user_id": 9999}, "user_id"),
        ({"user_id": "7"}, "user_id"),
        ({"user_id": True}, "user_id"),
        ({"role_ids": []}, "role_ids"),
        ({"role_ids": [9999]}, "role_ids"),
        ({"role_ids": ["1"]}, "role_ids"),
        ({"server_id": 9999}, "role_ids"),
        ({"valid_from": "2031-05-01"}, "valid_from"),
        ({"valid_from": datetime(2031, 5, 1)}, "valid_from"),
        ({"valid_until": datetime(2031, 5, 1)}, "valid_until"),
        (
            {"valid_from": NOON + timedelta(days=2), "valid_until": NOON + timedelta(days=2)},
            "valid_until",
        ),
    ],
)
def test_a_wrong_assignment_is_refused_naming_the_field(
    app: Flask, world: World, clock: Clock, town: Town, change: dict[str, Any], field: str
) -> None:
    clock.now = NOON.timestamp()
    before = world.snapshot()
    arguments = {"user_id": town.junior.id, "role_ids": [town.middle]} | change
    with app.app_context(), pytest.raises(ValidationFailed) as refused:
        permissions.assign_roles_to_user(**arguments)
    assert list(refused.value.errors) == [field]
    assert world.snapshot() == before


@pytest.mark.parametrize("over", [NOON, NOON - timedelta(days=1)])
def test_an_actor_gives_no_window_that_is_over_and_an_import_may(
    app: Flask, clock: Clock, town: Town, over: datetime
) -> None:
    clock.now = NOON.timestamp()
    whom = (town.junior.id, [town.middle])
    with app.app_context():
        with pytest.raises(ValidationFailed, match="valid_until: is in the past"):
            permissions.assign_roles_to_user(*whom, valid_until=over, actor_id=town.owner.id)
        permissions.assign_roles_to_user(*whom, valid_until=over)


def test_only_members_get_roles_of_a_server(app: Flask, world: World, town: Town) -> None:
    banned = world.user()
    world.ban(town.community, banned)
    with app.app_context():
        for user_id in (town.outsider.id, banned.id):
            with pytest.raises(ValidationFailed) as refused:
                permissions.assign_roles_to_user(user_id, [town.low])
            assert list(refused.value.errors) == ["user_id"]
        permissions.assign_roles_to_user(town.owner.id, [town.low])


def test_taking_what_is_not_held_is_refused_and_takes_nothing(
    app: Flask, world: World, town: Town
) -> None:
    before = world.snapshot()
    with app.app_context():
        with pytest.raises(ValidationFailed) as refused:
            permissions.revoke_roles_from_user(town.junior.id, [town.low, town.middle])
        assert list(refused.value.errors) == ["role_ids"]
        with pytest.raises(UnknownResource):
            permissions.revoke_roles_from_user(town.junior.id, [9999])
    assert world.snapshot() == before
