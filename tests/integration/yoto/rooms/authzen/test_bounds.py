"""The bounds of one request of questions, and of one account."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app.extensions import resilience
from tests.support.operators import control_client
from tests.support.world import Community, Person, World
from yoto.api.guards import PEOPLE_A_QUESTION, PERMISSION_ASK, STATEMENTS_OF_SEARCH
from yoto.permission import CONTEXT_BYTES, PolicyAnswer, PolicyQuestion
from yoto.permission.masking import masked_context
from yoto.permission.state import EXTENSION
from yoto.rooms.authzen.evaluation import CONTEXTS_BYTES, EVALUATIONS_MAX
from yoto.rooms.decision_log.log import DENIALS_A_MINUTE, log_of
from yoto.rooms.decision_log.tables import DecisionRecord
from yoto.store.db import db

MANY = "/access/v1/evaluations"
TOO_LONG = {"a": "x" * CONTEXT_BYTES}
TOO_DEEP: dict[str, Any] = {"a": [[[[[[[[0]]]]]]]]}


@pytest.fixture
def app_config(app_config: dict[str, Any]) -> dict[str, Any]:
    return app_config | {"DECISION_RECORDS": True}


@pytest.fixture
def community(world: World) -> Community:
    return world.server()


@pytest.fixture
def member(world: World, community: Community) -> Person:
    return world.member(community)


def question(person: Person, community: Community, **more: Any) -> dict[str, Any]:
    return {
        "subject": {"type": "user", "id": person.username},
        "action": {"name": "message.pin"},
        "resource": {"type": "channel", "id": str(community.channel_id)},
        **more,
    }


@pytest.fixture
def refusals(app: Flask, world: World, client: FlaskClient, community: Community) -> Any:
    """Sends a context through a door; status, and the fields that the answer complains of."""
    auditor = world.user("auditor", super_admin=True)
    operator = control_client(app, world, "platform.view", "admin.audit")
    asked = {"permission": "message.pin", "user_id": auditor.id, "scope": "global"}

    def send(door: str, context: Any) -> tuple[int, set[str]]:
        body = question(auditor, community, context=context)
        if door == "in each evaluation":
            body = question(auditor, community, evaluations=[{"context": context}, {}])
            answer = client.post(MANY, headers=auditor.headers, json=body)
            wrong, right = answer.get_json()["evaluations"]
            assert right == {"decision": True}
            error = wrong["context"]["error"]
            return error["status"], {error["message"].partition(":")[0]}
        if door == "for all evaluations":
            body |= {"evaluations": [{}, {}]}
            answer = client.post(MANY, headers=auditor.headers, json=body)
        elif door == "properties":
            body |= {"subject": body["subject"] | {"properties": context}, "context": {}}
            answer = client.post(MANY, headers=auditor.headers, json=body)
        elif door.startswith("/access"):
            answer = client.post(door, headers=auditor.headers, json=body)
        elif door.startswith("/api"):
            answer = client.post(door, headers=auditor.headers, json=asked | {"context": context})
        elif door == "/explain":
            answer = operator.send("POST", door, asked | {"context": context})
        else:
            answer = operator.send("POST", door, {"input": context})
        return answer.status_code, set(answer.get_json().get("errors", ()))

    return send


@pytest.mark.parametrize(
    ("door", "status", "field"),
    [
        ("/access/v1/evaluation", 400, "context"),
        ("in each evaluation", 400, "context"),
        ("for all evaluations", 400, "context"),
        ("properties", 400, "subject.properties"),
        ("/access/v1/search/subject", 400, "context"),
        ("/access/v1/search/resource", 400, "context"),
        ("/access/v1/search/action", 400, "context"),
        ("/api/v1/permissions/explain", 422, "context"),
        ("/explain", 422, "context"),
        ("/policies/default/test", 422, "input"),
        ("/policy-documents/risk/test", 422, "input"),
    ],
)
def test_a_context_beyond_its_bounds_is_refused_by_name_at_every_door(
    refusals: Callable[[str, Any], tuple[int, set[str]]], door: str, status: int, field: str
) -> None:
    larger = 4 if field == "input" else 1  # beside a context it has what the platform says
    for beyond in (TOO_LONG | {str(n): TOO_LONG["a"] for n in range(larger)}, {"a": TOO_DEEP}):
        assert refusals(door, {"a": {"b": {"c": beyond}}}) == (status, {field})


def test_all_evaluations_of_a_request_carry_so_much_context_together(
    app: Flask, client: FlaskClient, member: Person, community: Community
) -> None:
    asked: list[PolicyQuestion] = []

    def judge(one: PolicyQuestion) -> PolicyAnswer:
        asked.append(one)
        return PolicyAnswer(True, "fine")

    app.extensions[EXTENSION].policy = judge
    longest = {"a": "x" * (CONTEXTS_BYTES // EVALUATIONS_MAX - len('{"a":""}'))}
    body = question(member, community, context=longest, evaluations=[{}] * EVALUATIONS_MAX)
    body["action"] = {"name": "message.send"}
    answer = client.post(MANY, headers=member.headers, json=body)
    assert [one["decision"] for one in answer.get_json()["evaluations"]] == [True] * 1_000
    # One object for all, so that all that is made of it is made once.
    assert len({id(one.context) for one in asked}) == 1
    asked.clear()
    body["context"] = {"a": longest["a"] + "x"}
    answer = client.post(MANY, headers=member.headers, json=body)
    assert (answer.status_code, set(answer.get_json()["errors"])) == (400, {"evaluations"})
    assert not asked


def test_a_thousand_denials_mask_their_context_once_and_leave_few_records(
    app: Flask,
    client: FlaskClient,
    member: Person,
    community: Community,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    masked: list[Any] = []

    def counted(context: Any) -> Any:
        masked.append(context)
        return masked_context(context)

    monkeypatch.setattr("yoto.rooms.decision_log.log.masked_context", counted)
    body = question(member, community, context={"a": 1}, evaluations=[{}] * EVALUATIONS_MAX)
    answer = client.post(MANY, headers=member.headers, json=body)
    assert [one["decision"] for one in answer.get_json()["evaluations"]] == [False] * 1_000
    records = log_of(app)
    assert records is not None and len(masked) == 1
    records.close()
    with app.app_context():
        weights = list(db.session.scalars(select(DecisionRecord.weight)))
        db.session.remove()
    assert sum(weights) == EVALUATIONS_MAX and len(weights) <= 1 + DENIALS_A_MINUTE // 100
    assert records.writer.stored < EVALUATIONS_MAX


def test_questions_of_all_routes_are_counted_for_who_asks(
    app: Flask, client: FlaskClient, member: Person, community: Community
) -> None:
    limits = {"user": {"limit": 1_000, "window": 60.0, "burst": 1_000}}
    with app.app_context():
        resilience.of(app).set_rate_limit_config(PERMISSION_ASK, dimensions=limits)
    left = 1_000
    place = {"permission": "message.pin", "scope": "channel", "scope_id": community.channel_id}
    asked = question(member, community)
    api = "/api/v1/permissions"
    for cost, method, path, options in (
        (1, "POST", "/access/v1/evaluation", {"json": asked}),
        (7, "POST", MANY, {"json": asked | {"evaluations": [{}] * 7}}),
        (STATEMENTS_OF_SEARCH, "POST", "/access/v1/search/resource", {"json": asked}),
        (100, "POST", "/access/v1/search/action", {"json": asked | {"context": {}}}),
        (1, "POST", f"{api}/check", {"json": place}),
        (3, "POST", f"{api}/check-batch", {"json": {"checks": [place] * 3}}),
        (2, "POST", f"{api}/check-users", {"json": place | {"user_ids": [member.id] * 11}}),
        (1, "GET", f"{api}/me", {}),
        (STATEMENTS_OF_SEARCH, "POST", f"{api}/explain", {"json": place}),
        (STATEMENTS_OF_SEARCH, "GET", f"{api}/resources?permission=message.pin", {}),
    ):
        answer = client.open(path, method=method, headers=member.headers, **options)
        assert answer.status_code == 200, (path, answer.text)
        left -= cost
        remaining = int(answer.headers["RateLimit"].partition("r=")[2].partition(";")[0])
        # Meanwhile 16 a second come back.
        assert left <= remaining < left + 500, path
    assert PEOPLE_A_QUESTION == 10
    many = asked | {"evaluations": [{}] * 1_000}
    answer = client.post(MANY, headers=member.headers, json=many)
    assert answer.status_code == 429 and "evaluations" not in answer.get_json()
