"""Registering permissions: stable bits, the catalogue, refusals, and many processes at once."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update

from app.extensions import permissions
from tests.support.require import LONG
from tests.support.world import World
from yoto.errors import UnknownPermission, ValidationFailed
from yoto.permission.registry.catalogue import CATALOGUE, EVERYONE_GRANTS
from yoto.store.db import db, writing
from yoto.store.models import AuditRecord, Permission


def bits(world: World) -> dict[str, int]:
    return dict(world.rows(select(Permission.name, Permission.bit)))


def test_new_names_get_the_next_bits_and_keep_them(app: Flask, world: World) -> None:
    before = bits(world)
    with app.app_context():
        receipt = permissions.batch_register_permissions(["demo.one", "demo.two"])
        again = permissions.batch_register_permissions(["demo.two", "demo.three", "demo.one"])
    after = bits(world)
    top = max(before.values())
    assert {name: after[name] for name in before} == before
    assert [after[f"demo.{n}"] for n in ("one", "two", "three")] == [top + 1, top + 2, top + 3]
    assert len(set(receipt.ids)) == 2
    assert (again.ids[2], again.ids[0]) == receipt.ids


def test_a_registered_permission_can_be_asked_about_at_once(app: Flask, world: World) -> None:
    person = world.user()
    with app.app_context():
        with pytest.raises(UnknownPermission):
            permissions.check_permission(person.id, "demo.fly")
        permissions.register_permission(
            "demo.fly", group="demo", description="Leave the ground", scope="server"
        )
        assert not permissions.check_permission(person.id, "demo.fly")
        found = {entry.name: entry for entry in permissions.list_registered_permissions()}
    entry = found["demo.fly"]
    assert (entry.group, entry.scope, entry.abac) == ("demo", "server", False)
    assert entry.description == "Leave the ground"


def test_names_as_others_have_them_are_told_apart_byte_by_byte(app: Flask, world: World) -> None:
    """Names that a database may take for the same: another case, spaces at the end."""
    person = world.user()
    names = ["admin-write", "Admin-Write", "admin:write", "ADMIN", "7", "wiki.page-edit"]
    with app.app_context():
        permissions.batch_register_permissions([{"name": n, "scope": "global"} for n in names])
    assert len({bits(world)[name] for name in names}) == len(names)
    world.assign(person, world.role(None, "admin-write", "7"))
    with app.app_context():
        checks = [(name, None, None) for name in names]
        assert permissions.check_many(person.id, checks) == [
            n in ("admin-write", "7") for n in names
        ]
        for source, allowed in (
            ("admin-write AND NOT Admin-Write AND 7", True),
            ("admin:write OR ADMIN", False),
        ):
            assert permissions.decide_expression(person.id, source).allowed is allowed
        for name in ("admin-write ", "admin-write  ", "7 "):
            with pytest.raises(ValidationFailed):
                permissions.check_permission(person.id, name)
            assert not permissions.is_registered(name)
        judged = [permissions.decide(person.id, name, context={}) for name in ("admin-write", "7")]
    assert [found.policy_version is not None for found in judged] == [True, True]
    assert judged[0].reason == judged[1].reason == "granted"


def test_the_catalogue_is_there_once(app: Flask, world: World) -> None:
    before = world.snapshot()
    with app.app_context():
        assert permissions.sync_catalogue() == []
        stats = permissions.get_permission_registry_stats()
    assert world.snapshot() == before
    assert set(bits(world)) == {spec.name for spec in CATALOGUE}
    assert set(EVERYONE_GRANTS) <= set(bits(world))
    assert stats["permissions"] == len(CATALOGUE) == sum(stats["by_scope"].values())
    assert stats["by_group"]["message"] == 4
    assert (stats["abac"], stats["highest_bit"]) == (7, len(CATALOGUE) - 1)


def test_syncing_adds_what_is_missing_and_leaves_an_operators_changes(
    app: Flask, world: World
) -> None:
    world.run(update(Permission).where(Permission.name == "message.pin").values(abac=True))
    world.run(update(Permission).where(Permission.name == "member.nickname").values(name="old.x"))
    with app.app_context():
        assert permissions.sync_catalogue() == ["member.nickname"]
    assert world.scalar(select(Permission.abac).where(Permission.name == "message.pin"))


@pytest.mark.parametrize(
    ("entry", "field"),
    [
        ("demo fly", "name"),
        (7, "name"),
        ({"scope": "server"}, "name"),
        ({"name": "demo." + "x" * 10_000}, "name"),
        ({"name": "demo.fly", "scope": "galaxy"}, "scope"),
        ({"name": "demo.fly", "abac": 1}, "abac"),
        ({"name": "demo.fly", "group": "x" * 65}, "group"),
        ({"name": "demo.fly", "description": "x" * 501}, "description"),
        ({"name": "demo.fly", "colour": "red"}, "colour"),
        ({"name": "message.send", "scope": "server"}, "scope"),
        ({"name": "message.send", "abac": True}, "abac"),
    ],
)
def test_a_wrong_entry_is_refused_and_none_of_its_batch_is_stored(
    app: Flask, world: World, entry: Any, field: str
) -> None:
    before = world.snapshot()
    with app.app_context(), pytest.raises(ValidationFailed) as refused:
        permissions.batch_register_permissions(["demo.one", entry])
    assert list(refused.value.errors) == [field]
    assert world.snapshot() == before


def test_the_same_name_twice_in_a_batch_is_one_unless_it_contradicts_itself(
    app: Flask, world: World
) -> None:
    with app.app_context():
        receipt = permissions.batch_register_permissions(["demo.one", "demo.one"])
        assert receipt.ids[0] == receipt.ids[1]
        with pytest.raises(ValidationFailed):
            permissions.batch_register_permissions(
                ["demo.two", {"name": "demo.two", "scope": "server"}]
            )
    assert "demo.two" not in bits(world)


def test_registering_is_audited_with_its_actor(app: Flask, world: World) -> None:
    root = world.user(super_admin=True)
    with app.app_context():
        permissions.register_permission("demo.fly", actor_id=root.id, reason="birds")
        permissions.register_permission("demo.fly", actor_id=root.id)
    (row,) = world.rows(
        select(AuditRecord.actor_id, AuditRecord.after, AuditRecord.reason).where(
            AuditRecord.action == "permission.register", AuditRecord.actor_id.is_not(None)
        )
    )
    assert row == (root.id, {"names": ["demo.fly"]}, "birds")


def test_an_uncommitted_registration_belongs_to_its_caller(app: Flask, world: World) -> None:
    before = world.snapshot()
    with app.app_context(), writing():
        permissions.register_permission("demo.fly", commit=False)
        db.session.rollback()
        with pytest.raises(UnknownPermission):
            permissions.check_permission(1, "demo.fly")
        assert world.snapshot() == before
        permissions.register_permission("demo.fly", commit=False)
        db.session.commit()
        assert not permissions.check_permission(1, "demo.fly")


def test_a_committing_registration_stores_what_its_caller_had_begun(
    app: Flask, world: World
) -> None:
    with app.app_context(), writing():
        db.session.execute(
            update(Permission).where(Permission.name == "message.pin").values(description="begun")
        )
        permissions.register_permission("demo.fly")
    found = select(Permission.description).where(Permission.name == "message.pin")
    assert world.scalar(found) == "begun"


def register_in_a_process(url: str, folder: str, names: list[str], go: Any, done: Any) -> None:
    """The work of each process of the test below."""
    from app import create_app

    app = create_app({"ENVIRONMENT": "testing", "DATABASE_URL": url}, instance_path=folder)
    with app.app_context():
        go.wait(60)
        ids = [permissions.register_permission(name).ids[0] for name in names]
        done.put((names, ids))


@LONG
@pytest.mark.timeout(180)
def test_processes_that_register_at_once_agree_on_every_bit(
    app: Flask, world: World, database: Any, tmp_path_factory: pytest.TempPathFactory
) -> None:
    spawn = multiprocessing.get_context("spawn")
    go, done = spawn.Event(), spawn.Queue()
    shared = [f"shared.p{n}" for n in range(6)]
    wanted = [
        [*shared[start:], *shared[:start], *(f"own{start}.p{n}" for n in range(4))]
        for start in range(4)
    ]
    workers = [
        spawn.Process(
            target=register_in_a_process,
            args=(database.url, str(tmp_path_factory.mktemp("worker")), names, go, done),
        )
        for names in wanted
    ]
    for worker in workers:
        worker.start()
    go.set()
    answers = [done.get(timeout=120) for _ in workers]
    for worker in workers:
        worker.join(30)
        assert worker.exitcode == 0
    stored = dict(world.rows(select(Permission.name, Permission.id)))
    for names, ids in answers:
        assert [stored[name] for name in names] == ids
    found = bits(world)
    assert sorted(found.values()) == list(range(len(CATALOGUE) + len(shared) + 4 * 4))


NO_CONTEXT: dict[str, Callable[[], Any]] = {
    "check_permission": lambda: permissions.check_permission(1, "message.send"),
    "decide": lambda: permissions.decide(1, "message.send"),
    "decide_expression": lambda: permissions.decide_expression(1, "message.send"),
    "effective": lambda: permissions.effective(1),
    "effective_permissions": lambda: permissions.effective_permissions(1),
    "batch_check_permissions": lambda: permissions.batch_check_permissions([1], "message.send"),
    "check_many": lambda: permissions.check_many(1, []),
    "outranks": lambda: permissions.outranks(1, 2, ("server", 3)),
    "register_permission": lambda: permissions.register_permission("demo.fly"),
    "batch_register_permissions": lambda: permissions.batch_register_permissions(["demo.fly"]),
    "sync_catalogue": lambda: permissions.sync_catalogue(),
    "list_registered_permissions": lambda: permissions.list_registered_permissions(),
    "get_permission_registry_stats": lambda: permissions.get_permission_registry_stats(),
    "register_role": lambda: permissions.register_role("x"),
    "batch_register_roles": lambda: permissions.batch_register_roles([]),
    "update_role": lambda: permissions.update_role(1),
    "delete_role": lambda: permissions.delete_role(1),
    "list_registered_roles": lambda: permissions.list_registered_roles(),
    "assign_permissions_to_role": lambda: permissions.assign_permissions_to_role(1, ["a.a"]),
    "revoke_permissions_from_role": lambda: permissions.revoke_permissions_from_role(1, ["a.a"]),
    "assign_roles_to_user": lambda: permissions.assign_roles_to_user(1, [1]),
    "revoke_roles_from_user": lambda: permissions.revoke_roles_from_user(1, [1]),
    "register_group": lambda: permissions.register_group("x"),
    "delete_group": lambda: permissions.delete_group(1),
    "assign_permission_to_group": lambda: permissions.assign_permission_to_group(1, ["a.a"]),
    "remove_permission_from_group": lambda: permissions.remove_permission_from_group(1, ["a.a"]),
    "assign_group_to_role": lambda: permissions.assign_group_to_role(1, 1),
    "remove_group_from_role": lambda: permissions.remove_group_from_role(1, 1),
    "list_registered_groups": lambda: permissions.list_registered_groups(),
    "set_overwrite": lambda: permissions.set_overwrite(1, role_id=1),
    "clear_overwrite": lambda: permissions.clear_overwrite(1, role_id=1),
}


@pytest.mark.parametrize("call", NO_CONTEXT)
def test_without_an_app_context_each_call_raises_a_clear_error(call: str) -> None:
    with pytest.raises(RuntimeError, match="app context"):
        NO_CONTEXT[call]()
