"""Deletes, once an hour, rows that have ended by themselves or whose subject is gone, and gives
numbers to people who lack one. One worker of all does it, for as long as it lives.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from flask import Flask
from sqlalchemy import delete, select

from yoto.errors import LockLost, NotSetUp, StoreUnavailable
from yoto.housekeeping import Housekeeper
from yoto.optimization import AdvancedOptimization, keeps_lock
from yoto.permission import Orphan, Orphans, number_everybody
from yoto.persistence import STORE_FAILURES
from yoto.room import of_rooms
from yoto.settings import settings_of, value_of
from yoto.store.columns import utcnow
from yoto.store.db import db, setup_command, writing
from yoto.store.declarations import declarations_of
from yoto.store.failures import lacks_tables
from yoto.store.models import IDEMPOTENCY_KEPT, ApiToken, IdempotencyKey, RevokedToken
from yoto.store.people import USERS
from yoto.store.resources import types_of

EXTENSION = "yoto.sweeper"
LOCK = "sweeper"
# s after which another worker may take over from one that died.
LEASE = 10.0
EVERY = 3600.0  # s
# s until it is tried again where a store is unavailable, or another worker does it.
AGAIN = 60.0
# Rows a transaction, so that other writers get their turn.
SLICE = 500
# How long operators still see a token of theirs that has ended.
TOKENS_KEPT = timedelta(days=90)
# Orphans forgotten in one turn; few, since each is published.
FORGOTTEN = 50
# Orphans remembered from one time to the next; the rest waits.
MOST_ORPHANS = 10_000

log = logging.getLogger(__name__)


class Sweeper:
    """One process's part in the sweeping.

    Args:
        patient: wait ``AGAIN`` seconds before the first turn: a command at a terminal, which also
            asks for permissions, has ended by then.
    """

    def __init__(self, app: Flask, patient: bool = False) -> None:
        self._app = app
        self._patient = patient
        # Why nothing was swept the last time, said once.
        self._logged_reason: str | None = None
        # The nodes and people that were gone the last time.
        self._gone: set[Orphan] = set()
        locks = AdvancedOptimization.of(app).locks
        self._lock = locks.create_lock(LOCK, LEASE, wait=0, of_process=True)
        self._thread = Housekeeper("yoto-sweeper")
        self._thread.add("ended-rows", self.turn)

    def start(self) -> None:
        """Stand for election from now on; the elected worker sweeps at once, and every hour."""
        self._thread.start()

    @property
    def running(self) -> bool:
        """Whether it stands for election."""
        return self._thread.running

    def close(self) -> None:
        """End the thread, and let another worker be elected."""
        self._thread.stop()
        if self._lock.held:
            with suppress(LockLost, StoreUnavailable):
                self._lock.release()

    def sweep(self) -> int:
        """Delete what has ended; how many rows. Give numbers to people who have none, and forget
        nodes and people that are gone.
        """
        ended = _ended(utcnow(), self._app)
        with self._app.app_context():
            deleted = sum(_delete(*one) for one in ended)
            number_everybody(self._app)
            self._forget()
        return deleted

    def _forget(self) -> None:
        """Forget the orphans of an hour ago, too.

        Tables that are just being filled anew, or restored from a copy, cost no user any right.
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

    def turn(self) -> float:
        if self._patient:
            self._patient = False
            return AGAIN
        try:
            if not keeps_lock(self._lock):
                return AGAIN
            self.sweep()
        except STORE_FAILURES as error:
            self._say(error)
            return AGAIN
        self._logged_reason = None
        return EVERY

    def _say(self, error: Exception) -> None:
        if isinstance(error, NotSetUp) or lacks_tables(error):
            reason = f"nothing is swept until the tables are made: run '{setup_command(self._app)}'"
        else:
            reason = "ended rows stay until the database and Redis are back"
        if reason != self._logged_reason:
            log.warning("%s (%s)", reason, error)
        self._logged_reason = reason


def sweeper_of(app: Flask) -> Sweeper:
    """The sweeper of ``app``, made at the first call."""
    if EXTENSION not in app.extensions:
        app.extensions[EXTENSION] = Sweeper(app)
    found: Sweeper = app.extensions[EXTENSION]
    return found


def sweeper_for_guest(app: Flask) -> Sweeper:
    """The one of an application that has permissions alone, made anew in each process."""
    found = app.extensions[EXTENSION] = Sweeper(app, patient=True)
    return found


def _ended(now: datetime, app: Flask) -> Sequence[tuple[Any, Any]]:
    """Tables, each with the condition that its rows have ended."""
    settings = settings_of(app)
    return (
        *(
            (table, getattr(table, ended_at) < now - timedelta(days=value_of(settings, key)))
            for table, ended_at, key in of_rooms(app, lambda room: room.sweeps)
        ),
        (RevokedToken, RevokedToken.expires_at < now),
        (ApiToken, ApiToken.expires_at < now - TOKENS_KEPT),
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
