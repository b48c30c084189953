"""Operators, and browsers that fill in forms."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.auth.passwords import passwords
from tests.support.world import Person, World

PASSWORD = "correct horse battery"
SIGN_IN = "/control/sign-in"
STATUS = "/control/status"
OVERVIEW = "/control/"
TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


def focused(page: str) -> list[str]:
    """The ids of the fields of a page that the cursor is put into."""
    return re.findall(r'<input id="(\w+)"[^>]*\bautofocus\b', page)


class Browser:
    """A test client that reads the CSRF token of a page before it posts a form."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client

    def get(self, path: str) -> TestResponse:
        return self.client.get(path)

    def token(self, page: str) -> str:
        found = TOKEN.search(self.client.get(page).text)
        assert found, f"{page} has no form"
        return found[1]

    def sign_in(self, username: str, password: str = PASSWORD) -> TestResponse:
        form = {"csrf_token": self.token(SIGN_IN), "username": username, "password": password}
        return self.client.post(SIGN_IN, data=form)

    def sign_out(self) -> TestResponse:
        return self.client.post("/control/sign-out", data={"csrf_token": self.token(STATUS)})

    def cookie(self) -> str:
        found = self.client.get_cookie("yoto_session", path="/control")
        assert found is not None
        return found.value

    def is_in(self) -> bool:
        return self.get(STATUS).status_code == 200


@pytest.fixture
def browser(app: Flask) -> Browser:
    return Browser(app.test_client())


@pytest.fixture
def new_browser(app: Flask) -> Callable[[], Browser]:
    return lambda: Browser(app.test_client())


@pytest.fixture
def operator(app: Flask, world: World) -> Person:
    """Somebody with ``platform.view`` who is no super-admin."""
    with app.app_context():
        stored = passwords().hash(PASSWORD)
    person = world.user("olga", password_hash=stored, display_name="Olga <b>Op</b>")
    world.assign(person, world.role(None, "platform.view", name="operators"))
    return person


@pytest.fixture
def outsider(app: Flask, world: World) -> Person:
    """Somebody who can sign in and has no right to see the platform."""
    with app.app_context():
        return world.user("otto", password_hash=passwords().hash(PASSWORD))
