"""Questions at a terminal about resources of every type, and those who are no people."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from flask import Flask

from tests.support import papers
from tests.support.papers import EDIT, READ, Papers
from tests.support.world import World

WHY = ("--reason", "the move")


@pytest.fixture
def made(app: Flask) -> Iterator[Papers]:
    with papers.declared(app) as found:
        yield found


def run(app: Flask, *command: object, exits: int = 0) -> str:
    ran = app.test_cli_runner().invoke(args=[str(one) for one in command])
    assert ran.exit_code == exits, ran.output
    return ran.output


def test_a_document_is_asked_about_by_its_id(app: Flask, world: World, made: Papers) -> None:
    owner, reader = world.user("owner"), world.user("reader")
    document = made.document(made.workspace(owner, reader))
    made.assign(reader.id, made.role(READ), ("document", document))
    at = ("--scope", "document", "--scope-id", document)
    assert run(app, "permission", "check", "reader", READ, *at) == "allowed: granted\n"
    assert run(app, "permission", "check", "public", READ, *at, exits=1).startswith("denied")
    explained = json.loads(run(app, "permission", "explain", "reader", READ, *at, "--json"))
    assert (explained["scope_id"], explained["allowed"]) == (str(document), True)
    listed = run(app, "permission", "review", READ, *at, "--format", "csv").splitlines()
    assert len(listed) == 3
    wrong = run(app, "permission", "check", "reader", READ, "--scope", "folder", exits=1)
    assert "workspace, document, file" in run(
        app, "permission", "check", "reader", READ, "--scope", "folder", "--scope-id", 1, exits=1
    )
    assert "scope" in wrong
    number = ("--scope", "document", "--scope-id", 7)
    assert "must be a UUID" in run(app, "permission", "check", "reader", READ, *number, exits=1)


def test_teams_and_applications_hold_roles_at_a_document(
    app: Flask, world: World, made: Papers
) -> None:
    reader = world.user("reader")
    document = made.document(made.workspace(None, reader))
    role, node = made.role(READ), f"document:{document}"
    at = ("--scope", "document", "--scope-id", document)

    def may(who: str, name: str = READ) -> bool:
        ran = app.test_cli_runner().invoke(args=["permission", "check", who, name, *map(str, at)])
        return ran.exit_code == 0

    assert run(app, "teams", "create", "painters", *WHY) == "Team 1 is painters.\n"
    run(app, "teams", "create", "artists", *WHY)
    run(app, "applications", "register", "importer", *WHY)
    run(app, "teams", "add", 1, "reader", "application:1", *WHY)
    run(app, "teams", "nest", 1, 2, *WHY)
    assert run(app, "teams", "list").splitlines() == ["     1  painters, in 2", "     2  artists"]
    assert run(app, "teams", "show", 1).split() == [f"user:{reader.id}", "application:1"]
    run(app, "roles", "assign", role, "team:2", "--at", node, "--for", "1h", *WHY)
    assert may("reader") and may("application:1")
    assert f"team:2 holds role {role} until" in run(app, "roles", "held", node)
    run(app, "applications", "disable", 1, *WHY)
    assert not may("application:1") and "disabled" in run(app, "applications", "list")
    run(app, "applications", "enable", 1, *WHY)
    run(app, "roles", "overwrite", node, "team:1", "--allow", EDIT, *WHY)
    assert may("reader", EDIT)
    run(app, "roles", "overwrite", node, "team:1", "--deny", READ, *WHY)
    assert not may("reader")
    run(app, "roles", "overwrite", node, "team:1", "--clear", *WHY)
    run(app, "teams", "remove", 1, "reader", *WHY)
    assert not may("reader") and may("application:1")
    run(app, "teams", "nest", 1, 2, "--no-more", *WHY)
    assert not may("application:1")
    run(app, "roles", "unassign", role, "team:2", "--at", node, *WHY)
    assert run(app, "roles", "held", node) == ""
    run(app, "teams", "delete", 2, *WHY)
    workspace = made.workspace(None)
    assert "is not held there" in run(
        app,
        "roles",
        "unassign",
        role,
        f"everyone:workspace:{workspace}",
        "--at",
        node,
        *WHY,
        exits=1,
    )
    editing = made.role(EDIT)
    run(app, "roles", "inherit", role, editing, *WHY)
    run(app, "roles", "assign", role, "public", "--at", node, *WHY)
    assert may("public", EDIT)
    run(app, "roles", "inherit", role, editing, "--no-more", *WHY)
    assert may("public") and not may("public", EDIT)


def test_a_grant_at_a_workspace_is_shown_as_one(app: Flask, made: Papers) -> None:
    workspace, role = made.workspace(None), made.role(READ)
    at = ("--scope", "workspace", "--scope-id", workspace)
    run(app, "roles", "allow", role, EDIT, *at, *WHY)
    assert f"allows {EDIT} in workspace {workspace}" in run(app, "roles", "show", role)
    run(app, "roles", "clear", role, EDIT, *at, *WHY)
    assert EDIT not in run(app, "roles", "show", role)
