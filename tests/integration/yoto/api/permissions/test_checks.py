"""Asking what one may do, and what others may."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from tests.support.statements import count_statements
from tests.support.world import Community, Person, World, expired_header
from yoto.api.permissions.checks.schemas import CHECKS_MAX, USERS_MAX
from yoto.store.models import AuditRecord

CHECK = "/api/v1/permissions/check"
BATCH = "/api/v1/permissions/check-batch"
USERS = "/api/v1/permissions/check-users"
MINE = "/api/v1/permissions/me"


@pytest.fixture
def community(world: World) -> Community:
    return world.server()


@pytest.fixture
def member(world: World, community: Community) -> Person:
    return world.member(community, world.user("member"))


@pytest.fixture
def watcher(world: World, community: Community) -> Person:
    """A member who may read the server's audit log."""
    return world.member(community, world.user("watcher"), world.role(community, "server.audit"))


@pytest.fixture
def auditor(world: World) -> Person:
    """Somebody with ``admin.audit``, member of nothing."""
    person = world.user("auditor")
    world.assign(person, world.role(None, "admin.audit"))
    return person


def in_server(community: Community, permission: str = "member.invite") -> dict[str, Any]:
    return {"permission": permission, "scope": "server", "scope_id": community.id}


def in_channel(community: Community, permission: str = "message.send") -> dict[str, Any]:
    return {"permission": permission, "scope": "channel", "scope_id": community.channel_id}


@pytest.mark.parametrize(
    ("permission", "allowed", "reason"),
    [("message.send", True, "granted"), ("message.pin", False, "not_granted")],
)
def test_one_asks_about_oneself(
    client: FlaskClient,
    community: Community,
    member: Person,
    permission: str,
    allowed: bool,
    reason: str,
) -> None:
    question = in_channel(community, permission)
    answer = client.post(CHECK, headers=member.headers, json=question)
    assert answer.status_code == 200
    expected = {**question, "user_id": member.id, "allowed": allowed, "reason": reason}
    if not allowed:
        expected["access_request"] = {"href": "/api/v1/access-requests", **question}
    assert answer.get_json() == expected


def test_the_owner_may_everything_in_the_server_and_nothing_beyond(
    client: FlaskClient, community: Community
) -> None:
    owner = community.owner.headers
    inside = client.post(CHECK, headers=owner, json=in_server(community, "server.manage"))
    beyond = client.post(CHECK, headers=owner, json={"permission": "platform.view"})
    assert (inside.get_json()["reason"], beyond.get_json()["allowed"]) == ("owner", False)


def test_those_who_may_audit_a_server_ask_about_others_in_it(
    client: FlaskClient, community: Community, member: Person, watcher: Person
) -> None:
    for question in (in_server(community), in_channel(community)):
        body = {**question, "user_id": member.id}
        answer = client.post(CHECK, headers=watcher.headers, json=body).get_json()
        assert (answer["allowed"], answer["reason"]) == (True, None)


def test_they_do_not_ask_about_other_servers_or_the_platform(
    client: FlaskClient, world: World, member: Person, watcher: Person
) -> None:
    elsewhere = world.server(name="Elsewhere")
    questions = (in_server(elsewhere), in_channel(elsewhere), {"permission": "platform.view"})
    for question in questions:
        body = {**question, "user_id": member.id}
        answer = client.post(CHECK, headers=watcher.headers, json=body)
        hidden = "scope" in question
        reason = None if hidden else "about_somebody_else"
        assert (answer.status_code, answer.get_json().get("reason")) == (
            404 if hidden else 403,
            reason,
        )


def test_auditors_of_the_platform_ask_about_everybody_everywhere(
    client: FlaskClient, community: Community, member: Person, auditor: Person
) -> None:
    questions = (in_server(community), in_channel(community), {"permission": "platform.view"})
    allowed = [
        client.post(
            CHECK, headers=auditor.headers, json={**question, "user_id": member.id}
        ).get_json()["allowed"]
        for question in questions
    ]
    assert allowed == [True, True, False]


