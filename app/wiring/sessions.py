"""Sessions on an application's database, beside what its requests have under way."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from flask import Flask, current_app, has_app_context
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session

from app.core.errors import StoreUnavailable
from app.db import db, writing

from .database import DATABASE, passing_breaker


@contextmanager
def reading(app: Flask) -> Iterator[Session]:
    """A session that sees what is committed, whatever the request at hand holds.

    Raises:
        StoreUnavailable: the database cannot be reached.
    """
    with _reached(app), writing(False), Session(db.engine) as session:
        yield session


@contextmanager
def recording(app: Flask) -> Iterator[Session]:
    """A session whose rows are committed when the block ends, and not at all if it raises.

    It is its own, so that nothing of the caller's is committed half-done. Only SQLite has one write
    lock for all, which the request at hand may hold; its open transaction is ended by this one.

    Raises:
        StoreUnavailable: the database cannot be reached; nothing was written.
    """
    with _reached(app):
        if db.engine.dialect.name == "sqlite" and db.session().in_transaction():
            try:
                yield db.session()
                db.session.commit()
            except BaseException:
                db.session.rollback()
                raise
            return
        with writing(), Session(db.engine) as session, session.begin():
            yield session


@contextmanager
def _reached(app: Flask) -> Iterator[None]:
    """Inside a context of ``app``, with the driver's errors turned into ours."""
    try:
        # The breaker of the database learns from the record how operators have set it.
        with passing_breaker():
            if has_app_context() and current_app.extensions is app.extensions:
                yield
            else:
                with app.app_context():
                    yield
    except (IntegrityError, DataError):
        raise
    except (DBAPIError, PoolTimeout) as error:
        raise StoreUnavailable(DATABASE, error) from error
