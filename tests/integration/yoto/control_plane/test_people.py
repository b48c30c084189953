"""Operators read of one person, and act on them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from app.auth import break_glass
from tests.integration.guards.conftest import say
from tests.support import papers
from tests.support.operators import (
    ADMIN,
    RIGHTS,
    VIEW,
    WHY,
    ControlClient,
    api_token,
    control_client,
)
from tests.support.world import Community, Person, World
from yoto.extensions import permissions
from yoto.permission import Application, Team
from yoto.store.columns import utcnow

AUDIT, SENDING = "admin.audit", "message.send"
PRIVATE = ("memberships", "roles", "teams", "overwrites", "account")


@pytest.fixture
def auditor(app: Flask, world: World) -> ControlClient:
    return control_client(app, world, VIEW, AUDIT)


@pytest.fixture
def tomas(world: World) -> Person:
    return world.user("tomas", display_name="Tomas")


@pytest.fixture
def server(world: World, tomas: Person) -> Community:
    made = world.server(world.user("owner"))
    world.member(made, tomas)
    return made


def of(client: ControlClient, person: Person, part: str, **query: Any) -> list[Any]:
    answer = client.get(f"/people/{person.id}/{part}", **query)
    assert answer.status_code == 200, answer.text
    items: list[Any] = answer.json["items"]
    return items


def test_somebody_is_found_by_number_or_name_and_digits_are_a_number(
    auditor: ControlClient, world: World, tomas: Person
) -> None:
    number = world.user("1")
    assert number.id != 1
    found = auditor.get(f"/people/{tomas.id}").json
    assert found == {
        "id": tomas.id,
        "own_id": tomas.id,
        "subject": f"user:{tomas.id}",
        "username": "tomas",
        "display_name": "Tomas",
        "disabled": False,
        "super_admin": False,
        "insight": True,
    }
    assert auditor.get("/people/TOMAS").json == found
    assert auditor.get(f"/people/{number.id}").json["username"] == "1"
    assert auditor.get("/people/1").json["id"] == 1
    for nobody in ("nobody", "0", "9" * 25, "public", "application:77", "²"):
        assert auditor.get(f"/people/{nobody}").status_code == 404, nobody


def test_a_program_is_shown_with_what_it_holds(app: Flask, auditor: ControlClient) -> None:
    with app.app_context():
        [program] = permissions.register_application("importer").ids
        [role] = permissions.register_role("importing").ids
        permissions.assign(Application(program), role)
    found = auditor.get(f"/people/application:{program}").json
    assert (found["username"], found["display_name"]) == (f"application:{program}", "importer")
    # As browsers read numbers, this one would be another.
    assert found["id"] == str(Application(program).number)
    [held] = auditor.get(f"/people/{found['id']}/roles").json["items"]
    assert (held["role"], held["via"]) == ("importing", f"application:{program}")
    found = auditor.get(f"/people/{found['id']}/memberships", scope="server")
    assert found.json["items"] == []


def test_without_the_right_to_audit_an_operator_sees_names_alone(
    app: Flask, world: World, tomas: Person
) -> None:
    client = control_client(app, world, VIEW)
    found = client.get(f"/people/{tomas.id}").json
    assert (found["username"], found["insight"]) == ("tomas", False)
    assert found["disabled"] is found["super_admin"] is None
    for part in PRIVATE:
        query = {"scope": "server"} if part == "memberships" else {}
        assert client.get(f"/people/{tomas.id}/{part}", **query).status_code == 403, part


def test_roles_say_from_when_to_when_by_whom_and_through_which_team(
    app: Flask, world: World, auditor: ControlClient, tomas: Person, server: Community
) -> None:
    over = utcnow() - timedelta(minutes=1)
    soon = utcnow() + timedelta(hours=1)
    own, global_role = world.role(server, name="helper"), world.role(None, name="guest")
    world.assign(tomas, own, valid_until=soon, assigned_by=server.owner.id)
    world.assign(tomas, global_role, valid_until=over)
    with app.app_context():
        [inner], [outer] = (permissions.create_team(one).ids for one in ("inner", "outer"))
        permissions.add_team_parent(inner, outer)
        permissions.add_team_members(inner, [tomas.id], valid_until=soon)
        permissions.assign(Team(outer), global_role)
    found = of(auditor, tomas, "roles")
    assert [(one["role"], one["home"], one["via"], one["in_force"]) for one in found] == [
        ("helper", f"server:{server.id}", f"user:{tomas.id}", True),
        ("guest", None, f"user:{tomas.id}", False),
        ("guest", None, f"team:{outer}", True),
    ]
    assert (found[0]["by"], found[2]["by"]) == (f"user:{server.owner.id}", None)
    [team] = of(auditor, tomas, "teams")
    assert (team["name"], team["valid_from"]) == ("inner", None) and team["valid_until"]
    page = auditor.get(f"/people/{tomas.id}/roles", limit=1).json
    assert [one["role"] for one in page["items"]] == ["helper"]
    page = auditor.get(f"/people/{tomas.id}/roles", limit=2, after=page["next"]).json
    assert [one["via"] for one in page["items"]] == [one["via"] for one in found[1:]]
    assert page["next"] is None


def test_memberships_tell_owners_time_outs_and_bans_apart(
    world: World, auditor: ControlClient, tomas: Person, server: Community
) -> None:
    own = world.server(tomas)
    elsewhere = world.server(server.owner)
    world.ban(elsewhere, tomas)
    timed_out = world.server(server.owner)
    world.member(timed_out, tomas, timeout_until=world.soon())
    found = of(auditor, tomas, "memberships", scope="server")
    shown = [(one["id"], one["owner"], one["banned"], bool(one["timeout_until"])) for one in found]
    assert shown == [
        (server.id, False, False, False),
        (own.id, True, False, False),
        (elsewhere.id, False, True, False),
        (timed_out.id, False, False, True),
    ]
    assert all(one["name"] for one in found)
    page = auditor.get(f"/people/{tomas.id}/memberships", scope="server", limit=3).json
    page = auditor.get(f"/people/{tomas.id}/memberships", scope="server", after=page["next"]).json
    assert [one["id"] for one in page["items"]] == [timed_out.id]
    assert auditor.get(f"/people/{tomas.id}/memberships", scope="channel").status_code == 422


@pytest.fixture
def workspaces(app: Flask) -> Iterator[papers.Papers]:
    with papers.declared(app) as made:
        yield made


def test_memberships_are_of_whatever_type_has_members(
    auditor: ControlClient, workspaces: papers.Papers, tomas: Person
) -> None:
    home = workspaces.workspace(tomas, tomas)
    [found] = of(auditor, tomas, "memberships", scope="workspace")
    assert (found["id"], found["owner"], found["banned"]) == (str(home), True, False)


def test_overwrites_about_somebody_are_listed_with_their_place(
    app: Flask, world: World, auditor: ControlClient, tomas: Person, server: Community
) -> None:
    with app.app_context():
        [team] = permissions.create_team("loud").ids
        permissions.add_team_members(team, [tomas.id])
        at = ("channel", server.channel_id)
        permissions.set_overwrite(at=at, user_id=tomas.id, deny=["message.send"])
        permissions.set_overwrite(at=at, team_id=team, allow=["message.pin"])
    found = of(auditor, tomas, "overwrites")
    shown = [(one["place"], one["via"], one["permission"], one["effect"]) for one in found]
    place = f"channel:{server.channel_id}"
    assert shown == [
        (place, f"user:{tomas.id}", "message.send", "deny"),
        (place, f"team:{team}", "message.pin", "allow"),
    ]


def test_the_limits_that_refuse_somebody_are_told_and_reset(
    app: Flask, world: World, tomas: Person, server: Community
) -> None:
    client = control_client(app, world, *RIGHTS)
    entry = client.get(f"/config/rate_limit/{SENDING}")
    values = {"dimensions": {"user": {"limit": 1}}}
    lowered = client.put(f"/config/rate_limit/{SENDING}", entry.headers["ETag"], values=values)
    assert lowered.status_code == 200, lowered.text
    sender, channel = app.test_client(), server.channel_id
    assert [say(sender, tomas, channel).status_code for _ in range(2)] == [201, 429]
    assert say(sender, server.owner, channel).status_code == 201
    found = client.get(f"/people/{tomas.id}/limits").json
    assert found["known"] is True
    [met] = [one for one in found["items"] if one["limit"] == SENDING]
    assert (met["user"], met["server"]) == (str(tomas.id), str(server.id))
    assert (met["passed"], met["rejected"]) == (1, 1) and met["last"] == met["last_rejected"]
    reset = client.post(f"/limiters/{SENDING}/reset-key", user=met["user"], server=met["server"])
    assert reset.status_code == 200
    assert say(sender, tomas, channel).status_code == 201


def test_sessions_tokens_and_devices_are_those_of_the_account(
    app: Flask, auditor: ControlClient, tomas: Person
) -> None:
    api_token(app, tomas)
    made = app.test_client().post("/api/v1/devices", json={"name": "Phone"}, headers=tomas.headers)
    assert made.status_code == 201
    found = auditor.get(f"/people/{tomas.id}/account").json
    assert (found["tokens"], found["second_factor"], found["sessions_end"]) == (1, False, None)
    assert [one["name"] for one in found["devices"]] == ["Phone"]
    assert auditor.get("/people/987654/account").status_code == 404


def test_acts_on_a_member_take_the_operators_own_rights_in_the_community(
    app: Flask, world: World, tomas: Person, server: Community
) -> None:
    role = world.role(server, name="helper")
    world.assign(tomas, role)
    acts: dict[str, dict[str, Any]] = {
        "give-role": {"role_id": role, "valid_until": world.soon().isoformat()},
        "take-role": {"role_id": role},
        "time-out": {"server_id": server.id, "until": world.soon().isoformat()},
        "end-time-out": {"server_id": server.id},
    }

    def answers(client: ControlClient) -> list[int]:
        made = [client.post(f"/people/{tomas.id}/{act}", **body) for act, body in acts.items()]
        return [one.status_code for one in made]

    def offered(client: ControlClient) -> tuple[Any, ...]:
        assign = client.get(f"/roles/{role}/acts").json["assign"]
        found = client.get(f"/people/{tomas.id}/account").json
        assert assign is bool(found["take_roles_in"])
        return found["time_out_in"], found["take_roles_in"], found["take_global_roles"]

    # Neither of the two does without the other: to administer the platform, and to moderate there.
    stranger = control_client(app, world, *RIGHTS, AUDIT)
    assert answers(stranger) == [403, 403, 403, 403]
    assert offered(stranger) == ([], [], False)
    _, secret = api_token(app, server.owner)
    owner = ControlClient(app.test_client(), {"Authorization": f"Bearer {secret}"})
    assert answers(owner) == [403, 403, 403, 403]
    world.assign(server.owner, world.role(None, VIEW, ADMIN, AUDIT, name="administrators"))
    assert offered(owner) == ([server.id], [server.id], False)
    assert answers(owner) == [204, 204, 204, 204]
    assert owner.post(f"/people/{tomas.id}/take-role", role_id=role).status_code == 404
    for action, times in (("role.unassign", 1), ("member.timeout", 2), ("role.assign", 1)):
        made = [one for one in world.acts(action) if one.subject == f"user:{tomas.id}"]
        assert [(one.actor_id, one.reason) for one in made] == [(server.owner.id, WHY)] * times


def test_the_break_glass_token_does_nothing_that_takes_an_account(
    app: Flask, tomas: Person, server: Community
) -> None:
    token, app.config["BREAK_GLASS_HASH"] = break_glass.new_token()
    client = ControlClient(app.test_client(), {"Authorization": f"Bearer {token}"})
    assert client.get(f"/people/{tomas.id}").json["insight"] is True
    answer = client.post(f"/people/{tomas.id}/end-time-out", server_id=server.id)
    assert answer.status_code == 403
