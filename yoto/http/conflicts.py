"""Responses to writers who came second: 409, naming the field whose value is taken."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import IntegrityError
from werkzeug.exceptions import Conflict

from yoto.store.db import db


def conflict(field: str, message: str) -> Conflict:
    """A 409 that says which field collides with what is there."""
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
