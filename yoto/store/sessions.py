"""Sessions on an application's database, beside the transactions of its requests."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from flask import Flask, current_app, has_app_context
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from yoto.store.db import db, engine_beside, writing
from yoto.store.translation import unavailable


@contextmanager
def reading(app: Flask) -> Iterator[Session]:
    """A session that sees the rows committed when the block begins, even inside a request.

    It works inside and outside the contexts of ``app``, on a connection apart from the requests'.
    An error about the statement or its values comes through.

    Raises:
        StoreUnavailable: the database is unavailable, or has no tables.
    """
    with _reached(app), writing(False), Session(engine_beside(app)) as session:
        yield session


@contextmanager
def recording(app: Flask) -> Iterator[Session]:
    """A session whose rows are committed when the block ends, and not at all if it raises.

    It is apart, so that nothing of the caller's is committed half-done. Only SQLite has one write
    lock for all, which the request at hand may hold; its open transaction is ended by this one.

    Raises: as ``reading``; nothing was written.
    """
    with _reached(app):
        if db.engine.dialect.name == "sqlite" and db.session().in_transaction():
            session: Session = db.session()
            try:
                yield session
                session.commit()
            except BaseException:
                session.rollback()
                raise
            return
        with writing(), Session(engine_beside(app)) as own, own.begin():
            yield own


@contextmanager
def _reached(app: Flask) -> Iterator[None]:
    """Inside a context of ``app``, with the driver's errors translated."""
    try:
        if has_app_context() and current_app.extensions is app.extensions:
            yield
        else:
            with app.app_context():
                yield
    except SQLAlchemyError as error:
        found = unavailable(error, app)
        if found is None:
            raise
        raise found from error
