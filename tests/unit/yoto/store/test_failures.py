"""The meaning of errors of the drivers."""

from __future__ import annotations

import sqlite3

import psycopg
import pymysql
import pytest
from sqlalchemy import exc

from yoto.store.failures import is_conflict, is_outage, lacks_tables


def of_mariadb(kind: type[exc.DBAPIError], number: int) -> exc.DBAPIError:
    return kind("SELECT 1", None, pymysql.err.OperationalError(number, "said by the server"))


def of_postgresql(state: str | None, kind: type[exc.DBAPIError]) -> exc.DBAPIError:
    error = psycopg.Error("said by the server")
    error.sqlstate = state
    return kind("SELECT 1", None, error)


def of_sqlite(code: int, text: str) -> exc.OperationalError:
    error = sqlite3.OperationalError(text)
    error.sqlite_errorcode = code
    return exc.OperationalError("SELECT 1", None, error)


# Gone, lost in a statement, refused, too many, shutting down, killed, too slow, wrong password.
@pytest.mark.parametrize("number", [2006, 2013, 2003, 1040, 1053, 1927, 1969, 1045])
def test_a_connection_that_cannot_be_had_is_an_outage(number: int) -> None:
    error = of_mariadb(exc.OperationalError, number)
    assert is_outage(error) and not is_conflict(error)


# A column without a default, a CHECK, an unknown column, bad syntax.
@pytest.mark.parametrize("number", [1364, 4025, 1054, 1064])
def test_what_the_database_says_of_a_statement_is_none(number: int) -> None:
    error = of_mariadb(exc.OperationalError, number)
    assert not is_outage(error) and not is_conflict(error) and not lacks_tables(error)


@pytest.mark.parametrize("number", [1205, 1213, 1020])
def test_a_lock_that_somebody_else_holds_is_a_conflict(number: int) -> None:
    error = of_mariadb(exc.OperationalError, number)
    assert is_conflict(error) and not is_outage(error)


# Lost, no rights, no database, too many, cancelled, shutting down, starting, read-only, idle.
@pytest.mark.parametrize(
    "state", ["08006", "28P01", "3D000", "53300", "57014", "57P01", "57P03", "25006", "25P03"]
)
def test_postgresql_out_of_reach_is_an_outage(state: str) -> None:
    error = of_postgresql(state, exc.InternalError)
    assert is_outage(error) and not is_conflict(error)


def test_a_server_that_was_never_reached_has_no_state() -> None:
    assert is_outage(of_postgresql(None, exc.OperationalError))


@pytest.mark.parametrize("state", ["40001", "40P01", "55P03"])
def test_a_transaction_of_postgresql_that_lost_to_another_is_a_conflict(state: str) -> None:
    error = of_postgresql(state, exc.OperationalError)
    assert is_conflict(error) and not is_outage(error)


@pytest.mark.parametrize("state", ["42601", "22001", "42703", "25P02"])
def test_a_statement_that_postgresql_refuses_is_neither(state: str) -> None:
    error = of_postgresql(state, exc.ProgrammingError)
    assert not is_outage(error) and not is_conflict(error) and not lacks_tables(error)


def test_sqlite_is_told_apart_by_its_codes() -> None:
    assert is_outage(of_sqlite(sqlite3.SQLITE_FULL, "database or disk is full"))
    assert is_outage(of_sqlite(sqlite3.SQLITE_BUSY, "database is locked"))
    assert not is_outage(of_sqlite(sqlite3.SQLITE_ERROR, "no such column: x"))
    assert lacks_tables(of_sqlite(sqlite3.SQLITE_ERROR, "no such table: users"))


def test_a_pool_without_a_free_connection_is_an_outage() -> None:
    assert is_outage(exc.TimeoutError())


def test_missing_tables_are_told_apart() -> None:
    for error in (
        of_mariadb(exc.ProgrammingError, 1146),
        of_postgresql("42P01", exc.ProgrammingError),
    ):
        assert lacks_tables(error) and not is_outage(error)


def test_a_row_that_somebody_else_deleted_first_is_a_conflict() -> None:
    gone = "DELETE statement on table 'roles' expected to delete 1 row(s); 0 were matched."
    assert is_conflict(exc.SAWarning(gone)) and not is_conflict(exc.SAWarning("another one"))
