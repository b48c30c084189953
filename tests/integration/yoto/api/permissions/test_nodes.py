"""Roles and overwrites at resources of any type, over REST."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.support import papers
from tests.support.papers import EDIT, READ, Papers
from tests.support.world import Person, World
from yoto.extensions import permissions

API = "/api/v1/permissions"


class Desk:
    """A workspace with a document, who owns it, who is in it, and a role to hand out."""

    def __init__(self, world: World, made: Papers) -> None:
        self.made = made
        self.owner, self.member, self.outsider = map(world.user, ("owner", "member", "outsider"))
        self.workspace = made.workspace(self.owner, self.member)
        self.document = made.document(self.workspace)
        self.reading = made.home_role(self.workspace, READ)

    def at(self, **more: Any) -> dict[str, Any]:
        return {"scope": "document", "scope_id": str(self.document)} | more


@pytest.fixture
def desk(app: Flask, world: World) -> Iterator[Desk]:
    with papers.declared(app) as made:
        yield Desk(world, made)


def send(client: FlaskClient, person: Person, method: str, path: str, asked: Any) -> Any:
    options = {"json": asked} if method == "PUT" else {"query_string": asked}
    return client.open(f"{API}/{path}", method=method, headers=person.headers, **options)


def may(app: Flask, desk: Desk, person: Person, name: str = READ) -> bool:
    with app.app_context():
        return permissions.check_permission(person.id, name, "document", desk.document)


def test_who_owns_a_workspace_hands_out_roles_in_it(
    app: Flask, client: FlaskClient, desk: Desk
) -> None:
    subject = f"user:{desk.outsider.id}"
    given = desk.at(subject=subject, role_id=desk.reading, valid_until="2099-01-01T00:00:00Z")
    assert send(client, desk.owner, "PUT", "holders", given).status_code == 204
    assert may(app, desk, desk.outsider)
    [held] = send(client, desk.owner, "GET", "holders", desk.at()).get_json()["items"]
    assert (held["subject"], held["role_id"]) == (subject, desk.reading)
    assert held["valid_until"] == "2099-01-01T00:00:00+00:00"
    gone = desk.at(subject=subject, role_id=desk.reading)
    assert send(client, desk.owner, "DELETE", "holders", gone).status_code == 204
    assert not may(app, desk, desk.outsider)
    everyone = f"everyone:workspace:{desk.workspace}"
    given = desk.at(subject=everyone, role_id=desk.reading)
    assert send(client, desk.owner, "PUT", "holders", given).status_code == 204
    assert may(app, desk, desk.member) and not may(app, desk, desk.outsider)


def test_who_owns_a_workspace_overwrites_in_it(app: Flask, client: FlaskClient, desk: Desk) -> None:
    target = desk.at(target=f"user:{desk.member.id}")
    laid = target | {"allow": [READ, EDIT]}
    assert send(client, desk.owner, "PUT", "overwrites", laid).status_code == 204
    assert may(app, desk, desk.member, EDIT)
    assert send(client, desk.owner, "DELETE", "overwrites", target).status_code == 204
    assert not may(app, desk, desk.member)
    role = desk.at(target=f"role:{desk.reading}", deny=[EDIT])
    assert send(client, desk.owner, "PUT", "overwrites", role).status_code == 204
    everybody = f"everyone:workspace:{desk.workspace}"
    for wrong in ("public", "role:", "role:0", "somebody", everybody):
        answer = send(client, desk.owner, "PUT", "overwrites", desk.at(target=wrong))
        assert (answer.status_code, list(answer.get_json()["errors"])) == (422, ["target"]), wrong


@pytest.mark.parametrize(("who", "status"), [("reader", 403), ("member", 404), ("outsider", 404)])
def test_others_hand_out_nothing(
    app: Flask, client: FlaskClient, world: World, desk: Desk, who: str, status: int
) -> None:
    person = desk.member if who == "reader" else getattr(desk, who)
    if who == "reader":
        desk.made.assign(person.id, desk.reading, ("document", desk.document))
    before = world.snapshot()
    role = {"subject": f"user:{desk.outsider.id}", "role_id": desk.reading}
    target = {"target": f"user:{desk.outsider.id}"}
    for method, path, asked in (
        ("GET", "holders", {}),
        ("PUT", "holders", role),
        ("DELETE", "holders", role),
        ("PUT", "overwrites", target | {"allow": [READ]}),
        ("DELETE", "overwrites", target),
    ):
        answer = send(client, person, method, path, desk.at(**asked))
        assert answer.status_code == status, (method, path)
    assert world.snapshot() == before


def test_who_manages_global_roles_gives_what_they_have_and_no_more(
    app: Flask, client: FlaskClient, world: World, desk: Desk
) -> None:
    manager = desk.outsider
    world.assign(manager, world.role(None, "admin.roles", position=9))
    subject, role = f"user:{desk.member.id}", desk.made.role(READ)
    given = desk.at(subject=subject, role_id=role)
    answer = send(client, manager, "PUT", "holders", given)
    assert (answer.status_code, answer.get_json()["reason"]) == (403, "lacks_permission")
    desk.made.assign(manager.id, role, ("document", desk.document))
    assert send(client, manager, "PUT", "holders", given).status_code == 204
    assert may(app, desk, desk.member)


def test_a_role_is_granted_permissions_at_a_workspace(
    app: Flask, client: FlaskClient, world: World, desk: Desk
) -> None:
    root = world.user("root", super_admin=True)
    role = desk.made.role()
    desk.made.assign(desk.member.id, role, ("document", desk.document))
    grant = f"/api/v1/roles/{role}/grants/{READ}"
    place = {"scope": "workspace", "scope_id": str(desk.workspace)}
    answer = client.put(grant, headers=root.headers, json=place)
    assert answer.status_code in (200, 201), answer.text
    assert {name: answer.get_json()[name] for name in place} == place
    assert may(app, desk, desk.member)
    gone = client.delete(grant, headers=root.headers, query_string=place)
    assert gone.status_code == 204 and not may(app, desk, desk.member)
