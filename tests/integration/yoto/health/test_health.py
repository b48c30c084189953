"""``/livez`` and ``/readyz`` against real stores, working and broken."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, text

from app.extensions import permissions
from tests.support.applications import another_app
from tests.support.world import World
from yoto.errors import StoreUnavailable
from yoto.store.db import db

NOWHERE = "redis://127.0.0.1:1/0"


def checks(answer: Any) -> dict[str, tuple[str, str]]:
    found = answer.get_json()["checks"]
    return {check["name"]: (check["status"], check["detail"]) for check in found}


def test_a_live_process_says_so(client: FlaskClient) -> None:
    answer = client.get("/livez")
    assert (answer.status_code, answer.get_json()) == (200, {"status": "ok"})


def test_with_everything_there_the_process_is_ready(client: FlaskClient) -> None:
    answer = client.get("/readyz")
    assert (answer.status_code, answer.get_json()) == (200, {"status": "ok"})


def test_verbose_lists_every_component_with_its_time(client: FlaskClient) -> None:
    answer = client.get("/readyz?verbose")
    assert checks(answer) == {
        "database": ("ok", "answers"),
        "redis": ("ok", "answers"),
        "migrations": ("ok", "at head"),
    }
    for check in answer.get_json()["checks"]:
        assert check["duration_ms"] > 0 and check["at"].endswith("+00:00")


def test_the_probes_want_no_token_and_set_no_cookie(client: FlaskClient) -> None:
    for path in ("/livez", "/readyz"):
        assert "Set-Cookie" not in client.get(path).headers


@pytest.fixture
def without_redis(app_config: dict[str, Any], app: Flask, tmp_path: Path) -> Iterator[FlaskClient]:
    """The same application, with a Redis address where nobody answers."""
    with another_app({**app_config, "REDIS_URL": NOWHERE}, tmp_path / "other") as broken:
        yield broken.test_client()


def test_without_redis_the_process_is_ready_and_names_what_it_lacks(
    without_redis: FlaskClient,
) -> None:
    answer = without_redis.get("/readyz")
    assert answer.status_code == 200 and "Retry-After" not in answer.headers
    assert answer.get_json() == {"status": "degraded", "degraded": {"redis": "no answer"}}
    answer = without_redis.get("/readyz?verbose&strict")
    assert (answer.status_code, answer.get_json()["status"]) == (503, "degraded")
    assert answer.headers["Retry-After"] == "1"
    assert checks(answer)["redis"] == ("failed", "no answer")
    assert checks(answer)["database"][0] == "ok"
    assert "127.0.0.1" not in answer.text
    assert without_redis.get("/livez").status_code == 200


@pytest.fixture
def without_database(
    app_config: dict[str, Any], app: Flask, tmp_path: Path
) -> Iterator[FlaskClient]:
    """The same application, with a database address where nobody answers."""
    url = "mysql+pymysql://root@127.0.0.1:1/nothing"
    with another_app({**app_config, "DATABASE_URL": url}, tmp_path / "other") as broken:
        yield broken.test_client()


def test_without_the_database_migrations_are_unknown_and_nothing_is_ready(
    without_database: FlaskClient,
) -> None:
    answer = without_database.get("/readyz?verbose")
    assert (answer.status_code, answer.get_json()["status"]) == (503, "failed")
    assert checks(answer)["database"] == ("failed", "OperationalError")
    assert checks(answer)["migrations"] == ("unknown", "the database did not answer")
    assert checks(answer)["redis"][0] == "ok"
    assert "127.0.0.1" not in answer.text
    assert without_database.get("/livez").status_code == 200


def test_a_worker_that_answers_from_the_cache_is_ready_without_the_database(
    app: Flask, client: FlaskClient, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada = world.user()
    question = {"permission": "platform.view"}
    answer = client.post("/api/v1/permissions/check", headers=ada.headers, json=question)
    assert answer.json["allowed"] is False

    def away(app: Flask) -> Engine:
        raise StoreUnavailable("database")

    monkeypatch.setattr("yoto.health.checks.engine_beside", away)
    answer = client.get("/readyz")
    assert (answer.status_code, answer.get_json()["status"]) == (200, "degraded")
    assert list(answer.get_json()["degraded"]) == ["database", "migrations"]
    assert client.get("/readyz?strict").status_code == 503
    permissions.close(app)
    answer = client.get("/readyz")
    assert (answer.status_code, answer.get_json()["status"]) == (503, "failed")


@pytest.mark.parametrize(
    ("version", "status", "found"), [("0000", 503, "failed"), ("9000", 200, "degraded")]
)
def test_a_database_may_be_ahead_of_the_code_until_all_are_replaced_and_not_behind(
    app: Flask, client: FlaskClient, version: str, status: int, found: str
) -> None:
    with app.app_context():
        head = db.session.scalar(text("SELECT version_num FROM alembic_version"))
        db.session.execute(text("UPDATE alembic_version SET version_num = :v"), {"v": version})
        db.session.commit()
    try:
        answer = client.get("/readyz?verbose")
        assert answer.status_code == status
        state, detail = checks(answer)["migrations"]
        assert state == found and detail.startswith(f"the database is at {version}, yoto ")
    finally:
        with app.app_context():
            db.session.execute(text("UPDATE alembic_version SET version_num = :h"), {"h": head})
            db.session.commit()


def test_an_empty_database_is_not_ready(app_config: dict[str, Any], tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'empty.db'}"
    with another_app({**app_config, "DATABASE_URL": url}, tmp_path / "other") as empty:
        answer = empty.test_client().get("/readyz?verbose")
    assert answer.status_code == 503
    assert checks(answer)["migrations"][1].startswith("the database is at none, ")
