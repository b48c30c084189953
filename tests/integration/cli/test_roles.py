"""``flask roles``: acts that the guide does not show, and refusals."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from flask import Flask
from sqlalchemy import func, select

from app.blueprints.roles import roles
from app.extensions import permissions
from tests.support.world import World
from yoto.store.models import Role, RoleAssignment

WHY = ("--reason", "the tide")


def run(app: Flask, *arguments: object, fails: bool = False) -> str:
    command = ["roles", *map(str, arguments)]
    result = app.test_cli_runner().invoke(args=command)
    assert (result.exit_code != 0) is fails, result.output
    return result.output


def test_a_role_is_made_changed_given_taken_and_deleted(app: Flask, world: World) -> None:
    harbour = world.server()
    person = world.member(harbour)

    def may(name: str) -> bool:
        with app.app_context():
            return permissions.check_permission(person.id, name, "server", harbour.id)

    made = run(app, "create", "crew", "--server", harbour.id, "--inactive", *WHY)
    role = int(made.split()[1])
    run(app, "allow", role, "message.pin", "member.kick", *WHY)
    run(app, "assign", role, person.id, *WHY)
    assert not may("message.pin")
    changed = run(app, "change", role, "--active", "--name", "watch", "--position", 7, *WHY)
    assert changed == f"{role:>6}  watch, position 7\n"
    assert may("message.pin")
    run(app, "deny", role, "member.kick", "--scope", "server", "--scope-id", harbour.id, *WHY)
    assert not may("member.kick")
    assert f"denies member.kick in server {harbour.id}" in run(app, "show", role)
    run(app, "clear", role, "member.kick", "--scope", "server", "--scope-id", harbour.id, *WHY)
    assert may("member.kick")
    run(app, "unassign", role, person.username, *WHY)
    assert not may("message.pin")
    run(app, "delete", role, *WHY)
    assert "watch" not in run(app, "list", "--server", harbour.id)
    acts = world.audit(harbour)
    assert [act.action for act in acts] == [
        "role.create",
        "role.grant",
        "role.assign",
        "role.update",
        "role.grant",
        "role.revoke",
        "role.unassign",
        "role.delete",
    ]
    for act in acts:
        assert (act.actor_id, act.reason) == (None, "the tide")
        assert act.after["via"].startswith("cli:")


def test_a_parent_is_given_and_taken(app: Flask, world: World) -> None:
    parent, child = world.role(None, "platform.view"), world.role(None)
    assert f"inherits from {parent}" in run(app, "change", child, "--parent", parent, *WHY)
    assert "inherits" not in run(app, "change", child, "--no-parent", *WHY)


@pytest.mark.parametrize(
    ("options", "start", "end"),
    [
        ((), None, None),
        (("--from", "2098-01-31T08:00Z"), datetime(2098, 1, 31, 8, tzinfo=UTC), None),
        (
            ("--from", "2098-01-31T08:00Z", "--until", "2099-01-31T09:00+01:00"),
            datetime(2098, 1, 31, 8, tzinfo=UTC),
            datetime(2099, 1, 31, 8, tzinfo=UTC),
        ),
    ],
)
def test_a_role_is_given_in_a_window(
    app: Flask,
    world: World,
    options: tuple[str, ...],
    start: datetime | None,
    end: datetime | None,
) -> None:
    role, person = world.role(None), world.user()
    run(app, "assign", role, person.username, *options, *WHY)
    found = select(RoleAssignment.valid_from, RoleAssignment.valid_until)
    assert world.rows(found) == [(start, end)]


def test_a_role_is_given_for_a_while(app: Flask, world: World) -> None:
    role, person = world.role(None), world.user()
    run(app, "assign", role, person.username, "--for", "8h", *WHY)
    ((end, made),) = world.rows(select(RoleAssignment.valid_until, RoleAssignment.created_at))
    assert (end - made).total_seconds() == pytest.approx(8 * 3600, abs=60)


def test_a_server_is_given_no_more_roles_than_it_may_have(
    app: Flask, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    harbour = world.server()
    monkeypatch.setattr(roles, "ROLES_MAX", 1)
    said = run(app, "create", "crew", "--server", harbour.id, *WHY, fails=True)
    assert said == "Error: A server holds at most 1 roles.\n"
    assert world.scalar(select(func.count()).select_from(Role)) == 1


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("create crew", "Missing option '--reason'"),
        ("create crew --server 999 --reason x", "no server 999"),
        ("change ROLE --reason x", "at least one of what is to change"),
        ("change ROLE --parent 1 --no-parent --reason x", "--parent or --no-parent"),
        ("change ROLE --position 0 --reason x", "not in the range"),
        ("show 999", "no role 999"),
        ("allow ROLE snow.melt --reason x", "unknown permission 'snow.melt'"),
        ("allow ROLE --reason x", "Missing argument"),
        ("allow ROLE message.pin --scope server --reason x", "needs an id"),
        ("clear ROLE message.pin --reason x", "'message.pin' is not granted"),
        ("deny ROLE server.administrator --reason x", "cannot be denied"),
        ("assign ROLE nobody --reason x", "unknown user 'nobody'"),
        ("assign ROLE 1 --until 2020-01-01T00:00Z --reason x", "is in the past"),
        ("assign ROLE 1 --until 2099-01-01 --reason x", "has no time zone"),
        ("assign ROLE 1 --until 2099-01-01T00:00Z --for 8h --reason x", "--until or --for"),
        ("unassign ROLE 1 --reason x", "is not held there"),
    ],
)
def test_what_is_refused_is_said_and_changes_nothing(
    app: Flask, world: World, command: str, said: str
) -> None:
    world.user()
    role = world.role(None)
    before = world.snapshot()
    words = command.replace("ROLE", str(role)).split()
    assert said in run(app, *words, fails=True)
    assert world.snapshot() == before
