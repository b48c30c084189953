"""POST /api/v1/auth/login."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app.auth.passwords import Passwords
from app.models import User
from tests.integration.blueprints.auth.conftest import PASSWORD, SignIn, bearer
from tests.support.world import Person, World
from yoto.store.db import db

LOGIN = "/api/v1/auth/login"


def test_name_and_password_give_tokens_that_work(
    client: FlaskClient, ada: Person, sign_in: SignIn, app: Flask
) -> None:
    tokens = sign_in("ada")
    assert tokens["token_type"] == "Bearer"
    assert tokens["expires_in"] == app.config["ACCESS_TOKEN_SECONDS"]
    me = client.get("/api/v1/auth/me", headers=bearer(tokens["access_token"]))
    assert me.get_json()["id"] == ada.id


def test_the_case_of_the_name_does_not_matter(ada: Person, sign_in: SignIn) -> None:
    assert sign_in(" ADA ")["access_token"]


def test_the_case_of_the_password_matters(client: FlaskClient, ada: Person) -> None:
    answer = client.post(LOGIN, json={"username": "ada", "password": PASSWORD.upper()})
    assert answer.status_code == 401


def test_composed_and_decomposed_letters_are_the_same_password(
    client: FlaskClient, sign_in: SignIn
) -> None:
    body = {"username": "rene", "display_name": "René", "password": "r\u00e9pondez s'il"}
    assert client.post("/api/v1/auth/register", json=body).status_code == 201
    assert sign_in("rene", "re\u0301pondez s'il")["access_token"]


def test_all_ways_to_fail_look_the_same(
    client: FlaskClient, world: World, ada: Person, stored_hash: str
) -> None:
    world.user("gone", password_hash=stored_hash, disabled=True)
    world.user("shell-only")
    attempts = [
        ("ada", "not her password"),
        ("nobody", PASSWORD),
        ("no such; name", PASSWORD),
        ("gone", PASSWORD),
        ("gone", "not the password"),
        ("shell-only", PASSWORD),
        ("shell-only", "!"),
    ]
    answers = []
    for username, password in attempts:
        answer = client.post(LOGIN, json={"username": username, "password": password})
        body = answer.get_json()
        body.pop("request_id")
        answers.append((answer.status_code, body))
    assert answers[0][0] == 401
    assert answers[0][1]["type"] == "urn:yoto:problem:sign-in-failed"
    assert all(answer == answers[0] for answer in answers)


def test_a_bare_hash_is_no_password(client: FlaskClient, ada: Person, stored_hash: str) -> None:
    answer = client.post(LOGIN, json={"username": "ada", "password": stored_hash})
    assert answer.status_code == 401


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"username": "ada"}, "password"),
        ({"password": PASSWORD}, "username"),
        ({"username": "ada", "password": "x" * 10_000}, "password"),
        ({"username": "x" * 10_000, "password": PASSWORD}, "username"),
        ({"username": ["ada"], "password": PASSWORD}, "username"),
        ({"username": "ada", "password": PASSWORD, "remember": True}, "remember"),
    ],
)
def test_a_bad_field_is_named(client: FlaskClient, body: dict[str, Any], field: str) -> None:
    answer = client.post(LOGIN, json=body)
    assert answer.status_code == 422
    assert list(answer.get_json()["errors"]) == [field]


def spy_on(app: Flask, look: Callable[[str], None]) -> Passwords:
    """Put a hasher in place that calls ``look`` with the name of each argon2 run."""

    def offload(function: Callable[..., Any], *args: Any) -> Any:
        look(function.__name__)
        return function(*args)

    spied = Passwords(app.config["ARGON2_TIME_COST"], app.config["ARGON2_MEMORY_KIB"], offload)
    app.extensions["yoto.passwords"] = spied
    return spied


def test_unknown_name_and_wrong_password_cost_the_same_work(
    app: Flask, client: FlaskClient, world: World
) -> None:
    costly: list[str] = []

    def noting(function: Any, *args: Any) -> Any:
        costly.append(function.__name__)
        return function(*args)

    hasher = Passwords(1, 64, noting)
    app.extensions["yoto.passwords"] = hasher
    world.user("ada", password_hash=hasher.hash(PASSWORD))
    world.user("gone", password_hash=hasher.hash(PASSWORD), disabled=True)
    world.user("shell-only")
    attempts = [("ada", "wrong password"), ("nobody", PASSWORD), ("gone", PASSWORD)]
    for username, password in [*attempts, ("shell-only", PASSWORD)]:
        costly.clear()
        client.post(LOGIN, json={"username": username, "password": password})
        # To make a hash and to check one is the same computation with the same parameters.
        assert len(costly) == 1, username


def test_no_transaction_is_open_while_a_password_is_hashed(
    app: Flask, client: FlaskClient, ada: Person
) -> None:
    open_transactions: list[bool] = []
    spy_on(app, lambda _: open_transactions.append(db.session().in_transaction()))
    client.post(LOGIN, json={"username": "ada", "password": PASSWORD})
    client.post(LOGIN, json={"username": "nobody", "password": PASSWORD})
    client.post(
        "/api/v1/auth/change-password",
        headers=ada.headers,
        json={"old_password": PASSWORD, "new_password": "another password"},
    )
    assert len(open_transactions) >= 4 and not any(open_transactions)


def test_a_hash_of_other_costs_is_renewed_at_sign_in(
    app: Flask, world: World, ada: Person, sign_in: SignIn
) -> None:
    stored = select(User.password_hash).where(User.id == ada.id)
    first = world.scalar(stored)
    sign_in("ada")
    assert world.scalar(stored) == first
    app.extensions["yoto.passwords"] = Passwords(2, 128, lambda function, *args: function(*args))
    sign_in("ada")
    renewed = world.scalar(stored)
    assert "m=128,t=2" in renewed
    sign_in("ada")
    assert world.scalar(stored) == renewed


def test_an_account_disabled_while_we_hash_does_not_get_in(
    app: Flask, client: FlaskClient, world: World, ada: Person
) -> None:
    def disable(_: str) -> None:
        with app.app_context():
            db.session.get_one(User, ada.id).disabled = True
            db.session.commit()
            db.session.remove()

    spy_on(app, disable)
    answer = client.post(LOGIN, json={"username": "ada", "password": PASSWORD})
    assert answer.status_code == 401
