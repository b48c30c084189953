"""A migrated database for each test, made once a session and set back between tests."""

from __future__ import annotations

import atexit
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from tests.support.require import TEST_ALL

DATABASE = os.environ.get("YOTO_TEST_DATABASE", "sqlite")
# A server's kind, also where the tests are on SQLite and one wants a server.
SERVER = "postgresql" if DATABASE == "postgresql" else "mariadb"
# Those that a test meets which makes its own database.
ALL_DATABASES = ["sqlite", "mariadb", "postgresql"]
DATABASES = ALL_DATABASES if TEST_ALL else [DATABASE.replace("mysql", "mariadb")]
ROOM = 1 << 30  # bytes; a container has often 64 MB


def migrate(url: str, instance: Path) -> None:
    """Bring a database to the newest migration, with the built-in permissions and policies."""
    from flask_migrate import upgrade

    from app import close_app, create_app
    from app.extensions import db, permissions, policy

    app = create_app({"ENVIRONMENT": "testing", "DATABASE_URL": url}, instance_path=str(instance))
    with app.app_context():
        upgrade()
        permissions.sync_catalogue()
        policy.sync_defaults()
        db.session.remove()
    close_app(app)


def in_memory() -> str | None:
    """A folder in memory where there is room: a test commits often and never needs a row again."""
    folder = "/dev/shm"
    if not os.access(folder, os.W_OK) or shutil.disk_usage(folder).free < ROOM:
        return None
    return folder


def checksums(connection: sa.Connection, tables: Iterable[str]) -> dict[str, int]:
    """A number for all rows of each table of a server.

    Each row counts, with what its transaction has changed; but not where in a row one text ends and
    the next begins.
    """
    if connection.dialect.name == "postgresql":
        # A sum over whole rows and their writers, in any order: one written anew adds another.
        each = " UNION ALL ".join(
            f"SELECT '{name}', (SELECT COALESCE(SUM(hashtextextended(CONCAT(xmin, ctid, t), 0)), 0)"
            f" FROM {name} AS t)"
            for name in tables
        )
        return {name: int(number) for name, number in connection.exec_driver_sql(each)}
    found = connection.exec_driver_sql(f"CHECKSUM TABLE {', '.join(tables)}")
    return {name.rpartition(".")[2]: checksum for name, checksum in found}


def rows_of(connection: sa.Connection, tables: Iterable[str]) -> dict[str, set[str]]:
    """All rows of each table, in the words of what the driver reads: documents have no hashes."""
    return {
        name: {repr(tuple(row)) for row in connection.exec_driver_sql(f"SELECT * FROM {name}")}
        for name in tables
    }


