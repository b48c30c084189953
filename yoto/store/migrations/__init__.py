"""The migrations of the platform's tables, beside those that the application has of its own.

They have a version table of their own and follow one another in one line, so that running them
takes the operations of alembic and none of its environment. Those of one room's tables are in its
folder ``migrations``. They stand in the same line and run whether the room is on or off, so that
the line is the same everywhere; each does nothing where its table is missing, since set-up makes
the tables of a room that is switched on later as they are then.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy import (
    Column,
    Connection,
    MetaData,
    String,
    Table,
    column,
    delete,
    insert,
    inspect,
    select,
    table,
    text,
)
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql import TableClause

from yoto.errors import LockNotAcquired, StoreUnavailable
from yoto.store.columns import Model
from yoto.store.db import db, engine_beside, writing
from yoto.store.failures import is_conflict, is_outage
from yoto.store.time_limits import TIME_LIMIT

MIGRATIONS = Path(__file__).parent
OF_ROOMS = MIGRATIONS.parents[1] / "rooms"
VERSIONS = "yoto_alembic_version"
LOCK, LOCK_SECONDS = "yoto.setup", 300

# As alembic's template writes them: one text, several in brackets, or None.
_VARIABLE = r"^{name}\s*(?::[^=\n]+)?=\s*(\([^)]*\)|[^#\n]+)"
_QUOTED = re.compile(r"[\"']([^\"']+)[\"']")


def found_in(connection: Connection, versions: str = VERSIONS) -> frozenset[str]:
    """The migrations at which a database is: none, one, or one for each branch."""
    if not inspect(connection).has_table(versions):
        return frozenset()
    return frozenset(connection.scalars(select(_versions(versions).c.version_num)))


@cache
def known_to_code(directory: Path = MIGRATIONS) -> tuple[frozenset[str], frozenset[str]]:
    """The newest migrations of the code, and all; read without alembic, which workers do not need.

    Raises:
        ValueError: a file of a migration lacks its identity.
    """
    known: set[str] = set()
    followed: set[str] = set()
    for file in (file for folder in folders_of(directory) for file in folder.glob("*.py")):
        source = file.read_text(encoding="utf-8")
        names = _named(source, "revision")
        if len(names) != 1:
            raise ValueError(f"{file} names {len(names)} revisions")
        known.update(names)
        followed.update(_named(source, "down_revision"))
    return frozenset(known - followed), frozenset(known)


def folders_of(directory: Path = MIGRATIONS) -> list[Path]:
    """The folders with files of migrations: that of ``directory``, and the platform's of rooms."""
    more = sorted(OF_ROOMS.glob("*/migrations")) if directory == MIGRATIONS else []
    return [directory / "versions", *more]


def refuse_unknown(found: frozenset[str], directory: Path = MIGRATIONS) -> None:
    """Raises ``ValueError`` for a database at migrations that this code does not know."""
    known = known_to_code(directory)[1]
    unknown = sorted(found - known)
    if not unknown:
        return
    at = f"the database is at {', '.join(unknown)}"
    if unknown[0] < min(known):
        raise ValueError(f"{at}, from before 1.0.0: bring it to 1.0.0 with that version first")
    raise ValueError(f"{at}, which this code does not know")


def upgrade(revision: str | None = None) -> list[str]:
    """Bring the current application's database to ``revision``, by default to the newest.

    Returns:
        The migrations that were run; none where the database was there already.

    Raises:
        ValueError: there is no such migration, or the database is at one of another version.
    """
    wanted = _up_to(revision)
    ran = []
    with _migrating() as connection:
        _make_version_table(connection)
        found = found_in(connection)
        refuse_unknown(found)
        known = _up_to(None)
        done = max((known.index(one) + 1 for one in found), default=0)
        for one in wanted[done:]:
            _run(connection, one, "upgrade", wanted[: wanted.index(one) + 1])
            ran.append(one)
    return ran


def downgrade(revision: str | None) -> list[str]:
    """Take back what came after ``revision``; None: everything. Raises as ``upgrade``."""
    kept = [] if revision is None else _up_to(revision)
    ran = []
    with _migrating() as connection:
        found = found_in(connection)
        line = _up_to(None)
        there = max((line.index(one) + 1 for one in found if one in line), default=0)
        for one in reversed(line[len(kept) : there]):
            _run(connection, one, "downgrade", line[: line.index(one)])
            ran.append(one)
    return ran


