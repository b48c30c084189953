"""POST /api/v1/auth/change-password."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from tests.integration.blueprints.auth.conftest import PASSWORD, SignIn, bearer
from tests.support.world import Person, World, expired_header
from yoto.store.models import AuditRecord

CHANGE = "/api/v1/auth/change-password"
NEW = "a password nobody knew"


def test_the_new_password_opens_and_the_old_one_no_longer(
    client: FlaskClient, ada: Person, sign_in: SignIn
) -> None:
    answer = client.post(
        CHANGE, headers=ada.headers, json={"old_password": PASSWORD, "new_password": NEW}
    )
    assert answer.status_code == 200
    assert sign_in("ada", NEW)["access_token"]
    old = client.post("/api/v1/auth/login", json={"username": "ada", "password": PASSWORD})
    assert old.status_code == 401


def test_every_earlier_token_ends_and_the_returned_ones_work(
    client: FlaskClient, ada: Person, sign_in: SignIn
) -> None:
    here, elsewhere = sign_in("ada"), sign_in("ada")
    fresh = client.post(
        CHANGE,
        headers=bearer(here["access_token"]),
        json={"old_password": PASSWORD, "new_password": NEW},
    ).get_json()
    for tokens in (here, elsewhere):
        me = client.get("/api/v1/auth/me", headers=bearer(tokens["access_token"]))
        again = client.post("/api/v1/auth/refresh", headers=bearer(tokens["refresh_token"]))
        assert (me.status_code, again.status_code) == (401, 401)
    me = client.get("/api/v1/auth/me", headers=bearer(fresh["access_token"]))
    assert me.status_code == 200


def test_the_change_is_audited_without_either_password(
    client: FlaskClient, ada: Person, world: World
) -> None:
    client.post(CHANGE, headers=ada.headers, json={"old_password": PASSWORD, "new_password": NEW})
    records = world.rows(
        select(AuditRecord.action, AuditRecord.before, AuditRecord.after).where(
            AuditRecord.actor_id == ada.id
        )
    )
    assert records == [("user.change_password", None, None)]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"old_password": "not it at all", "new_password": NEW}, "old_password"),
        ({"old_password": PASSWORD, "new_password": "ada.1815.ada"}, "new_password"),
        ({"old_password": PASSWORD, "new_password": "1234567890"}, "new_password"),
        ({"old_password": PASSWORD, "new_password": "short"}, "new_password"),
        ({"old_password": PASSWORD, "new_password": "x" * 129}, "new_password"),
        ({"new_password": NEW}, "old_password"),
        ({"old_password": PASSWORD, "new_password": NEW, "user_id": 1}, "user_id"),
    ],
)
def test_a_bad_field_is_named_and_nothing_changes(
    client: FlaskClient, ada: Person, world: World, body: dict[str, Any], field: str
) -> None:
    before = world.snapshot()
    answer = client.post(CHANGE, headers=ada.headers, json=body)
    assert answer.status_code == 422
    assert list(answer.get_json()["errors"]) == [field]
    assert world.snapshot() == before


def test_it_needs_a_valid_token(app: Flask, client: FlaskClient, ada: Person, world: World) -> None:
    before = world.snapshot()
    body = {"old_password": PASSWORD, "new_password": NEW}
    for headers in ({}, expired_header(app, ada.id)):
        assert client.post(CHANGE, headers=headers, json=body).status_code == 401
    assert world.snapshot() == before
