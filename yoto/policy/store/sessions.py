"""Transactions of the policy record."""

from __future__ import annotations

from contextlib import AbstractContextManager
from functools import partial

from flask import Flask
from sqlalchemy.orm import Session

from yoto.errors import StoreUnavailable
from yoto.store import sessions

_unavailable = partial(StoreUnavailable, "database")


def reading(app: Flask) -> AbstractContextManager[Session]:
    """See ``yoto.store.sessions``; entering, and statements inside, raise ``StoreUnavailable``."""
    return sessions.reading(app, _unavailable)


def recording(app: Flask) -> AbstractContextManager[Session]:
    """See ``yoto.store.sessions``; raises ``StoreUnavailable``, and then nothing was written."""
    return sessions.recording(app, _unavailable)
