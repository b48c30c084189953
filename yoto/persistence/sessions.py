"""Sessions for what the breaker of the database itself needs to know."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from flask import Flask
from sqlalchemy.orm import Session

from yoto.persistence.database import passing_breaker
from yoto.store import sessions


@contextmanager
def reading(app: Flask) -> Iterator[Session]:
    """See ``yoto.store.sessions``; the breaker learns from the record how operators have set it.

    Raises:
        StoreUnavailable: the database cannot be reached.
    """
    with passing_breaker(), sessions.reading(app) as session:
        yield session


@contextmanager
def recording(app: Flask) -> Iterator[Session]:
    """See ``yoto.store.sessions``; an act of operators is recorded whatever the breaker says.

    Raises:
        StoreUnavailable: the database cannot be reached; nothing was written.
    """
    with passing_breaker(), sessions.recording(app) as session:
        yield session