def test_asking_about_a_super_admin_is_no_use_of_their_power(
    client: FlaskClient, world: World, community: Community, watcher: Person
) -> None:
    root = world.user("root", super_admin=True)
    body = {**in_server(community), "user_id": root.id}
    assert client.post(CHECK, headers=watcher.headers, json=body).get_json()["allowed"]
    uses = select(func.count()).where(AuditRecord.action == "super_admin.use")
    assert world.scalar(uses) == 0
    client.post(CHECK, headers=root.headers, json=in_server(community))
    assert world.scalar(uses) == 1


def test_many_questions_are_answered_in_their_order(
    client: FlaskClient, community: Community, member: Person
) -> None:
    checks = [
        in_channel(community),
        in_channel(community, "message.pin"),
        in_server(community),
        {"permission": "platform.view"},
    ]
    answer = client.post(BATCH, headers=member.headers, json={"checks": checks})
    expected = {"user_id": member.id, "allowed": [True, False, True, False]}
    assert answer.get_json() == expected


def test_one_place_that_is_not_the_callers_business_refuses_the_whole_batch(
    client: FlaskClient, world: World, community: Community, member: Person, watcher: Person
) -> None:
    mine = {"user_id": member.id, "checks": [in_server(community)]}
    assert client.post(BATCH, headers=watcher.headers, json=mine).status_code == 200
    mixed = {**mine, "checks": [in_server(community), in_channel(world.server(name="Third"))]}
    assert client.post(BATCH, headers=watcher.headers, json=mixed).status_code == 404
    assert (
        client.post(BATCH, headers=member.headers, json={**mine, "user_id": 1}).status_code == 403
    )


def test_many_questions_about_one_place_take_as_many_statements_as_one(
    app: Flask, client: FlaskClient, community: Community, member: Person
) -> None:
    def statements(number: int) -> int:
        with count_statements(app) as found:
            body = {"checks": [in_channel(community)] * number}
            assert client.post(BATCH, headers=member.headers, json=body).status_code == 200
        return len(found)

    statements(1)
    assert statements(CHECKS_MAX) == statements(1)


def test_one_question_about_many_users_tells_who_may(
    client: FlaskClient, world: World, community: Community, member: Person, watcher: Person
) -> None:
    outsider = world.user("outsider")
    asked = [outsider.id, member.id, 4711, community.owner.id, member.id]
    body = {**in_channel(community), "user_ids": asked}
    answer = client.post(USERS, headers=watcher.headers, json=body)
    assert answer.get_json() == {"allowed": [member.id, community.owner.id]}
    assert client.post(USERS, headers=member.headers, json=body).status_code == 403
    alone = {**in_channel(community), "user_ids": [member.id]}
    assert client.post(USERS, headers=member.headers, json=alone).status_code == 200


def test_many_users_take_as_many_statements_as_three(
    app: Flask, client: FlaskClient, world: World, community: Community, watcher: Person
) -> None:
    def statements(ids: list[int]) -> int:
        with count_statements(app) as found:
            body = {**in_channel(community), "user_ids": ids}
            assert client.post(USERS, headers=watcher.headers, json=body).status_code == 200
        return len(found)

    people = world.members(community, 30)
    statements(people[:1])
    assert statements(people) == statements(people[:3])


def test_all_that_one_may_do_is_listed(
    client: FlaskClient, community: Community, member: Person
) -> None:
    query = {"scope": "server", "scope_id": community.id}
    answer = client.get(MINE, headers=member.headers, query_string=query)
    assert answer.status_code == 200
    effective = answer.get_json()
    assert (effective["scope"], effective["scope_id"]) == ("server", community.id)
    assert set(effective["permissions"]) == {
        "channel.read",
        "message.read_history",
        "message.send",
        "member.invite",
    }
    everywhere = client.get(MINE, headers=member.headers).get_json()
    assert everywhere == {"scope": "global", "scope_id": None, "permissions": []}


