"""The stored numbers of people whose ids are UUIDs or texts."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Iterable, Sequence
from time import monotonic
from typing import Any

from cachebox import LRUCache
from flask import Flask
from sqlalchemy import ColumnElement, Connection, exists, func, insert, select
from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from sqlalchemy.orm import Session

from yoto import cache
from yoto.errors import ValidationFailed
from yoto.permission.directory import directory_of, is_kept
from yoto.permission.outbox.watching import keep_from_caches, mark_dirty
from yoto.permission.registry.scopes import MAX_ID
from yoto.store.db import db, engine_beside, writing
from yoto.store.declarations import declarations_of
from yoto.store.failures import is_conflict
from yoto.store.people import USERS
from yoto.store.translation import translated
from yoto.store.upserts import insert_new

# The most people who get a number in one question, or in one transaction of the sweep.
AT_ONCE = 1_000
# s for which all count as numbered while their count is the same and no number was given: counting
# them is a tenth of the work of looking at each.
SEEN_FOR = 60.0
# Others may give the same numbers at the same time.
TRIES = 3

log = logging.getLogger(__name__)

# Numbers that a process remembers; some 20 MB.
REMEMBERED = 100_000
# No row has it: an id outside the application's people is treated as unknown.
NO_PERSON = MAX_ID
# Ids in one IN list.
CHUNK = 500


class SubjectKeys:
    """The numbers of the people of one application.

    A number is given with the commit that inserts a person, or at the first question about them, or
    about all, and never changes: so it can be remembered for good, once it is committed.

    Args:
        app: an application that has declared people whose ids are no numbers.
    """

    def __init__(self, app: Flask) -> None:
        declared = declarations_of(app).tables[USERS]
        if declared.ids is None or declared.numbers is None:
            raise TypeError("the people of this application have numbers")
        self._app = app
        self._table = declared.table
        self._ids = declared.ids
        self._keys = declared.numbers
        self._type = declared.ids.type.python_type
        # The box is typed as if nothing were ever missing from it.
        self._numbers: Any = LRUCache(REMEMBERED)
        # The count when all had numbers, and the end of its validity.
        self._complete: tuple[tuple[int, int], float] | None = None

    def number_of(self, key: Any, field: str = "user_id") -> int:
        """The number of the person with this id; ``NO_PERSON`` where there is none.

        Raises:
            ValidationFailed: not of the type of the ids; names ``field``.
            StoreUnavailable: the database did not answer.
        """
        key = self._checked(key, field)
        found: int | None = self._numbers.get(key)
        if found is not None:
            return found
        with translated(), writing(False), engine_beside(self._app).connect() as connection:
            found = self._stored(connection, key)
        if found is None:
            return self._given(key)
        self._numbers[key] = found
        return found

    def numbers_of(self, keys: Sequence[Any], field: str) -> list[int]:
        """The numbers of many, in their order."""
        return [self.number_of(key, field) for key in keys]

    def given(self, session: Session, keys: Sequence[Any], field: str) -> set[int]:
        """The numbers of all of ``keys``, assigned in the running transaction where missing.

        No other transaction can assign them before it has ended.
        """
        checked = [self._checked(key, field) for key in keys]
        return set(self._number(session.connection(), checked).values())

    def all_numbered(self, session: Session) -> bool:
        """Whether all have numbers, as the session sees them; see ``everybody_has_number``."""
        with translated():
            if is_kept(session):
                return len(self._number_within(session)) <= AT_ONCE
            connection, now = session.connection(), monotonic()
            state = self._counted(connection)
            seen = self._complete
            if seen is not None and seen[0] == state and now < seen[1]:
                return True
            lacking = self._lacking(connection)
            if not lacking:
                self._complete = state, now + SEEN_FOR
                return True
            # Its view of the database has no such numbers, and others may want its connection.
            session.commit()
        try:
            self._give(lacking[:AT_ONCE])
        except SQLAlchemyError as error:
            log.warning("searches miss people without a number, which cannot be given: %s", error)
            return False
        return len(lacking) <= AT_ONCE

    def number_all(self) -> int:
        """See ``number_everybody``."""
        engine, last, given = engine_beside(self._app), None, 0
        while True:
            with writing(False), engine.connect() as connection:
                after = () if last is None else (self._ids > last,)
                lacking = self._lacking(connection, *after, most=AT_ONCE)
            if not lacking:
                return given
            self._give(lacking)
            last, given = lacking[-1], given + len(lacking)

    def number_some(self, session: Session, most: int, *wanted: ColumnElement[bool]) -> bool:
        """See ``yoto.permission.people.numbers.number_some``."""
        with translated():
            if is_kept(session):
                return bool(self._number_within(session, *wanted, most=most))
            lacking = self._lacking(session.connection(), *wanted, most=most)
            if lacking:
                # As in ``all_numbered``.
                session.commit()
                self._give(lacking)
        return bool(lacking)

    def keys_of(self, numbers: Iterable[int]) -> dict[int, Any]:
        """The ids behind numbers; those that were never given are left out."""
        wanted, found = sorted(set(numbers)), dict[int, Any]()
        table = self._keys.c
        for start in range(0, len(wanted), CHUNK):
            rows = select(table.id, table.key).where(table.id.in_(wanted[start : start + CHUNK]))
            found |= {row.id: row.key for row in db.session.execute(rows)}
        return found

    def _given(self, key: Any) -> int:
        """Give a number to a person without one, if there is such a person."""
        session = db.session()
        with translated():
            if session.execute(select(self._ids).where(self._ids == key)).first() is None:
                return NO_PERSON
            if is_kept(session):
                return self._given_within(session, key)
            try:
                with writing(), engine_beside(self._app).begin() as connection:
                    connection.execute(insert(self._keys), {"key": key})
            except IntegrityError:
                log.debug("somebody else gave the number, which counts")
            with writing(False), engine_beside(self._app).connect() as connection:
                found = self._stored(connection, key)
            # Earlier reads may hold a view of the database without the number.
            session.commit()
        if found is None:
            return NO_PERSON
        self._numbers[key] = found
        return found

    def _given_within(self, session: Session, key: Any) -> int:
        """As ``_given``, in the caller's transaction, which may have made the person, and on
        SQLite is the only writer.

        It may be rolled back, and the number given to another person: so nothing is remembered, and
        no verdict on it cached, before it is committed.
        """
        found = self._stored(session.connection(), key)
        if found is None:
            session.execute(insert(self._keys), {"key": key})
            found = self._stored(session.connection(), key) or NO_PERSON
        mark_dirty(session, cache.tags.user(found))
        return found

    def _number_within(self, session: Session, *wanted: Any, most: int = AT_ONCE + 1) -> list[Any]:
        """The people from ``_lacking``, numbered in the caller's transaction as by
        ``_given_within``.
        """
        session.flush()
        lacking = self._lacking(session.connection(), *wanted, most=most)
        if lacking:
            self._insert(session.connection(), lacking[:AT_ONCE])
            keep_from_caches(session)
        return lacking

    def _counted(self, connection: Connection) -> tuple[int, int]:
        """The number of people, and the newest number.

        An older database snapshot lacks both new people and their numbers.
        """
        people = select(func.count()).select_from(self._table).scalar_subquery()
        newest = select(func.max(self._keys.c.id)).scalar_subquery()
        found = connection.execute(select(people, newest)).one()
        return found[0], found[1] or 0

    def _lacking(
        self, connection: Connection, *wanted: ColumnElement[bool], most: int = AT_ONCE + 1
    ) -> list[Any]:
        """The ids, in order, of people without a number who meet the conditions; by default one
        more than may be numbered at once.
        """
        numbered = exists().where(self._keys.c.key == self._ids)
        found = select(self._ids).where(self._ids.is_not(None), ~numbered, *wanted)
        # Read first, and not INSERT ... SELECT, which would lock the application's rows.
        return list(connection.scalars(found.order_by(self._ids).limit(most)))

    def _give(self, keys: Sequence[Any]) -> None:
        """Give numbers in a transaction of its own; numbers given by others are kept."""
        for tried in range(TRIES if keys else 0):
            try:
                with writing(), engine_beside(self._app).begin() as connection:
                    self._insert(connection, keys)
                return
            except SQLAlchemyError as error:
                if tried + 1 == TRIES or not is_conflict(error):
                    raise
                log.debug("somebody else gave the same numbers", exc_info=True)

    def _stored(self, connection: Connection, key: Any) -> int | None:
        statement = select(self._keys.c.id).where(self._keys.c.key == key)
        found: int | None = connection.scalar(statement)
        return found

    def _number(self, connection: Connection, keys: Iterable[Any]) -> dict[Any, int]:
        """Give numbers to people who have none, by the keys in the database."""
        wanted = sorted(set(keys))
        if wanted:
            self._insert(connection, wanted)
        # Also people numbered by others since the transaction began.
        return self._stored_among(connection, wanted, lock=True)

    def _insert(self, connection: Connection, keys: Iterable[Any]) -> None:
        # In one order, so that no two writers wait for each other.
        rows = [{"key": key} for key in sorted(keys)]
        connection.execute(insert_new(self._keys, connection.dialect), rows)

    def _stored_among(
        self, connection: Connection, keys: Sequence[Any], lock: bool = False
    ) -> dict[Any, int]:
        table, found = self._keys.c, dict[Any, int]()
        for start in range(0, len(keys), CHUNK):
            rows = select(table.key, table.id).where(table.key.in_(keys[start : start + CHUNK]))
            for key, number in connection.execute(rows.with_for_update() if lock else rows):
                found[key] = number
        return found

    def _checked(self, key: Any, field: str) -> Any:
        if self._type is uuid.UUID and isinstance(key, str):
            try:
                return uuid.UUID(key)
            except ValueError:
                raise ValidationFailed({field: "must be a UUID"}) from None
        if not isinstance(key, self._type):
            wanted, got = self._type.__name__, type(key).__name__
            raise ValidationFailed({field: f"must be a {wanted}, not {got}"})
        return key


class AskedKeys(SubjectKeys):
    """The numbers where a function of the application knows the people: it is asked about them."""

    def number_of(self, key: Any, field: str = "user_id") -> int:
        found: int | None = self._numbers.get(self._checked(key, field))
        return self.numbers_of([key], field)[0] if found is None else found

    def number_all(self) -> int:
        return 0  # the function alone knows the people

    def numbers_of(self, keys: Sequence[Any], field: str) -> list[int]:
        """The numbers of many in one look, with one question about those without."""
        checked = [self._checked(key, field) for key in keys]
        found = {key: number for key in checked if (number := self._numbers.get(key)) is not None}
        missing = sorted(set(checked) - found.keys())
        if missing:
            with translated(), writing(False), engine_beside(self._app).connect() as connection:
                found |= self._remembered(self._stored_among(connection, missing))
            missing = [key for key in missing if key not in found]
        if missing:
            found |= self._given_to(missing)
        return [found.get(key, NO_PERSON) for key in checked]

    def _given_to(self, keys: Sequence[Any]) -> dict[Any, int]:
        """Give numbers to those of ``keys`` that are people's ids."""
        directory = directory_of(self._app)
        if directory is None:
            raise RuntimeError("this app has no permission system: call permissions.init_app(app)")
        limit = getattr(self._ids.type, "length", None)
        # A text that is too long to be stored is no person's id.
        asked_at, reported = directory.ask([one for one in keys if not limit or len(one) <= limit])
        if not reported:
            return {}
        session = db.session()
        with translated():
            if is_kept(session):
                # As in ``_given_within``.
                found = self._number(session.connection(), reported)
                reported_of = {number: reported[key] for key, number in found.items()}
                directory.store(session, asked_at, reported_of)
                mark_dirty(session, *map(cache.tags.user, reported_of))
                return found
            engine = engine_beside(self._app)
            with writing(), Session(engine) as own, own.begin():
                found = self._number(own.connection(), reported)
                reported_of = {number: reported[key] for key, number in found.items()}
                directory.store(own, asked_at, reported_of)
            # Earlier reads may hold a view of the database without the number.
            session.commit()
        return self._remembered(found)

    def _remembered(self, found: dict[Any, int]) -> dict[Any, int]:
        for key, number in found.items():
            self._numbers[key] = number
        return found
