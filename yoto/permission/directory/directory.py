"""Reports of an application's function about people, while they count: accounts, or roles held.

Statements about people are SQL, so the reports are stored where they can join them, on a ``Shelf``.
A reader names the people first, and waits until the function has been asked about those whose
report is older than ``max_age``, or was declared changed. No older report is ever read: if the
function does not answer, there is no verdict.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from time import monotonic
from typing import Any, Generic, TypeVar

from flask import Flask, current_app
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from yoto.errors import StoreUnavailable
from yoto.permission.database.transactions import has_written
from yoto.permission.directory.asking import BATCH, Asking
from yoto.permission.directory.people_shelf import PeopleShelf
from yoto.permission.directory.role_shelf import RoleShelf
from yoto.permission.directory.shelf import Shelf, Stored
from yoto.store.asked import Asked, PersonFacts, ProvidedRole
from yoto.store.db import begun_session, db, engine_beside, is_writing, one_writer, writing
from yoto.store.declarations import declarations_of
from yoto.store.failures import is_conflict
from yoto.store.people import USERS
from yoto.store.translation import translated

EXTENSION = "yoto.providers"
# Tries for a person who is declared changed again and again while being asked about.
TRIES = 3
# s for asking about all people whose facts are too old; reports received by then are kept.
ALL_SECONDS = 10.0

log = logging.getLogger(__name__)


Facts = TypeVar("Facts")


class Directory(Generic[Facts]):
    """The reports of one function of one application.

    Args:
        app: the application.
        clock: the present time in epoch seconds.
        asked: the function.
        ids: the type of the ids of people.
        shelf: stores its reports.
    """

    def __init__(
        self,
        app: Flask,
        clock: Callable[[], float],
        asked: Asked,
        ids: type[Any],
        shelf: Shelf[Facts],
    ) -> None:
        self._app = app
        self._clock = clock
        self._shelf = shelf
        self._max_age = asked.max_age
        # The function is the application's that declared it, also where its control plane asks.
        asks_as = declarations_of(app).app or app
        self._asking = Asking[Facts](asks_as, asked, shelf.name, ids, shelf.facts)

    def ask(self, ids: Sequence[Any]) -> tuple[datetime, dict[Any, Facts]]:
        """The function's present report about people, and the time from which it counts.

        Raises:
            StoreUnavailable: it does not answer.
        """
        began = self._now()
        return began, self._asking.ask(ids)

    def renew(self, numbers: Collection[int]) -> dict[int, float]:
        """Renew the committed reports about people that are too old to be read.

        Returns:
            Until when it counts, for each of ``numbers``, in epoch seconds.

        Raises:
            StoreUnavailable: the function, or the database, does not answer.
        """
        with translated():
            return self._renewed(numbers, None)

    def renew_for(self, session: Session, numbers: Collection[int] | None) -> None:
        """As ``renew``, for a reader on a session.

        If the session has written nothing, its transaction is ended where a report was too old.

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
                # Its database snapshot has the old rows, and others may need its connection.
                session.commit()
            within = session if kept else None
            ends = monotonic() + ALL_SECONDS
            while stale:
                if monotonic() > ends:
                    raise StoreUnavailable(
                        self._shelf.name,
                        TimeoutError(f"{ALL_SECONDS:g} s were too few for all people"),
                    )
                self._renewed(stale, within)
                if numbers is not None:
                    return
                with self._reach(within, False) as reader:
                    stale = self._stale(reader, None)

    def store(self, session: Session, asked_at: datetime, reported: Mapping[int, Facts]) -> None:
        """Keep the function's report about people who have just been given their numbers."""
        stored = {number: Stored(None, 0, None) for number in reported}
        self._shelf.store(session, asked_at, stored, reported, loud=False)

    def end(self, session: Session, numbers: Collection[int]) -> None:
        """Invalidate the reports about people once the session commits, and publish it."""
        if numbers:
            self._shelf.end(session, numbers)

    def _renewed(self, numbers: Collection[int], within: Session | None) -> dict[int, float]:
        """See ``renew``; ``within`` is a transaction that alone may see the stored rows."""
        until: dict[int, float] = {}
        wanted = set(numbers)
        cause: BaseException = TimeoutError("they changed all the time")
        for _ in range(TRIES):
            now = self._now()
            with self._reach(within, False) as session:
                connection = session.connection()
                stored = self._shelf.read(connection, wanted)
                stale = {n: one for n, one in stored.items() if self._is_stale(one, now)}
                if stale and within is not None:
                    # The transaction does not see rows stored by others since it began.
                    stale = self._shelf.read(connection, stale.keys(), lock=True)
            for number in wanted - stale.keys():
                # A number without a key stands for no person.
                asked_at = stored[number].asked_at if number in stored else None
                until[number] = self._end_of(asked_at or now)
            if not stale:
                return until
            asked_at, known = self.ask([one.key for one in stale.values()])
            reported = {n: known[one.key] for n, one in stale.items() if one.key in known}
            kept = self._shelf.kept(stale, reported)
            until |= dict.fromkeys(stale.keys() - kept.keys(), self._end_of(asked_at))
            if not kept:
                return until
            wanted = set(kept)
            loud = True if within is not None else None
            try:
                with self._reach(within, True) as session:
                    self._shelf.store(session, asked_at, kept, reported, loud)
            except SQLAlchemyError as error:
                if within is not None or not is_conflict(error):
                    raise
                log.debug("somebody else stored the same people", exc_info=True)
                cause = error
        raise StoreUnavailable(self._shelf.name, cause)

    def _stale(self, session: Session, numbers: Collection[int] | None) -> list[int]:
        now, connection = self._now(), session.connection()
        if numbers is None:
            before = datetime.fromtimestamp(now.timestamp() - self._max_age, UTC)
            return list(self._shelf.older_than(connection, before, BATCH))
        found = self._shelf.read(connection, numbers)
        return [number for number, one in found.items() if self._is_stale(one, now)]

    def _is_stale(self, stored: Stored, now: datetime) -> bool:
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


