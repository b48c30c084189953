"""POST /api/v1/auth/register."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app.models import User
from tests.support.world import World
from yoto.store.models import AuditRecord

REGISTER = "/api/v1/auth/register"
GOOD = {"username": "grace.h", "display_name": "Grace", "password": "a compiler for 1952"}


def test_a_new_account_is_answered_with_its_address_and_without_secrets(
    client: FlaskClient,
) -> None:
    answer = client.post(REGISTER, json=GOOD)
    assert answer.status_code == 201
    account = answer.get_json()
    assert account.pop("id") > 0 and account.pop("created_at").endswith("+00:00")
    assert account == {"username": "grace.h", "display_name": "Grace", "super_admin": False}
    assert answer.headers["Location"].startswith("/api/v1/users/")


def test_a_new_account_can_sign_in(client: FlaskClient) -> None:
    client.post(REGISTER, json=GOOD)
    answer = client.post(
        "/api/v1/auth/login", json={"username": "grace.h", "password": GOOD["password"]}
    )
    assert answer.status_code == 200
    headers = {"Authorization": f"Bearer {answer.get_json()['access_token']}"}
    assert client.get("/api/v1/auth/me", headers=headers).get_json()["username"] == "grace.h"


def test_the_password_is_stored_as_an_argon2id_hash(client: FlaskClient, world: World) -> None:
    client.post(REGISTER, json=GOOD)
    stored = world.scalar(select(User.password_hash))
    assert stored.startswith("$argon2id$") and GOOD["password"] not in stored


def test_usernames_are_lower_cased_and_trimmed(client: FlaskClient) -> None:
    answer = client.post(REGISTER, json={**GOOD, "username": " Grace.H "})
    assert answer.get_json()["username"] == "grace.h"


def test_a_taken_name_is_a_conflict_that_names_the_field(client: FlaskClient, world: World) -> None:
    client.post(REGISTER, json=GOOD)
    before = world.snapshot()
    answer = client.post(REGISTER, json={**GOOD, "username": "GRACE.H"})
    assert answer.status_code == 409
    assert answer.get_json()["errors"] == {"username": ["is taken"]}
    assert world.snapshot() == before


def test_of_several_at_once_one_gets_the_name(app: Flask, world: World) -> None:
    def attempt(number: int) -> int:
        body = {**GOOD, "display_name": f"Grace {number}"}
        return app.test_client().post(REGISTER, json=body).status_code

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(attempt, range(4))) == [201, 409, 409, 409]
    assert len(world.rows(select(User.id))) == 1


def test_registering_is_audited_without_the_password(client: FlaskClient, world: World) -> None:
    user_id = client.post(REGISTER, json=GOOD).get_json()["id"]
    [(action, subject, after, address)] = world.rows(
        select(
            AuditRecord.action, AuditRecord.subject, AuditRecord.after, AuditRecord.address
        ).where(AuditRecord.actor_id == user_id)
    )
    assert (action, subject) == ("user.register", f"user:{user_id}")
    assert after == {"username": "grace.h", "display_name": "Grace"}
    assert address == "127.0.0.1"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"username": "ab"}, "username"),
        ({"username": "a" * 33}, "username"),
        ({"username": "grace h"}, "username"),
        ({"username": "gräce"}, "username"),
        ({"username": "grace\n"[:5] + "\u0000"}, "username"),
        ({"username": 7}, "username"),
        ({"username": None}, "username"),
        ({"display_name": "   "}, "display_name"),
        ({"display_name": "x" * 10_000}, "display_name"),
        ({"display_name": "bell\u0007"}, "display_name"),
        ({"password": "too short"}, "password"),
        ({"password": "1234567890"}, "password"),
        ({"password": "Grace.H1906"}, "password"),
        ({"password": "x" * 129}, "password"),
        ({"password": ["a", "list"]}, "password"),
        ({"super_admin": True}, "super_admin"),
        ({"disabled": False}, "disabled"),
    ],
)
def test_a_bad_field_is_named_and_nothing_is_stored(
    client: FlaskClient, world: World, changes: dict[str, Any], field: str
) -> None:
    before = world.snapshot()
    answer = client.post(REGISTER, json={**GOOD, **changes})
    assert answer.status_code == 422
    assert list(answer.get_json()["errors"]) == [field]
    assert world.snapshot() == before


@pytest.mark.parametrize("missing", sorted(GOOD))
def test_every_field_is_required(client: FlaskClient, missing: str) -> None:
    body = {field: value for field, value in GOOD.items() if field != missing}
    answer = client.post(REGISTER, json=body)
    assert answer.status_code == 422
    assert list(answer.get_json()["errors"]) == [missing]
