"""A set-up makes the tables of rooms that are on; those of rooms that are off stay as they are."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import insert, inspect

from app.cli.startup import set_up
from tests.support.applications import another_app
from tests.support.database import DATABASES
from yoto.health import State, probe
from yoto.parts.rooms import ALL, NONE, chosen
from yoto.rooms.alerts.extension import alerts
from yoto.rooms.alerts.model import MODELS as ALERTS
from yoto.rooms.decision_log.tables import DecisionCount, DecisionRecord
from yoto.store import migrations as platform
from yoto.store.db import db

OF_ROOMS = {one.__tablename__ for room in chosen(ALL) for one in room.models()}


@pytest.fixture(params=DATABASES)
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a database with nothing in it."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/rooms.db"
    else:
        server = request.getfixturevalue("server_of")(request.param)
        yield str(server.create_database(f"rooms_{secrets.token_hex(4)}"))


def configuration(empty: str, rooms: str) -> dict[str, str]:
    return {"ENVIRONMENT": "testing", "DATABASE_URL": empty, "ROOMS": rooms}


def made(empty: str, folder: Path, rooms: str) -> tuple[set[str], list[str]]:
    """The tables after a set-up with these rooms, and what it said of rooms."""
    with another_app(configuration(empty, rooms), folder) as app, app.app_context():
        lines = [one for one in set_up(app) if one.startswith("rooms: ")]
        tables = set(inspect(db.engine).get_table_names())
        db.session.remove()
        return tables, lines


def test_a_fresh_set_up_makes_the_tables_of_rooms_that_are_on(empty: str, tmp_path: Path) -> None:
    bare, _ = made(empty, tmp_path, NONE)
    assert OF_ROOMS and not OF_ROOMS & bare
    two, _ = made(empty, tmp_path, "alerts,decision_log")
    assert two - bare == {one.__tablename__ for one in (DecisionRecord, DecisionCount, *ALERTS)}
    whole, lines = made(empty, tmp_path, ALL)
    assert whole - bare == OF_ROOMS and lines == []


def test_switching_off_takes_nothing_away_and_says_where_rows_are(
    empty: str, tmp_path: Path
) -> None:
    whole, _ = made(empty, tmp_path, ALL)
    with (
        another_app(configuration(empty, ALL), tmp_path) as app,
        app.app_context(),
        db.engine.begin() as connection,
    ):
        counted = {"facet": "reason", "span": 1, "hour": 1, "value": "not_granted"}
        row = counted | {"allowed": False, "decisions": 1}
        connection.execute(insert(DecisionCount), [row])
    after, lines = made(empty, tmp_path, NONE)
    assert after == whole
    # The default policies are stored by each set-up that has them.
    assert lines == [
        f"rooms: '{name}' is off, and its tables have rows; they stay"
        for name in ("decision_log", "policies")
    ]


def test_alerts_that_are_switched_on_later_are_evaluated(empty: str, tmp_path: Path) -> None:
    made(empty, tmp_path, NONE)
    made(empty, tmp_path, "alerts")
    with another_app(configuration(empty, "alerts"), tmp_path) as app, app.app_context():
        evaluator = alerts.of(app).evaluator
        evaluator.turn()
        assert evaluator.counts.evaluations == 1


def test_a_worker_is_not_ready_until_a_room_that_was_switched_on_has_its_tables(
    empty: str, tmp_path: Path
) -> None:
    made(empty, tmp_path, NONE)
    for room in ("alerts", "policies"):
        with another_app(configuration(empty, room), tmp_path / room) as app, app.app_context():
            [found] = [one for one in probe().run() if one.name == "migrations"]
            missing = f"tables of the room '{room}' are missing: run 'flask setup'"
            assert (found.state, found.detail) == (State.FAILED, missing)


def test_every_migration_goes_back_where_no_room_ever_had_a_table(
    empty: str, tmp_path: Path
) -> None:
    with another_app(configuration(empty, NONE), tmp_path) as app, app.app_context():
        set_up(app)
        db.session.remove()
        platform.downgrade(None)
        left = [one for one in inspect(db.engine).get_table_names() if one.startswith("yoto_")]
        assert left == ["yoto_alembic_version"]
