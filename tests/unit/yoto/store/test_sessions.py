"""Sessions beside those of requests, and what becomes of the driver's errors in them."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

import pymysql
import pytest
from flask import Flask
from sqlalchemy import exc, func, select
from sqlalchemy.orm import Session

from yoto.errors import StoreUnavailable
from yoto.store import sessions
from yoto.store.db import db
from yoto.store.models import AuditRecord, record_audit

Open = Callable[[Flask], AbstractContextManager[Session]]

EVERY_WAY = (sessions.reading, sessions.recording)


def answered(kind: type[exc.DBAPIError], number: int) -> exc.DBAPIError:
    return kind("SELECT 1", None, pymysql.err.OperationalError(number, "said by the server"))


@pytest.mark.parametrize("session_of", EVERY_WAY)
def test_a_database_that_is_away_or_has_no_tables_is_a_store_that_is_unavailable(
    app: Flask, session_of: Open
) -> None:
    for error in (answered(exc.OperationalError, 2013), answered(exc.ProgrammingError, 1146)):
        with pytest.raises(StoreUnavailable, match="database"), session_of(app):
            raise error


@pytest.mark.parametrize("session_of", EVERY_WAY)
def test_a_pool_without_a_free_connection_is_too(app: Flask, session_of: Open) -> None:
    with pytest.raises(StoreUnavailable, match="database"), session_of(app):
        raise exc.TimeoutError


@pytest.mark.parametrize("error", [exc.IntegrityError, exc.DataError, exc.OperationalError])
@pytest.mark.parametrize("session_of", EVERY_WAY)
def test_what_the_database_says_of_what_it_was_asked_comes_through(
    app: Flask, session_of: Open, error: type[exc.DBAPIError]
) -> None:
    with pytest.raises(error), session_of(app):
        raise answered(error, 1364)


def test_a_block_that_raises_writes_nothing(app: Flask) -> None:
    with pytest.raises(StoreUnavailable), sessions.recording(app) as session:
        record_audit("test.act", "test:1", by=None, session=session)
        session.flush()
        raise answered(exc.OperationalError, 2013)

    with app.app_context():
        written = select(func.count()).where(AuditRecord.subject == "test:1")
        assert db.session.scalar(written) == 0
