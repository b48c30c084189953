"""Nothing secret is in the logs, also at DEBUG, also when things go wrong."""

from __future__ import annotations

import logging
import re
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import insert

from app.extensions import permissions
from app.models import User
from tests.support.applications import another_app
from tests.support.faulty_opa import FaultyOpa, http
from tests.support.log_lines import LogLines, written
from tests.support.world import World
from yoto import logs
from yoto.logs import setup
from yoto.store.db import db

API = "/api/v1"
SETTINGS = {
    "SECRET_KEY": "the-secret-key-of-this-test-0001",
    "OPA_TOKEN": "opa-token-of-this-test-0002",
}
FIRST, SECOND, WRONG, SHORT = (
    "first horse battery 0003",
    "second horse battery 0004",
    "wrong horse battery 0005",
    "shrt0006",
)
DATABASE_PASSWORD, REDIS_PASSWORD = "database-0007", "redis-0008"
CSRF = re.compile(r'name="csrf_token" value="([^"]+)"')


@pytest.fixture
def lines() -> Iterator[LogLines]:
    """Every line there can be, by what hides secrets without knowing their values."""
    statements = logging.getLogger("sqlalchemy.engine")
    before = statements.level
    with written("DEBUG") as found:
        # It looks at its level when an engine is made.
        statements.setLevel(logging.DEBUG)
        yield found
        statements.setLevel(before)


@pytest.fixture
def opa() -> Iterator[FaultyOpa]:
    """Says what it was sent, as servers that refuse a token do."""
    server = FaultyOpa()
    said = b'{"message": "refused: Bearer ' + SETTINGS["OPA_TOKEN"].encode() + b'"}'
    server.answer = http(said, "401 Unauthorized")
    yield server
    server.close()


@pytest.fixture
def app_config(app_config: dict[str, Any], lines: LogLines, opa: FaultyOpa) -> dict[str, Any]:
    # The tables may name the engine of the other tests.
    reach = {"POLICY_ENGINE": "opa", "OPA_URL": opa.url, "POLICY_PORTABLE": True}
    return app_config | SETTINGS | reach


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def sign_in(client: FlaskClient, password: str, status: int = 200) -> dict[str, Any]:
    answer = client.post(f"{API}/auth/login", json={"username": "ada", "password": password})
    assert answer.status_code == status, answer.text
    return dict(answer.get_json())


def test_signing_in_and_all_that_goes_with_it_logs_no_secret(
    app: Flask, client: FlaskClient, world: World, lines: LogLines
) -> None:
    account = {"username": "ada", "display_name": "Ada", "password": FIRST}
    register = f"{API}/auth/register"
    assert client.post(register, json=account).status_code == 201
    assert client.post(register, json=account).status_code == 409
    assert client.post(register, json=account | {"password": SHORT}).status_code == 422
    assert client.post(register, data=f'{{"password": "{FIRST}"').status_code in (400, 415, 422)
    sign_in(client, WRONG, 401)

    tokens = sign_in(client, FIRST)
    access, refresh = tokens["access_token"], tokens["refresh_token"]
    device = client.post(f"{API}/devices", json={"name": "Laptop"}, headers=bearer(access))
    assert device.status_code == 201
    secret = device.get_json()["token"]
    mine = bearer(access) | {"X-Device-Token": secret}
    question = f"{API}/servers?device_token={secret}&access_token={access}"
    assert client.get(question, headers=mine).status_code in (200, 422)
    for odd in (f"Bearer {access[:-3]}", f"Basic {secret}", f"Bearer {SECOND}"):
        answer = client.get(f"{API}/auth/me", headers={"Authorization": odd})
        assert answer.status_code in (401, 422), answer.text
    change = {"old_password": FIRST, "new_password": SECOND}
    assert client.post(f"{API}/auth/refresh", headers=bearer(refresh)).status_code == 200
    assert client.post(f"{API}/auth/refresh", headers=bearer(refresh)).status_code == 401
    again = sign_in(client, FIRST)
    changed = client.post(
        f"{API}/auth/change-password", json=change, headers=bearer(again["access_token"])
    )
    assert changed.status_code in (200, 204), changed.text
    last = sign_in(client, SECOND)
    logout = client.post(f"{API}/auth/logout", headers=bearer(last["access_token"]))
    assert logout.status_code == 204

    page = client.get("/control/sign-in")
    found = CSRF.search(page.text)
    assert found is not None
    form = {"csrf_token": found[1], "username": "ada", "password": SECOND}
    assert client.post("/control/sign-in", data=form).status_code == 403
    cookie = client.get_cookie("yoto_session", path="/control")
    assert cookie is not None

    tokens_given = [
        token
        for pair in (tokens, again, last)
        for token in (pair["access_token"], pair["refresh_token"])
    ]
    lines.app = app
    secrets = [FIRST, SECOND, WRONG, SHORT, secret, found[1], cookie.value, *tokens_given]
    assert [one for one in [*secrets, *SETTINGS.values()] if one in lines.text] == []
    assert "$argon2" not in lines.text
    ended = lines.parsed("request ended")
    assert len(ended) >= 15 and {201, 200, 401, 403, 409} <= {line["status"] for line in ended}
    assert any(line["logger"].startswith("sqlalchemy.engine") for line in lines.parsed())


