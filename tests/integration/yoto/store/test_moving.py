"""An installation moves to PostgreSQL with all that it has, as docs/production.md says."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import Result
from flask import Flask

from app.extensions import db, permissions
from tests.support.applications import another_app
from tests.support.database import migrate
from tests.support.postgresql import PostgreSQL
from tests.support.world import World
from yoto.store.columns import FILLED, Model, utcnow
from yoto.store.db import writing
from yoto.store.models import AuditRecord, Role
from yoto.store.time_limits import CONNECT_SECONDS

PERMISSION = "message.pin"


@pytest.fixture(params=["sqlite", "mariadb"])
def old(request: pytest.FixtureRequest, server_of: Callable[[str], Any], tmp_path: Path) -> str:
    """The address of an installation on another kind of database."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path}/old.db"
    else:
        url = str(server_of(request.param).create_database(f"old_{secrets.token_hex(4)}"))
    migrate(url, tmp_path / "old")
    return url


def rows_of(app: Flask) -> dict[str, list[Any]]:
    """All rows of all tables, read by their types."""
    tables = [*db.metadata.tables.values(), *Model.metadata.tables.values()]
    with app.app_context(), db.engine.connect() as connection:
        return {
            one.name: sorted(repr([*row]) for row in connection.execute(one.select()))
            for one in tables
            if FILLED not in one.info
        }


def run(app: Flask, *command: str) -> Result:
    return app.test_cli_runner().invoke(args=[*command])


def test_all_rows_are_there_count_as_before_and_new_ones_follow(
    old: str, app_config: dict[str, Any], postgresql: PostgreSQL, tmp_path: Path
) -> None:
    with another_app(app_config | {"DATABASE_URL": old}, tmp_path / "before") as app:
        world = World(app)
        community = world.server()
        role = world.role(community, PERMISSION)
        holder, other = world.member(community), world.member(community)
        world.assign(holder, role)
        world.messages(community.channel_id, holder, 3)
        with app.app_context(), writing():
            # The row that the first refers to comes after it.
            above = Role(name="above", home="", server_id=None)
            db.session.add(above)
            db.session.flush()
            db.session.get_one(Role, role).parent_id = above.id
            act = AuditRecord(action="test", subject="test:ä", before={"a": [1, None]}, at=utcnow())
            db.session.add(act)
            db.session.commit()
            db.session.remove()
        before = rows_of(app)
    new = postgresql.create_database(f"new_{secrets.token_hex(4)}")
    with another_app(app_config | {"DATABASE_URL": new}, tmp_path / "after") as app:
        refused = run(app, "yoto", "db", "fill-from", old)
        assert refused.exit_code == 1 and "not of the same version" in refused.output
        assert run(app, "db", "upgrade").exit_code == 0
        moved = run(app, "yoto", "db", "fill-from", old)
        assert moved.exit_code == 0, moved.output
        assert moved.output.endswith(" rows in all\n")
        assert rows_of(app) == before
        again = run(app, "yoto", "db", "fill-from", old)
        assert again.exit_code == 1 and "has rows already, in" in again.output
        with app.app_context(), writing(False):
            for person, right in ((holder, True), (other, False)):
                found = permissions.check_permission(person.id, PERMISSION, "server", community.id)
                assert found is right
            db.session.remove()
        newcomer = World(app).user("newcomer")
        assert newcomer.id == max(holder.id, other.id) + 1
        set_up = run(app, "setup")
        assert set_up.exit_code == 0, set_up.output


def test_an_old_database_may_take_its_time(
    server_of: Callable[[str], Any],
    app_config: dict[str, Any],
    postgresql: PostgreSQL,
    tmp_path: Path,
) -> None:
    old = str(server_of("mariadb").create_database(f"old_{secrets.token_hex(4)}"))
    migrate(old, tmp_path / "old")
    new = postgresql.create_database(f"new_{secrets.token_hex(4)}")
    holding = sa.create_engine(old)
    with another_app(app_config | {"DATABASE_URL": new}, tmp_path / "after") as app:
        assert run(app, "db", "upgrade").exit_code == 0
        with holding.connect() as other:
            other.exec_driver_sql("LOCK TABLES users WRITE")
            # Longer than any answer may take that nobody has set a limit for.
            released = threading.Timer(
                1.5 * CONNECT_SECONDS, lambda: other.exec_driver_sql("UNLOCK TABLES")
            )
            released.start()
            moved = run(app, "yoto", "db", "fill-from", old)
            released.join()
    holding.dispose()
    assert moved.exit_code == 0, moved.output


def test_a_database_that_is_not_supported_is_named(app: Flask) -> None:
    refused = run(app, "yoto", "db", "fill-from", "oracle+oracledb://host/shop")
    assert refused.exit_code == 1 and "'oracle' is not supported" in refused.output
