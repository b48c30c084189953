"""Transactions of the policy record."""

from __future__ import annotations

from contextlib import AbstractContextManager
from functools import partial

from flask import Flask
from sqlalchemy.orm import Session

from app import sessions
from app.core.errors import StoreUnavailable

_unavailable = partial(StoreUnavailable, "database")


def reading(app: Flask) -> AbstractContextManager[Session]:
    """See ``app.sessions``; entering raises ``StoreUnavailable``, and so do statements inside."""
    return sessions.reading(app, _unavailable)


def recording(app: Flask) -> AbstractContextManager[Session]:
    """See ``app.sessions``; raises ``StoreUnavailable``, and then nothing was written."""
    return sessions.recording(app, _unavailable)
