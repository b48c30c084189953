"""AuthZEN evaluations: the same verdicts, for those who may know them."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import update

from app.extensions import permissions
from app.models import User
from tests.support.world import Community, Person, World, expired_header
from yoto.permission import PolicyAnswer, PolicyQuestion
from yoto.rooms.authzen.evaluation import EVALUATIONS_MAX
from yoto.store.db import db

ONE = "/access/v1/evaluation"
MANY = "/access/v1/evaluations"
SEND, PIN = "message.send", "message.pin"
# Where who asks about themselves can ask for what they lack.
WAY = {
    "endpoint": "http://localhost:80/api/v1/access-requests",
    "permission": PIN,
    "scope": "channel",
    "scope_id": 1,
}


@pytest.fixture
def community(world: World) -> Community:
    return world.server()


@pytest.fixture
def member(world: World, community: Community) -> Person:
    return world.member(community, world.user("member"))


@pytest.fixture
def auditor(world: World) -> Person:
    person = world.user("auditor")
    world.assign(person, world.role(None, "admin.audit"))
    return person


def subject(person: Person | str) -> dict[str, str]:
    return {"type": "user", "id": person if isinstance(person, str) else person.username}


def asked(
    person: Person | str, community: Community, name: str = SEND, **more: Any
) -> dict[str, Any]:
    return {
        "subject": subject(person),
        "action": {"name": name},
        "resource": {"type": "channel", "id": str(community.channel_id)},
        **more,
    }


@pytest.mark.parametrize("by", ["username", "id", "external_id"])
@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (SEND, {"decision": True}),
        (PIN, {"decision": False, "context": {"reason": "not_granted", "access_request": WAY}}),
    ],
)
def test_one_asks_about_oneself_by_what_the_installation_says(
    app: Flask,
    world: World,
    client: FlaskClient,
    community: Community,
    member: Person,
    by: str,
    name: str,
    expected: dict[str, Any],
) -> None:
    app.config["AUTHZEN_SUBJECT"] = by
    called = "0b2c-Ähnlich/7 " * 17
    with app.app_context():
        db.session.execute(update(User).where(User.id == member.id).values(external_id=called))
        db.session.commit()
    names = {"username": member.username, "id": str(member.id), "external_id": called}
    body = asked(names.pop(by), community, name)
    answer = client.post(ONE, headers=member.headers, json=body)
    assert (answer.status_code, answer.get_json()) == (200, expected)
    # The names of other settings are nobody here.
    for other in names.values():
        body = asked(other, community, name)
        assert client.post(ONE, headers=member.headers, json=body).status_code == 403


@pytest.mark.parametrize(
    ("resource", "name", "decision"),
    [
        ({"type": "server", "id": "{server}"}, "member.invite", True),
        ({"type": "global", "id": "any"}, "admin.audit", True),
        ({"type": "application", "id": "yoto"}, "platform.view", False),
    ],
)
def test_servers_and_the_platform_are_resources_too(
    client: FlaskClient,
    world: World,
    community: Community,
    auditor: Person,
    resource: dict[str, str],
    name: str,
    decision: bool,
) -> None:
    world.member(community, auditor)
    resource = {key: value.format(server=community.id) for key, value in resource.items()}
    body = {"subject": subject(auditor), "action": {"name": name}, "resource": resource}
    answer = client.post(ONE, headers=auditor.headers, json=body)
    assert answer.get_json()["decision"] is decision


def test_about_others_it_takes_the_right_to_audit_the_platform(
    client: FlaskClient, world: World, community: Community, member: Person, auditor: Person
) -> None:
    body = asked(member, community)
    many = {"evaluations": [asked(auditor, community), body]}
    watcher = world.member(community, None, world.role(community, "server.audit"))
    for person, status in ((auditor, 200), (watcher, 403), (community.owner, 403)):
        for path, document in ((ONE, body), (MANY, many)):
            answer = client.post(path, headers=person.headers, json=document)
            assert answer.status_code == status
    assert client.post(ONE, headers=auditor.headers, json=body).get_json() == {"decision": True}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"subject": {"type": "user", "id": "nobody"}}, "unknown_user"),
        ({"subject": {"type": "user", "id": "9" * 30}}, "unknown_user"),
        ({"subject": {"type": "robot", "id": "member"}}, "unknown_user"),
        ({"action": {"name": "no.such"}}, "unknown_action"),
        ({"action": {"name": "Fly!"}}, "unknown_action"),
        ({"resource": {"type": "channel", "id": "999999"}}, "unknown_resource"),
        ({"resource": {"type": "channel", "id": "general"}}, "unknown_resource"),
        ({"resource": {"type": "planet", "id": "1"}}, "unknown_resource"),
        ({"resource": {"type": "server", "id": "\u0661"}}, "unknown_resource"),
    ],
)
def test_what_nobody_has_heard_of_is_denied(
    client: FlaskClient,
    community: Community,
    member: Person,
    auditor: Person,
    change: dict[str, Any],
    reason: str,
) -> None:
    body = asked(member, community) | change
    answer = client.post(ONE, headers=auditor.headers, json=body)
    assert answer.status_code == 200
    assert answer.get_json() == {"decision": False, "context": {"reason": reason}}


def test_a_super_admins_evaluation_is_a_use_and_a_search_is_none(
    client: FlaskClient, world: World, community: Community
) -> None:
    root = world.user("root", super_admin=True)
    search = asked(root, community) | {"resource": {"type": "channel"}}
    client.post("/access/v1/search/resource", headers=root.headers, json=search)
    assert not [act for act in world.audit(community) if act.action == "super_admin.use"]
    body = asked(root, community)
    assert client.post(ONE, headers=root.headers, json=body).get_json() == {"decision": True}
    assert [act.actor_id for act in world.audit(community)] == [root.id]


def test_policies_read_the_context_and_the_properties(
    app: Flask, client: FlaskClient, community: Community, member: Person
) -> None:
    heard: list[PolicyQuestion] = []

    def policy(question: PolicyQuestion) -> PolicyAnswer:
        heard.append(question)
        return PolicyAnswer(False, "too_late")

    from yoto.auth.identity import current_user_id

    permissions.init_app(app, subject_loader=current_user_id, policy=policy)
    body = asked(member, community, context={"hour": 3})
    body["resource"]["properties"] = {"status": "archived"}
    answer = client.post(ONE, headers=member.headers, json=body)
    assert answer.get_json() == {"decision": False, "context": {"reason": "too_late"}}
    assert heard[0].context == {"hour": 3, "properties": {"resource": {"status": "archived"}}}
    # Properties are heard without a context too: leaving it away gets around no policy.
    del body["context"]
    assert not client.post(ONE, headers=member.headers, json=body).get_json()["decision"]
    assert heard[1].context == {"properties": {"resource": {"status": "archived"}}}
    del body["resource"]["properties"]
    assert client.post(ONE, headers=member.headers, json=body).get_json() == {"decision": True}


READ = {"decision": True}
NO = {"decision": False, "context": {"reason": "not_granted", "access_request": WAY}}


@pytest.mark.parametrize(
    ("semantic", "names", "expected"),
    [
        (None, [SEND, PIN, SEND], [READ, NO, READ]),
        ("execute_all", [SEND, PIN, SEND], [READ, NO, READ]),
        ("deny_on_first_deny", [SEND, PIN, SEND], [READ, NO]),
        ("deny_on_first_deny", [SEND, SEND], [READ, READ]),
        ("permit_on_first_permit", [PIN, SEND, PIN], [NO, READ]),
        ("permit_on_first_permit", [PIN, PIN], [NO, NO]),
    ],
)
def test_many_follow_the_semantics_asked_for(
    client: FlaskClient,
    community: Community,
    member: Person,
    semantic: str | None,
    names: list[str],
    expected: list[Any],
) -> None:
    body = asked(member, community, evaluations=[{"action": {"name": name}} for name in names])
    if semantic:
        body["options"] = {"evaluations_semantic": semantic, "something_else": 1}
    answer = client.post(MANY, headers=member.headers, json=body)
    assert answer.get_json() == {"evaluations": expected}


def test_what_is_wrong_with_one_item_hurts_no_other(
    client: FlaskClient, community: Community, member: Person
) -> None:
    body = asked(member, community)
    del body["action"]
    body["evaluations"] = [{}, {"action": {"name": SEND}}, 7, {"action": {"name": 7}}]
    found = client.post(MANY, headers=member.headers, json=body).get_json()["evaluations"]
    assert [item["decision"] for item in found] == [False, True, False, False]
    assert found[0]["context"]["error"] == {"status": 400, "message": "action: is missing"}


@pytest.mark.parametrize(
    ("path", "change", "field"),
    [
        (ONE, {"subject": None}, "subject"),
        (ONE, {"subject": "member"}, "subject"),
        (ONE, {"subject": {"type": "user"}}, "subject.id"),
        (ONE, {"subject": {"type": "user", "id": 7}}, "subject.id"),
        (ONE, {"subject": {"type": "user", "id": "x" * 257}}, "subject.id"),
        (ONE, {"subject": {"type": "user", "id": "a", "properties": []}}, "subject.properties"),
        (ONE, {"action": {}}, "action.name"),
        (ONE, {"resource": {"id": "1"}}, "resource.type"),
        (ONE, {"context": "now"}, "context"),
        (MANY, {"evaluations": {}}, "evaluations"),
        (MANY, {"evaluations": [{}] * (EVALUATIONS_MAX + 1)}, "evaluations"),
        (MANY, {"evaluations": [{}], "options": []}, "options"),
        (
            MANY,
            {"evaluations": [{}], "options": {"evaluations_semantic": "any"}},
            "options.evaluations_semantic",
        ),
    ],
)
def test_malformed_requests_are_400_and_name_the_field(
    client: FlaskClient,
    community: Community,
    member: Person,
    path: str,
    change: dict[str, Any],
    field: str,
) -> None:
    body = asked(member, community) | change
    answer = client.post(path, headers=member.headers, json=body)
    assert (answer.status_code, answer.mimetype) == (400, "application/problem+json")
    assert list(answer.get_json()["errors"]) == [field]


@pytest.mark.parametrize(
    ("data", "content_type"),
    [
        (b"", "application/json"),
        (b"{", "application/json"),
        (b"[]", "application/json"),
        (b'"\\ud800"', "application/json"),
        (b'{"context": {"risk": NaN}}', "application/json"),
        (b'{"context": {"risk": [1e999]}}', "application/json"),
        (b"{}", "text/plain"),
        (b"{}", None),
    ],
)
def test_bodies_that_are_no_json_objects_are_400(
    client: FlaskClient, member: Person, data: bytes, content_type: str | None
) -> None:
    answer = client.post(ONE, headers=member.headers, data=data, content_type=content_type)
    assert (answer.status_code, answer.mimetype) == (400, "application/problem+json")


def test_without_a_token_nothing_is_told(
    app: Flask, client: FlaskClient, community: Community, member: Person
) -> None:
    for headers in ({}, expired_header(app, member.id)):
        answer = client.post(ONE, headers=headers, json=asked(member, community))
        assert answer.status_code == 401


def test_the_request_id_comes_back(
    client: FlaskClient, community: Community, member: Person
) -> None:
    headers = member.headers | {"X-Request-ID": "bfe9eb29-ab87-4ca3-be83-a1d5d8305716"}
    answer = client.post(ONE, headers=headers, json=asked(member, community))
    assert answer.headers["X-Request-ID"] == headers["X-Request-ID"]


def test_the_metadata_name_every_endpoint(app: Flask, client: FlaskClient) -> None:
    app.config["PUBLIC_URL"] = "https://pdp.example/"
    found = client.get("/.well-known/authzen-configuration", headers={"Host": "evil.example"})
    document = found.get_json()
    assert document.pop("policy_decision_point") == "https://pdp.example"
    assert len(document) == 5
    for url in document.values():
        assert url.startswith("https://pdp.example/access/v1/")
        path = url.removeprefix("https://pdp.example")
        assert client.post(path, json={}).status_code == 401


def test_without_a_public_address_the_metadata_name_the_one_that_is_listened_on(
    client: FlaskClient,
) -> None:
    found = client.get("/.well-known/authzen-configuration", headers={"Host": "evil.example"})
    assert "evil" not in found.text
    assert found.get_json()["policy_decision_point"] == "http://localhost:80"


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/metrics", "/control/sign-in"])
def test_a_host_that_is_not_trusted_is_refused(app: Flask, client: FlaskClient, path: str) -> None:
    app.config["TRUSTED_HOSTS"] = ["pdp.example", "app1"]
    for host in ("evil.example", "10.0.0.7:5000"):
        assert client.get(path, headers={"Host": host}).status_code == 400
    for host in ("pdp.example", "app1:5000"):
        assert client.get(path, headers={"Host": host}).status_code == 200


def test_what_an_item_gives_itself_takes_nothing_from_the_defaults(
    client: FlaskClient, community: Community, member: Person
) -> None:
    body = asked(member, community)
    body["evaluations"] = [{}, {"resource": {"type": "channel"}}, {"subject": {"type": "user"}}]
    found = client.post(MANY, headers=member.headers, json=body).get_json()["evaluations"]
    assert [one["decision"] for one in found] == [True, False, False]
    assert [one["context"]["error"]["message"] for one in found[1:]] == [
        "resource.id: is missing",
        "subject.id: is missing",
    ]
