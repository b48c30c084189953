"""Joining and leaving servers, and invites."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from app.models import Invite, Member
from tests.support.statements import count_statements
from tests.support.together import together
from tests.support.world import Community, Person, World
from yoto.store.models import RoleAssignment


@pytest.fixture
def community(world: World) -> Community:
    return world.server(public=True)


def server(community: Community, *parts: object) -> str:
    return "/".join(("/api/v1/servers", str(community.id), *map(str, parts)))


def members_of(world: World, community: Community) -> set[int]:
    statement = select(Member.user_id).where(
        Member.server_id == community.id, Member.banned.is_(False)
    )
    return {row[0] for row in world.rows(statement)}


def test_anybody_joins_a_public_server_once(
    client: FlaskClient, world: World, community: Community
) -> None:
    bob = world.user()
    first = client.post(server(community, "join"), headers=bob.headers)
    assert first.status_code == 201
    assert first.get_json()["user_id"] == bob.id
    before = world.snapshot()
    second = client.post(server(community, "join"), headers=bob.headers)
    assert second.status_code == 200
    assert second.get_json() == first.get_json()
    assert world.snapshot() == before
    (act,) = world.audit(community)
    assert (act.action, act.actor_id, act.after) == ("member.join", bob.id, {"how": "public"})


def test_a_private_server_a_ban_and_a_server_that_is_not_there_keep_people_out(
    client: FlaskClient, world: World, community: Community
) -> None:
    bob = world.user()
    private = world.server()
    world.ban(community, bob)
    before = world.snapshot()
    for target, status, reason in (
        (server(private, "join"), 404, None),
        (server(community, "join"), 403, "banned"),
        ("/api/v1/servers/999999/join", 404, None),
    ):
        answer = client.post(target, headers=bob.headers)
        assert answer.status_code == status
        assert answer.get_json().get("reason") == reason
    assert world.snapshot() == before


def test_who_leaves_loses_their_roles_there_alone(
    client: FlaskClient, world: World, community: Community
) -> None:
    other = world.server()
    roles = [world.role(community, "server.manage"), world.role(other, "server.manage")]
    everywhere = world.role(None, "platform.view")
    bob = world.member(community, None, *roles, everywhere)
    world.member(other, bob)
    assert client.post(server(community, "leave"), headers=bob.headers).status_code == 204
    assert bob.id not in members_of(world, community)
    held = world.rows(select(RoleAssignment.role_id).order_by(RoleAssignment.role_id))
    assert [row[0] for row in held] == [roles[1], everywhere]
    client.post(server(community, "join"), headers=bob.headers)
    assert client.patch(server(community), json={}, headers=bob.headers).status_code == 403


def test_owners_strangers_and_members_in_a_time_out_do_not_leave(
    client: FlaskClient, world: World, community: Community
) -> None:
    quiet = world.member(community, timeout_until=World.soon())
    free_again = world.member(community, timeout_until=World.soon(-1))
    stranger = world.user()
    before = world.snapshot()
    for person, status, reason in (
        (community.owner, 409, None),
        (stranger, 403, "not_member"),
        (quiet, 403, "timed_out"),
    ):
        answer = client.post(server(community, "leave"), headers=person.headers)
        assert answer.status_code == status
        assert answer.get_json().get("reason") == reason
        assert world.snapshot() == before
    answer = client.post(server(community, "leave"), headers=free_again.headers)
    assert answer.status_code == 204


def test_an_invite_leads_into_a_private_server(client: FlaskClient, world: World) -> None:
    community = world.server()
    host = world.member(community)
    made = client.post(server(community, "invites"), json={}, headers=host.headers)
    assert made.status_code == 201
    invite = made.get_json()
    assert invite["created_by"] == host.id
    assert invite["max_uses"] is None
    assert invite["expires_at"] is not None
    bob = world.user()
    joined = client.post(made.headers["Location"], headers=bob.headers)
    assert joined.status_code == 201
    assert joined.get_json()["server_id"] == community.id
    again = client.post(made.headers["Location"], headers=bob.headers)
    assert again.status_code == 200
    assert world.scalar(select(Invite.uses)) == 1


def test_codes_cannot_be_guessed_from_each_other(client: FlaskClient, community: Community) -> None:
    codes = {
        client.post(
            server(community, "invites"), json={}, headers=community.owner.headers
        ).get_json()["code"]
        for _ in range(5)
    }
    assert len(codes) == 5
    assert min(map(len, codes)) >= 16


@pytest.mark.parametrize(
    "limits",
    [{"max_uses": 3, "uses": 3}, {"expires_at": World.soon(-1)}],
)
def test_a_spent_invite_is_gone(client: FlaskClient, world: World, limits: Any) -> None:
    community = world.server()
    code = world.invite(community, **limits)
    bob, member = world.user(), world.member(community)
    before = world.snapshot()
    answer = client.post(f"/api/v1/invites/{code}/join", headers=bob.headers)
    assert answer.status_code == 410
    assert answer.get_json()["type"] == "urn:yoto:problem:gone"
    inside = client.post(f"/api/v1/invites/{code}/join", headers=member.headers)
    assert inside.status_code == 200
    assert world.snapshot() == before


def test_an_invite_does_not_lift_a_ban_and_a_wrong_code_leads_nowhere(
    client: FlaskClient, world: World
) -> None:
    community = world.server()
    code = world.invite(community, max_uses=1)
    bob = world.user()
    world.ban(community, bob)
    before = world.snapshot()
    banned = client.post(f"/api/v1/invites/{code}/join", headers=bob.headers)
    assert (banned.status_code, banned.get_json()["reason"]) == (403, "banned")
    for wrong in ("COME-IN", "come-i_", "x" * 32, "x" * 33):
        answer = client.post(f"/api/v1/invites/{wrong}/join", headers=bob.headers)
        assert answer.status_code == 404
    assert world.snapshot() == before


def joiner(app: Flask, code: str, person: Person) -> Callable[[], int]:
    """Somebody about to use an invite; gives the status."""

    def join() -> int:
        client = app.test_client()
        return client.post(f"/api/v1/invites/{code}/join", headers=person.headers).status_code

    return join


def test_a_limit_of_uses_holds_when_everybody_comes_at_once(app: Flask, world: World) -> None:
    community = world.server()
    code = world.invite(community, max_uses=2)
    statuses = together([joiner(app, code, world.user()) for _ in range(6)])
    assert sorted(statuses) == [201, 201, 410, 410, 410, 410]
    assert world.scalar(select(Invite.uses)) == 2
    assert len(members_of(world, community)) == 3


def test_one_person_who_joins_many_times_at_once_uses_an_invite_up_once(
    app: Flask, world: World
) -> None:
    community = world.server()
    code = world.invite(community)
    bob = world.user()
    statuses = together([joiner(app, code, bob) for _ in range(5)])
    assert sorted(statuses) == [200, 200, 200, 200, 201]
    assert world.scalar(select(Invite.uses)) == 1
    assert world.scalar(select(func.count()).select_from(Member)) == 2


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"expires_in": 59}, "expires_in"),
        ({"expires_in": 366 * 24 * 3600}, "expires_in"),
        ({"expires_in": "3600"}, "expires_in"),
        ({"expires_in": True}, "expires_in"),
        ({"max_uses": 0}, "max_uses"),
        ({"max_uses": 1.5}, "max_uses"),
        ({"max_uses": 10**20}, "max_uses"),
        ({"code": "mine"}, "code"),
    ],
)
def test_an_invite_is_not_made_from_bad_input(
    client: FlaskClient, world: World, community: Community, body: Any, field: str
) -> None:
    before = world.snapshot()
    answer = client.post(server(community, "invites"), json=body, headers=community.owner.headers)
    assert answer.status_code == 422
    assert list(answer.get_json()["errors"]) == [field]
    assert world.snapshot() == before


def test_an_invite_may_have_no_end(client: FlaskClient, community: Community) -> None:
    invite = client.post(
        server(community, "invites"),
        json={"expires_in": None, "max_uses": 1},
        headers=community.owner.headers,
    ).get_json()
    assert (invite["expires_at"], invite["max_uses"]) == (None, 1)


def test_invites_are_listed_in_pages_and_taken_back_by_managers_alone(
    app: Flask, client: FlaskClient, world: World, community: Community
) -> None:
    manager = world.member(community, None, world.role(community, "server.manage"))
    member = world.member(community)
    foreign = world.server()
    world.invite(foreign, "elsewhere")
    for number in range(3):
        world.invite(community, f"code-{number}")
    path = server(community, "invites")
    client.get(path, headers=manager.headers)
    with count_statements(app) as for_three:
        first = client.get(f"{path}?limit=2", headers=manager.headers).get_json()
    for number in range(3, 30):
        world.invite(community, f"code-{number}")
    with count_statements(app) as for_thirty:
        rest = client.get(f"{path}?after={first['next']}", headers=manager.headers).get_json()
    assert len(for_thirty) == len(for_three)
    assert len(rest["items"]) == 28
    assert [invite["code"] for invite in first["items"]] == ["code-0", "code-1"]

    invite_id = first["items"][0]["id"]
    foreign_id = world.scalar(select(Invite.id).where(Invite.code == "elsewhere"))
    before = world.snapshot()
    for person in (member, foreign.owner):
        assert client.get(path, headers=person.headers).status_code == 403
        taken = client.delete(server(community, "invites", invite_id), headers=person.headers)
        assert taken.status_code == 403
    wrong = client.delete(server(community, "invites", foreign_id), headers=manager.headers)
    assert wrong.status_code == 404
    assert world.snapshot() == before
    taken = client.delete(server(community, "invites", invite_id), headers=manager.headers)
    assert taken.status_code == 204
    gone = client.post("/api/v1/invites/code-0/join", headers=world.user().headers)
    assert gone.status_code == 404


def test_making_invites_takes_member_invite(client: FlaskClient, world: World) -> None:
    community = world.server(grants=["channel.read"])
    member, stranger = world.member(community), world.user()
    before = world.snapshot()
    for person, status in ((member, 403), (stranger, 404)):
        answer = client.post(server(community, "invites"), json={}, headers=person.headers)
        assert answer.status_code == status
    assert world.snapshot() == before
