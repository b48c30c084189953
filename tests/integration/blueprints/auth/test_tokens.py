"""Access and refresh tokens: what they open, for how long, and how they end."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import jwt
import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_jwt_extended import create_refresh_token
from sqlalchemy import select

from app.auth import EPOCH_CLAIM, FAMILY_CLAIM
from tests.integration.blueprints.auth.conftest import SignIn, bearer
from tests.support.world import Person, World, expired_header
from yoto.store.models import AuditRecord, RevokedToken

ME = "/api/v1/auth/me"
REFRESH = "/api/v1/auth/refresh"
LOGOUT = "/api/v1/auth/logout"


def slug(answer: object) -> str:
    """The last part of the problem's type."""
    return str(answer.get_json()["type"]).rsplit(":", 1)[1]  # type: ignore[attr-defined]


def test_refreshing_gives_a_new_pair_that_works(
    client: FlaskClient, ada: Person, sign_in: SignIn
) -> None:
    first = sign_in("ada")
    answer = client.post(REFRESH, headers=bearer(first["refresh_token"]))
    assert answer.status_code == 200
    second = answer.get_json()
    assert second["refresh_token"] != first["refresh_token"]
    assert client.get(ME, headers=bearer(second["access_token"])).status_code == 200
    assert client.post(REFRESH, headers=bearer(second["refresh_token"])).status_code == 200


def test_a_refresh_token_used_twice_ends_the_whole_sign_in(
    client: FlaskClient, ada: Person, sign_in: SignIn
) -> None:
    first = sign_in("ada")
    second = client.post(REFRESH, headers=bearer(first["refresh_token"])).get_json()
    replay = client.post(REFRESH, headers=bearer(first["refresh_token"]))
    assert (replay.status_code, slug(replay)) == (401, "token-reused")
    for answer in (
        client.get(ME, headers=bearer(first["access_token"])),
        client.get(ME, headers=bearer(second["access_token"])),
        client.post(REFRESH, headers=bearer(second["refresh_token"])),
        client.post(REFRESH, headers=bearer(first["refresh_token"])),
    ):
        assert (answer.status_code, slug(answer)) == (401, "token-revoked")


def test_reuse_is_audited_once(
    client: FlaskClient, ada: Person, sign_in: SignIn, world: World
) -> None:
    token = sign_in("ada")["refresh_token"]
    for _ in range(3):
        client.post(REFRESH, headers=bearer(token))
    reuses = select(AuditRecord.subject).where(AuditRecord.action == "token.reuse")
    assert world.rows(reuses) == [(f"user:{ada.id}",)]


def test_logging_out_ends_this_sign_in_and_no_other(
    client: FlaskClient, ada: Person, sign_in: SignIn
) -> None:
    here, elsewhere = sign_in("ada"), sign_in("ada")
    answer = client.post(LOGOUT, headers=bearer(here["access_token"]))
    assert (answer.status_code, answer.data) == (204, b"")
    assert client.get(ME, headers=bearer(here["access_token"])).status_code == 401
    assert client.post(REFRESH, headers=bearer(here["refresh_token"])).status_code == 401
    assert client.get(ME, headers=bearer(elsewhere["access_token"])).status_code == 200


def test_logging_out_ends_tokens_refreshed_before(
    client: FlaskClient, ada: Person, sign_in: SignIn
) -> None:
    first = sign_in("ada")
    second = client.post(REFRESH, headers=bearer(first["refresh_token"])).get_json()
    client.post(LOGOUT, headers=bearer(first["access_token"]))
    assert client.get(ME, headers=bearer(second["access_token"])).status_code == 401


def test_a_denial_outlives_what_it_denies(
    app: Flask, client: FlaskClient, ada: Person, sign_in: SignIn, world: World
) -> None:
    tokens = sign_in("ada")
    client.post(LOGOUT, headers=bearer(tokens["access_token"]))
    expires_at = world.scalar(select(RevokedToken.expires_at))
    with app.app_context():
        claims = jwt.decode(tokens["refresh_token"], options={"verify_signature": False})
    assert expires_at.timestamp() >= claims["exp"]


