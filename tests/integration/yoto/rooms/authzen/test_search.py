"""AuthZEN searches: subjects, resources, actions, page by page."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.extensions import permissions
from tests.support.world import Community, Person, World
from yoto.auth.identity import current_user_id
from yoto.permission import PolicyAnswer, PolicyQuestion
from yoto.rooms.authzen.vocabulary import resources_shown, users_shown

SUBJECT, RESOURCE, ACTION = (
    f"/access/v1/search/{kind}" for kind in ("subject", "resource", "action")
)
SEND = "message.send"


@pytest.fixture
def community(world: World) -> Community:
    return world.server(world.user("owner"))


@pytest.fixture
def member(world: World, community: Community) -> Person:
    return world.member(community, world.user("member"))


@pytest.fixture
def auditor(world: World) -> Person:
    person = world.user("auditor")
    world.assign(person, world.role(None, "admin.audit"))
    return person


def channel(community: Community) -> dict[str, str]:
    return {"type": "channel", "id": str(community.channel_id)}


def me(person: Person) -> dict[str, str]:
    return {"type": "user", "id": person.username}


def pages(
    client: FlaskClient, path: str, person: Person, body: dict[str, Any], limit: int
) -> list[list[Any]]:
    """The results of each page."""
    found: list[list[Any]] = []
    token = None
    while token != "":
        page = {"limit": limit} | ({"token": token} if token else {})
        answer = client.post(path, headers=person.headers, json=body | {"page": page})
        assert answer.status_code == 200, answer.text
        document = answer.get_json()
        found.append(document["results"])
        assert document["page"]["count"] == len(document["results"])
        token = document["page"]["next_token"]
    return found


def test_subjects_are_found_by_name(
    client: FlaskClient, community: Community, member: Person, auditor: Person
) -> None:
    body = {
        "subject": {"type": "user"},
        "action": {"name": SEND},
        "resource": channel(community),
        "context": {"hour": 3},
    }
    found = pages(client, SUBJECT, auditor, body, 1)
    assert [[subject["id"] for subject in page] for page in found] == [["owner"], ["member"]]
    assert found[1][0]["properties"] == {"user_id": member.id, "username": "member"}


def test_a_name_of_digits_is_a_name(
    client: FlaskClient, world: World, community: Community, auditor: Person
) -> None:
    digits = world.member(community, world.user("12345"))
    body = {"subject": {"type": "user"}, "action": {"name": SEND}, "resource": channel(community)}
    found = client.post(SUBJECT, headers=auditor.headers, json=body).get_json()["results"]
    assert found[-1]["id"] == "12345" != str(digits.id)
    asked = {**body, "subject": {"type": "user", "id": str(digits.id)}}
    answer = client.post("/access/v1/evaluation", headers=auditor.headers, json=asked)
    assert answer.get_json()["context"] == {"reason": "unknown_user"}


def test_resources_are_found_by_id(
    client: FlaskClient, world: World, community: Community, member: Person
) -> None:
    ids = [community.channel_id, *(world.channel(community) for _ in range(2))]
    body = {"subject": me(member), "action": {"name": SEND}, "resource": {"type": "channel"}}
    found = pages(client, RESOURCE, member, body, 2)
    assert [[entry["id"] for entry in page] for page in found] == [
        [str(ids[0]), str(ids[1])],
        [str(ids[2])],
    ]
    body = {"subject": me(member), "action": {"name": "member.invite"}}
    servers = client.post(
        RESOURCE, headers=member.headers, json=body | {"resource": {"type": "server"}}
    )
    assert servers.get_json()["results"] == [{"type": "server", "id": str(community.id)}]


def test_the_platform_is_found_by_who_may_there(client: FlaskClient, auditor: Person) -> None:
    for name, results in (
        ("admin.audit", [{"type": "global", "id": "global"}]),
        ("platform.view", []),
    ):
        body = {"subject": me(auditor), "action": {"name": name}, "resource": {"type": "global"}}
        answer = client.post(RESOURCE, headers=auditor.headers, json=body)
        assert answer.get_json()["results"] == results


@pytest.mark.parametrize("type_", ["global", "application"])
def test_policies_read_the_context_of_a_search_for_the_platform(
    app: Flask, client: FlaskClient, auditor: Person, type_: str
) -> None:
    heard: list[PolicyQuestion] = []

    def policy(question: PolicyQuestion) -> PolicyAnswer:
        heard.append(question)
        return PolicyAnswer(question.context != {"hour": 3}, "too_late")

    permissions.init_app(app, subject_loader=current_user_id, policy=policy)
    body = {
        "subject": me(auditor),
        "action": {"name": "admin.audit"},
        "resource": {"type": type_},
    }
    for hour, results in ((9, [{"type": type_, "id": type_}]), (3, [])):
        asked = body | {"context": {"hour": hour}}
        answer = client.post(RESOURCE, headers=auditor.headers, json=asked)
        assert answer.get_json()["results"] == results
        assert heard[-1].context == {"hour": hour}


def test_who_or_what_was_deleted_since_it_was_found_is_left_out(
    app: Flask, community: Community
) -> None:
    app.config["AUTHZEN_TYPES"] = f"record={community.id}"
    with app.app_context():
        assert resources_shown("record", [10**6, community.channel_id]) == [
            {"type": "record", "id": "general"}
        ]
        [shown] = users_shown([10**6, community.owner.id])
    assert shown["id"] == "owner"


def test_actions_are_found_page_by_page(
    client: FlaskClient, community: Community, member: Person
) -> None:
    body = {"subject": me(member), "resource": channel(community)}
    found = pages(client, ACTION, member, body, 3)
    assert [len(page) for page in found] == [3, 1]
    assert {action["name"] for page in found for action in page} == {
        "channel.read",
        "message.read_history",
        SEND,
        "member.invite",
    }


def test_a_type_of_another_application_is_searched_in_its_words(
    app: Flask, client: FlaskClient, world: World, community: Community, auditor: Person
) -> None:
    app.config["AUTHZEN_TYPES"] = f"record={community.id}"
    world.channel(community, "record-1")
    with app.app_context():
        permissions.batch_register_permissions(["record.read", "record.write"])
    reader = world.role(community)
    with app.app_context():
        permissions.assign_permissions_to_role(reader, ["record.read"], "server", community.id)
    alice = world.member(community, world.user("alice"), reader)
    record, read = {"type": "record", "id": "record-1"}, {"name": "read"}

    def results(path: str, body: dict[str, Any]) -> Any:
        return client.post(path, headers=auditor.headers, json=body).get_json()["results"]

    subject_search = {"subject": {"type": "user"}, "action": read, "resource": record}
    assert [entry["id"] for entry in results(SUBJECT, subject_search)] == ["owner", "alice"]
    resource_search = {"subject": me(alice), "action": read, "resource": {"type": "record"}}
    assert results(RESOURCE, resource_search) == [{"type": "record", "id": "general"}, record]
    assert results(ACTION, {"subject": me(alice), "resource": record}) == [read]


def test_search_and_evaluation_call_a_resource_the_same_and_none_by_a_name_of_two(
    app: Flask, client: FlaskClient, world: World, community: Community, auditor: Person
) -> None:
    app.config["AUTHZEN_TYPES"] = f"record={community.id}"
    for name in ("doc", "doc", "single"):
        world.channel(community, name)
    first = community.channel_id
    url, owner = f"/api/v1/channels/{first}", community.owner
    long = "urn:doc:" + "x" * 248
    given = client.patch(url, headers=owner.headers, json={"external_id": long})
    assert (given.status_code, given.get_json()["external_id"]) == (200, long)
    search = {"subject": me(owner), "action": {"name": SEND}, "resource": {"type": "record"}}
    found = client.post(RESOURCE, headers=auditor.headers, json=search).get_json()["results"]
    assert [one["id"] for one in found] == [long, "single"]

    def decision(called: str) -> bool:
        body = {**search, "resource": {"type": "record", "id": called}}
        answer = client.post("/access/v1/evaluation", headers=auditor.headers, json=body)
        verdict: bool = answer.get_json()["decision"]
        return verdict

    assert [decision(one) for one in (long, "single", "doc", "general")] == [
        True,
        True,
        False,
        False,
    ]
    other = f"/api/v1/channels/{world.channel(community)}"
    taken = client.patch(other, headers=owner.headers, json={"external_id": long})
    assert (taken.status_code, list(taken.get_json()["errors"])) == (409, ["external_id"])


def test_searching_for_others_takes_the_right_to_audit(
    client: FlaskClient, community: Community, member: Person
) -> None:
    owner, resource = me(community.owner), channel(community)
    for path, body in (
        (SUBJECT, {"subject": {"type": "user"}, "action": {"name": SEND}, "resource": resource}),
        (RESOURCE, {"subject": owner, "action": {"name": SEND}, "resource": {"type": "channel"}}),
        (ACTION, {"subject": owner, "resource": resource}),
    ):
        assert client.post(path, headers=member.headers, json=body).status_code == 403


UNKNOWN = {"type": "user", "id": "nobody"}


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (SUBJECT, {"subject": {"type": "robot"}, "action": {"name": SEND}}),
        (SUBJECT, {"subject": {"type": "user"}, "action": {"name": "no.such"}}),
        (SUBJECT, {"resource": {"type": "planet", "id": "1"}, "action": {"name": SEND}}),
        (RESOURCE, {"subject": UNKNOWN, "action": {"name": SEND}}),
        (RESOURCE, {"action": {"name": SEND}, "resource": {"type": "planet"}}),
        (RESOURCE, {"action": {"name": "no.such"}}),
        (ACTION, {"subject": UNKNOWN}),
        (ACTION, {"resource": {"type": "channel", "id": "0"}}),
    ],
)
def test_what_nobody_has_heard_of_is_found_nowhere(
    client: FlaskClient, community: Community, auditor: Person, path: str, body: dict[str, Any]
) -> None:
    default = {"subject": me(auditor), "resource": channel(community)}
    answer = client.post(path, headers=auditor.headers, json=default | body)
    assert answer.status_code == 200
    assert answer.get_json() == {"results": [], "page": {"next_token": "", "count": 0}}


@pytest.mark.parametrize(
    ("path", "missing"),
    [
        (SUBJECT, "action"),
        (SUBJECT, "resource"),
        (RESOURCE, "subject"),
        (RESOURCE, "resource"),
        (ACTION, "resource"),
        (ACTION, "subject"),
    ],
)
def test_a_search_that_lacks_something_is_400(
    client: FlaskClient, community: Community, auditor: Person, path: str, missing: str
) -> None:
    body = {"subject": me(auditor), "action": {"name": SEND}, "resource": channel(community)}
    del body[missing]
    answer = client.post(path, headers=auditor.headers, json=body)
    assert answer.status_code == 400
    assert list(answer.get_json()["errors"]) == [missing]


@pytest.mark.parametrize(
    ("page", "field"),
    [
        ({"limit": 0}, "page.limit"),
        ({"limit": "9"}, "page.limit"),
        ({"token": 7}, "page.token"),
        ({"token": "xyz"}, "page.token"),
        ({"token": "1.0123456789abcdef"}, "page.token"),
        ([], "page"),
    ],
)
def test_a_page_that_nobody_gave_is_400(
    client: FlaskClient, community: Community, auditor: Person, page: Any, field: str
) -> None:
    body = {"subject": me(auditor), "resource": channel(community), "page": page}
    answer = client.post(ACTION, headers=auditor.headers, json=body)
    assert answer.status_code == 400
    assert list(answer.get_json()["errors"]) == [field]


def test_a_token_serves_only_the_search_that_gave_it(
    client: FlaskClient, community: Community, member: Person
) -> None:
    body = {"subject": me(member), "resource": channel(community), "page": {"limit": 1}}
    token = client.post(ACTION, headers=member.headers, json=body).get_json()["page"]["next_token"]
    other = body | {"resource": {"type": "server", "id": str(community.id)}}
    answer = client.post(ACTION, headers=member.headers, json=other | {"page": {"token": token}})
    assert answer.status_code == 400
