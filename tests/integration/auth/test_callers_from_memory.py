"""Callers are known without the database, and every end of a credential is heard of."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import jwt
import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.auth.passwords import passwords
from app.auth.tokens import MEMORY
from app.extensions import cache, redis_store
from tests.support.applications import another_app
from tests.support.round_trips import count_round_trips
from tests.support.statements import count_own_statements
from tests.support.waiting import wait_until
from tests.support.world import Community, Person, World, token_for
from yoto.auth.identity import current_user_id
from yoto.errors import StoreUnavailable
from yoto.http.positions import POSITION_HEADER
from yoto.permission import require_permission

ME = "/api/v1/auth/me"
PASSWORD = "correct horse battery"
SECOND = "staple correct horse"


def add_view(app: Flask) -> None:
    """A view that asks who is calling and whether they may send, and needs nothing else."""

    @require_permission("message.send", scope="channel", scope_id="channel_id")
    def whoami(channel_id: int) -> dict[str, int]:
        return {"user_id": current_user_id()}

    app.add_url_rule("/whoami/<int:channel_id>", view_func=whoami)


@pytest.fixture(autouse=True)
def view(app: Flask) -> None:
    add_view(app)


@pytest.fixture
def other(app: Flask, app_config: dict[str, Any], tmp_path: Path) -> Iterator[Flask]:
    """Another worker of the same platform."""
    with another_app(app_config, tmp_path / "other") as worker:
        add_view(worker)
        yield worker


@pytest.fixture
def ada(app: Flask, world: World) -> Person:
    with app.app_context():
        return world.user("ada", password_hash=passwords().hash(PASSWORD))


@pytest.fixture
def community(world: World, ada: Person) -> Community:
    return world.server(ada)


def warm(client: FlaskClient, path: str, person: Person) -> None:
    """Ask until nobody needs the database: the last write may still be on its way."""

    def knows() -> bool:
        with count_own_statements(every=True) as seen:
            assert client.get(path, headers=person.headers).json == {"user_id": person.id}
        return not seen

    wait_until(knows)


def bearer(tokens: dict[str, Any], **headers: str) -> dict[str, str]:
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return {"Authorization": f"Bearer {tokens['access_token']}"} | named


def sign_in(client: FlaskClient, username: str = "ada") -> dict[str, Any]:
    answer = client.post("/api/v1/auth/login", json={"username": username, "password": PASSWORD})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json
    return found


@pytest.fixture
def tokens(client: FlaskClient, ada: Person) -> dict[str, Any]:
    """The tokens of a sign-in of Ada's."""
    return sign_in(client)


@pytest.fixture
def elsewhere(other: Flask, tokens: dict[str, Any]) -> FlaskClient:
    """A client of the other worker, which knows ``tokens`` already."""
    found = other.test_client()
    assert found.get(ME, headers=bearer(tokens)).status_code == 200
    return found


