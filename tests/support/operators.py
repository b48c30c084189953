"""Operators of the control plane for tests: by session, by API token, by the break-glass token."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.auth.api_tokens import add_token
from tests.support.world import Person, World
from yoto.store.columns import utcnow
from yoto.store.db import db, writing

API = "/control/api"
WHY = "a test of what operators do"
VIEW, OPERATE, ADMIN = "platform.view", "platform.operate", "platform.admin"
RIGHTS = (VIEW, OPERATE, ADMIN)
INSIGHT = "platform.insight"


def operator_named(world: World, username: str, *rights: str, **columns: Any) -> Person:
    """An account with global rights."""
    with world.together():
        person = world.user(username, **columns)
        if rights:
            world.assign(person, world.role(None, *rights, name=f"role of {username}"))
    return person


def api_token(
    app: Flask,
    person: Person,
    rights: Sequence[str] = (*RIGHTS, INSIGHT),
    days: float = 1.0,
) -> tuple[int, str]:
    """Id and secret of a token of the account that may use these of its rights."""
    with app.app_context(), writing():
        ends = utcnow() + timedelta(days=days)
        token, secret = add_token(person.id, "test", rights, ends)
        found = token.id
        db.session.commit()
        db.session.remove()
    return found, secret


class ControlClient:
    """Calls ``/control/api`` as somebody.

    Args:
        credentials: headers that say who it is.
    """

    def __init__(self, client: FlaskClient, credentials: dict[str, str]) -> None:
        self.client = client
        self.credentials = credentials

    def get(self, path: str, **query: Any) -> TestResponse:
        return self.client.get(f"{API}{path}", query_string=query, headers=self.credentials)

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> TestResponse:
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.open(
            f"{API}{path}", method=method, json=body, headers={**self.credentials, **names}
        )

    def post(self, path: str, /, reason: str = WHY, **body: Any) -> TestResponse:
        return self.send("POST", path, {"reason": reason, **body})

    def put(self, path: str, /, if_match: str | None = None, **body: Any) -> TestResponse:
        headers = {} if if_match is None else {"If-Match": if_match}
        return self.send("PUT", path, {"reason": WHY, **body}, **headers)


def control_client(app: Flask, world: World, *rights: str, username: str = "ada") -> ControlClient:
    """A program of an operator with these rights."""
    person = operator_named(world, username, *rights)
    _, secret = api_token(app, person, (*(rights or RIGHTS), INSIGHT))
    return ControlClient(app.test_client(), {"Authorization": f"Bearer {secret}"})