def test_a_disabled_account_is_refused_at_once(
    client: FlaskClient, ada: Person, sign_in: SignIn, world: World
) -> None:
    tokens = sign_in("ada")
    root = world.user("root", super_admin=True)
    client.patch(f"/api/v1/admin/users/{ada.id}", headers=root.headers, json={"disabled": True})
    assert client.get(ME, headers=bearer(tokens["access_token"])).status_code == 401
    assert client.post(REFRESH, headers=bearer(tokens["refresh_token"])).status_code == 401


def forged(app: Flask, ada: Person, key: str, algorithm: str) -> str:
    claims = jwt.decode(ada.token, options={"verify_signature": False})
    return jwt.encode(claims, key, algorithm)


@pytest.mark.parametrize("method, path", [("GET", ME), ("POST", LOGOUT)])
def test_only_a_valid_access_token_opens(
    app: Flask, client: FlaskClient, ada: Person, method: str, path: str
) -> None:
    with app.app_context():
        refresh = create_refresh_token(
            str(ada.id), additional_claims={FAMILY_CLAIM: "f", EPOCH_CLAIM: 0}
        )
    other_key = forged(app, ada, "another key of a good many characters", "HS256")
    attempts = {
        "token-missing": [{}, {"Authorization": "Basic YWRhOmFkYQ=="}],
        "token-expired": [expired_header(app, ada.id)],
        "token-invalid": [
            {"Authorization": "Bearer"},
            {"Authorization": "Bearer a b"},
            bearer("not.a.token"),
            bearer(ada.token[:-4] + "AAAA"),
            bearer(refresh),
            bearer(other_key),
            bearer(forged(app, ada, "", "none")),
        ],
    }
    for expected, headers in attempts.items():
        for header in headers:
            answer = client.open(path, method=method, headers=header)
            assert (answer.status_code, slug(answer)) == (401, expected), header
            assert answer.headers["WWW-Authenticate"].startswith("Bearer")
            assert answer.mimetype == "application/problem+json"


def test_an_access_token_refreshes_nothing(client: FlaskClient, ada: Person) -> None:
    answer = client.post(REFRESH, headers=ada.headers)
    assert (answer.status_code, slug(answer)) == (401, "token-invalid")


def test_an_expired_refresh_token_is_refused(app: Flask, client: FlaskClient, ada: Person) -> None:
    with app.app_context():
        token = create_refresh_token(
            str(ada.id),
            expires_delta=timedelta(minutes=-1),
            additional_claims={FAMILY_CLAIM: "f", EPOCH_CLAIM: 0},
        )
    answer = client.post(REFRESH, headers=bearer(token))
    assert (answer.status_code, slug(answer)) == (401, "token-expired")


def test_a_token_of_an_account_that_is_gone_is_refused(
    app: Flask, client: FlaskClient, ada: Person
) -> None:
    claims = jwt.decode(ada.token, options={"verify_signature": False})
    claims["sub"] = str(ada.id + 1000)
    token = jwt.encode(claims, app.config["JWT_SECRET_KEY"], "HS256")
    answer = client.get(ME, headers=bearer(token))
    assert (answer.status_code, slug(answer)) == (401, "token-revoked")


@pytest.mark.parametrize(
    "odd", [{"sub": "abc"}, {"sub": str(2**70)}, {"sub": ""}, {"epoch": "0"}, {"fam": None}]
)
def test_an_odd_token_that_is_signed_rightly_is_refused(
    app: Flask, client: FlaskClient, ada: Person, odd: dict[str, Any]
) -> None:
    claims = jwt.decode(ada.token, options={"verify_signature": False}) | odd
    token = jwt.encode(claims, app.config["JWT_SECRET_KEY"], "HS256")
    assert client.get(ME, headers=bearer(token)).status_code == 401


def test_of_two_uses_of_a_refresh_token_at_once_one_gets_tokens(
    app: Flask, ada: Person, sign_in: SignIn
) -> None:
    token = sign_in("ada")["refresh_token"]

    def refresh(_: int) -> int:
        return app.test_client().post(REFRESH, headers=bearer(token)).status_code

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(refresh, range(4))) == [200, 401, 401, 401]
