"""The database session of an application, inside and outside of its contexts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from flask import Flask, current_app, has_app_context
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session

from app.core.errors import StoreUnavailable
from app.db import db, writing


@contextmanager
def session_of(app: Flask, writes: bool = False) -> Iterator[Session]:
    """The session of the current context, or of one made for the purpose.

    The request at hand may hold the database's only write lock (SQLite), so what it does is done
    through its session and not beside it. A transaction that begins here ends here.

    Args:
        writes: whether a transaction that begins here writes.

    Raises:
        StoreUnavailable: the database cannot be reached.
    """
    with ExitStack() as contexts:
        try:
            if writes:
                contexts.enter_context(writing())
            if not (has_app_context() and current_app.extensions is app.extensions):
                contexts.enter_context(app.app_context())
            joined = db.session().in_transaction()
            try:
                yield db.session()
            except BaseException:
                db.session.rollback()
                raise
            if not joined:
                db.session.commit()
        except (IntegrityError, DataError):
            raise
        except (DBAPIError, PoolTimeout) as error:
            raise StoreUnavailable("database", error) from error
