"""Deletes, once an hour, rows that have ended by themselves and say nothing any more."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from flask import Flask
from sqlalchemy import delete, select

from yoto.housekeeping import Housekeeper
from yoto.store.db import db, utcnow, writing
from yoto.store.models import IDEMPOTENCY_KEPT, IdempotencyKey, RevokedToken

from .database import STORE_FAILURES

EXTENSION = "yoto.sweeper"
EVERY = 3600.0  # s
AGAIN = 60.0  # s until it is tried again where the database is away
# Rows a transaction: others want to write, too.
SLICE = 500

log = logging.getLogger(__name__)


class Sweeper:
    """One process's part in it; that several do it at the same time does no harm."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._away = False
        self._thread = Housekeeper("yoto-sweeper")
        self._thread.add("ended-rows", self._run)

    def start(self) -> None:
        """Sweep now, and again every hour."""
        self._thread.start()

    def close(self) -> None:
        """End the thread."""
        self._thread.stop()

    def sweep(self) -> int:
        """Delete what has ended; how many rows."""
        now = utcnow()
        with self._app.app_context():
            return sum(_delete(*ended) for ended in _ended(now))

    def _run(self) -> float:
        try:
            self.sweep()
        except STORE_FAILURES as error:
            if not self._away:
                log.warning("ended rows stay until the database is back: %s", error)
            self._away = True
            return AGAIN
        self._away = False
        return EVERY


def sweeper_of(app: Flask) -> Sweeper:
    """The sweeper of ``app``, made at the first call."""
    found: Sweeper = app.extensions.setdefault(EXTENSION, Sweeper(app))
    return found


def _ended(now: datetime) -> Sequence[tuple[Any, Any]]:
    """Tables, and which of their rows have ended."""
    return (
        (RevokedToken, RevokedToken.expires_at < now),
        (IdempotencyKey, IdempotencyKey.created_at < now - IDEMPOTENCY_KEPT),
    )


def _delete(table: Any, ended: Any) -> int:
    deleted = 0
    while True:
        ids = db.session.scalars(select(table.id).where(ended).limit(SLICE)).all()
        db.session.rollback()
        if not ids:
            return deleted
        with writing():
            db.session.execute(delete(table).where(table.id.in_(ids)))
            db.session.commit()
        deleted += len(ids)
