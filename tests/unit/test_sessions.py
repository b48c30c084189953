"""Sessions beside those of requests, and what becomes of the driver's errors in them."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
from flask import Flask
from sqlalchemy import exc, func, select
from sqlalchemy.orm import Session

from app.core.errors import StoreUnavailable
from app.core.policy.store import sessions as policies
from app.db import db
from app.models import AuditRecord, record_audit
from app.wiring import sessions as guards

Open = Callable[[Flask], AbstractContextManager[Session]]

EVERY_WAY = (guards.reading, guards.recording, policies.reading, policies.recording)
OF_THE_DATABASE = (
    exc.OperationalError,
    exc.InterfaceError,
    exc.InternalError,
    exc.ProgrammingError,
    exc.DatabaseError,
)


@pytest.mark.parametrize("error", OF_THE_DATABASE)
@pytest.mark.parametrize("session_of", EVERY_WAY)
def test_whatever_the_driver_raises_is_a_store_that_is_unavailable(
    app: Flask, session_of: Open, error: type[exc.DBAPIError]
) -> None:
    with pytest.raises(StoreUnavailable, match="database"), session_of(app):
        raise error("SELECT 1", None, Exception("broken"))


@pytest.mark.parametrize("session_of", EVERY_WAY)
def test_a_pool_without_a_free_connection_is_too(app: Flask, session_of: Open) -> None:
    with pytest.raises(StoreUnavailable, match="database"), session_of(app):
        raise exc.TimeoutError


@pytest.mark.parametrize("error", [exc.IntegrityError, exc.DataError])
@pytest.mark.parametrize("session_of", EVERY_WAY)
def test_what_is_wrong_with_the_values_comes_through(
    app: Flask, session_of: Open, error: type[exc.DBAPIError]
) -> None:
    with pytest.raises(error), session_of(app):
        raise error("INSERT", None, Exception("a duplicate"))


@pytest.mark.parametrize("session_of", [guards.recording, policies.recording])
def test_a_block_that_raises_writes_nothing(app: Flask, session_of: Open) -> None:
    with pytest.raises(StoreUnavailable), session_of(app) as session:
        record_audit(session, "test.act", "test:1", actor_id=None)
        session.flush()
        raise exc.InternalError("COMMIT", None, Exception("broken"))

    with app.app_context():
        written = select(func.count()).where(AuditRecord.subject == "test:1")
        assert db.session.scalar(written) == 0
