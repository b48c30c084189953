"""Deletes, once an hour, rows that have ended by themselves or are about nothing any more, and
gives numbers to people who lack one.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime
from itertools import islice
from typing import Any

from flask import Flask
from sqlalchemy import delete, select

from yoto.housekeeping import Housekeeper
from yoto.permission import Orphan, Orphans, number_everybody
from yoto.store.db import db, utcnow, writing
from yoto.store.declarations import declarations_of
from yoto.store.models import IDEMPOTENCY_KEPT, IdempotencyKey, RevokedToken
from yoto.store.people import USERS
from yoto.store.resources import types_of

from .database import STORE_FAILURES

EXTENSION = "yoto.sweeper"
EVERY = 3600.0  # s
AGAIN = 60.0  # s until it is tried again where the database is away
# Rows a transaction: others want to write, too.
SLICE = 500
# Of what is about nothing; few, as each is published.
FORGOTTEN = 50
# What is kept in mind from one time to the next; the rest waits.
MOST_ORPHANS = 10_000

log = logging.getLogger(__name__)


class Sweeper:
    """One process's part in it; that several do it at the same time does no harm."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._away = False
        # Which nodes and people were gone the last time.
        self._gone: set[Orphan] = set()
        self._thread = Housekeeper("yoto-sweeper")
        self._thread.add("ended-rows", self._run)

    def start(self) -> None:
        """Sweep now, and again every hour."""
        self._thread.start()

    def close(self) -> None:
        """End the thread."""
        self._thread.stop()

    def sweep(self) -> int:
        """Delete what has ended; how many rows. Give numbers to people who have none, and forget
        nodes and people that are gone.
        """
        now = utcnow()
        with self._app.app_context():
            deleted = sum(_delete(*ended) for ended in _ended(now))
            number_everybody(self._app)
            self._forget()
        return deleted

    def _forget(self) -> None:
        """Forget what was gone an hour ago, too: tables that are just being filled anew, or put
        back from a copy, cost nobody any right.
        """
        people = declarations_of(self._app).tables.get(USERS)
        orphans, session = Orphans(types_of(self._app), people), db.session()
        found = set(islice(orphans.found(session), MOST_ORPHANS))
        gone = list(found & self._gone)
        self._gone = found.difference(gone)
        for start in range(0, len(gone), FORGOTTEN):
            with writing():
                orphans.forget(session, gone[start : start + FORGOTTEN])
                session.commit()

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
