"""The number that stands for somebody whose id is a UUID or a text.

Inside the platform everybody is a number. Who asks, or writes, may name people by the
application's own ids: each is exchanged for its number at the door.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Iterable
from typing import Any, TypeAlias

from cachebox import LRUCache
from flask import Flask, current_app
from sqlalchemy import Connection, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from yoto import cache
from yoto.errors import ValidationFailed
from yoto.permission.failures import translated
from yoto.permission.outbox.watching import touch
from yoto.permission.scopes import MAX_ID, checked_id
from yoto.permission.transactions import has_written
from yoto.store.db import db, engine_beside, is_writing, writing
from yoto.store.declarations import declarations_of
from yoto.store.people import USERS

# Somebody's id, as the application has it; or the number that stands for it.
SubjectId: TypeAlias = int | uuid.UUID | str

EXTENSION = "yoto.subject_keys"

log = logging.getLogger(__name__)

# Numbers that a process keeps in mind; some 20 MB.
REMEMBERED = 100_000
# No row has it: whoever is not among the application's people is answered as nobody is.
NOBODY = MAX_ID
# Ids in one IN list.
CHUNK = 500


def number_of(subject: Any, field: str = "user_id") -> int:
    """The number of somebody; a number is its own.

    Raises:
        ValidationFailed: no id, names ``field``.
        StoreUnavailable: the database did not answer.
    """
    # First what costs nothing: most applications have numbers.
    if type(subject) is int and 1 <= subject <= MAX_ID:
        return subject
    keys = None if type(subject) is int else current_keys()
    return checked_id(subject, field) if keys is None else keys.number_of(subject, field)


def actor_number(actor: SubjectId | None) -> int | None:
    """The same of who writes; None is the system itself."""
    return None if actor is None else number_of(actor, "actor_id")


def current_keys() -> SubjectKeys | None:
    """The numbers of the current application's people; None where their ids are numbers."""
    if not current_app:
        return None
    return keys_of(current_app._get_current_object())  # type: ignore[attr-defined]


def keys_of(app: Flask) -> SubjectKeys | None:
    """The same of ``app``."""
    if EXTENSION not in app.extensions:
        declared = declarations_of(app).tables.get(USERS)
        keyed = declared is not None and declared.numbers is not None
        app.extensions[EXTENSION] = SubjectKeys(app) if keyed else None
    found: SubjectKeys | None = app.extensions[EXTENSION]
    return found


class SubjectKeys:
    """The numbers of the people of one application.

    One is given at the first question about somebody, and never changes: so it can be remembered
    for good, once it is committed.

    Args:
        app: an application that has declared people whose ids are no numbers.
    """

    def __init__(self, app: Flask) -> None:
        declared = declarations_of(app).tables[USERS]
        if declared.ids is None or declared.numbers is None:
            raise TypeError("the people of this application have numbers")
        self._app = app
        self._ids = declared.ids
        self._keys = declared.numbers
        self._type = declared.ids.type.python_type
        # The box is typed as if nothing were ever missing from it.
        self._numbers: Any = LRUCache(REMEMBERED)

    def number_of(self, key: Any, field: str = "user_id") -> int:
        """The number of the person with this id; ``NOBODY`` where there is none.

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

    def keys_of(self, numbers: Iterable[int]) -> dict[int, Any]:
        """The ids behind numbers; those that were never given are left out."""
        wanted, found = sorted(set(numbers)), dict[int, Any]()
        table = self._keys.c
        for start in range(0, len(wanted), CHUNK):
            rows = select(table.id, table.key).where(table.id.in_(wanted[start : start + CHUNK]))
            found |= {row.id: row.key for row in db.session.execute(rows)}
        return found

    def _given(self, key: Any) -> int:
        """Give a number to somebody who had none, if there is such a person."""
        session = db.session()
        with translated():
            if session.execute(select(self._ids).where(self._ids == key)).first() is None:
                return NOBODY
            # On SQLite also who only means to write has the lock of all writers.
            if has_written(session) or (is_writing() and session.in_transaction()):
                return self._given_within(session, key)
            try:
                with writing(), engine_beside(self._app).begin() as connection:
                    connection.execute(insert(self._keys), {"key": key})
            except IntegrityError:
                log.debug("somebody else gave the number, which counts")
            with writing(False), engine_beside(self._app).connect() as connection:
                found = self._stored(connection, key)
            # What was read before may hold a view of the database that has no such number.
            session.commit()
        if found is None:
            return NOBODY
        self._numbers[key] = found
        return found

    def _given_within(self, session: Session, key: Any) -> int:
        """The same in the caller's transaction, which may have made the person, and on SQLite is
        the one writer that there is.

        It may be rolled back, and the number given to somebody else: so nothing is remembered, and
        no verdict on it cached, before it is committed.
        """
        found = self._stored(session.connection(), key)
        if found is None:
            session.execute(insert(self._keys), {"key": key})
            found = self._stored(session.connection(), key) or NOBODY
        touch(session, cache.subjects.user(found))
        return found

    def _stored(self, connection: Connection, key: Any) -> int | None:
        statement = select(self._keys.c.id).where(self._keys.c.key == key)
        found: int | None = connection.scalar(statement)
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