def deafen(worker: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the worker's log be read, but nothing applied any more."""
    tailer = cache.of(worker).tailer
    monkeypatch.setattr(tailer, "_apply", lambda *arguments: None)
    monkeypatch.setattr(tailer, "fresh_until", float("inf"))


def sign_out(client: FlaskClient, world: World, tokens: dict[str, Any]) -> Any:
    return client.post("/api/v1/auth/logout", headers=bearer(tokens))


def change_password(client: FlaskClient, world: World, tokens: dict[str, Any]) -> Any:
    body = {"old_password": PASSWORD, "new_password": SECOND}
    return client.post("/api/v1/auth/change-password", json=body, headers=bearer(tokens))


def disable(client: FlaskClient, world: World, tokens: dict[str, Any]) -> Any:
    claims = jwt.decode(tokens["access_token"], options={"verify_signature": False})
    root = world.user(super_admin=True)
    return client.patch(
        f"/api/v1/admin/users/{claims['sub']}", headers=root.headers, json={"disabled": True}
    )


def reuse(client: FlaskClient, world: World, tokens: dict[str, Any]) -> Any:
    spent = {"Authorization": f"Bearer {tokens['refresh_token']}"}
    assert client.post("/api/v1/auth/refresh", headers=spent).status_code == 200
    return client.post("/api/v1/auth/refresh", headers=spent)


@pytest.fixture(params=[sign_out, change_password, disable, reuse])
def end(
    request: pytest.FixtureRequest, client: FlaskClient, world: World, tokens: dict[str, Any]
) -> Callable[[], Any]:
    """Ends the sign-in of ``tokens`` in one of the ways there are."""
    return partial(request.param, client, world, tokens)


def test_a_known_caller_costs_no_statement_and_no_round_trip(
    app: Flask, client: FlaskClient, community: Community, ada: Person
) -> None:
    path = f"/whoami/{community.channel_id}"
    warm(client, path, ada)
    nodes = redis_store.of(app).topology.router.nodes()
    with count_own_statements(every=True) as seen, count_round_trips(nodes) as trips:
        for _ in range(5):
            assert client.get(path, headers=ada.headers).json == {"user_id": ada.id}
    assert (seen, trips) == ([], [])


def test_a_new_token_of_a_known_account_needs_no_statement_either(
    app: Flask, client: FlaskClient, community: Community, ada: Person
) -> None:
    path = f"/whoami/{community.channel_id}"
    warm(client, path, ada)
    another = {"Authorization": f"Bearer {token_for(app, ada.id, 60)}"}
    with count_own_statements(every=True) as seen:
        assert client.get(path, headers=another).status_code == 200
    assert seen == []


def test_another_worker_takes_the_account_from_redis(
    app: Flask, other: Flask, client: FlaskClient, community: Community, ada: Person
) -> None:
    path = f"/whoami/{community.channel_id}"
    elsewhere = other.test_client()
    warm(elsewhere, path, ada)
    warm(client, path, ada)
    cache.of(other).forget()
    with count_own_statements(every=True) as seen:
        assert elsewhere.get(path, headers=ada.headers).status_code == 200
    assert seen == []


def test_an_end_is_known_at_once_here_and_soon_elsewhere(
    other: Flask,
    client: FlaskClient,
    tokens: dict[str, Any],
    elsewhere: FlaskClient,
    end: Callable[[], Any],
) -> None:
    assert client.get(ME, headers=bearer(tokens)).status_code == 200
    position = end().headers[POSITION_HEADER]
    assert client.get(ME, headers=bearer(tokens)).status_code == 401
    wait_until(partial(cache.of(other).reached, position))
    assert elsewhere.get(ME, headers=bearer(tokens)).status_code == 401


@pytest.mark.parametrize("method, path", [("GET", ME), ("POST", "/api/v1/servers")])
def test_whoever_knows_the_position_of_an_end_is_never_answered_from_before(
    other: Flask,
    tokens: dict[str, Any],
    elsewhere: FlaskClient,
    end: Callable[[], Any],
    method: str,
    path: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    deafen(other, monkeypatch)
    position = end().headers[POSITION_HEADER]
    assert elsewhere.get(ME, headers=bearer(tokens)).status_code == 200
    exact = bearer(tokens, X_Permission_Position=position)
    answer = elsewhere.open(path, method=method, json={"name": "Late"}, headers=exact)
    assert answer.status_code == 401, answer.text


def test_a_worker_that_hears_nothing_asks_the_database(
    other: Flask,
    tokens: dict[str, Any],
    elsewhere: FlaskClient,
    end: Callable[[], Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tailer = cache.of(other).tailer
    tailer.close()
    monkeypatch.setattr(tailer, "begin", Mock(side_effect=StoreUnavailable("redis")))
    end()
    assert elsewhere.get(ME, headers=bearer(tokens)).status_code == 401


def test_tokens_of_a_new_password_count_on_a_worker_that_has_not_heard_of_it(
    other: Flask,
    client: FlaskClient,
    world: World,
    tokens: dict[str, Any],
    elsewhere: FlaskClient,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    deafen(other, monkeypatch)
    fresh = change_password(client, world, tokens).json
    assert elsewhere.get(ME, headers=bearer(fresh)).status_code == 200


@pytest.mark.parametrize(
    "method, path",
    [("POST", "/api/v1/auth/logout"), ("POST", "/api/v1/auth/change-password")],
)
def test_what_ends_or_changes_a_credential_asks_the_database(
    other: Flask,
    client: FlaskClient,
    world: World,
    tokens: dict[str, Any],
    elsewhere: FlaskClient,
    method: str,
    path: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    deafen(other, monkeypatch)
    sign_out(client, world, tokens)
    body = {"old_password": PASSWORD, "new_password": SECOND}
    answer = elsewhere.open(path, method=method, json=body, headers=bearer(tokens))
    assert answer.status_code == 401


def test_only_verified_access_tokens_are_remembered(
    app: Flask, client: FlaskClient, ada: Person
) -> None:
    tokens = sign_in(client)
    text = tokens["access_token"]
    claims = jwt.decode(text, options={"verify_signature": False})
    attempts = [
        tokens["refresh_token"],
        token_for(app, ada.id, -60),
        jwt.encode(claims, "another key of a good many characters", "HS256"),
        jwt.encode(claims, "", "none"),
        text[:-10] + "AAAAAAAAAA",
        text.swapcase(),
        "not.a.token",
    ]
    memory = app.extensions[MEMORY]
    for attempt in attempts:
        headers = {"Authorization": f"Bearer {attempt}"}
        assert client.get(ME, headers=headers).status_code == 401
        assert len(memory) == 0
    assert client.get(ME, headers=bearer(tokens)).status_code == 200
    assert len(memory) == 1


@pytest.mark.parametrize(
    "header", ["Bearer {}", "Bearer  {}", " Bearer {}", "Bearer {},", "Basic x, Bearer {}"]
)
def test_a_header_means_the_same_the_first_and_the_second_time(
    client: FlaskClient, ada: Person, header: str
) -> None:
    headers = {"Authorization": header.format(ada.token)}
    statuses = [client.get(ME, headers=headers).status_code for _ in range(2)]
    assert statuses == [200, 200]
    assert client.get(ME, headers={"Authorization": ada.token}).status_code == 401


def test_two_applications_remember_apart(
    app: Flask, app_config: dict[str, Any], client: FlaskClient, ada: Person, tmp_path: Path
) -> None:
    assert client.get(ME, headers=ada.headers).status_code == 200
    rotated = app_config | {"JWT_SECRET_KEY": "a new key of a good many characters, thirty-two"}
    with another_app(rotated, tmp_path / "rotated") as worker:
        assert worker.test_client().get(ME, headers=ada.headers).status_code == 401
    assert client.get(ME, headers=ada.headers).status_code == 200