BAD: list[tuple[str, dict[str, Any], str]] = [
    (CHECK, {}, "permission"),
    (CHECK, {"permission": "no.such"}, "permission"),
    (CHECK, {"permission": "1 OR 1"}, "permission"),
    (CHECK, {"permission": "x" * 10_000}, "permission"),
    (CHECK, {"permission": ["message.send"]}, "permission"),
    (CHECK, {"permission": "message.send", "scope": "galaxy"}, "scope"),
    (CHECK, {"permission": "message.send", "scope": "server"}, "scope_id"),
    (CHECK, {"permission": "message.send", "scope_id": 1}, "scope_id"),
    (CHECK, {"permission": "message.send", "scope": "server", "scope_id": "1"}, "scope_id"),
    (CHECK, {"permission": "message.send", "scope": "server", "scope_id": 2**63}, "scope_id"),
    (CHECK, {"permission": "message.send", "user_id": True}, "user_id"),
    (CHECK, {"permission": "message.send", "user_id": "1"}, "user_id"),
    (CHECK, {"permission": "message.send", "context": {}}, "context"),
    (BATCH, {}, "checks"),
    (BATCH, {"checks": []}, "checks"),
    (BATCH, {"checks": [{"permission": "message.send"}] * (CHECKS_MAX + 1)}, "checks"),
    (BATCH, {"checks": [{"permission": "message.send"}, {}]}, "checks.1.permission"),
    (BATCH, {"checks": "all"}, "checks"),
    (USERS, {"permission": "message.send", "user_ids": []}, "user_ids"),
    (USERS, {"permission": "message.send", "user_ids": [1] * (USERS_MAX + 1)}, "user_ids"),
    (USERS, {"permission": "message.send", "user_ids": [1, "2"]}, "user_ids.1"),
]


@pytest.mark.parametrize(("path", "body", "field"), BAD)
def test_a_bad_question_names_the_field(
    client: FlaskClient, auditor: Person, path: str, body: dict[str, Any], field: str
) -> None:
    answer = client.post(path, headers=auditor.headers, json=body)
    assert answer.status_code == 422
    assert list(answer.get_json()["errors"]) == [field]


@pytest.mark.parametrize("scope", ["server", "channel"])
# An id that JavaScript would round is sent as a text.
@pytest.mark.parametrize("scope_id", [4711, str(2**53 + 1)])
def test_a_place_that_is_not_there_is_not_found(
    client: FlaskClient, auditor: Person, member: Person, scope: str, scope_id: int | str
) -> None:
    question = {"permission": "message.send", "scope": scope, "scope_id": scope_id}
    for caller, body in (
        (member, question),
        (member, {**question, "user_id": auditor.id}),
        (auditor, {**question, "user_id": member.id}),
    ):
        assert client.post(CHECK, headers=caller.headers, json=body).status_code == 404
    query = {"scope": scope, "scope_id": scope_id}
    assert client.get(MINE, headers=member.headers, query_string=query).status_code == 404


@pytest.mark.parametrize("query", [{"scope": "galaxy"}, {"scope": "server"}, {"scope_id": "1"}])
def test_a_bad_place_is_refused(client: FlaskClient, member: Person, query: dict[str, str]) -> None:
    assert client.get(MINE, headers=member.headers, query_string=query).status_code == 422


@pytest.mark.parametrize("path", [CHECK, BATCH, USERS, MINE])
def test_strangers_ask_nothing(app: Flask, client: FlaskClient, member: Person, path: str) -> None:
    method = "GET" if path == MINE else "POST"
    for headers in ({}, expired_header(app, member.id)):
        assert client.open(path, method=method, headers=headers, data="?").status_code == 401


def test_a_check_writes_nothing(
    client: FlaskClient, world: World, community: Community, member: Person
) -> None:
    before = world.snapshot()
    client.post(CHECK, headers=member.headers, json=in_channel(community))
    client.post(BATCH, headers=member.headers, json={"checks": [in_channel(community)]})
    assert world.snapshot() == before
