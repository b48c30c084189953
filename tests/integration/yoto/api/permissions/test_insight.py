"""Explanations and searches over HTTP: for oneself, and for those who may audit."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import update

from app.models import Channel
from tests.support.statements import count_statements
from tests.support.world import Community, Person, World, expired_header

EXPLAIN = "/api/v1/permissions/explain"
RESOURCES = "/api/v1/permissions/resources"
USERS = "/api/v1/permissions/users"
SEND = "message.send"


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


def in_channel(community: Community, **more: Any) -> dict[str, Any]:
    return {"permission": SEND, "scope": "channel", "scope_id": community.channel_id, **more}


def test_one_is_told_why(
    client: FlaskClient, world: World, community: Community, member: Person
) -> None:
    world.overwrite(channel=community.channel_id, user=member, deny=[SEND])
    answer = client.post(EXPLAIN, headers=member.headers, json=in_channel(community))
    assert answer.status_code == 200
    found = answer.get_json()
    assert (found["user_id"], found["allowed"], found["reason"]) == (
        member.id,
        False,
        "overwrite_denied",
    )
    assert [role["name"] for role in found["roles"]] == ["@everyone"]
    assert found["steps"][2]["took"] == [SEND]
    assert found["changes"] == []
    assert found["text"].startswith(f"user {member.id} (member) may not {SEND}")


def test_a_context_makes_policies_take_part(
    client: FlaskClient, world: World, community: Community, member: Person
) -> None:
    world.run(update(Channel).values(sensitivity=4))
    question = in_channel(community, context={"hour": 3})
    found = client.post(EXPLAIN, headers=member.headers, json=question).get_json()
    assert (found["allowed"], found["policies"][0]["allow"]) == (False, False)


def test_one_finds_ones_own_channels_page_by_page(
    client: FlaskClient, world: World, community: Community, member: Person
) -> None:
    ids = [community.channel_id, *(world.channel(community) for _ in range(2))]
    query = {"permission": SEND, "limit": 2}
    first = client.get(RESOURCES, headers=member.headers, query_string=query).get_json()
    assert first == {"ids": ids[:2], "next_after": ids[1]}
    query |= {"after": first["next_after"]}
    second = client.get(RESOURCES, headers=member.headers, query_string=query).get_json()
    assert second == {"ids": ids[2:], "next_after": None}


def test_both_lists_take_an_expression_in_place_of_a_permission(
    client: FlaskClient, world: World, community: Community, member: Person, auditor: Person
) -> None:
    muted = world.channel(community)
    world.overwrite(channel=muted, role=community.everyone_id, deny=[SEND])
    asked = {"expression": f"channel.read AND NOT {SEND}"}
    found = client.get(RESOURCES, headers=member.headers, query_string=asked)
    assert found.get_json() == {"ids": [muted], "next_after": None}
    where = asked | {"scope": "channel", "scope_id": muted}
    found = client.get(USERS, headers=auditor.headers, query_string=where)
    assert found.get_json()["ids"] == [member.id]
    for wrong, field in (
        ({}, "permission"),
        (asked | {"permission": SEND}, "expression"),
        ({"expression": "NOT channel.read"}, "expression"),
        ({"expression": "channel.read AND"}, "expression"),
    ):
        for path, person in ((RESOURCES, member), (USERS, auditor)):
            refused = client.get(path, headers=person.headers, query_string=wrong)
            assert refused.status_code == 422
            assert list(refused.get_json()["errors"]) == [field], (path, wrong)


def test_one_finds_ones_own_servers(
    client: FlaskClient, world: World, community: Community, member: Person
) -> None:
    world.server()
    query = {"permission": "member.invite", "scope": "server"}
    answer = client.get(RESOURCES, headers=member.headers, query_string=query)
    assert answer.get_json()["ids"] == [community.id]


@pytest.mark.parametrize(
    ("who", "expected"), [("watcher", 200), ("auditor", 200), ("stranger", 404), ("peer", 403)]
)
def test_only_auditors_learn_about_others(
    client: FlaskClient,
    world: World,
    community: Community,
    member: Person,
    watcher: Person,
    auditor: Person,
    who: str,
    expected: int,
) -> None:
    people = {
        "watcher": watcher,
        "auditor": auditor,
        "stranger": world.server().owner,
        "peer": world.member(community),
    }
    headers = people[who].headers
    question = in_channel(community, user_id=member.id)
    within = {"permission": SEND, "server_id": community.id, "user_id": member.id}
    answers = [
        client.post(EXPLAIN, headers=headers, json=question),
        client.get(RESOURCES, headers=headers, query_string=within),
        client.get(USERS, headers=headers, query_string=in_channel(community)),
    ]
    assert [answer.status_code for answer in answers] == [expected] * 3
    if expected == 200:
        assert answers[0].get_json()["user_id"] == member.id
        assert answers[1].get_json()["ids"] == [community.channel_id]
        everybody = [community.owner.id, member.id, watcher.id, people["peer"].id]
        assert answers[2].get_json()["ids"] == everybody


def test_everywhere_takes_the_right_to_audit_the_platform(
    client: FlaskClient, member: Person, watcher: Person, auditor: Person
) -> None:
    query = {"permission": SEND, "user_id": member.id}
    for person, expected in ((watcher, 403), (auditor, 200)):
        answer = client.get(RESOURCES, headers=person.headers, query_string=query)
        assert answer.status_code == expected
    everywhere = {"permission": "admin.audit"}
    assert client.get(USERS, headers=auditor.headers, query_string=everywhere).get_json() == {
        "ids": [auditor.id],
        "applications": [],
        "next_after": None,
        "incomplete": None,
    }


@pytest.mark.parametrize(
    ("change", "status", "field"),
    [
        ({"permission": "no.such"}, 422, "permission"),
        ({"permission": 7}, 422, "permission"),
        ({"scope": "planet"}, 422, "scope"),
        ({"scope_id": "7"}, 422, "scope_id"),
        ({"scope_id": None}, 422, "scope_id"),
        ({"scope_id": 10**9}, 404, "channel_id"),
        ({"user_id": True}, 422, "user_id"),
        ({"context": [1]}, 422, "context"),
        ({"at_least": "yesterday"}, 422, "at_least"),
        ({"more": 1}, 422, "more"),
    ],
)
def test_bad_questions_name_the_field(
    client: FlaskClient,
    community: Community,
    member: Person,
    change: dict[str, Any],
    status: int,
    field: str,
) -> None:
    question = in_channel(community) | change
    answer = client.post(EXPLAIN, headers=member.headers, json=question)
    assert answer.status_code == status
    assert list(answer.get_json()["errors"]) == [field]


@pytest.mark.parametrize(
    ("path", "change", "field"),
    [
        (RESOURCES, {"after": "xyz"}, "after"),
        (RESOURCES, {"after": -1}, "after"),
        (RESOURCES, {"limit": 0}, "limit"),
        (RESOURCES, {"scope": "global"}, "scope"),
        (RESOURCES, {"permission": "no.such"}, "permission"),
        (RESOURCES, {"server_id": "x"}, "server_id"),
        (USERS, {"after": "xyz"}, "after"),
        (USERS, {"limit": 1001}, "limit"),
        (USERS, {"scope": "planet"}, "scope"),
        (USERS, {"scope": "server"}, "scope_id"),
    ],
)
def test_bad_searches_name_the_field(
    client: FlaskClient, auditor: Person, path: str, change: dict[str, Any], field: str
) -> None:
    query = {"permission": SEND} | change
    answer = client.get(path, headers=auditor.headers, query_string=query)
    assert answer.status_code == 422
    assert list(answer.get_json()["errors"]) == [field]


def test_an_expired_token_learns_nothing(
    app: Flask, client: FlaskClient, community: Community, member: Person
) -> None:
    expired = expired_header(app, member.id)
    assert client.post(EXPLAIN, headers=expired, json=in_channel(community)).status_code == 401
    for path in (RESOURCES, USERS):
        query = {"permission": SEND}
        assert client.get(path, headers=expired, query_string=query).status_code == 401


def test_searches_take_as_many_statements_for_many_as_for_few(
    app: Flask, client: FlaskClient, world: World, community: Community, auditor: Person
) -> None:
    member = world.member(community)

    def statements() -> list[int]:
        counts = []
        for person, path, query in (
            (member, RESOURCES, {"permission": SEND}),
            (auditor, USERS, in_channel(community)),
        ):
            with count_statements(app) as counted:
                answer = client.get(path, headers=person.headers, query_string=query)
            assert answer.status_code == 200
            counts.append(len(counted))
        return counts

    statements()  # fills caches
    few = statements()
    for _ in range(27):
        world.channel(community)
        world.member(community)
    assert statements() == few