def test_what_fails_on_the_way_to_opa_logs_no_token(
    app: Flask, world: World, opa: FaultyOpa, lines: LogLines
) -> None:
    place = world.server()
    with app.app_context():
        decision = permissions.decide(
            place.owner.id, "channel.read", "server", place.id, context={"risk": 1}
        )
    assert not decision.allowed and opa.requests
    assert SETTINGS["OPA_TOKEN"].encode() in opa.last
    assert SETTINGS["OPA_TOKEN"] not in lines.text


def test_a_statement_that_fails_logs_no_values(app: Flask, world: World, lines: LogLines) -> None:
    world.user("ada")
    again = {"username": "ada", "display_name": "Ada", "password_hash": FIRST}

    def fail() -> str:
        db.session.execute(insert(User).values(again))
        return ""

    app.add_url_rule("/fail", "fail", fail)
    assert app.test_client().get("/fail").status_code == 409
    (error,) = lines.parsed("two writers met")
    assert "password_hash" in repr(error["exception"]) and FIRST not in lines.text


@pytest.fixture
def closed_port() -> Iterator[int]:
    """A port that nobody listens on, nor can in the meantime."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield int(held.getsockname()[1])


def test_stores_that_are_away_log_no_passwords(
    app_config: dict[str, Any], closed_port: int, tmp_path: Path, lines: LogLines
) -> None:
    away = {
        "DATABASE_URL": f"mysql+pymysql://yoto:{DATABASE_PASSWORD}@127.0.0.1:{closed_port}/yoto",
        "REDIS_URL": f"redis://yoto:{REDIS_PASSWORD}@127.0.0.1:{closed_port}/0",
    }
    with another_app(app_config | away, tmp_path / "away") as app:
        log = logging.getLogger("app.test")
        log.error("engine %r, or %s", app.config["DATABASE_URL"], app.config["REDIS_URL"])
        account = {"username": "ada", "password": WRONG}
        answer = app.test_client().post(f"{API}/auth/login", json=account)
        assert answer.status_code == 503
    assert lines.parsed("store unavailable")
    assert DATABASE_PASSWORD not in lines.text and REDIS_PASSWORD not in lines.text
    assert WRONG not in lines.text


def test_the_values_of_secret_settings_are_known(app: Flask) -> None:
    found = logs.secrets_of(
        app.config
        | {
            "REDIS_PASSWORD": "r-0001",
            "METRICS_TOKEN": "m://0001",
            "DATABASE_URL": "mysql://a:b%40c@host/d",
        }
    )
    assert {
        *SETTINGS.values(),
        app.config["JWT_SECRET_KEY"],
        "r-0001",
        "m://0001",
        "b%40c",
        "b@c",
    } <= set(found)


def test_the_environment_is_read_by_our_own_names_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[list[str]] = []
    monkeypatch.setattr(setup, "configure", lambda *_, secrets: given.append(secrets))
    environ = {"YOTO_REDIS_PASSWORD": "ours-0001", "REDIS_PASSWORD": "of-another"}
    setup.configure_early(environ, level="INFO", format="text")
    assert given == [["ours-0001"]]