class SqliteTemplate:
    """A SQLite file; ``reset`` copies the pages of the template over it, ``copy_to`` elsewhere."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="yoto-sqlite-", dir=in_memory())
        self._path = Path(self._folder.name) / "test.db"
        self.url = f"sqlite:///{self._path}"
        self._template: sqlite3.Connection | None = None

    def prepare(self, migrate: Callable[[], None]) -> None:
        migrate()
        self._template = sqlite3.connect(":memory:", check_same_thread=False)
        with sqlite3.connect(self._path) as source:
            source.backup(self._template)
        source.close()

    def reset(self) -> None:
        self.copy_to(self._path)

    def copy_to(self, path: Path) -> None:
        assert self._template is not None
        target = sqlite3.connect(path, timeout=30)
        self._template.backup(target)
        target.close()

    def close(self) -> None:
        if self._template is not None:
            self._template.close()
        self._folder.cleanup()


@cache
def migrated() -> SqliteTemplate:
    """One for all tests of this process: migrated, with the built-in permissions and policies."""
    template = SqliteTemplate()
    atexit.register(template.close)
    # Its Redis may still be ending when the folder is removed.
    with tempfile.TemporaryDirectory("-yoto", ignore_cleanup_errors=True) as instance:
        template.prepare(lambda: migrate(template.url, Path(instance)))
    return template


class MariadbTemplate:
    """A MariaDB database; ``reset`` drops the tables that a test made, empties those that it filled
    and puts the first rows back.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self._engine = sa.create_engine(url)
        self._tables: list[str] = []
        self._rows: dict[str, list[dict[str, Any]]] = {}
        self._checksums: dict[str, int] = {}

    def prepare(self, migrate: Callable[[], None]) -> None:
        migrate()
        with self._engine.begin() as connection:
            names = sa.inspect(connection).get_table_names()
            self._tables = [name for name in names if name != "alembic_version"]
            for name in self._tables:
                rows = connection.exec_driver_sql(f"SELECT * FROM {name}").mappings()
                self._rows[name] = [dict(row) for row in rows]
            self._checksums = checksums(connection, self._tables)

    def reset(self) -> None:
        with self._engine.begin() as connection:
            found = checksums(connection, self._tables)
            changed = [name for name in self._tables if found[name] != self._checksums[name]]
            connection.exec_driver_sql("SET FOREIGN_KEY_CHECKS = 0")
            known = {*self._tables, "alembic_version"}
            for (name,) in connection.exec_driver_sql("SHOW TABLES").all():
                if name not in known:
                    connection.exec_driver_sql(f"DROP TABLE `{name}`")
            for name in changed:
                connection.exec_driver_sql(f"TRUNCATE TABLE {name}")
                rows = self._rows[name]
                if rows:
                    connection.execute(sa.table(name, *map(sa.column, rows[0])).insert(), rows)
            connection.exec_driver_sql("SET FOREIGN_KEY_CHECKS = 1")

    def close(self) -> None:
        self._engine.dispose()


# The numbers that rows get by themselves, where they do.
_SEQUENCE = sa.text(
    "SELECT pg_get_serial_sequence(table_name, column_name) FROM information_schema.columns "
    "WHERE table_name = :table AND column_name = 'id'"
)
_SET = sa.text("SELECT setval(:sequence, :after, false)")


class PostgresqlTemplate:
    """A PostgreSQL database; ``reset`` drops the tables that a test made, empties those that it
    filled and puts the first rows back.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self._engine = sa.create_engine(url)
        self._metadata = sa.MetaData()
        self._rows: dict[str, list[dict[str, Any]]] = {}
        self._checksums: dict[str, int] = {}

    def prepare(self, migrate: Callable[[], None]) -> None:
        migrate()
        with self._engine.begin() as connection:
            self._metadata.reflect(connection)
            for name, table in self._metadata.tables.items():
                self._rows[name] = [
                    dict(row) for row in connection.execute(table.select()).mappings()
                ]
            self._checksums = checksums(connection, self._rows)

    def reset(self) -> None:
        with self._engine.begin() as connection:
            # No trigger, and no reference, is looked at.
            connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
            for name in set(sa.inspect(connection).get_table_names()) - set(self._rows):
                connection.exec_driver_sql(f'DROP TABLE "{name}" CASCADE')
            found = checksums(connection, self._rows)
            changed = [name for name in self._rows if found[name] != self._checksums[name]]
            if not changed:
                return
            for name in changed:
                connection.exec_driver_sql(f"DELETE FROM {name}")
                rows = self._rows[name]
                if rows:
                    connection.execute(self._metadata.tables[name].insert(), rows)
                sequence = connection.scalar(_SEQUENCE, {"table": name})
                if sequence is not None:
                    after = max((row["id"] for row in rows), default=0) + 1
                    connection.execute(_SET, {"sequence": sequence, "after": after})
            self._checksums |= checksums(connection, changed)

    def close(self) -> None:
        self._engine.dispose()


Template = SqliteTemplate | MariadbTemplate | PostgresqlTemplate


def template_on(url: str) -> MariadbTemplate | PostgresqlTemplate:
    """The template of a server's database, not prepared yet."""
    on_postgresql = sa.make_url(url).get_backend_name() == "postgresql"
    return PostgresqlTemplate(url) if on_postgresql else MariadbTemplate(url)
