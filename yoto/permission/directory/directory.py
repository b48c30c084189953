"""People whom only a function of the application knows: what it said of them, while it counts.

Statements about people are SQL, so what the function says is stored where they can join it. Whoever
is about to read it says of whom, and waits until the function has been asked about those of whom
it is older than ``max_age``, or was said to have changed. Nothing that is older is ever read: if
the function does not answer, nobody gets a verdict.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from time import monotonic
from typing import Any

from flask import Flask, current_app
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from yoto.errors import StoreUnavailable
from yoto.permission.directory import rows
from yoto.permission.directory.asking import BATCH, DIRECTORY, Asking
from yoto.permission.failures import translated
from yoto.permission.transactions import has_written
from yoto.store.asked import PersonFacts
from yoto.store.db import begun_session, db, engine_beside, is_writing, writing
from yoto.store.declarations import declarations_of
from yoto.store.failures import is_conflict
from yoto.store.people import USERS

EXTENSION = "yoto.directory"
# Whoever is said to change again and again while being asked about.
TRIES = 3
# s for asking about all people whose facts are too old; what is known by then stays known.
ALL_SECONDS = 10.0

log = logging.getLogger(__name__)


class Directory:
    """What the function of one application said.

    Args:
        app: an application whose people a function knows.
        clock: the present time in epoch seconds.
    """

    def __init__(self, app: Flask, clock: Callable[[], float]) -> None:
        declarations = declarations_of(app)
        declared = declarations.tables[USERS]
        if declared.asked is None:
            raise TypeError("the people of this application are a mapped class")
        self._app = app
        self._clock = clock
        self._keys = declared.numbers
        self._max_age = declared.asked.max_age
        # The function is the application's that declared it, also where its control plane asks.
        self._asking = Asking(declarations.app or app, declared.asked)

    def ask(self, ids: Sequence[Any]) -> tuple[datetime, dict[Any, PersonFacts]]:
        """What the function knows of people now, and since when it counts.

        Raises:
            StoreUnavailable: it does not answer.
        """
        began = self._now()
        return began, self._asking.ask(ids)

    def renew(self, numbers: Collection[int]) -> dict[int, float]:
        """See to it that what is committed of people is young enough to be read.

        Returns:
            Until when it counts, for each of ``numbers``, in epoch seconds.

        Raises:
            StoreUnavailable: the function, or the database, does not answer.
        """
        with translated():
            return self._renewed(numbers, None)

    def renew_for(self, session: Session, numbers: Collection[int] | None) -> None:
        """The same for who reads on a session; of one that has written nothing, the transaction
        is ended where something was too old.

        Args:
            numbers: None: all people.

        Raises: as ``renew``.
        """
        with translated():
            kept = is_kept(session)
            stale = self._stale(session, numbers)
            if not stale:
                return
            if not kept:
                # Its view of the database has what is too old, and others may want its connection.
                session.commit()
            within = session if kept else None
            ends = monotonic() + ALL_SECONDS
            while stale:
                if monotonic() > ends:
                    raise StoreUnavailable(
                        DIRECTORY, TimeoutError(f"{ALL_SECONDS:g} s were too few for all people")
                    )
                self._renewed(stale, within)
                if numbers is not None:
                    return
                with self._reach(within, False) as reader:
                    stale = self._stale(reader, None)

    def shuts_out(self) -> bool:
        """Whether the caller's transaction lets nobody else write: on SQLite there is one writer.
        Then it alone can store what the function says.
        """
        session = begun_session()
        if session is None or not is_kept(session):
            return False
        return db.engine.dialect.name == "sqlite"

    def store(
        self, session: Session, asked_at: datetime, reported: Mapping[int, PersonFacts]
    ) -> None:
        """Keep what the function said of people who have just been given their numbers."""
        stored = {number: rows.Stored(None, 0, None, ()) for number in reported}
        self._write(session, asked_at, stored, reported, ())

    def end(self, session: Session, numbers: Collection[int]) -> None:
        """Let what is known of people count no more once the session commits, and publish it."""
        if numbers:
            ended = [rows.ended(number) for number in sorted(numbers)]
            session.execute(rows.ending(session.connection().dialect), ended)

    def _renewed(self, numbers: Collection[int], within: Session | None) -> dict[int, float]:
        """See ``renew``; ``within`` is a transaction that alone may see what was stored."""
        until: dict[int, float] = {}
        wanted = set(numbers)
        cause: BaseException = TimeoutError("they changed all the time")
        for _ in range(TRIES):
            now = self._now()
            with self._reach(within, False) as session:
                connection = session.connection()
                stored = rows.read(connection, self._keys, wanted)
                stale = {n: one for n, one in stored.items() if self._is_stale(one, now)}
                if stale and within is not None:
                    # What others have stored since it began, the transaction does not see.
                    stale = rows.read(connection, self._keys, stale.keys(), lock=True)
            for number in wanted - stale.keys():
                # Who has a number and no key is nobody.
                asked_at = stored[number].asked_at if number in stored else None
                until[number] = self._end_of(asked_at or now)
            if not stale:
                return until
            asked_at, known = self.ask([one.key for one in stale.values()])
            reported = {n: known[one.key] for n, one in stale.items() if one.key in known}
            # Who never was anybody need not be kept.
            kept = {n: one for n, one in stale.items() if n in reported or one.asked_at is not None}
            until |= dict.fromkeys(stale.keys() - kept.keys(), self._end_of(asked_at))
            if not kept:
                return until
            wanted = set(kept)
            news = wanted if within is not None else _news(kept, reported)
            try:
                with self._reach(within, True) as session:
                    self._write(session, asked_at, kept, reported, news)
            except SQLAlchemyError as error:
                if within is not None or not is_conflict(error):
                    raise
                log.debug("somebody else stored the same people", exc_info=True)
                cause = error
        raise StoreUnavailable(DIRECTORY, cause)

    def _write(
        self,
        session: Session,
        asked_at: datetime,
        stored: Mapping[int, rows.Stored],
        reported: Mapping[int, PersonFacts],
        news: Collection[int],
    ) -> None:
        """Store what was said of people; of those in ``news`` others hear by the outbox."""
        connection = session.connection()
        statement = rows.storing(connection.dialect)
        # In one order, so that two who do so wait for one another once.
        given = [rows.row(n, asked_at, stored[n], reported.get(n)) for n in sorted(stored)]
        if quiet := [row for row in given if row["id"] not in news]:
            connection.execute(statement, quiet)
        if loud := [row for row in given if row["id"] in news]:
            session.execute(statement, loud)

    def _stale(self, session: Session, numbers: Collection[int] | None) -> list[int]:
        now, connection = self._now(), session.connection()
        if numbers is None:
            before = datetime.fromtimestamp(now.timestamp() - self._max_age, UTC)
            return list(rows.older_than(connection, before, BATCH))
        found = rows.read(connection, self._keys, numbers)
        return [number for number, one in found.items() if self._is_stale(one, now)]

    def _is_stale(self, stored: rows.Stored, now: datetime) -> bool:
        if stored.asked_at is None:
            return True
        return (now - stored.asked_at).total_seconds() >= self._max_age

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._clock(), UTC)

    def _end_of(self, asked_at: datetime) -> float:
        return asked_at.timestamp() + self._max_age

    @contextmanager
    def _reach(self, within: Session | None, will_write: bool) -> Iterator[Session]:
        if within is not None:
            within.flush()
            yield within
            return
        engine = engine_beside(self._app)
        with writing(will_write), Session(engine) as session, session.begin():
            yield session


def directory_of(app: Flask) -> Directory | None:
    """That of ``app``; None where its people are a mapped class."""
    found: Directory | None = app.extensions.get(EXTENSION)
    return found


def renew_people(numbers: Collection[int] | None) -> None:
    """What is read next about people (None: all) on the session of the current application may be
    no older than it says.

    Raises:
        StoreUnavailable: the function that knows them, or the database, does not answer.
    """
    directory = directory_of(current_app._get_current_object())  # type: ignore[attr-defined]
    if directory is not None:
        directory.renew_for(db.session(), numbers)


def is_kept(session: Session) -> bool:
    """Whether the running transaction is the caller's to end; on SQLite it may have the lock of all
    writers, also if it only means to write.
    """
    return has_written(session) or (is_writing() and session.in_transaction())


def _news(
    stored: Mapping[int, rows.Stored], reported: Mapping[int, PersonFacts]
) -> Collection[int]:
    """Those of whom something else is said than before; who was said to have changed, others have
    heard of.
    """
    return {
        number
        for number, one in stored.items()
        if one.asked_at not in (None, rows.NEVER)
        and one.reported != rows.reported_of(reported.get(number))
    }