class Providers:
    """The functions of one application that are asked about people, in the order of the questions.

    Attributes:
        people: their directory; None: they are a mapped class.
        roles: the directory of their roles; None: they hold only assigned ones.
    """

    def __init__(self, app: Flask, clock: Callable[[], float]) -> None:
        declarations = declarations_of(app)
        declared = declarations.tables.get(USERS)
        ids, keys = int, None
        if declared is not None:
            keys = declared.numbers
            ids = int if declared.ids is None else declared.ids.type.python_type
        asked = None if declared is None else declared.asked
        self.people: Directory[PersonFacts] | None = None
        self.roles: Directory[tuple[ProvidedRole, ...]] | None = None
        if asked is not None:
            self.people = Directory(app, clock, asked, ids, PeopleShelf(keys))
        if declarations.roles is not None:
            self.roles = Directory(app, clock, declarations.roles, ids, RoleShelf(keys))
        both = (self.people, self.roles)
        self._every: list[Directory[Any]] = [one for one in both if one is not None]

    def renew(self, numbers: Collection[int]) -> dict[int, float]:
        """As ``Directory.renew``; people about whom no function is asked are not in the result."""
        until: dict[int, float] = {}
        for one in self._every:
            for number, ends in one.renew(numbers).items():
                until[number] = min(ends, until.get(number, ends))
        return until

    def renew_for(self, session: Session, numbers: Collection[int] | None) -> None:
        """As ``Directory.renew_for``."""
        for one in self._every:
            one.renew_for(session, numbers)

    def shuts_out(self) -> bool:
        """Whether the caller's transaction excludes other writers.

        Then only this transaction can store a report.
        """
        session = begun_session() if self._every else None
        if session is None or not is_kept(session):
            return False
        return one_writer()


def directory_of(app: Flask) -> Directory[PersonFacts] | None:
    """The directory of the people of ``app``; None where they are a mapped class."""
    providers: Providers | None = app.extensions.get(EXTENSION)
    return None if providers is None else providers.people


def roles_of(app: Flask) -> Directory[tuple[ProvidedRole, ...]] | None:
    """The directory of roles for the people of ``app``; None: there is none."""
    providers: Providers | None = app.extensions.get(EXTENSION)
    return None if providers is None else providers.roles


def renew_people(numbers: Collection[int] | None) -> None:
    """Renew reports about people (None: all) before the current application's session reads them.

    Raises:
        StoreUnavailable: a function that is asked about them, or the database, does not answer.
    """
    providers: Providers | None = current_app.extensions.get(EXTENSION)
    if providers is not None:
        providers.renew_for(db.session(), numbers)


def is_kept(session: Session) -> bool:
    """Whether the running transaction is the caller's to end; on SQLite it may have the lock of all
    writers, also if it only means to write.
    """
    return has_written(session) or (is_writing() and session.in_transaction())
