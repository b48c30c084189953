"""What the driver's errors are to callers of the permission system."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import exc

from yoto.errors import NotSetUp, PlatformError, StoreUnavailable, WriteConflict
from yoto.store.db import setup_command
from yoto.store.failures import is_conflict, is_outage, lacks_tables

DATABASE = "database"


@contextmanager
def translated() -> Iterator[None]:
    """A block whose errors of the driver leave as those of the platform, where it has one.

    Raises:
        StoreUnavailable: the database did not answer, or has no tables.
        WriteConflict: somebody else came first; a duplicate stays an ``IntegrityError``.
    """
    try:
        yield
    except (exc.SQLAlchemyError, exc.SAWarning) as error:
        found = platform_error(error)
        if found is None:
            raise
        raise found from error


def platform_error(error: BaseException) -> PlatformError | None:
    """What ``translated`` raises for ``error``; None: that itself."""
    if is_outage(error):
        return StoreUnavailable(DATABASE, error)
    if lacks_tables(error):
        return NotSetUp(DATABASE, setup_command())
    if is_conflict(error) and not isinstance(error, exc.IntegrityError):
        return WriteConflict(error)
    return None
