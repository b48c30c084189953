"""Making, changing, deleting and listing roles."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from app.extensions import permissions
from tests.integration.yoto.permission.town import Town
from tests.support.statements import count_statements
from tests.support.world import World
from yoto.errors import UnknownResource, ValidationFailed
from yoto.permission.rank.teams import MOST_DEEP, TOO_DEEP
from yoto.store.db import db
from yoto.store.models import (
    ChannelOverwrite,
    Role,
    RoleAssignment,
    RoleGrant,
    RoleGroupGrant,
)


def test_a_role_is_stored_as_told_and_audited(app: Flask, world: World, town: Town) -> None:
    with app.app_context():
        (role_id,) = permissions.register_role(
            "  Keepers ",
            town.id,
            town.low,
            position=4,
            active=False,
            actor_id=town.owner.id,
            reason="the light must burn",
        ).ids
        found = next(
            r for r in permissions.list_registered_roles(("server", town.id)) if r.id == role_id
        )
    assert (found.name, found.home, found.parent_id) == ("Keepers", f"server:{town.id}", town.low)
    assert (found.position, found.active, found.is_default) == (4, False, False)
    act = world.audit(town.community)[-1]
    assert (act.action, act.subject, act.actor_id) == (
        "role.create",
        f"role:{role_id}",
        town.owner.id,
    )
    assert act.before is None
    assert act.after == {
        "name": "Keepers",
        "position": 4,
        "parent_id": town.low,
        "active": False,
    }
    assert act.reason == "the light must burn"


def test_a_batch_of_roles_is_made_whole_or_not_at_all(app: Flask, world: World, town: Town) -> None:
    before = world.snapshot()
    wanted = [{"name": "one", "server_id": town.id}, {"name": "two"}]
    with app.app_context():
        with pytest.raises(ValidationFailed):
            permissions.batch_register_roles([*wanted, {"name": "low", "server_id": town.id}])
        assert world.snapshot() == before
        ids = permissions.batch_register_roles(wanted).ids
    names = dict(world.rows(select(Role.id, Role.name)))
    assert [names[id_] for id_ in ids] == ["one", "two"]


def test_an_update_changes_and_audits_only_what_is_given(
    app: Flask, world: World, town: Town
) -> None:
    with app.app_context():
        permissions.update_role(town.low, name="lowly", position=3, actor_id=town.owner.id)
        permissions.update_role(town.low, name="lowly")
    act = world.audit(town.community)[-1]
    assert (act.action, act.before, act.after) == (
        "role.update",
        {"name": "low", "position": 2},
        {"name": "lowly", "position": 3},
    )
    row = world.rows(select(Role.name, Role.position, Role.active).where(Role.id == town.low))
    assert row == [("lowly", 3, True)]


def test_a_deleted_role_takes_along_what_hangs_on_it_and_leaves_its_heirs(
    app: Flask, world: World, town: Town
) -> None:
    heir = world.role(town.community, parent_id=town.low)
    world.overwrite(channel=town.channel, role=town.low, deny=["message.send"])
    with app.app_context():
        permissions.assign_permissions_to_role(town.low, ["message.pin"])
        permissions.assign_group_to_role(town.group, town.low)
        permissions.delete_role(town.low, actor_id=town.owner.id)
        assert "message.pin" not in permissions.effective_permissions(
            town.junior.id, "channel", town.channel
        )
    for model in (RoleGrant, RoleGroupGrant, RoleAssignment, ChannelOverwrite):
        rows = select(func.count()).where(model.role_id == town.low)
        assert world.scalar(rows) == 0, model
    assert world.rows(select(Role.parent_id).where(Role.id == heir)) == [(None,)]
    assert world.audit(town.community)[-1].action == "role.delete"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "   "}, "name"),
        ({"name": "x" * 10_000}, "name"),
        ({"name": "a\x00b"}, "name"),
        ({"name": "a\nb"}, "name"),
        ({"name": 7}, "name"),
        ({"name": "@everyone"}, "name"),
        ({"name": "high"}, "name"),
        ({"position": 0}, "position"),
        ({"position": -3}, "position"),
        ({"position": True}, "position"),
        ({"position": "3"}, "position"),
        ({"position": 2**70}, "position"),
        ({"active": 1}, "active"),
        ({"active": None}, "active"),
        ({"parent": 9999}, "parent_id"),
        ({"parent": "3"}, "parent_id"),
        ({"parent": True}, "parent_id"),
    ],
)
def test_a_wrong_field_is_refused_and_changes_nothing(
    app: Flask, world: World, town: Town, change: dict[str, Any], field: str
) -> None:
    before = world.snapshot()
    making = {"name": "fresh", "server_id": town.id} | change
    for act in (
        lambda: permissions.update_role(town.low, **change),
        lambda: permissions.batch_register_roles([making]),
    ):
        with app.app_context(), pytest.raises(ValidationFailed) as refused:
            act()
        assert list(refused.value.errors) == [field]
    assert world.snapshot() == before


def test_a_role_cannot_become_its_own_ancestor(app: Flask, world: World, town: Town) -> None:
    child = world.role(town.community, parent_id=town.low)
    grandchild = world.role(town.community, parent_id=child)
    before = world.snapshot()
    for parent in (town.low, child, grandchild):
        with app.app_context(), pytest.raises(ValidationFailed) as refused:
            permissions.update_role(town.low, parent=parent)
        assert list(refused.value.errors) == ["parent_id"]
    assert world.snapshot() == before


def test_two_who_give_roles_parents_at_once_make_no_circle(
    app: Flask, world: World, town: Town
) -> None:
    """Nor with roles between that neither of them names."""
    tops = [world.role(town.community) for _ in range(2)]
    heirs = [world.role(town.community, parent_id=top) for top in tops]
    refused: list[ValidationFailed] = []

    def close() -> None:
        with app.app_context():
            try:
                permissions.update_role(tops[1], parent=heirs[0])
            except ValidationFailed as error:
                refused.append(error)

    rival = threading.Thread(target=close)
    with app.app_context():
        permissions.add_role_parent(tops[0], heirs[1], commit=False)
        rival.start()
        rival.join(0.5)  # it is done by then, or waits for this one
        db.session.commit()
    rival.join()
    assert [list(error.errors) for error in refused] == [["parent_id"]]


def test_the_longest_way_of_inheritance_says_how_deep_roles_stand(
    app: Flask, world: World, town: Town
) -> None:
    long = [world.role(town.community)]
    while len(long) < MOST_DEEP:
        long.append(world.role(town.community, parent_id=long[-1]))
    other, heir = world.role(town.community), world.role(town.community)
    with app.app_context():
        # A short way to the top beside the long one, of the first parent and of a further one.
        permissions.update_role(other, parent=long[0])
        permissions.add_role_parent(other, long[-2])
        for write in (
            lambda: permissions.update_role(heir, parent=other),
            lambda: permissions.add_role_parent(heir, other),
            lambda: permissions.add_role_parent(long[0], heir),
            lambda: permissions.register_role("below", town.id, parent=long[-1]),
        ):
            with pytest.raises(ValidationFailed) as refused:
                write()
            assert refused.value.errors == {"parent_id": [TOO_DEEP]}
        permissions.update_role(long[-1], parent=long[-2], name="as before")


def test_parents_are_of_the_same_server_or_global_and_never_the_default_role(
    app: Flask, world: World, town: Town
) -> None:
    elsewhere = world.role(world.server())
    for role, parent in (
        (town.low, elsewhere),
        (town.low, town.community.everyone_id),
        (town.global_role, town.low),
    ):
        with app.app_context(), pytest.raises(ValidationFailed) as refused:
            permissions.update_role(role, parent=parent)
        assert list(refused.value.errors) == ["parent_id"]
    with app.app_context():
        permissions.update_role(town.low, parent=town.global_role)


def test_the_default_role_stays_as_it_is(app: Flask, world: World, town: Town) -> None:
    default = town.community.everyone_id
    before = world.snapshot()
    root = {"actor_id": town.root.id}
    for act in (
        lambda: permissions.update_role(default, name="all", **root),
        lambda: permissions.update_role(default, position=3, **root),
        lambda: permissions.update_role(default, active=False, **root),
        lambda: permissions.update_role(default, parent=town.low, **root),
        lambda: permissions.delete_role(default, **root),
        lambda: permissions.assign_roles_to_user(town.junior.id, [default], **root),
        lambda: permissions.revoke_roles_from_user(town.junior.id, [default], **root),
    ):
        with app.app_context(), pytest.raises(ValidationFailed) as refused:
            act()
        assert list(refused.value.errors) in (["role_id"], ["role_ids"])
    assert world.snapshot() == before
    with app.app_context():
        permissions.assign_permissions_to_role(default, ["message.pin"])
        assert permissions.check_permission(town.junior.id, "message.pin", "server", town.id)


def test_names_are_unique_in_a_server_and_among_global_roles(app: Flask, world: World) -> None:
    here, there = world.server(), world.server()
    with app.app_context():
        permissions.register_role("same", here.id)
        permissions.register_role("same", there.id)
        permissions.register_role("same")
        permissions.register_role("Same")
        for server_id in (here.id, None):
            with pytest.raises(ValidationFailed) as refused:
                permissions.register_role("same", server_id)
            assert list(refused.value.errors) == ["name"]


def test_roles_are_listed_highest_first_in_one_statement(app: Flask, town: Town) -> None:
    with count_statements(app) as statements, app.app_context():
        names = [role.name for role in permissions.list_registered_roles(("server", town.id))]
    assert names == ["high", "middle", "low", "@everyone"]
    assert len(statements) == 1
    with app.app_context():
        assert [role.name for role in permissions.list_registered_roles()] == ["global"]


def test_what_is_not_there_is_named(app: Flask, town: Town) -> None:
    with app.app_context():
        for act, field in (
            (lambda: permissions.update_role(9999, name="x"), "role_id"),
            (lambda: permissions.delete_role(9999), "role_id"),
            (lambda: permissions.register_role("x", 9999), "server_id"),
        ):
            with pytest.raises(UnknownResource) as missing:
                act()
            assert list(missing.value.errors) == [field]
