"""Access requests over HTTP: asked from a denial, granted for a time, and over by themselves."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.support.waiting import wait_until
from tests.support.world import Community, Person, World
from yoto.extensions import events, permissions
from yoto.rooms.access_requests.model import AccessRequest
from yoto.rooms.access_requests.rows import Request
from yoto.store.models import Role, RoleAssignment

REQUESTS = "/api/v1/access-requests"
# It takes two persons to lend it.
MANAGE = "role.manage"


@pytest.fixture
def community(world: World) -> Community:
    return world.server()


@pytest.fixture
def member(world: World, community: Community) -> Person:
    return world.member(community, world.user("member"))


@pytest.fixture
def moderator(world: World, community: Community) -> Person:
    """A member who may lend others what they have themselves."""
    role = world.role(community, "channel.overwrite", "message.pin", position=5)
    return world.member(community, world.user("moderator"), role)


def about(community: Community, permission: str = "message.pin", **more: Any) -> dict[str, Any]:
    return {
        "permission": permission,
        "scope": "channel",
        "scope_id": community.channel_id,
        "reason": "notes of the meeting",
        **more,
    }


def ask(client: FlaskClient, who: Person, asked: dict[str, Any]) -> int:
    answer = client.post(REQUESTS, json=asked, headers=who.headers)
    assert answer.status_code == 201, answer.json
    return int(answer.json["id"])


def act(client: FlaskClient, who: Person, request_id: int, name: str, **body: Any) -> TestResponse:
    return client.post(f"{REQUESTS}/{request_id}/{name}", json=body, headers=who.headers)


def box(client: FlaskClient, who: Person, name: str = "inbox") -> list[int]:
    answer = client.get(REQUESTS, query_string={"box": name}, headers=who.headers)
    return [one["id"] for one in answer.json["items"]]


def may_pin(app: Flask, who: Person, community: Community) -> bool:
    with app.app_context():
        return permissions.check_permission(who.id, "message.pin", "channel", community.channel_id)


def settled(app: Flask, request_id: int) -> Request:
    """The request once it is closed by itself, as a worker does that looks for it."""

    def ended() -> bool:
        with app.app_context():
            # In this order: from its moment on it is shown as closed, by whomever it is stored.
            closed = permissions.access_requests.get(request_id).life.is_closed
            permissions.access_requests.settle()
            return closed

    wait_until(ended, 30)
    with app.app_context():
        return permissions.access_requests.get(request_id)


def types(app: Flask) -> list[str]:
    found = [one.event.type for one in events.of(app).stream.read()]
    return [one for one in found if one.startswith("access_request.")]


def test_a_right_is_asked_for_from_its_denial_lent_and_over_by_itself(
    app: Flask, client: FlaskClient, world: World, community: Community, member: Person
) -> None:
    message = world.message(community.channel_id, community.owner, "hi")
    pin = f"/api/v1/channels/{community.channel_id}/messages/{message}/pin"
    denied = client.put(pin, headers=member.headers)
    way = denied.json["access_request"]
    assert (denied.status_code, way["href"]) == (403, REQUESTS)
    asked = client.post(
        way.pop("href"), json={**way, "reason": "notes", "seconds": 600}, headers=member.headers
    )
    assert asked.status_code == 201
    [request_id] = box(client, community.owner)
    assert request_id == asked.json["id"]
    granted = act(client, community.owner, request_id, "grant", seconds=5, reason="today")
    assert (granted.json["state"], granted.json["decided_by_name"]) == (
        "granted",
        community.owner.username,
    )
    assert client.put(pin, headers=member.headers).status_code == 200
    # No seventh call: it ends by itself.
    assert settled(app, request_id).life.state == "ended"
    assert client.put(pin, headers=member.headers).status_code == 403
    # The last step is published once it is stored.
    steps = [f"access_request.{one}" for one in ("asked", "granted", "ended")]
    wait_until(lambda: types(app) == steps)
    for step, by in (("ask", member.id), ("grant", community.owner.id), ("end", None)):
        [found] = world.acts(f"access_request.{step}")
        assert (found.actor_id, found.subject) == (by, f"access_request:{request_id}")
    [assigned] = world.acts("role.assign")
    assert (assigned.actor_id, assigned.reason) == (
        community.owner.id,
        f"Access request #{request_id}: today",
    )
    # The role that held it is gone with it.
    assert world.rows(RoleAssignment.__table__.select()) == []
    with app.app_context():
        names = [one.name for one in permissions.list_registered_roles(("server", community.id))]
    assert names == ["@everyone"]


def test_who_asks_again_gets_the_request_that_is_open_and_anew_once_it_is_closed(
    client: FlaskClient, community: Community, member: Person
) -> None:
    first = ask(client, member, about(community))
    assert ask(client, member, about(community, reason="still")) == first
    assert act(client, community.owner, first, "refuse", reason="no").json["decision"] == "no"
    assert ask(client, member, about(community)) > first
    again = act(client, community.owner, first, "grant")
    assert (again.status_code, again.json["state"]) == (409, "refused")


def test_what_takes_two_persons_is_lent_when_two_others_agree(
    app: Flask, client: FlaskClient, world: World, community: Community, member: Person
) -> None:
    asked = {**about(community, MANAGE), "scope": "server", "scope_id": community.id}
    role = world.role(community, "role.assign", MANAGE, position=5)
    approvers = [world.member(community, world.user(f"one{n}"), role) for n in range(2)]
    request_id = ask(client, member, asked)
    first = act(client, approvers[0], request_id, "grant", seconds=300)
    assert (first.json["state"], len(first.json["approvals"])) == ("open", 1)
    # The same person is no second one, and the asking person is none at all.
    assert act(client, approvers[0], request_id, "grant", seconds=300).json["state"] == "open"
    assert act(client, member, request_id, "grant").status_code == 403
    second = act(client, approvers[1], request_id, "grant", seconds=200)
    assert (second.json["state"], second.json["needed"]) == ("granted", 2)
    with app.app_context():
        assert permissions.check_permission(member.id, MANAGE, "server", community.id)
    steps = ("asked", "approved", "approved", "granted")
    assert types(app) == [f"access_request.{one}" for one in steps]


def test_an_approver_who_lost_the_right_meanwhile_counts_no_more(
    app: Flask, client: FlaskClient, world: World, community: Community, member: Person
) -> None:
    asked = {**about(community, MANAGE), "scope": "server", "scope_id": community.id}
    role = world.role(community, "role.assign", MANAGE, position=5)
    former = world.member(community, world.user("former"), role)
    request_id = ask(client, member, asked)
    assert act(client, former, request_id, "grant").status_code == 200
    with app.app_context():
        permissions.revoke_roles_from_user(former.id, [role])
    answer = act(client, community.owner, request_id, "grant")
    assert (answer.json["state"], len(answer.json["approvals"])) == ("open", 1)


def test_who_lacks_the_right_grants_nothing_and_sees_no_inbox(
    app: Flask, client: FlaskClient, world: World, community: Community, member: Person
) -> None:
    # May lend, but not what they lack themselves; and has what is asked for, but may not lend.
    lending = world.role(community, "channel.overwrite", position=5)
    pinning = world.role(community, "message.pin", position=5)
    others = [
        world.member(community, world.user("lender"), lending),
        world.member(community, world.user("pinner"), pinning),
    ]
    request_id = ask(client, member, about(community))
    before = world.rows(AccessRequest.__table__.select())
    for one in others:
        assert box(client, one) == []
        for name in ("grant", "refuse", "end"):
            assert act(client, one, request_id, name).status_code == 403
        assert client.get(f"{REQUESTS}/{request_id}", headers=one.headers).status_code == 404
    assert world.rows(AccessRequest.__table__.select()) == before
    assert world.rows(RoleAssignment.__table__.select().where(RoleAssignment.node != "")) == []
    assert not may_pin(app, member, community)


def test_a_moderator_lends_to_members_and_not_to_those_at_their_own_height(
    app: Flask,
    client: FlaskClient,
    world: World,
    community: Community,
    member: Person,
    moderator: Person,
) -> None:
    peer_role = world.role(community, "message.manage", position=5)
    peer = world.member(community, world.user("peer"), peer_role)
    theirs = ask(client, peer, about(community))
    request_id = ask(client, member, about(community))
    assert box(client, moderator) == [request_id]
    assert act(client, moderator, theirs, "grant").json["reason"] == "role_too_high"
    assert act(client, moderator, request_id, "grant", seconds=60).json["state"] == "granted"
    assert may_pin(app, member, community)
    assert act(client, moderator, request_id, "end", reason="done").json["state"] == "ended"
    assert not may_pin(app, member, community)


def test_nobody_lends_for_longer_than_they_have_it_themselves(
    client: FlaskClient, world: World, community: Community, member: Person
) -> None:
    role = world.role(community, "channel.overwrite", "message.pin", position=5)
    brief = world.member(community, world.user("brief"))
    world.assign(brief, role, valid_until=world.soon(300))
    request_id = ask(client, member, about(community, seconds=600))
    answer = act(client, brief, request_id, "grant")
    assert (answer.status_code, answer.json["reason"]) == (403, "lacks_permission")
    assert act(client, brief, request_id, "grant", seconds=60).json["state"] == "granted"


def test_one_withdraws_what_one_asked_for_and_gives_back_what_was_lent(
    app: Flask, client: FlaskClient, world: World, community: Community, member: Person
) -> None:
    first = ask(client, member, about(community))
    assert act(client, community.owner, first, "withdraw").status_code == 403
    assert act(client, member, first, "withdraw").json["state"] == "withdrawn"
    second = ask(client, member, about(community))
    act(client, community.owner, second, "grant")
    assert act(client, member, second, "withdraw").json["state"] == "ended"
    assert not may_pin(app, member, community)
    assert box(client, member, "mine") == [second, first]


def test_a_request_that_nobody_answers_lapses(
    app: Flask,
    client: FlaskClient,
    world: World,
    community: Community,
    member: Person,
) -> None:
    request_id = ask(client, member, about(community))
    world.run(
        AccessRequest.__table__.update().values(due_at=world.soon(-1), created_at=world.soon(-9))
    )
    read = client.get(f"{REQUESTS}/{request_id}", headers=member.headers)
    assert read.json["state"] == "lapsed"
    assert settled(app, request_id).life.state == "lapsed"
    assert act(client, community.owner, request_id, "grant").status_code == 409
    assert types(app)[-1] == "access_request.lapsed"


def test_what_is_lent_is_over_where_somebody_takes_the_role_away(
    app: Flask, client: FlaskClient, world: World, community: Community, member: Person
) -> None:
    request_id = ask(client, member, about(community))
    act(client, community.owner, request_id, "grant")
    [role_id] = [
        row[0] for row in world.rows(Role.__table__.select()) if row[0] != community.everyone_id
    ]
    with app.app_context():
        permissions.delete_role(role_id, actor_id=community.owner.id)
    assert settled(app, request_id).life.state == "ended"


def test_a_grant_that_would_change_nothing_is_none(
    app: Flask, client: FlaskClient, world: World, community: Community, member: Person
) -> None:
    world.overwrite(channel=community.channel_id, user=member, deny=["message.pin"])
    request_id = ask(client, member, about(community))
    answer = act(client, community.owner, request_id, "grant")
    assert (answer.status_code, list(answer.json["errors"])) == (422, ["permission"])
    with app.app_context():
        assert permissions.access_requests.get(request_id).life.state == "open"
        assert len(permissions.list_registered_roles(("server", community.id))) == 1


@pytest.mark.parametrize("permission", ["server.administrator", "platform.view", "admin.audit"])
def test_nobody_asks_for_all_of_a_server_or_for_the_platform(
    client: FlaskClient, community: Community, member: Person, permission: str
) -> None:
    asked = {**about(community, permission), "scope": "server", "scope_id": community.id}
    answer = client.post(REQUESTS, json=asked, headers=member.headers)
    assert (answer.status_code, list(answer.json["errors"])) == (422, ["permission"])


def test_one_does_not_ask_for_what_one_has_or_for_too_long(
    client: FlaskClient, community: Community, member: Person
) -> None:
    had = client.post(REQUESTS, json=about(community, "message.send"), headers=member.headers)
    assert list(had.json["errors"]) == ["permission"]
    long = client.post(REQUESTS, json=about(community, seconds=604_801), headers=member.headers)
    assert list(long.json["errors"]) == ["seconds"]


def test_a_place_that_one_cannot_see_is_answered_like_one_that_is_not_there(
    client: FlaskClient, world: World, community: Community, member: Person
) -> None:
    hidden = world.channel(community, "hidden")
    world.overwrite(channel=hidden, role=community.everyone_id, deny=["channel.read"])
    answers = [
        client.post(REQUESTS, json={**about(community), "scope_id": id_}, headers=member.headers)
        for id_ in (hidden, 987_654)
    ]
    first, second = (
        {key: value for key, value in one.json.items() if key not in ("request_id", "errors")}
        for one in answers
    )
    assert first["status"] == 404
    assert {**first, "detail": ""} == {**second, "detail": ""}


def test_asking_is_limited(client: FlaskClient, community: Community, member: Person) -> None:
    answers = {
        client.post(REQUESTS, json=about(community), headers=member.headers).status_code
        for _ in range(8)
    }
    assert answers == {201, 429}


def test_all_that_an_act_takes_is_asked_for_at_once_and_lent_by_one_decision(
    app: Flask,
    client: FlaskClient,
    world: World,
    community: Community,
    member: Person,
) -> None:
    pin, manage = "message.pin", "message.manage"
    request_id = ask(client, member, about(community, pin, also=[manage]))
    assert ask(client, member, about(community, manage, also=[pin])) == request_id
    [found] = client.get(REQUESTS, headers=member.headers).json["items"]
    assert (found["permission"], found["also"]) == (pin, [manage])
    assert act(client, community.owner, request_id, "grant").json["state"] == "granted"
    with app.app_context():
        held = permissions.effective_permissions(member.id, "channel", community.channel_id)
    assert {pin, manage} <= set(held)
    [asked] = world.acts("access_request.ask")
    assert asked.after["also"] == [manage]
    assert act(client, member, request_id, "withdraw").status_code == 200
    assert not may_pin(app, member, community)


def test_who_lacks_one_of_several_permissions_lends_none_of_them(
    app: Flask, client: FlaskClient, community: Community, member: Person, moderator: Person
) -> None:
    request_id = ask(client, member, about(community, also=["message.manage"]))
    assert box(client, moderator) == []
    assert act(client, moderator, request_id, "grant").status_code == 403
    assert not may_pin(app, member, community)


def test_several_permissions_take_as_many_persons_as_the_strictest_of_them(
    client: FlaskClient, community: Community, member: Person
) -> None:
    asked = about(community, "message.pin", also=["channel.overwrite"])
    request_id = ask(client, member, asked)
    assert act(client, community.owner, request_id, "grant").json["state"] == "open"


@pytest.mark.parametrize(
    ("also", "field"),
    [
        (["message.pin"], "also"),
        (["server.administrator"], "also"),
        (["channel.read"], "also"),
        (["message.manage"] * 2, "also"),
        (["no.such"], "permission"),
        ("message.manage", "also"),
    ],
)
def test_a_wrong_further_permission_is_refused_by_field(
    client: FlaskClient, community: Community, member: Person, also: Any, field: str
) -> None:
    answer = client.post(REQUESTS, json=about(community, also=also), headers=member.headers)
    assert answer.status_code in (404, 422), answer.json
    assert list(answer.json["errors"]) == [field]
    assert box(client, member, "mine") == []
