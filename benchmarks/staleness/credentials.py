"""Credentials in the probe: a worker makes them, ends them, and checks whether they count."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Flask
from flask.testing import FlaskClient

from app.auth import identity_of, issue_tokens
from app.models import User
from yoto.http.positions import POSITION_HEADER
from yoto.store.db import db

PASSWORD, ANOTHER = "correct horse battery", "staple correct horse"
ME = "/api/v1/auth/me"


def sign_in(app: Flask, user_id: int) -> list[str]:
    """An access and a refresh token of a new sign-in."""
    with app.app_context():
        pair = issue_tokens(db.session.get_one(User, user_id))
        db.session.remove()
    return [pair.access_token, pair.refresh_token]


def accepts(app: Flask, token: str, at_least: str | None = None) -> bool:
    """Whether an access token counts; with a position, by a whole request that brings it.

    Raises:
        AssertionError: a request got neither yes nor no.
    """
    if at_least is None:
        with app.app_context():
            return identity_of(token) is not None
    headers = _bearer(token) | {POSITION_HEADER: at_least}
    status = app.test_client().get(ME, headers=headers).status_code
    assert status in (200, 401), status
    return status == 200


def end(app: Flask, kind: str, user_id: int, tokens: list[str], super_token: str) -> str:
    """End a credential by a request; returns the position of its answer.

    Args:
        kind: one of ``KINDS``.
        tokens: access and refresh token.
        super_token: a token of an account that may disable others.
    """
    act, expected = _ENDS[kind]
    answer = act(app.test_client(), user_id, tokens, super_token)
    assert answer.status_code == expected, answer.text
    position: str = answer.headers[POSITION_HEADER]
    return position


def _sign_out(client: FlaskClient, user_id: int, tokens: list[str], _: str) -> Any:
    return client.post("/api/v1/auth/logout", headers=_bearer(tokens[0]))


def _change_password(client: FlaskClient, user_id: int, tokens: list[str], _: str) -> Any:
    body = {"old_password": PASSWORD, "new_password": ANOTHER}
    return client.post("/api/v1/auth/change-password", json=body, headers=_bearer(tokens[0]))


def _disable(client: FlaskClient, user_id: int, tokens: list[str], super_token: str) -> Any:
    path = f"/api/v1/admin/users/{user_id}"
    return client.patch(path, json={"disabled": True}, headers=_bearer(super_token))


def _reuse(client: FlaskClient, user_id: int, tokens: list[str], _: str) -> Any:
    spent = _bearer(tokens[1])
    assert client.post("/api/v1/auth/refresh", headers=spent).status_code == 200
    return client.post("/api/v1/auth/refresh", headers=spent)


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


# The request that ends each kind, and the status of its answer.
_ENDS: dict[str, tuple[Callable[[FlaskClient, int, list[str], str], Any], int]] = {
    "sign-out": (_sign_out, 204),
    "new password": (_change_password, 200),
    "disabled account": (_disable, 200),
    "reused refresh token": (_reuse, 401),
}
KINDS = tuple(_ENDS)
