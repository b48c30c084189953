"""``Yoto(roles={...})``: roles that the code declares by name, stored by set-up."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration.yoto.embed.test_resources import (
    EDIT,
    READ,
    Colleague,
    Document,
    Office,
    Project,
)
from tests.support.redis_servers import Server
from yoto import (
    ConfigurationError,
    ValidationFailed,
    assign,
    assign_permissions_to_role,
    check_permission,
    list_registered_roles,
    register_role,
    revoke_permissions_from_role,
    roles_by,
    unassign,
    update_role,
)
from yoto.health import checks

DELETE = "document.delete"
PERMISSIONS = [{"name": one, "scope": "document"} for one in (READ, EDIT, DELETE)]
ROLES = {"viewer": [READ], "editor": [READ, EDIT]}


class Offices:
    """Processes of one application, each with a declaration of its own, on one database."""

    def __init__(self, url: str, redis: str, folder: Path) -> None:
        self._where = url, redis, folder
        self._open: list[Office] = []

    def begin(self, roles: Any) -> Office:
        office = Office(*self._where, permissions=PERMISSIONS, roles=roles)
        office.session.configure(expire_on_commit=False)
        self._open.append(office)
        return office

    def set_up(self, roles: Any) -> tuple[Office, str]:
        """The application with this declaration, and the lines of its set-up about roles."""
        office = self.begin(roles)
        made = office.app.test_cli_runner().invoke(args=["yoto", "setup"])
        assert made.exit_code == 0, made.output
        lines = (line for line in made.output.splitlines() if line.startswith("roles: "))
        return office, "\n".join(line.removeprefix("roles: ") for line in lines)

    def close(self) -> None:
        for office in self._open:
            office.close()


@pytest.fixture
def offices(url: str, valkey_server: Server, tmp_path: Path) -> Iterator[Offices]:
    offices = Offices(url, valkey_server.url, tmp_path)
    yield offices
    offices.close()


def somebody(office: Office) -> tuple[uuid.UUID, Document]:
    person = Colleague(id=uuid.uuid4(), name="mara")
    office.add(person)
    return person.id, office.document()


def test_a_declared_role_is_assigned_by_its_name(offices: Offices) -> None:
    office, lines = offices.set_up(ROLES)
    assert lines == "'viewer' made\n'editor' made"
    with office.app.app_context():
        assert [(one.name, one.position) for one in list_registered_roles()] == [
            ("editor", 2),
            ("viewer", 1),
        ]
        mara, plan = somebody(office)
        at = ("document", plan.id)
        assign(mara, "editor", at=at)
        assert check_permission(mara, EDIT, *at)
        unassign(mara, "editor", at=at)
        assert not check_permission(mara, READ, *at)


def test_a_name_that_is_not_declared_finds_no_role(offices: Offices) -> None:
    office, _ = offices.set_up(ROLES)
    with office.app.app_context():
        mara, plan = somebody(office)
        workspace = ("workspace", office.session.get_one(Project, plan.project_id).workspace_id)
        register_role("chief", home=workspace)
        register_role("boss")
        [number] = register_role("42").ids
        for name, said in (
            ("chief", "no declared role is called 'chief' (Yoto(roles=...)): give its id"),
            ("boss", "no declared role is called 'boss' (Yoto(roles=...)): give its id"),
            ("Viewer", "no declared role is called 'Viewer' (Yoto(roles=...)): give its id"),
            (str(number), f"'{number}' is a text: give the id of a role as an integer"),
            ("42", "'42' is a text: give the id of a role as an integer"),
        ):
            for write in (assign, unassign):
                with pytest.raises(ValidationFailed) as refused:
                    write(mara, name, at=("document", plan.id))
                assert refused.value.errors == {"role_id": [said]}


def test_a_namesake_in_a_workspace_is_never_the_declared_role(offices: Offices) -> None:
    office, _ = offices.set_up(ROLES)
    with office.app.app_context():
        mara, plan = somebody(office)
        workspace = ("workspace", office.session.get_one(Project, plan.project_id).workspace_id)
        [own] = register_role("viewer", home=workspace).ids
        assign_permissions_to_role(own, [DELETE])
        assign(mara, "viewer", at=("document", plan.id))
        assert check_permission(mara, READ, "document", plan.id)
        assert not check_permission(mara, DELETE, "document", plan.id)


def test_before_set_up_a_declared_name_says_what_to_run(offices: Offices) -> None:
    offices.set_up(None)
    office = offices.begin(ROLES)
    with office.app.app_context():
        mara, plan = somebody(office)
        register_role("viewer")  # somebody's own, until set-up takes it for the declared one
        with pytest.raises(ValidationFailed, match="run 'flask yoto setup'"):
            assign(mara, "viewer", at=("document", plan.id))


def test_set_up_carries_out_what_changed_in_the_code_and_keeps_what_operators_changed(
    offices: Offices,
) -> None:
    office, _ = offices.set_up(ROLES)
    with office.app.app_context():
        mara, plan = somebody(office)
        at = ("document", plan.id)
        assign(mara, "editor", at=at)
        ids = {one.name: one.id for one in list_registered_roles()}
        assign_permissions_to_role(ids["viewer"], [DELETE])
        revoke_permissions_from_role(ids["editor"], [READ])
        update_role(ids["viewer"], position=7)
    assert offices.set_up(ROLES)[1] == ""
    with office.app.app_context():
        assert not check_permission(mara, READ, *at)

    office, lines = offices.set_up({"guest": [], "viewer": [READ], "editor": [DELETE]})
    assert lines == (
        "'guest' made\n'editor' allows document.delete, no longer allows document.edit"
    )
    with office.app.app_context():
        assert check_permission(mara, DELETE, *at)
        assert not check_permission(mara, EDIT, *at)
        assign(mara, "viewer", at=at)
        assert check_permission(mara, READ, *at)
        found = {one.name: one.position for one in list_registered_roles()}
        assert found == {"guest": 1, "viewer": 7, "editor": 3}

    office, lines = offices.set_up({"viewer": [READ]})
    assert lines.splitlines() == [
        "'editor' is declared no longer, and stays with its holders",
        "'guest' is declared no longer, and stays with its holders",
    ]
    with office.app.app_context():
        assert check_permission(mara, DELETE, *at)
        with pytest.raises(ValidationFailed, match="no declared role is called 'editor'"):
            assign(mara, "editor", at=at)


def test_set_up_takes_a_global_role_of_the_name_for_the_declared_one(offices: Offices) -> None:
    office, _ = offices.set_up(None)
    with office.app.app_context():
        mara, plan = somebody(office)
        [viewer] = register_role("viewer", position=9).ids
        assign_permissions_to_role(viewer, [DELETE])
        assign_permissions_to_role(viewer, [EDIT], effect="deny")
        at = ("document", plan.id)
        assign(mara, viewer, at=at)
    office, lines = offices.set_up({"viewer": [READ, EDIT]})
    assert lines == "'viewer' allows document.read"
    with office.app.app_context():
        verdicts = [check_permission(mara, one, *at) for one in (READ, EDIT, DELETE)]
        assert verdicts == [True, False, True]
        assert [(one.id, one.position) for one in list_registered_roles()] == [(viewer, 9)]


def test_a_declared_role_keeps_its_name(offices: Offices) -> None:
    office, _ = offices.set_up(ROLES)
    with office.app.app_context():
        viewer = next(one for one in list_registered_roles() if one.name == "viewer")
        with pytest.raises(ValidationFailed) as refused:
            update_role(viewer.id, name="reader")
        assert refused.value.errors == {"name": ["is the name by which the code declares it"]}
        update_role(viewer.id, name="viewer", active=False)


def test_readiness_names_a_declared_role_that_set_up_has_not_stored(offices: Offices) -> None:
    offices.set_up(None)
    office = offices.begin(ROLES)
    with office.app.app_context(), office.engine.connect() as connection:
        assert checks._lacking(connection) == "2 roles of the code are missing, such as viewer"


@pytest.mark.parametrize(
    ("roles", "said"),
    [
        ({"42": [READ]}, "'42': a name of digits would be taken for an id"),
        ({" viewer": [READ]}, "' viewer' cannot be the name of a declared role"),
        ({"@everyone": [READ]}, "'@everyone' cannot be the name of a declared role"),
        ({7: [READ]}, "7: must be a string, not int"),
        ({"viewer": READ}, "'viewer': give a list of permissions, not 'document.read'"),
        ({"viewer": [READ, 7]}, "'viewer': 7 is no name of a permission"),
        ({"viewer": ["document.raed"]}, "'viewer': 'document.raed' is none of the declared"),
        ("viewer", "a mapping from names to permissions, or roles_by(function), not 'viewer'"),
        ([roles_by(dict), roles_by(dict)], "roles_by: one function provides roles, not two"),
    ],
)
def test_what_cannot_be_a_declaration_is_refused_at_start(
    offices: Offices, roles: Any, said: str
) -> None:
    with pytest.raises(ConfigurationError) as refused:
        offices.begin(roles)
    assert refused.value.key == "roles" and said in str(refused.value)


def test_declared_and_provided_roles_go_together(offices: Offices) -> None:
    people: dict[Any, list[str]] = {}
    office, _ = offices.set_up(
        [ROLES, roles_by(lambda ids: {one: people.get(one, ()) for one in ids})]
    )
    with office.app.app_context():
        mara, plan = somebody(office)
        people[mara] = ["viewer"]
        assert check_permission(mara, READ, "document", plan.id)
        assert not check_permission(mara, EDIT, "document", plan.id)
