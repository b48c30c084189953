"""Applying templates: the grants they make, once, by the rules of any other grant."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from app.extensions import permissions
from tests.integration.yoto.permission.town import Town
from tests.support.world import World
from yoto.errors import PermissionDenied, UnknownPermission, UnknownResource, ValidationFailed
from yoto.rooms.templates.template import PermissionTemplate, TemplateLevel
from yoto.store.db import db
from yoto.store.models import Effect, Permission, RoleGrant

READING = {"channel.read", "message.read_history"}
WRITING = READING | {"message.send"}
MODERATING = WRITING | {"message.pin", "message.manage"}
WIKI = {"resource": "wiki"}


def grants(world: World, role: int) -> dict[tuple[str, str], str]:
    """The effect of each grant of the role, by permission and scope."""
    found = select(Permission.name, RoleGrant.scope_key, RoleGrant.effect)
    rows = world.rows(
        found.join(Permission, Permission.id == RoleGrant.permission_id).where(
            RoleGrant.role_id == role
        )
    )
    return {(name, scope): effect.value for name, scope, effect in rows}


def allowed(world: World, role: int, scope: str) -> set[str]:
    found = grants(world, role)
    return {name for (name, where), effect in found.items() if (where, effect) == (scope, "allow")}


@pytest.mark.parametrize("scope", ["global", "server", "channel"])
def test_a_level_is_granted_in_its_scope(app: Flask, world: World, town: Town, scope: str) -> None:
    scope_id = {"global": None, "server": town.id, "channel": town.channel}[scope]
    with app.app_context():
        receipt = permissions.templates.apply(town.low, "message", "moderator", scope, scope_id)
        for name in MODERATING:
            assert permissions.check_permission(town.junior.id, name, "channel", town.channel)
    assert len(receipt.ids) == len(MODERATING) and receipt.position is not None
    assert allowed(world, town.low, scope if scope_id is None else f"{scope}:{scope_id}") == (
        MODERATING
    )


def test_applying_again_changes_nothing(app: Flask, world: World, town: Town) -> None:
    def apply() -> tuple[int, ...]:
        with app.app_context():
            return permissions.templates.apply(
                town.low, "message", "writer", actor_id=town.root.id, replace=True
            ).ids

    first = apply()
    before = world.snapshot()
    assert apply() == first
    assert world.snapshot() == before


def test_it_adds_to_what_is_there_unless_it_is_to_replace_it(
    app: Flask, world: World, town: Town
) -> None:
    with app.app_context():
        permissions.assign_permissions_to_role(town.low, ["member.kick", "message.pin"])
        permissions.templates.apply(town.low, "message", "moderator")
        permissions.templates.apply(town.low, "message", "writer")
    assert allowed(world, town.low, "global") == MODERATING | {"member.kick"}
    with app.app_context():
        permissions.templates.apply(town.low, "message", "writer", replace=True)
    assert allowed(world, town.low, "global") == WRITING | {"member.kick"}


def test_replacing_leaves_denies_and_other_scopes(app: Flask, world: World, town: Town) -> None:
    with app.app_context():
        permissions.templates.apply(town.low, "message", "moderator", "channel", town.channel)
        permissions.assign_permissions_to_role(town.low, ["message.pin"], effect="deny")
        permissions.templates.apply(town.low, "message", "reader", replace=True)
    assert grants(world, town.low)["message.pin", "global"] == "deny"
    assert allowed(world, town.low, "global") == READING
    assert allowed(world, town.low, f"channel:{town.channel}") == MODERATING


def test_what_it_changes_is_audited_with_the_template_as_the_reason(
    app: Flask, world: World, town: Town
) -> None:
    who = {"actor_id": town.owner.id}
    with app.app_context():
        permissions.templates.apply(town.low, "message", "moderator", **who)
        permissions.templates.apply(
            town.low, "message", "writer", replace=True, reason="too loud", **who
        )
    acts = [(act.action, act.actor_id, act.reason) for act in world.audit(town.community)]
    assert acts == [
        ("role.grant", town.owner.id, "template message: moderator"),
        ("role.revoke", town.owner.id, "too loud"),
    ]
    revoked = world.audit(town.community)[1].before["grants"]
    assert revoked == {"message.manage": "allow", "message.pin": "allow"}


def test_nobody_gives_by_a_template_what_they_could_not_give_one_by_one(
    app: Flask, world: World, town: Town
) -> None:
    before = world.snapshot()
    for role, template, level, reason in (
        (town.low, "server", "moderator", "lacks_permission"),
        (town.high, "message", "reader", "role_too_high"),
        (town.middle, "message", "reader", "role_too_high"),
    ):
        with app.app_context(), pytest.raises(PermissionDenied) as refused:
            permissions.templates.apply(role, template, level, actor_id=town.actor.id)
        assert refused.value.decision.reason == reason
    assert world.snapshot() == before
    with app.app_context():
        permissions.templates.apply(town.low, "server", "writer", actor_id=town.actor.id)


def test_it_registers_what_is_missing_when_asked_to(app: Flask, world: World, town: Town) -> None:
    before = world.snapshot()
    with app.app_context(), pytest.raises(UnknownPermission) as refused:
        permissions.templates.apply(town.low, "crud", "writer", parameters=WIKI)
    assert list(refused.value.errors) == ["template"]
    assert refused.value.names == ["wiki.read", "wiki.create", "wiki.update"]
    assert world.snapshot() == before
    with app.app_context():
        permissions.templates.apply(town.low, "crud", "writer", parameters=WIKI, register=True)
        assert permissions.check_permission(town.junior.id, "wiki.update", "channel", town.channel)
        assert not permissions.is_registered("wiki.delete"), "only what it grants"


@pytest.mark.parametrize("who", ["owner", "actor"])
def test_registering_is_for_super_admins(app: Flask, world: World, town: Town, who: str) -> None:
    def apply(actor_id: int) -> None:
        with app.app_context():
            permissions.templates.apply(
                town.low, "crud", "reader", parameters=WIKI, register=True, actor_id=actor_id
            )

    before = world.snapshot()
    with pytest.raises(PermissionDenied) as refused:
        apply(getattr(town, who).id)
    assert refused.value.decision.reason == "lacks_permission"
    assert world.snapshot() == before
    apply(town.root.id)
    assert allowed(world, town.low, "global") == {"wiki.read"}


def test_a_permission_keeps_the_scope_that_it_is_registered_with(
    app: Flask, world: World, town: Town
) -> None:
    with app.app_context():
        permissions.templates.register_crud("wiki", "server")
        with pytest.raises(ValidationFailed, match="mean nothing in a channel: wiki.read"):
            permissions.templates.apply(
                town.low, "crud", "reader", "channel", town.channel, parameters=WIKI
            )
        permissions.templates.apply(
            town.low, "crud", "reader", "server", town.id, parameters=WIKI, register=True
        )
    assert allowed(world, town.low, f"server:{town.id}") == {"wiki.read"}


@pytest.mark.parametrize("register", [False, True])
@pytest.mark.parametrize(
    ("arguments", "more", "error", "field"),
    [
        (("forum", "reader"), {}, UnknownResource, "template"),
        ((None, "reader"), {}, UnknownResource, "template"),
        (("message", "boss"), {}, ValidationFailed, "level"),
        (("message", "reader"), {"parameters": {"resource": "a"}}, ValidationFailed, "resource"),
        (("message", "reader"), {"parameters": ["a"]}, ValidationFailed, "parameters"),
        (("crud", "reader"), {}, ValidationFailed, "resource"),
        (("crud", "reader"), {"parameters": {"resource": "a b"}}, ValidationFailed, "resource"),
        (("server", "moderator", "channel", 1), {}, ValidationFailed, "scope_type"),
        (("message", "reader", "galaxy", 1), {}, ValidationFailed, "scope_type"),
        (("message", "reader", "server"), {}, ValidationFailed, "scope_id"),
        (("message", "reader", "channel", 9999), {}, UnknownResource, "scope_id"),
        (("crud", "reader", "server", 9999), {"parameters": WIKI}, ValidationFailed, None),
        (("platform", "viewer"), {}, ValidationFailed, "template"),
    ],
)
def test_bad_input_is_refused_naming_the_field_and_stores_nothing(
    app: Flask,
    world: World,
    town: Town,
    arguments: tuple[Any, ...],
    more: dict[str, Any],
    error: type[ValidationFailed],
    field: str | None,
    register: bool,
) -> None:
    viewer = TemplateLevel.of("viewer", "platform.view")
    before = world.snapshot()
    with app.app_context():
        permissions.templates.add(PermissionTemplate("platform", (viewer,)))
        with pytest.raises(error) as refused:
            permissions.templates.apply(town.low, *arguments, **more, register=register)
    if field is not None:
        assert list(refused.value.errors) == [field]
    assert world.snapshot() == before


@pytest.mark.parametrize("role", [9999, "1", None])
def test_a_role_that_is_none_registers_nothing(
    app: Flask, world: World, town: Town, role: Any
) -> None:
    before = world.snapshot()
    with app.app_context(), pytest.raises(ValidationFailed) as refused:
        permissions.templates.apply(role, "crud", "reader", parameters=WIKI, register=True)
    assert list(refused.value.errors) == ["role_id"]
    assert world.snapshot() == before


def test_left_uncommitted_it_can_be_taken_back_but_registers_nothing(
    app: Flask, world: World, town: Town
) -> None:
    with app.app_context():
        permissions.templates.apply(town.low, "message", "moderator")
    before = world.snapshot()
    with app.app_context():
        permissions.templates.apply(
            town.low, "message", "reader", replace=True, actor_id=town.owner.id, commit=False
        )
        left = db.session.scalars(
            select(RoleGrant.id).where(
                RoleGrant.role_id == town.low, RoleGrant.effect == Effect.ALLOW
            )
        )
        assert len(list(left)) == len(READING)
        db.session.rollback()
        with pytest.raises(ValidationFailed) as refused:
            permissions.templates.apply(
                town.low, "crud", "reader", parameters=WIKI, register=True, commit=False
            )
        assert list(refused.value.errors) == ["register"]
    assert world.snapshot() == before
