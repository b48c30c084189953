"""People who have passwords, and sign-ins by them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.auth.passwords import passwords
from tests.support.world import Person, World

PASSWORD = "correct horse battery"
SignIn = Callable[..., dict[str, Any]]


@pytest.fixture
def stored_hash(app: Flask) -> str:
    """The hash of PASSWORD with the costs of the test configuration."""
    with app.app_context():
        return passwords().hash(PASSWORD)


@pytest.fixture
def ada(world: World, stored_hash: str) -> Person:
    """Somebody who can sign in with PASSWORD."""
    return world.user("ada", password_hash=stored_hash)


@pytest.fixture
def sign_in(client: FlaskClient) -> SignIn:
    """Signs somebody in and gives the tokens."""

    def run(username: str, password: str = PASSWORD) -> dict[str, Any]:
        answer = client.post(
            "/api/v1/auth/login", json={"username": username, "password": password}
        )
        assert answer.status_code == 200, answer.text
        tokens: dict[str, Any] = answer.get_json()
        return tokens

    return run


def bearer(token: str) -> dict[str, str]:
    """The header that carries a token."""
    return {"Authorization": f"Bearer {token}"}
