"""Grants of roles, direct and through groups: scopes, effects, refusals."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from app.extensions import permissions
from tests.integration.yoto.permission.town import Town
from tests.support.world import World
from yoto.errors import UnknownPermission, UnknownResource, ValidationFailed
from yoto.store.db import db
from yoto.store.models import PermissionGroup, RoleGrant


def may(user_id: int, name: str, scope: str, scope_id: int) -> bool:
    return permissions.check_permission(user_id, name, scope, scope_id)


def test_a_grant_counts_in_its_scope_and_not_beside_it(
    app: Flask, world: World, town: Town
) -> None:
    other = world.channel(town.community, "other")
    junior = town.junior.id
    with app.app_context():
        permissions.assign_permissions_to_role(town.low, ["message.pin"], "channel", other)
        assert may(junior, "message.pin", "channel", other)
        assert not may(junior, "message.pin", "channel", town.channel)
        assert not may(junior, "message.pin", "server", town.id)
        permissions.assign_permissions_to_role(town.low, ["message.pin"], "server", town.id)
        assert may(junior, "message.pin", "channel", town.channel)
        permissions.revoke_permissions_from_role(town.low, ["message.pin"], "server", town.id)
        assert not may(junior, "message.pin", "channel", town.channel)
        assert may(junior, "message.pin", "channel", other), "the other grant stays"


def test_a_global_roles_grant_for_one_server_counts_in_that_alone(
    app: Flask, world: World, town: Town
) -> None:
    elsewhere = world.server()
    world.assign(town.outsider, town.global_role)
    with app.app_context():
        permissions.assign_permissions_to_role(town.global_role, ["member.kick"], "server", town.id)
        assert may(town.outsider.id, "member.kick", "server", town.id)
        assert not may(town.outsider.id, "member.kick", "server", elsewhere.id)
        assert not permissions.check_permission(town.outsider.id, "member.kick")
        permissions.assign_permissions_to_role(town.global_role, ["platform.view"])
        assert permissions.check_permission(town.outsider.id, "platform.view")


def test_granting_again_changes_nothing_and_the_opposite_replaces(
    app: Flask, world: World, town: Town
) -> None:
    who = {"actor_id": town.owner.id}
    with app.app_context():
        first = permissions.assign_permissions_to_role(
            town.low, ["message.pin", "member.kick"], **who
        )
        again = permissions.assign_permissions_to_role(town.low, ["message.pin"], **who)
        assert again.ids == first.ids[:1]
        denied = permissions.assign_permissions_to_role(
            town.low, ["message.pin"], effect="deny", **who
        )
        assert denied.ids == again.ids
        assert not may(town.junior.id, "message.pin", "server", town.id)
    acts = [act for act in world.audit(town.community) if act.action == "role.grant"]
    assert len(acts) == 2
    assert acts[1].before == {"scope": "global", "grants": {"message.pin": "allow"}}
    assert acts[1].after == {"scope": "global", "grants": {"message.pin": "deny"}}


def test_a_group_grants_its_permissions_as_they_are_at_the_moment(
    app: Flask, world: World, town: Town
) -> None:
    junior = town.junior.id
    with app.app_context():
        permissions.assign_group_to_role(town.group, town.low, "server", town.id)
        assert may(junior, "member.ban", "server", town.id)
        permissions.assign_permission_to_group(town.group, ["member.kick"])
        assert may(junior, "member.kick", "server", town.id)
        permissions.remove_permission_from_group(town.group, "member.ban")  # type: ignore[arg-type]
        assert not may(junior, "member.ban", "server", town.id)
        permissions.assign_group_to_role(town.group, town.low, "server", town.id, "deny")
        permissions.assign_permissions_to_role(town.low, ["member.kick"])
        assert not may(junior, "member.kick", "server", town.id)
        permissions.remove_group_from_role(town.group, town.low, "server", town.id)
        assert may(junior, "member.kick", "server", town.id)
        permissions.assign_group_to_role(town.group, town.low)
        permissions.delete_group(town.group)
        assert may(junior, "member.kick", "server", town.id), "by its own grant"
        assert permissions.list_registered_groups() == []
    assert world.rows(select(PermissionGroup.id)) == []


def test_groups_are_listed_with_their_permissions(app: Flask, town: Town) -> None:
    with app.app_context():
        (made,) = permissions.register_group(
            " moderation ", ["message.pin", "message.manage", "message.pin"], "tidy up"
        ).ids
        groups = permissions.list_registered_groups()
    assert [(group.id, group.name, group.permissions) for group in groups] == [
        (town.group, "bans", ("member.ban",)),
        (made, "moderation", ("message.manage", "message.pin")),
    ]
    assert groups[1].description == "tidy up"


def test_platform_permissions_stay_with_global_roles_globally(
    app: Flask, world: World, town: Town
) -> None:
    root: dict[str, Any] = {"actor_id": town.root.id}
    names = ["message.send", "platform.admin"]
    with app.app_context():
        (platform,) = permissions.register_group("platform", names).ids
        permissions.assign_group_to_role(town.group, town.low)
    before = world.snapshot()
    p = permissions
    for act, field in (
        (lambda: p.assign_permissions_to_role(town.low, names, **root), "names"),
        (lambda: p.assign_permissions_to_role(town.low, names, effect="deny", **root), "names"),
        (
            lambda: p.assign_permissions_to_role(
                town.global_role, names, "server", town.id, **root
            ),
            "names",
        ),
        (
            lambda: p.assign_permissions_to_role(
                town.global_role, names, "channel", town.channel, **root
            ),
            "names",
        ),
        (lambda: p.assign_group_to_role(platform, town.low, **root), "names"),
        (lambda: p.assign_group_to_role(platform, town.global_role, "server", town.id), "names"),
        (lambda: p.assign_permission_to_group(town.group, ["platform.view"], **root), "names"),
        (lambda: p.set_overwrite(town.channel, role_id=town.low, allow=names, **root), "allow"),
        (lambda: p.set_overwrite(town.channel, role_id=town.low, deny=names, **root), "deny"),
    ):
        with app.app_context(), pytest.raises(ValidationFailed) as refused:
            act()
        assert list(refused.value.errors) == [field]
        assert "platform." in refused.value.errors[field][0]
    assert world.snapshot() == before
    with app.app_context():
        permissions.assign_group_to_role(platform, town.global_role)


@pytest.mark.parametrize(
    ("arguments", "error", "field"),
    [
        ((["message.edit"],), UnknownPermission, "names"),
        (([],), ValidationFailed, "names"),
        (("message.pin",), ValidationFailed, "names"),
        ((["message.pin", 7],), ValidationFailed, "names"),
        ((["message.pin"], "galaxy", 1), ValidationFailed, "scope_type"),
        ((["message.pin"], "server"), ValidationFailed, "scope_id"),
        ((["message.pin"], "server", "1"), ValidationFailed, "scope_id"),
        ((["message.pin"], None, 1), ValidationFailed, "scope_id"),
        ((["message.pin"], "channel", 9999), UnknownResource, "scope_id"),
        ((["message.pin"], None, None, "maybe"), ValidationFailed, "effect"),
    ],
)
def test_a_wrong_grant_is_refused_naming_the_field(
    app: Flask,
    world: World,
    town: Town,
    arguments: tuple[Any, ...],
    error: type[ValidationFailed],
    field: str,
) -> None:
    before = world.snapshot()
    with app.app_context(), pytest.raises(error) as refused:
        permissions.assign_permissions_to_role(town.low, *arguments)
    assert list(refused.value.errors) == [field]
    assert world.snapshot() == before


def test_a_grant_outside_the_roles_server_is_refused(app: Flask, world: World, town: Town) -> None:
    elsewhere = world.server()
    with app.app_context():
        for scope in (("server", elsewhere.id), ("channel", elsewhere.channel_id)):
            with pytest.raises(ValidationFailed) as refused:
                permissions.assign_permissions_to_role(town.low, ["message.pin"], *scope)
            assert list(refused.value.errors) == ["scope_id"]


def test_taking_away_what_is_not_there_is_refused(app: Flask, world: World, town: Town) -> None:
    before = world.snapshot()
    p = permissions
    for act, field in (
        (lambda: p.revoke_permissions_from_role(town.low, ["message.pin"]), "names"),
        (lambda: p.revoke_permissions_from_role(town.high, ["member.ban"]), "names"),
        (lambda: p.remove_permission_from_group(town.group, ["message.pin"]), "names"),
        (lambda: p.remove_group_from_role(town.group, town.low), "group_id"),
        (lambda: p.delete_group(9999), "group_id"),
        (lambda: p.register_group("bans"), "name"),
        (lambda: p.register_group("x" * 129), "name"),
        (lambda: p.register_group("fine", description="x" * 501), "description"),
        (lambda: p.register_group("fine", ["message.edit"]), "permissions"),
    ):
        with app.app_context(), pytest.raises(ValidationFailed) as refused:
            act()
        assert list(refused.value.errors) == [field]
    assert world.snapshot() == before


def test_a_write_that_is_not_committed_can_be_taken_back(
    app: Flask, world: World, town: Town
) -> None:
    before = world.snapshot()
    with app.app_context():
        receipt = permissions.assign_permissions_to_role(
            town.low, ["message.pin"], actor_id=town.owner.id, commit=False
        )
        assert receipt.ids
        assert may(town.junior.id, "message.pin", "server", town.id), "the session sees its own"
        db.session.rollback()
    assert world.snapshot() == before
    assert world.rows(select(RoleGrant.id).where(RoleGrant.role_id == town.low)) == []
