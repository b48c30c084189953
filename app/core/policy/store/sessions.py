"""Transactions of the policy record, inside and outside the contexts of an application."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from flask import Flask, current_app, has_app_context
from sqlalchemy import exc
from sqlalchemy.orm import Session

from app.core.errors import StoreUnavailable
from app.db import db, writing

DATABASE = "database"


@contextmanager
def reading(app: Flask) -> Iterator[Session]:
    """A session of its own that sees what is committed when the block begins.

    Raises:
        StoreUnavailable: the database did not answer.
    """
    with _reached(app), writing(False), Session(db.engine) as session:
        yield session


@contextmanager
def recording(app: Flask) -> Iterator[Session]:
    """A session whose rows are committed at the end of the block, and not at all if it raises.

    On SQLite, where one transaction writes at a time, the open transaction of the request at hand
    is used and ended: a second one would wait for it for ever.

    Raises:
        StoreUnavailable: the database did not answer; nothing was written.
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
        with writing(), Session(db.engine) as own, own.begin():
            yield own


@contextmanager
def _reached(app: Flask) -> Iterator[None]:
    try:
        if has_app_context() and current_app.extensions is app.extensions:
            yield
        else:
            with app.app_context():
                yield
    except (exc.OperationalError, exc.InterfaceError, exc.TimeoutError) as error:
        raise StoreUnavailable(DATABASE, error) from error
