"""Every error as a problem, those of the database too."""

from __future__ import annotations

import logging

from flask import Flask, Response
from sqlalchemy import exc
from sqlalchemy.orm.exc import ObjectDeletedError
from werkzeug.exceptions import NotFound

from yoto import errors
from yoto.http import problems
from yoto.store.db import setup_command
from yoto.store.failures import is_conflict, is_outage, lacks_tables

RETRY_SECONDS = 1.0

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
    if is_outage(error):
        return errors.StoreUnavailable("database", error, RETRY_SECONDS)
    if lacks_tables(error):
        return errors.NotSetUp("database", setup_command())
    if is_conflict(error):
        log.warning("two writers met", exc_info=error)
        return errors.WriteConflict(error)
    if isinstance(error, (exc.NoResultFound, ObjectDeletedError)):
        # It was there when this request began.
        log.warning("what was asked for is gone", exc_info=error)
        return NotFound("What this is about was removed meanwhile.")
    return error
