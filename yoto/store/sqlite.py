"""The needs of SQLite: writers that announce themselves, and files for their owner alone."""

from __future__ import annotations

import os
import sqlite3
import time
from contextlib import suppress
from contextvars import ContextVar
from typing import Any

from sqlalchemy import URL, event
from sqlalchemy.engine import Connection, Engine

from yoto.deadlines import at_hand, check_deadline, left_of
from yoto.errors import ConfigurationError
from yoto.store.failures import SQLITE_PRIMARY_CODE

BUSY_SECONDS = 15  # how long one writer waits for another
RETRY_SECONDS = 0.005  # about as long as a write takes
FILE_MODE = 0o600
STEPS = 10_000  # of its virtual machine between two looks at the clock: a part of a millisecond
_LIMITED = "yoto.limited"

# Whether a transaction that begins now is going to write; None: unknown. SQLite needs this: a
# reader that turns writer while another wrote is refused at once, whatever its time-out.
will_write: ContextVar[bool | None] = ContextVar("yoto_will_write", default=None)


def keep_private(path: str | None, *_: Any) -> None:
    """Make the file of the database, and keep it, for its owner alone: hashes, secrets and words
    are in it. SQLite gives its further files the same mode.
    """
    if not path or path == ":memory:" or path.startswith("file:"):
        return
    try:
        # An existing file is not opened: closing it would give up, for the whole process, the
        # locks that SQLite holds on it, and another process would write into the rows written here.
        with suppress(FileExistsError):
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, FILE_MODE))
        if os.stat(path).st_mode & 0o077:
            os.chmod(path, FILE_MODE)
    except OSError:
        return  # SQLite reports a file that it cannot open; another owner's file stays as it is


def configure(connection: Any, record: Any) -> None:
    # The driver must not begin transactions by itself: begin does, with the right lock.
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode = WAL")
    # With WAL this survives the death of any process; only a power cut may lose the last commits.
    cursor.execute("PRAGMA synchronous = NORMAL")
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()


def begin_as_marked(connection: Connection) -> None:
    # A transaction of the application's own begins as it always did: with its first change. So its
    # earlier reads block no writer, and no other writer makes it fail.
    if will_write.get() is not None:
        begin(connection)


def begin(connection: Connection) -> None:
    if not will_write.get():
        # Past SQLAlchemy, for which this would be a statement like any other; the driver gets it.
        driver: Any = connection.connection.dbapi_connection
        driver.execute("BEGIN")
    elif not _wait_for_write_lock(connection):
        connection.exec_driver_sql("BEGIN IMMEDIATE")  # to fail as every statement does


def _wait_for_write_lock(connection: Connection) -> bool:
    """Begin as the writer, as soon as there is no other; False if that fails, or not in time.

    SQLite's own waiting stops the whole thread. Under eventlet or gevent that is every request of
    the process, also the one that holds the lock; so the waiting is ours, and lets the others run.
    """
    driver: Any = connection.connection.dbapi_connection
    deadline = time.monotonic() + left_of(BUSY_SECONDS)
    driver.execute("PRAGMA busy_timeout = 0")
    try:
        while time.monotonic() < deadline:
            try:
                driver.execute("BEGIN IMMEDIATE")
                return True
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & SQLITE_PRIMARY_CODE != sqlite3.SQLITE_BUSY:
                    return False
            time.sleep(RETRY_SECONDS)
        check_deadline()
        return False
    finally:
        driver.execute(f"PRAGMA busy_timeout = {BUSY_SECONDS * 1000}")


def limit_times(engine: Engine) -> None:
    """End each statement of an engine that its caller's deadline finds at work."""
    event.listen(engine, "before_cursor_execute", _before)
    # COMMIT and ROLLBACK end what was begun.
    event.listen(engine, "commit", _unlimited)
    event.listen(engine, "rollback", _unlimited)


def _before(connection: Connection, *_: Any) -> None:
    found = at_hand()
    if found is None:
        _unlimited(connection)
        return
    check_deadline()
    at, driver = found.at, _driver(connection)
    driver.set_progress_handler(lambda: time.monotonic() >= at, STEPS)
    connection.info[_LIMITED] = True


def _unlimited(connection: Connection) -> None:
    if connection.info.pop(_LIMITED, False):
        _driver(connection).set_progress_handler(None, 0)


def _driver(connection: Connection) -> Any:
    return connection.connection.dbapi_connection


def refuse_memory(url: URL) -> None:
    """Refuse an SQLite database in memory, since its readers cannot work beside a writer."""
    if url.get_backend_name() != "sqlite":
        return
    name, said = url.database or "", url.query
    if not name or ":memory:" in name or said.get("mode") == "memory" or "memdb" in said.values():
        raise ConfigurationError(
            "db",
            "a database in memory has no place for Yoto, which reads and records on connections"
            " beside yours: take a file, in tests one in a temporary folder, such as"
            " f'sqlite:///{tmp_path}/test.db'",
        )
