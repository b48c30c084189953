"""Translates the driver's errors into those of the platform."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from flask import Flask
from sqlalchemy import exc

from yoto.deadlines import at_hand, has_passed
from yoto.errors import (
    NotSetUp,
    OutcomeUnknown,
    PlatformError,
    StoreBusy,
    StoreUnavailable,
    WriteConflict,
)
from yoto.store.commits import is_outcome_unknown
from yoto.store.db import setup_command
from yoto.store.failures import is_conflict, is_outage, lacks_tables

DATABASE = "database"


@contextmanager
def translated() -> Iterator[None]:
    """A block whose driver errors are raised as platform errors, where there is one.

    Raises:
        StoreUnavailable: the database did not answer, or has no tables.
        WriteConflict: another writer came first; a duplicate stays an ``IntegrityError``.
    """
    try:
        yield
    except (exc.SQLAlchemyError, exc.SAWarning) as error:
        found = platform_error(error)
        if found is None:
            raise
        raise found from error


def platform_error(error: BaseException) -> PlatformError | None:
    """The error that ``translated`` raises for ``error``; None: ``error`` itself."""
    found = unavailable(error)
    if found is None and is_conflict(error) and not isinstance(error, exc.IntegrityError):
        return WriteConflict(error)
    return found


def unavailable(error: BaseException, app: Flask | None = None) -> PlatformError | None:
    """The error where the database is unavailable, or has no tables; else None.

    A wait that the caller's deadline cut short says nothing about the database: that is
    ``DeadlineExceeded``.

    Args:
        app: the owner of the tables; by default the application at hand.
    """
    if is_outcome_unknown(error):
        return OutcomeUnknown(DATABASE, error)
    late = at_hand()
    if late is not None and has_passed() and is_outage(error):
        return late.exceeded()
    if isinstance(error, exc.TimeoutError):  # the pool's
        return StoreBusy(DATABASE, error)
    if is_outage(error):
        return StoreUnavailable(DATABASE, error)
    if lacks_tables(error):
        return NotSetUp(DATABASE, setup_command(app))
    return None
