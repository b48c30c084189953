"""People who sign in to the pages of the community, and the tokens that the pages then have."""

from __future__ import annotations

import base64
import re
import time
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.auth import session as sessions
from app.auth import totp
from app.auth.passwords import passwords
from app.blueprints.operators import second_factor
from app.extensions import permissions
from tests.support.world import Person, World
from yoto.http.wsgi import CONTENT_SECURITY_POLICY

PASSWORD = "correct horse battery"
SIGN_IN, REGISTER, SESSION = "/session/sign-in", "/session/register", "/session"
TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


@pytest.fixture
def ada(app: Flask, world: World) -> Person:
    with app.app_context():
        stored = passwords().hash(PASSWORD)
    return world.user("ada", password_hash=stored)


def submit(client: FlaskClient, page: str, **form: str) -> TestResponse:
    """Fill in the form of a page."""
    found = TOKEN.search(client.get(page).text)
    assert found
    return client.post(page, data={"csrf_token": found[1], **form})


def sign_in(client: FlaskClient, page: str = SIGN_IN) -> TestResponse:
    return submit(client, page, username="ada", password=PASSWORD)


def session(client: FlaskClient) -> dict[str, Any]:
    answer = client.get(SESSION)
    assert answer.headers["Cache-Control"] == "no-store"
    return dict(answer.get_json())


def me(client: FlaskClient, token: str) -> int:
    return client.get("/api/v1/auth/me", headers={"Authorization": f"Bearer {token}"}).status_code


@pytest.mark.parametrize("path", ["/", "/servers/1", SIGN_IN, REGISTER])
def test_pages_open_for_everybody_and_have_no_script_of_their_own(
    client: FlaskClient, path: str
) -> None:
    answer = client.get(path)
    assert answer.status_code == 200
    assert answer.headers["Content-Security-Policy"] == CONTENT_SECURITY_POLICY
    assert not re.search(r"<style|\sstyle=|\son\w+=|<script>", answer.text)


def test_who_signs_in_has_a_token_of_the_api_until_they_sign_out(
    client: FlaskClient, ada: Person
) -> None:
    assert session(client) == {"user": None}
    answer = sign_in(client)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    found = session(client)
    assert (found["user"]["id"], found["user"]["username"]) == (ada.id, "ada")
    assert me(client, found["access_token"]) == 200
    assert client.get(SIGN_IN).status_code == 303
    left = client.post("/session/sign-out", data={"csrf_token": found["csrf_token"]})
    assert left.status_code == 303
    assert session(client) == {"user": None}
    assert me(client, found["access_token"]) == 401


def test_the_cookie_goes_to_the_session_alone_and_opens_nothing_of_operators(
    client: FlaskClient, ada: Person
) -> None:
    cookies = sign_in(client).headers.getlist("Set-Cookie")
    assert len(cookies) == 1 and "Path=/session" in cookies[0] and "HttpOnly" in cookies[0]
    value = cookies[0].partition("=")[2].partition(";")[0]
    for headers in ({}, {"Cookie": f"yoto_session={value}"}):
        answer = client.get("/control/api/session", headers=headers)
        assert answer.status_code == 401


def test_a_wrong_password_and_a_form_without_its_token_open_nothing(
    client: FlaskClient, ada: Person
) -> None:
    wrong = submit(client, SIGN_IN, username="ada", password="another one")
    assert wrong.status_code == 422
    assert 'value="ada"' in wrong.text
    forged = client.post(SIGN_IN, data={"username": "ada", "password": PASSWORD})
    assert forged.status_code == 403
    assert session(client) == {"user": None}


def test_an_account_with_a_second_factor_is_asked_for_its_code(
    app: Flask, client: FlaskClient, ada: Person
) -> None:
    with app.test_request_context():
        secret = base64.b32decode(second_factor.enroll(ada.id, "a test")["secret"])
        now = int(time.time()) // totp.STEP_SECONDS
        second_factor.confirm(ada.id, totp.code_of(secret, now), "a test")
    page = sign_in(client)
    assert page.status_code == 200 and 'name="code"' in page.text
    assert session(client) == {"user": None}
    token = TOKEN.search(page.text)
    assert token
    wrong = client.post(SIGN_IN, data={"csrf_token": token[1], "code": "000000"})
    assert wrong.status_code == 422
    code = totp.code_of(secret, now + 1)
    assert client.post(SIGN_IN, data={"csrf_token": token[1], "code": code}).status_code == 303
    assert session(client)["user"]["id"] == ada.id


def test_somebody_new_makes_an_account_by_the_rules_of_the_api(
    client: FlaskClient, ada: Person
) -> None:
    form = {"username": "Nina", "display_name": "Nina", "password": "a long new password"}
    short = submit(client, REGISTER, **form | {"password": "short"})
    assert short.status_code == 422 and "password-problems" in short.text
    taken = submit(client, REGISTER, **form | {"username": "ada"})
    assert taken.status_code == 409 and "username-problems" in taken.text
    assert submit(client, REGISTER, **form).status_code == 303
    assert session(client)["user"]["username"] == "nina"


@pytest.mark.parametrize(
    ("wanted", "there"),
    [
        ("/servers/7%3Ftab%3Droles", "/servers/7?tab=roles"),
        ("/servers/7", "/servers/7"),
        ("//evil.example/servers/7", "/"),
        ("/servers/7%2F..%2F..", "/"),
        ("/control/", "/"),
        ("https://evil.example", "/"),
    ],
)
def test_the_sign_in_leads_to_the_page_that_was_wanted_and_to_no_other_host(
    client: FlaskClient, ada: Person, wanted: str, there: str
) -> None:
    assert sign_in(client, f"{SIGN_IN}?next={wanted}").headers["Location"] == there


def test_language_and_theme_are_kept_for_all_pages(client: FlaskClient) -> None:
    client.get("/?lang=zh&theme=dark")
    page = client.get(SIGN_IN).text
    assert 'lang="zh-Hans"' in page and 'data-theme="dark"' in page


def test_a_token_does_not_outlive_its_session(
    client: FlaskClient, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sessions, "SESSION_LIFETIME", timedelta(seconds=60))
    sign_in(client)
    assert 0 < session(client)["expires_in"] <= 60


def test_nobody_registers_in_maintenance(app: Flask, client: FlaskClient, world: World) -> None:
    with app.app_context():
        permissions.set_maintenance_mode(True, reason="tables are moved")
    before = world.snapshot()

    new = {"username": "nora", "display_name": "Nora", "password": PASSWORD}
    answer = submit(client, REGISTER, **new)

    assert (answer.status_code, "tables are moved" in answer.text) == (503, True)
    assert world.snapshot() == before
