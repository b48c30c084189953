"""``flask setup`` makes what the first start needs, and a worker that starts without says so."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from app.cli.startup import prepare
from app.extensions import db
from app.models import User
from tests.conftest import DATABASE
from tests.support.applications import another_app
from yoto.rooms.policies.tables import PolicyRevision


@pytest.fixture
def empty(
    request: pytest.FixtureRequest, app_config: dict[str, Any], tmp_path: Path
) -> Iterator[Flask]:
    """An application on a database in which nothing ever was."""
    url = f"sqlite:///{tmp_path / 'empty.db'}"
    if DATABASE != "sqlite":
        server = request.getfixturevalue("server_of")(DATABASE)
        url = server.create_database(f"empty_{secrets.token_hex(4)}")
    with another_app(app_config | {"DATABASE_URL": url}, tmp_path / "instance") as application:
        yield application


def ready(app: Flask) -> tuple[int, str]:
    """The status of ``/readyz``, and what it says of the migrations where they are not right."""
    answer = app.test_client().get("/readyz")
    return answer.status_code, answer.json.get("failed", {}).get("migrations", "")


def test_one_command_makes_a_server_ready_and_again_changes_nothing(empty: Flask) -> None:
    status, reason = ready(empty)
    assert status == 503 and "run 'flask setup'" in reason
    first = empty.test_cli_runner().invoke(args=["setup", "--operator", "ada"])
    assert first.exit_code == 0, first.output
    assert "Administrator 'ada' made." in first.output and "Password, shown" in first.output
    assert ready(empty) == (200, "")
    again = empty.test_cli_runner().invoke(args=["setup", "--operator", "bert"])
    assert again.exit_code == 0, again.output
    assert "permissions: 0 added" in again.output and "operator: ada" in again.output
    with empty.app_context():
        assert db.session.scalars(select(User.username)).all() == ["ada"]


def test_a_worker_that_starts_without_says_in_one_line_what_to_do(
    empty: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    prepare(empty)
    (line,) = [one for one in caplog.records if one.levelno >= logging.ERROR]
    assert line.getMessage().endswith("run 'flask setup'") and line.exc_info is None
    answer = empty.test_client().post("/api/v1/auth/login", json={"username": "a", "password": "b"})
    assert answer.status_code == 503 and answer.json["detail"].endswith("run 'flask setup'")


def test_tables_alone_are_not_enough(app: Flask) -> None:
    with app.app_context():
        for revision in db.session.scalars(select(PolicyRevision)):
            db.session.delete(revision)
        db.session.commit()
    assert ready(app) == (503, "no policies were ever stored: run 'flask setup'")
