"""Classifies database exceptions: an outage, a conflict with another writer, or a faulty statement.

Only the first is an outage. MariaDB's driver raises ``OperationalError`` for nearly every number
that it does not know, a column without a default among them; so the numbers decide, and so do
PostgreSQL's.
"""

from __future__ import annotations

import re
import sqlite3

from sqlalchemy import exc
from sqlalchemy.orm.exc import StaleDataError

# How SQLAlchemy warns of a row that was to be deleted and is gone; the application raises it.
DELETED_BY_ANOTHER = r"DELETE statement on table '\w+' expected to delete"

SQLITE_PRIMARY_CODE = 0xFF  # the other bits say more about the same error

# MariaDB's error numbers (https://mariadb.com/kb/en/mariadb-error-codes/).
# Those from 2000 are the driver's: it cannot connect, or the connection broke.
_OF_THE_CLIENT = range(2000, 3000)
_UNAVAILABLE = frozenset(
    {
        *(1021, 1026, 1030, 1037, 1038, 1041, 1114, 1180),  # no disk, no memory, engine at fault
        *(1040, 1129, 1203, 1226),  # too many connections, or errors of this host
        *(1044, 1045, 1049, 1130, 1698),  # access denied for that name, or no such database
        *(1042, 1043, 1047, 1152, 1158, 1159, 1160, 1161, 1184),  # the network, Galera not ready
        *(1053, 1077, 1078, 1079, 1927),  # it shuts down; an operator ended the connection
        *(1290, 1836),  # it only reads: a replica, or one that is being moved
        *(1317, 1969, 3024, 4031),  # interrupted, or longer than a statement may take
    }
)
# A lock was waited for in vain, a deadlock, a row changed since the snapshot of the reader.
_SOMEBODY_FIRST = frozenset({1020, 1205, 1213, "40001", "40P01", "55P03"})
# A lock was waited for in vain, the statement took longer than it may (MySQL's number last).
_TOO_LONG = frozenset({1205, 1969, 3024, "55P03", "57014"})
_NO_SUCH_TABLE = frozenset({1146, "42P01"})
# PostgreSQL's, by class (https://www.postgresql.org/docs/current/errcodes-appendix.html): the
# connection, no rights to connect, no such database, no disk, memory or connection, an operator or
# a limit of time ended it, a fault of the system.
_UNAVAILABLE_CLASSES = ("08", "28", "3D", "53", "57", "58")
# It only reads, since it is being moved; the transaction was idle for too long.
_UNAVAILABLE_STATES = frozenset({"25006", "25P03", "25P04"})


def is_outage(error: BaseException) -> bool:
    """Whether the database, or a connection to it, is unavailable; trying later makes sense."""
    if isinstance(error, exc.TimeoutError):  # the pool's
        return True
    if not isinstance(error, exc.DBAPIError):
        return False
    if error.connection_invalidated:
        return True
    if isinstance(error.orig, sqlite3.Error):
        if not isinstance(error, exc.OperationalError):
            return False
        code = getattr(error.orig, "sqlite_errorcode", sqlite3.SQLITE_BUSY)
        return code & SQLITE_PRIMARY_CODE != sqlite3.SQLITE_ERROR
    if isinstance(error, exc.InterfaceError):
        return True  # the driver has no connection any more
    number = number_of(error.orig)
    if number is None:
        return isinstance(error, exc.OperationalError)
    if isinstance(number, str):
        return number.startswith(_UNAVAILABLE_CLASSES) or number in _UNAVAILABLE_STATES
    return number in _UNAVAILABLE or number in _OF_THE_CLIENT or number == 0


def is_conflict(error: BaseException) -> bool:
    """Whether another writer came first: nothing was changed, and trying again makes sense."""
    if isinstance(error, exc.SAWarning):
        return re.match(DELETED_BY_ANOTHER, str(error)) is not None
    if isinstance(error, (exc.IntegrityError, StaleDataError)):
        return True
    return isinstance(error, exc.DBAPIError) and number_of(error.orig) in _SOMEBODY_FIRST


def took_too_long(error: BaseException) -> bool:
    """Whether a driver's error tells of a limit of time, for a lock or for the whole statement."""
    if isinstance(error, sqlite3.OperationalError):
        return error.args[:1] == ("database is locked",)
    return number_of(error) in _TOO_LONG


def lacks_tables(error: BaseException) -> bool:
    """Whether the database has no such table: the migrations were not run."""
    if not isinstance(error, exc.DBAPIError):
        return False
    if isinstance(error.orig, sqlite3.OperationalError):
        return str(error.orig).startswith("no such table")
    return number_of(error.orig) in _NO_SUCH_TABLE


def number_of(error: BaseException | None) -> int | str | None:
    """MariaDB's number of a driver's error, 0 being the driver's own where the connection is closed
    already; or PostgreSQL's five characters.
    """
    number = next(iter(getattr(error, "args", ())), None)
    if isinstance(number, int):
        return number  # MariaDB's driver may know a state as well
    state = getattr(error, "sqlstate", None) or getattr(error, "pgcode", None)
    return state if isinstance(state, str) else None
