"""Registering templates, and the permissions that they are made of."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from app.extensions import permissions
from tests.integration.yoto.permission.town import Town
from tests.support.world import World
from yoto.errors import MaintenanceMode, UnknownResource, ValidationFailed
from yoto.permission import PermissionSpec, require_permission
from yoto.permission.guards.subject import acting_as
from yoto.rooms.templates.applying import keep_library
from yoto.rooms.templates.parameters import TemplateParameter
from yoto.rooms.templates.template import PermissionTemplate, TemplateLevel
from yoto.store.models import AuditRecord, Permission

FORUM = PermissionTemplate(
    "forum",
    (
        TemplateLevel("reader", (PermissionSpec("{board}.read", "server", "{board}"),)),
        TemplateLevel("writer", (PermissionSpec("{board}.post", "server", "{board}"),)),
    ),
    "A board of a forum",
    (TemplateParameter("board", "Which board"),),
)


def registered(world: World, group: str) -> list[tuple[str, str, bool]]:
    found = select(Permission.name, Permission.scope, Permission.abac)
    rows = world.rows(found.where(Permission.category == group).order_by(Permission.bit))
    return [(name, scope, abac) for name, scope, abac in rows]


def test_crud_registers_four_permissions_in_a_group(app: Flask, world: World) -> None:
    with app.app_context():
        receipt = permissions.templates.register_crud("wiki.page", "server")
        again = permissions.templates.register_crud("wiki.page", "server")
    actions = ("read", "create", "update", "delete")
    assert registered(world, "wiki.page") == [
        (f"wiki.page.{action}", "server", False) for action in actions
    ]
    assert len(receipt.ids) == 4 and again.ids == receipt.ids
    acts = select(AuditRecord.reason).where(AuditRecord.action == "permission.register")
    assert world.rows(acts.where(AuditRecord.reason == "template crud")) == [("template crud",)]


def test_crud_permissions_guard_functions_by_the_decorators(app: Flask, town: Town) -> None:
    @require_permission("ledger.update", scope="server", scope_id="server_id")
    def change(server_id: int) -> str:
        return "changed"

    with app.app_context():
        permissions.templates.register_crud("ledger", "server")
        with acting_as(town.junior.id):
            with pytest.raises(PermissionError):
                change(server_id=town.id)
            permissions.templates.apply(
                town.low, "crud", "writer", "server", town.id, parameters={"resource": "ledger"}
            )
            assert change(server_id=town.id) == "changed"


def test_crud_can_be_for_policies_to_judge(app: Flask, world: World) -> None:
    with app.app_context():
        permissions.templates.register_crud("vault", abac=True)
    assert {(scope, abac) for _, scope, abac in registered(world, "vault")} == {("channel", True)}


def test_a_template_of_ones_own_is_listed_registered_and_found(app: Flask, world: World) -> None:
    with app.app_context():
        permissions.templates.add(FORUM)
        permissions.templates.add(FORUM)
        assert permissions.templates.get("forum") is FORUM
        assert FORUM in permissions.templates.all()
        permissions.templates.register("forum", {"board": "news"})
    assert registered(world, "news") == [
        ("news.read", "server", False),
        ("news.post", "server", False),
    ]


def test_templates_are_the_apps_and_added_without_any_store(app: Flask) -> None:
    with app.app_context():
        permissions.set_maintenance_mode(True, "moving")
        permissions.templates.add(FORUM)
        with pytest.raises(MaintenanceMode):
            permissions.templates.all()
        permissions.set_maintenance_mode(False)
    keep_library(app)
    with app.app_context(), pytest.raises(UnknownResource):
        permissions.templates.get("forum")


def test_what_is_registered_otherwise_is_refused_and_nothing_is_stored(
    app: Flask, world: World
) -> None:
    with app.app_context():
        permissions.register_permission("wiki.update", scope="global")
    before = world.snapshot()
    with app.app_context(), pytest.raises(ValidationFailed, match="wiki.update is registered"):
        permissions.templates.register_crud("wiki", "server")
    assert world.snapshot() == before


@pytest.mark.parametrize(
    ("call", "field"),
    [
        (lambda its: its.register_crud("wiki page"), "resource"),
        (lambda its: its.register_crud(None), "resource"),  # type: ignore[arg-type]
        (lambda its: its.register_crud("w" * 65), "resource"),
        (lambda its: its.register_crud("wiki", "galaxy"), "scope"),
        (lambda its: its.register_crud("wiki", abac=1), "abac"),  # type: ignore[arg-type]
        (lambda its: its.register("forum"), "template"),
        (lambda its: its.register("crud"), "resource"),
        (lambda its: its.register("crud", {"name": "wiki"}), "name"),
        (
            lambda its: its.add(PermissionTemplate("crud", FORUM.levels[:0])),
            "levels",
        ),
    ],
)
def test_bad_input_is_refused_naming_the_field(
    app: Flask, world: World, call: Any, field: str
) -> None:
    number = world.scalar(select(func.count()).select_from(Permission))
    with app.app_context(), pytest.raises(ValidationFailed) as refused:
        call(permissions.templates)
    assert field in refused.value.errors
    assert world.scalar(select(func.count()).select_from(Permission)) == number
