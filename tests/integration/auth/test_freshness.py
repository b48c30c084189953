"""When the caller of a request signed in: by tokens, kept through refreshing, and by sessions."""

from __future__ import annotations

from time import time
from typing import Any

import pytest
from flask import Flask, session
from flask.testing import FlaskClient

from app.auth import authenticated_at
from app.auth.session import start_session
from app.auth.tokens import issue_tokens
from app.models import User
from tests.support.world import Person, World
from yoto.permission import require_permission
from yoto.store.db import db


@pytest.fixture
def person(world: World) -> Person:
    found = world.user()
    world.assign(found, world.role(None, "admin.users"))
    return found


@pytest.fixture
def guarded(app: Flask) -> Any:
    """A view that wants a sign-in of the last minute."""

    @app.get("/api/v1/vault")
    @require_permission("admin.users", within=60)
    def vault() -> dict[str, Any]:
        return {"at": authenticated_at()}

    return app


def sign_in_of(app: Flask, person: Person, seconds_ago: float | None) -> tuple[str, str]:
    """Access and refresh token of a sign-in that was so long ago; None: it does not say."""
    spent: dict[str, Any] = {"fam": "a-family"}
    if seconds_ago is not None:
        spent["auth_time"] = int(time() - seconds_ago)
    with app.app_context():
        pair = issue_tokens(db.session.get_one(User, person.id), spent)
        db.session.remove()
    return pair.access_token, pair.refresh_token


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


@pytest.mark.parametrize(("seconds_ago", "fresh"), [(30, True), (90, False), (None, False)])
def test_a_token_is_as_old_as_its_sign_in_however_often_it_is_refreshed(
    guarded: Flask, client: FlaskClient, person: Person, seconds_ago: float | None, fresh: bool
) -> None:
    access, refresh = sign_in_of(guarded, person, seconds_ago)
    for _ in range(2):
        answer = client.get("/api/v1/vault", headers=bearer(access))
        assert answer.status_code == (200 if fresh else 403)
        if not fresh:
            body = answer.get_json()
            assert body["type"] == "urn:yoto:problem:sign-in-again"
            assert (body["reason"], body["max_age"]) == ("sign_in_again", 60)
            assert body["permission"] == "admin.users"
        renewed = client.post("/api/v1/auth/refresh", headers=bearer(refresh)).get_json()
        access, refresh = renewed["access_token"], renewed["refresh_token"]


def test_signing_in_makes_it_new(guarded: Flask, client: FlaskClient) -> None:
    account = {"username": "noor", "password": "a long enough sentence"}
    made = client.post("/api/v1/auth/register", json=account | {"display_name": "Noor"})
    login = client.post("/api/v1/auth/login", json=account)
    assert (made.status_code, login.status_code) == (201, 200), made.text
    with guarded.test_request_context(headers=bearer(login.get_json()["access_token"])):
        at = authenticated_at()
    assert at is not None and 0 <= time() - at < 60


def test_a_session_of_an_operator_says_when_it_began_and_a_token_does_not(
    app: Flask, person: Person
) -> None:
    with app.test_request_context("/control/"):
        start_session(db.session.get_one(User, person.id))
        assert 0 <= time() - (authenticated_at() or 0) < 60
    with app.test_request_context("/control/", headers=bearer("yoto_api_x")):
        session["since"] = int(time())
        assert authenticated_at() is None
