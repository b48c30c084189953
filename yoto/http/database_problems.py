"""Errors of the database as problems, and 409 for writers who came second."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from flask import Flask, Response
from sqlalchemy import exc
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm.exc import ObjectDeletedError
from werkzeug.exceptions import Conflict, NotFound

from yoto import errors
from yoto.http import problems
from yoto.store.db import db
from yoto.store.translation import platform_error

log = logging.getLogger(__name__)


def init_problems(app: Flask) -> None:
    """Turn all errors of the application into problems."""
    app.register_error_handler(Exception, problem_of)


def problem_of(error: Exception) -> Response:
    """As ``yoto.http.problems.problem_of``, which knows no database."""
    if isinstance(error, (exc.SQLAlchemyError, exc.SAWarning)):
        error = _meaning_of(error)
    return problems.problem_of(error)


def _meaning_of(error: exc.SQLAlchemyError | exc.SAWarning) -> Exception:
    """Database errors that no check above it handled: it is unavailable, or two writers met."""
    found = platform_error(error)
    if found is None and isinstance(error, exc.IntegrityError):
        found = errors.WriteConflict(error)
    if isinstance(found, errors.WriteConflict):
        log.warning("two writers met", exc_info=error)
    if isinstance(error, (exc.NoResultFound, ObjectDeletedError)):
        # The object was there when this request began.
        log.warning("what was asked for is gone", exc_info=error)
        return NotFound("What this refers to was removed in the meantime.")
    return found or error


def conflict(field: str, message: str) -> Conflict:
    """A 409 that names the field that collides with a stored row."""
    error = Conflict(f"{field}: {message}")
    error.data = {"errors": {field: [message]}}  # type: ignore[attr-defined]
    return error


@contextmanager
def unique(field: str, message: str) -> Iterator[None]:
    """Let the database decide who came first: the one inside, or another at the same moment.

    Raises:
        Conflict: a constraint refused the statements inside; the transaction is rolled back.
    """
    try:
        yield
    except IntegrityError as error:
        db.session.rollback()
        raise conflict(field, message) from error