def module_of(revision: str) -> Any:
    """The module of one of the platform's migrations."""
    from alembic.script import ScriptDirectory

    scripts = ScriptDirectory(MIGRATIONS, version_locations=folders_of())
    return scripts.get_revision(revision).module


def _up_to(revision: str | None) -> list[str]:
    """All migrations in their order, the last of them ``revision``."""
    line = sorted(known_to_code()[1])
    if revision is None:
        return line
    if revision not in line:
        raise ValueError(f"there is no migration {revision!r} of the platform's tables")
    return line[: line.index(revision) + 1]


def _run(connection: Connection, revision: str, act: str, then: list[str]) -> None:
    """One migration, and the note that it was run; on SQLite both or neither."""
    from alembic.operations import Operations
    from alembic.runtime.migration import MigrationContext

    # The application's naming: MySQL wants names of checks unique in a database.
    names = {"target_metadata": Model.metadata}
    with Operations.context(MigrationContext.configure(connection, opts=names)):
        getattr(module_of(revision), act)()
    versions = _versions(VERSIONS)
    connection.execute(delete(versions))
    if then:
        connection.execute(insert(versions), {"version_num": then[-1]})
    connection.commit()


@contextmanager
def one_at_a_time(app: Flask) -> Iterator[None]:
    """A block that sets up a database: hosts that do so at the same moment take turns.

    Raises:
        LockNotAcquired: another process has been at it for five minutes.
        StoreUnavailable: the database does not answer.
    """
    try:
        with engine_beside(app).connect() as connection:
            on = connection.dialect.name
            if on == "postgresql":
                _lock_on_postgresql(connection)
            elif on != "sqlite":
                connection.execution_options(**{TIME_LIMIT: LOCK_SECONDS + 1})
                locked = text("SELECT GET_LOCK(:name, :seconds)")
                if not connection.scalar(locked, {"name": LOCK, "seconds": LOCK_SECONDS}):
                    raise LockNotAcquired(LOCK)
                connection.commit()  # the lock is the connection's, and no transaction's
            yield
            if on not in ("sqlite", "postgresql"):
                connection.execute(text("SELECT RELEASE_LOCK(:name)"), {"name": LOCK})
    except Exception as error:
        if is_outage(error):
            raise StoreUnavailable("database", getattr(error, "orig", error)) from error
        raise


def _lock_on_postgresql(connection: Connection) -> None:
    """The lock ends with the transaction: a session's own would stay behind with PgBouncer."""
    connection.execution_options(**{TIME_LIMIT: LOCK_SECONDS + 1})
    connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{LOCK_SECONDS}s'")
    connection.exec_driver_sql("SET LOCAL idle_in_transaction_session_timeout = 0")
    try:
        connection.execute(text("SELECT pg_advisory_xact_lock(hashtext(:name))"), {"name": LOCK})
    except DBAPIError as error:
        if is_conflict(error):
            raise LockNotAcquired(LOCK) from error
        raise


@contextmanager
def _migrating() -> Iterator[Connection]:
    # Rewriting a large table takes longer than any statement of a request may.
    unlimited = db.engine.execution_options(**{TIME_LIMIT: None})
    with writing(), unlimited.connect() as connection, unchecked_foreign_keys(connection):
        yield connection


@contextmanager
def unchecked_foreign_keys(connection: Connection) -> Iterator[None]:
    """SQLite rebuilds a table to change it; cascades must not take its children along.

    The pragma does nothing inside a transaction, so it goes to the driver's connection directly.
    """
    driver = connection.connection.dbapi_connection
    if connection.dialect.name != "sqlite" or driver is None:
        yield
        return
    [kept] = driver.execute("PRAGMA foreign_keys").fetchone()
    driver.execute("PRAGMA foreign_keys = OFF")
    try:
        yield
    finally:
        if connection.in_transaction():
            connection.rollback()
        driver.execute(f"PRAGMA foreign_keys = {kept:d}")


def _make_version_table(connection: Connection) -> None:
    versions = Table(VERSIONS, MetaData(), Column("version_num", String(32), primary_key=True))
    versions.create(connection, checkfirst=True)
    connection.commit()


def _versions(name: str) -> TableClause:
    return table(name, column("version_num"))


def _named(source: str, variable: str) -> list[str]:
    found: Any = re.search(_VARIABLE.format(name=variable), source, re.MULTILINE)
    return [] if found is None else _QUOTED.findall(found[1])
