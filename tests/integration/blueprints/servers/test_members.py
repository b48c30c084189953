"""Members: listing, naming, timing out, kicking and banning them."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app.extensions import permissions
from app.models import Member
from tests.support.statements import count_statements
from tests.support.world import Community, Person, World
from yoto.store.models import RoleAssignment

MODERATION = ("member.kick", "member.ban", "member.timeout", "member.nickname")


@pytest.fixture
def community(world: World) -> Community:
    return world.server()


@pytest.fixture
def moderator(world: World, community: Community) -> Person:
    """A member of rank 5 who may do all that moderators do."""
    return world.member(community, None, world.role(community, *MODERATION, position=5))


def members(community: Community, *parts: object) -> str:
    return "/".join(("/api/v1/servers", str(community.id), "members", *map(str, parts)))


def bans(community: Community, *parts: object) -> str:
    return "/".join(("/api/v1/servers", str(community.id), "bans", *map(str, parts)))


def test_members_are_listed_with_their_roles_highest_first(
    client: FlaskClient, world: World, community: Community
) -> None:
    low, high = world.role(community, position=1), world.role(community, position=2)
    world_wide, elsewhere = world.role(None), world.role(world.server())
    member = world.member(community, None, low, high, world_wide, elsewhere, nickname="Nick")
    world.ban(community, world.user())
    page = client.get(members(community), headers=member.headers).get_json()
    assert page["next"] is None
    owner, listed = page["items"]
    assert owner["user"]["id"] == community.owner.id
    assert owner["role_ids"] == []
    assert listed["user"] == {
        "id": member.id,
        "username": member.username,
        "display_name": member.username.title(),
    }
    assert listed["nickname"] == "Nick"
    assert listed["role_ids"] == [high, low]
    assert client.get(members(community, member.id), headers=member.headers).get_json() == listed


def test_a_list_of_members_takes_the_same_statements_for_3_as_for_30(
    app: Flask, client: FlaskClient, world: World, community: Community
) -> None:
    roles = [world.role(community) for _ in range(3)]

    def statements() -> int:
        with count_statements(app) as counted:
            client.get(members(community), headers=community.owner.headers)
        return len(counted)

    world.members(community, 2, *roles)
    statements()
    for_three = statements()
    everybody = [community.owner.id, *world.members(community, 27, *roles)]
    assert statements() == for_three <= 5

    seen: list[int] = []
    cursor: int | None = 0
    while cursor is not None:
        page = client.get(
            f"{members(community)}?limit=9&after={cursor}", headers=community.owner.headers
        ).get_json()
        seen += [member["user"]["id"] for member in page["items"]]
        cursor = page["next"]
    assert seen == sorted(seen)
    assert set(everybody) <= set(seen)
    assert len(seen) == 30


def test_only_members_see_the_members(
    client: FlaskClient, world: World, community: Community
) -> None:
    stranger, banned = world.user(), world.user()
    world.ban(community, banned)
    for person in (stranger, banned):
        for path in (members(community), members(community, community.owner.id)):
            assert client.get(path, headers=person.headers).status_code == 404
    root = world.user(super_admin=True)
    assert client.get(members(community), headers=root.headers).status_code == 200
    missing = client.get(members(community, stranger.id), headers=root.headers)
    assert (missing.status_code, missing.get_json()["errors"].keys()) == (404, {"user_id"})


def test_members_choose_their_own_nickname(
    client: FlaskClient, world: World, community: Community
) -> None:
    member = world.member(community)
    path = members(community, "me")
    named = client.patch(path, json={"nickname": " Nick "}, headers=member.headers)
    assert named.get_json()["nickname"] == "Nick"
    cleared = client.patch(path, json={"nickname": None}, headers=member.headers)
    assert cleared.get_json()["nickname"] is None
    acts = [(act.before, act.after) for act in world.audit(community)]
    assert acts == [
        ({"nickname": None}, {"nickname": "Nick"}),
        ({"nickname": "Nick"}, {"nickname": None}),
    ]


def test_strangers_and_members_in_a_time_out_choose_none(
    client: FlaskClient, world: World, community: Community
) -> None:
    quiet, stranger = world.member(community, timeout_until=World.soon()), world.user()
    before = world.snapshot()
    for person, status, reason in ((quiet, 403, "timed_out"), (stranger, 404, None)):
        answer = client.patch(
            members(community, "me"), json={"nickname": "x"}, headers=person.headers
        )
        assert (answer.status_code, answer.get_json().get("reason")) == (status, reason)
    assert world.snapshot() == before


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "nickname"),
        ({"nickname": ""}, "nickname"),
        ({"nickname": "x" * 65}, "nickname"),
        ({"nickname": "a\nb"}, "nickname"),
        ({"nickname": 1}, "nickname"),
        ({"nickname": "x", "banned": False}, "banned"),
    ],
)
def test_a_bad_nickname_is_refused(
    client: FlaskClient,
    world: World,
    community: Community,
    moderator: Person,
    body: Any,
    field: str,
) -> None:
    member = world.member(community)
    before = world.snapshot()
    for path in (members(community, "me"), members(community, member.id)):
        answer = client.patch(path, json=body, headers=moderator.headers)
        assert answer.status_code == 422
        assert list(answer.get_json()["errors"]) == [field]
    assert world.snapshot() == before


def test_a_moderator_renames_times_out_kicks_and_bans_those_below(
    app: Flask, client: FlaskClient, world: World, community: Community, moderator: Person
) -> None:
    role = world.role(community, position=4)
    target = world.member(community, None, role)
    headers = moderator.headers
    renamed = client.patch(
        members(community, target.id), json={"nickname": "Nick"}, headers=headers
    )
    assert renamed.get_json()["nickname"] == "Nick"

    until = World.soon(600).isoformat()
    timed_out = client.put(
        members(community, target.id, "timeout"),
        json={"until": until, "reason": "spam"},
        headers=headers,
    )
    assert timed_out.get_json()["timeout_until"] == until
    with app.app_context():
        assert not permissions.check_permission(
            target.id, "message.send", "channel", community.channel_id
        )
    ended = client.delete(members(community, target.id, "timeout"), headers=headers)
    assert ended.get_json()["timeout_until"] is None

    kicked = client.delete(f"{members(community, target.id)}?reason=rude", headers=headers)
    assert kicked.status_code == 204
    assert client.get(members(community, target.id), headers=headers).status_code == 404
    assert world.rows(select(RoleAssignment).where(RoleAssignment.user_id == target.id)) == []

    banned = client.put(bans(community, target.id), json={"reason": "worse"}, headers=headers)
    assert banned.status_code == 200
    assert banned.get_json()["reason"] == "worse"
    acts = [(act.action, act.subject, act.reason) for act in world.audit(community)]
    assert acts == [
        ("member.nickname", f"user:{target.id}", None),
        ("member.timeout", f"user:{target.id}", "spam"),
        ("member.timeout", f"user:{target.id}", None),
        ("member.kick", f"user:{target.id}", "rude"),
        ("member.ban", f"user:{target.id}", "worse"),
    ]


@pytest.mark.parametrize("act", ["nickname", "timeout", "end", "kick", "ban"])
def test_nobody_moderates_equals_superiors_the_owner_or_themselves(
    client: FlaskClient, world: World, community: Community, moderator: Person, act: str
) -> None:
    equal = world.member(community, None, world.role(community, position=5))
    superior = world.member(community, None, world.role(community, position=6))
    before = world.snapshot()
    for target in (equal, superior, community.owner, moderator):
        method, path, body = {
            "nickname": ("PATCH", members(community, target.id), {"nickname": "x"}),
            "timeout": (
                "PUT",
                members(community, target.id, "timeout"),
                {"until": World.soon().isoformat()},
            ),
            "end": ("DELETE", members(community, target.id, "timeout"), None),
            "kick": ("DELETE", members(community, target.id), None),
            "ban": ("PUT", bans(community, target.id), {}),
        }[act]
        answer = client.open(path, method=method, json=body, headers=moderator.headers)
        assert answer.status_code == 403
        assert answer.get_json()["reason"] == "outranked"
    assert world.snapshot() == before


@pytest.mark.parametrize(
    ("method", "tail", "body"),
    [
        ("PATCH", "members/{id}", {"nickname": "x"}),
        ("DELETE", "members/{id}", None),
        ("PUT", "members/{id}/timeout", {"until": "2030-01-01T00:00:00Z"}),
        ("DELETE", "members/{id}/timeout", None),
        ("GET", "bans", None),
        ("PUT", "bans/{id}", {}),
        ("DELETE", "bans/{id}", None),
    ],
)
def test_plain_members_and_moderators_of_other_servers_moderate_nobody(
    client: FlaskClient, world: World, community: Community, method: str, tail: str, body: Any
) -> None:
    target, member = world.member(community), world.member(community)
    other = world.server()
    foreign = world.member(other, None, world.role(other, *MODERATION, position=9))
    before = world.snapshot()
    for person, status in ((member, 403), (foreign, 404), (other.owner, 404)):
        path = f"/api/v1/servers/{community.id}/{tail.format(id=target.id)}"
        answer = client.open(path, method=method, json=body, headers=person.headers)
        assert answer.status_code == status
        gone = client.open(
            f"/api/v1/servers/999999/{tail.format(id=target.id)}",
            method=method,
            json=body,
            headers=person.headers,
        )
        assert gone.status_code == 404
    assert world.snapshot() == before


@pytest.mark.parametrize(
    "until",
    [
        pytest.param(World.soon(-1).isoformat(), id="past"),
        pytest.param(World.soon(29 * 24 * 3600).isoformat(), id="too far"),
        pytest.param(World.soon().replace(tzinfo=None).isoformat(), id="no zone"),
        "tomorrow",
        "9999-12-31T23:59:59-14:00",
        1893456000,
        None,
    ],
)
def test_a_time_out_ends_within_28_days_at_a_moment_with_a_zone(
    client: FlaskClient, world: World, community: Community, moderator: Person, until: Any
) -> None:
    target = world.member(community)
    before = world.snapshot()
    answer = client.put(
        members(community, target.id, "timeout"), json={"until": until}, headers=moderator.headers
    )
    assert answer.status_code == 422
    assert list(answer.get_json()["errors"]) == ["until"]
    assert world.snapshot() == before


def test_a_ban_keeps_members_and_strangers_out_until_it_is_lifted(
    client: FlaskClient, world: World, moderator: Person, community: Community
) -> None:
    role = world.role(community, "server.manage", position=1)
    member, stranger = world.member(community, None, role), world.user()
    code = world.invite(community)
    for person in (member, stranger):
        answer = client.put(bans(community, person.id), headers=moderator.headers)
        assert answer.status_code == 200
        refused = client.post(f"/api/v1/invites/{code}/join", headers=person.headers)
        assert (refused.status_code, refused.get_json()["reason"]) == (403, "banned")
    path = f"/api/v1/servers/{community.id}"
    assert client.patch(path, json={}, headers=member.headers).status_code == 404
    page = client.get(bans(community), headers=moderator.headers).get_json()
    assert [ban["user"]["id"] for ban in page["items"]] == [member.id, stranger.id]

    for person in (member, stranger):
        lifted = client.delete(bans(community, person.id), headers=moderator.headers)
        assert lifted.status_code == 204
        again = client.delete(bans(community, person.id), headers=moderator.headers)
        assert (again.status_code, again.get_json()["errors"].keys()) == (404, {"user_id"})
        back = client.post(f"/api/v1/invites/{code}/join", headers=person.headers)
        assert back.status_code == 201
    # Coming back does not bring the roles back.
    assert client.patch(path, json={}, headers=member.headers).status_code == 403


def test_banning_again_sets_the_reason(
    client: FlaskClient, world: World, community: Community, moderator: Person
) -> None:
    target = world.member(community)
    for reason in ("first", "second"):
        client.put(bans(community, target.id), json={"reason": reason}, headers=moderator.headers)
    assert world.scalar(select(Member.ban_reason).where(Member.banned.is_(True))) == "second"


def test_people_who_are_not_there_are_404(
    client: FlaskClient, world: World, community: Community, moderator: Person
) -> None:
    stranger = world.user()
    before = world.snapshot()
    for method, path, body in (
        ("PATCH", members(community, stranger.id), {"nickname": "x"}),
        ("DELETE", members(community, stranger.id), None),
        (
            "PUT",
            members(community, stranger.id, "timeout"),
            {"until": World.soon().isoformat()},
        ),
        ("PUT", bans(community, 999_999), {}),
        ("PUT", bans(community, 2**63), {}),
    ):
        answer = client.open(path, method=method, json=body, headers=moderator.headers)
        assert answer.status_code == 404, path
    assert world.snapshot() == before


def test_a_list_of_bans_takes_the_same_statements_for_3_as_for_30(
    app: Flask, client: FlaskClient, world: World, community: Community, moderator: Person
) -> None:
    def grow(number: int) -> None:
        for _ in range(number):
            world.ban(community, world.user(), "spam")

    def statements() -> int:
        with count_statements(app) as counted:
            client.get(bans(community), headers=moderator.headers)
        return len(counted)

    grow(3)
    statements()
    few = statements()
    grow(27)
    assert statements() == few <= 4
