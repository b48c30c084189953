"""API tokens of operators: made in a session, used by programs, taken back."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import delete, select, update

from app.blueprints.operators.tokens import tokens_of
from app.models import User
from tests.integration.yoto.control_plane.conftest import PASSWORD, STATUS, Browser
from tests.support.operators import ADMIN, INSIGHT, OPERATE, VIEW, WHY, ControlClient, api_token
from tests.support.world import Person, World
from yoto.store.db import db
from yoto.store.models import ApiToken, AuditRecord, RoleAssignment

TOKENS, SESSION = "/tokens", "/session"
NEW = {"name": "deploy", "rights": [VIEW], "reason": WHY}


@pytest.fixture
def signed_in(browser: Browser, operator: Person) -> ControlClient:
    """The operator in a browser."""
    browser.sign_in("olga")
    return ControlClient(browser.client, {"X-CSRF-Token": browser.token(STATUS)})


def program(client: FlaskClient, secret: str) -> ControlClient:
    return ControlClient(client, {"Authorization": f"Bearer {secret}"})


def execute(app: Flask, statement: Any) -> None:
    with app.app_context():
        db.session.execute(statement)
        db.session.commit()


def test_a_token_is_shown_once_and_stored_as_a_hash(
    app: Flask, signed_in: ControlClient, world: World
) -> None:
    made = signed_in.send("POST", TOKENS, NEW)
    assert made.status_code == 201
    secret = made.json["token"]
    assert world.rows(select(ApiToken.token_hash)) == [
        (hashlib.sha256(secret.encode()).hexdigest(),)
    ]
    assert "token" not in signed_in.get(TOKENS).json["items"][0]
    acts = world.acts("api_token.make")
    assert len(acts) == 1 and acts[0].reason == WHY and secret not in str(acts)
    assert program(app.test_client(), secret).get(SESSION).json["via"] == "token"


def test_a_program_needs_no_csrf_token_and_gets_none(app: Flask, operator: Person) -> None:
    _, secret = api_token(app, operator)
    shown = program(app.test_client(), secret).get(SESSION).json
    assert shown["csrf_token"] is None and shown["user"]["username"] == "olga"


def test_a_token_may_use_no_more_than_it_was_made_for_nor_than_its_owner_has(
    app: Flask, operator: Person, world: World
) -> None:
    narrow = program(app.test_client(), api_token(app, operator, [VIEW])[1])
    wide = program(app.test_client(), api_token(app, operator, [VIEW, OPERATE, ADMIN])[1])
    assert narrow.get(SESSION).json["rights"] == wide.get(SESSION).json["rights"] == [VIEW]
    world.assign(operator, world.role(None, OPERATE, name="steerers"))
    assert narrow.get(SESSION).json["rights"] == [VIEW]
    assert wide.get(SESSION).json["rights"] == [VIEW, OPERATE]
    refused = narrow.post("/prefetch/pause", where="worker")
    assert (refused.status_code, refused.json["reason"]) == (403, "not_in_token")
    execute(app, delete(RoleAssignment))
    assert wide.get(SESSION).status_code == 403


@pytest.mark.parametrize("end", ["over", "revoked", "disabled", "unknown"])
def test_a_token_that_is_no_longer_good_opens_nothing(
    app: Flask, operator: Person, end: str
) -> None:
    token_id, secret = api_token(app, operator, days=-1 if end == "over" else 1)
    if end == "revoked":
        mine = program(app.test_client(), secret)
        assert mine.post(f"{TOKENS}/{token_id}/revoke").json["valid"] is False
    if end == "disabled":
        execute(app, update(User).values(disabled=True))
    if end == "unknown":
        secret += "x"
    answer = program(app.test_client(), secret).get(SESSION)
    assert answer.status_code == 401 and answer.mimetype == "application/problem+json"


def test_a_token_ends_with_the_password_of_its_owner(
    app: Flask, signed_in: ControlClient, operator: Person
) -> None:
    _, secret = api_token(app, operator)
    pair = signed_in.client.post(
        "/api/v1/auth/login", json={"username": "olga", "password": PASSWORD}
    ).json
    changed = signed_in.client.post(
        "/api/v1/auth/change-password",
        json={"old_password": PASSWORD, "new_password": "another horse battery"},
        headers={"Authorization": f"Bearer {pair['access_token']}"},
    )
    assert changed.status_code == 200
    assert program(app.test_client(), secret).get(SESSION).status_code == 401
    with app.app_context():
        assert [one["valid"] for one in tokens_of(operator.id, None, 9).items] == [False]


@pytest.mark.parametrize("rights", [[VIEW], [VIEW, INSIGHT]])
def test_what_others_may_do_and_did_takes_a_token_made_for_it(
    app: Flask, operator: Person, world: World, rights: list[str]
) -> None:
    auditors = world.role(None, "admin.audit", name="auditors")
    world.assign(operator, auditors)
    world.add(AuditRecord(action="role.assign", subject="role:1"))
    mine = program(app.test_client(), api_token(app, operator, rights)[1])
    about = {"user_id": operator.id, "permission": VIEW, "scope": "global"}
    asked = {
        "explain": mine.send("POST", "/explain", about),
        "who": mine.get("/search/who", permission=VIEW, scope="global"),
        "what": mine.get("/search/what", username="olga", permission="channel.read"),
        "review": mine.get("/review", permission=VIEW, scope="global"),
        "compare": mine.get("/compare", user="olga", other="olga", scope="global"),
        "what-if": mine.send(
            "POST", "/what-if", {"act": {"act": "role.delete", "role_id": auditors}}
        ),
        "export": mine.get("/review/export", permission=VIEW, scope="global", format="csv"),
    }
    told = {name: (answer.status_code, answer.get_data(True)) for name, answer in asked.items()}
    seen = {one["action"] for one in mine.get("/audit", action="role.").json["items"]}
    if INSIGHT in rights:
        assert {status for status, _ in told.values()} == {200}, told
        assert seen == {"role.assign"}
    else:
        assert {status for status, _ in told.values()} == {403}, told
        assert all(INSIGHT in text for _, text in told.values()) and not seen


def test_a_token_that_only_looks_takes_none_back(
    app: Flask, operator: Person, world: World
) -> None:
    token_id, secret = api_token(app, operator, [VIEW, INSIGHT])
    refused = program(app.test_client(), secret).post(f"{TOKENS}/{token_id}/revoke")
    assert (refused.status_code, refused.json["reason"]) == (403, "not_in_token")
    assert world.acts("api_token.revoke") == []


def test_nobody_makes_a_token_for_rights_they_do_not_have(signed_in: ControlClient) -> None:
    refused = signed_in.send("POST", TOKENS, {**NEW, "rights": [VIEW, ADMIN]})
    assert (refused.status_code, refused.json["permission"]) == (403, ADMIN)
    assert signed_in.get(TOKENS).json["items"] == []


def test_a_token_makes_no_token(app: Flask, operator: Person) -> None:
    mine = program(app.test_client(), api_token(app, operator)[1])
    assert mine.send("POST", TOKENS, NEW).status_code == 403


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"name": ""}, "name"),
        ({"rights": []}, "rights"),
        ({"rights": ["server.view"]}, "rights.0"),
        ({"days": 0}, "days"),
        ({"days": 367}, "days"),
        ({"reason": ""}, "reason"),
    ],
)
def test_a_wrong_token_is_refused_by_the_name_of_its_field(
    signed_in: ControlClient, wrong: dict[str, Any], field: str
) -> None:
    refused = signed_in.send("POST", TOKENS, {**NEW, **wrong})
    assert refused.status_code == 422 and list(refused.json["errors"]) == [field]


def test_others_tokens_are_seen_and_taken_back_by_administrators_alone(
    app: Flask, operator: Person, world: World
) -> None:
    token_id, _ = api_token(app, operator)
    anna = world.user("anna")
    world.assign(anna, world.role(None, VIEW, name="viewers"))
    hers = program(app.test_client(), api_token(app, anna)[1])
    assert hers.get(TOKENS, everyone="true").status_code == 403
    assert hers.post(f"{TOKENS}/{token_id}/revoke").status_code == 404
    world.assign(anna, world.role(None, ADMIN, name="admins"))
    assert {row["user_id"] for row in hers.get(TOKENS, everyone="true").json["items"]} == {
        operator.id,
        anna.id,
    }
    assert hers.post(f"{TOKENS}/{token_id}/revoke").status_code == 200


def test_the_last_use_is_known_to_the_minute(app: Flask, operator: Person, world: World) -> None:
    _, secret = api_token(app, operator)
    mine = program(app.test_client(), secret)
    mine.get(SESSION)
    first = world.rows(select(ApiToken.last_used_at))
    mine.get(SESSION)
    assert first[0][0] is not None and world.rows(select(ApiToken.last_used_at)) == first
