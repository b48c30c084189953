"""Teams and programs over REST."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.support.world import Person, World

TEAMS, APPLICATIONS = "/api/v1/teams", "/api/v1/applications"


@pytest.fixture
def manager(world: World) -> Person:
    """Somebody who manages global roles."""
    person = world.user("manager")
    world.assign(person, world.role(None, "admin.roles", position=9))
    return person


def test_a_team_is_made_filled_nested_and_deleted(
    client: FlaskClient, world: World, manager: Person
) -> None:
    def send(method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        return client.open(TEAMS + path, method=method, headers=manager.headers, json=body)

    person = world.user("person")
    made = send("POST", "", {"name": "painters"})
    assert (made.status_code, made.get_json()["name"]) == (201, "painters")
    painters = made.get_json()["id"]
    assert send("POST", "", {"name": "painters"}).status_code in (409, 422)
    artists = send("POST", "", {"name": "artists"}).get_json()["id"]
    program = client.post(APPLICATIONS, headers=manager.headers, json={"name": "importer"})
    until = {"valid_until": "2099-01-01T00:00:00Z"}
    member, importer = f"user:{person.id}", f"application:{program.get_json()['id']}"
    assert send("PUT", f"/{painters}/members/{member}", until).status_code == 200
    assert send("PUT", f"/{painters}/members/{importer}", {}).status_code == 200
    assert send("PUT", f"/{painters}/members/public", {}).status_code == 422
    assert send("PUT", f"/{painters}/parents/{artists}", {}).status_code == 200
    shown = send("GET", f"/{painters}").get_json()
    assert {one["subject"]: one["valid_until"] for one in shown["members"]} == {
        member: "2099-01-01T00:00:00+00:00",
        importer: None,
    }
    assert shown["parents"] == [artists]
    assert send("DELETE", f"/{painters}/members/{member}").status_code == 204
    assert send("DELETE", f"/{painters}/parents/{artists}").status_code == 204
    assert send("DELETE", f"/{artists}").status_code == 204
    assert [one["id"] for one in send("GET", "").get_json()["items"]] == [painters]
    assert send("GET", f"/{artists}").status_code == 404


def test_a_program_is_registered_and_switched_off_and_on(
    client: FlaskClient, manager: Person
) -> None:
    made = client.post(APPLICATIONS, headers=manager.headers, json={"name": "importer"})
    assert (made.status_code, made.get_json()["disabled"]) == (201, False)
    address = f"{APPLICATIONS}/{made.get_json()['id']}"
    for disabled in (True, False):
        body = {"disabled": disabled, "reason": "a test"}
        changed = client.patch(address, headers=manager.headers, json=body)
        assert changed.get_json()["disabled"] is disabled
    listed = client.get(APPLICATIONS, headers=manager.headers).get_json()["items"]
    assert [one["name"] for one in listed] == ["importer"]
    assert client.patch(f"{APPLICATIONS}/99", headers=manager.headers, json=body).status_code == 404


def test_nobody_else_sees_or_changes_them(client: FlaskClient, world: World) -> None:
    person = world.user("person")
    for method, path in (
        ("GET", TEAMS),
        ("POST", TEAMS),
        ("GET", f"{TEAMS}/1"),
        ("DELETE", f"{TEAMS}/1"),
        ("PUT", f"{TEAMS}/1/members/user:1"),
        ("DELETE", f"{TEAMS}/1/members/user:1"),
        ("PUT", f"{TEAMS}/1/parents/2"),
        ("DELETE", f"{TEAMS}/1/parents/2"),
        ("GET", APPLICATIONS),
        ("POST", APPLICATIONS),
        ("PATCH", f"{APPLICATIONS}/1"),
    ):
        answer = client.open(path, method=method, headers=person.headers, json={"name": "x"})
        assert answer.status_code == 403, (method, path)
