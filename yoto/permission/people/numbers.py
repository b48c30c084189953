"""The numbers of people, programs and the public, from the id that a caller gives.

Inside the platform everybody is a number. A caller may name people by the application's own ids:
each is exchanged for its number at the door.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias

from flask import Flask, current_app
from sqlalchemy import ColumnElement

from yoto.nodes import APPLICATIONS, PUBLIC_NUMBER
from yoto.permission.directory import renew_people
from yoto.permission.people.keys import AskedKeys, SubjectKeys
from yoto.permission.people.kinds import PUBLIC, Application, Public, asker_number
from yoto.permission.registry.scopes import MAX_ID, checked_id
from yoto.store.db import db
from yoto.store.declarations import declarations_of
from yoto.store.people import USERS

# A person's id, as the application has it; or the number that stands for it; or a caller that is no
# person.
SubjectId: TypeAlias = int | uuid.UUID | str | Application | Public

EXTENSION = "yoto.subject_keys"


def number_of(subject: Any, field: str = "user_id") -> int:
    """The number of a person; a number is its own.

    Raises:
        ValidationFailed: no id, names ``field``.
        StoreUnavailable: the database did not answer.
    """
    # The cheap case first: most applications have numbers.
    if type(subject) is int and 1 <= subject <= MAX_ID:
        return subject
    number = asker_number(subject, field)
    if number is not None:
        return number
    keys = None if type(subject) is int else current_keys()
    return checked_id(subject, field) if keys is None else keys.number_of(subject, field)


def numbers_of(subjects: Sequence[Any], field: str) -> list[int]:
    """The numbers of many, in their order."""
    keys = current_keys()
    if keys is None or any(isinstance(one, Application) for one in subjects):
        return [number_of(one, field) for one in subjects]
    others = [one for one in subjects if type(one) is not int]
    found = iter(keys.numbers_of(others, field))
    return [number_of(one, field) if type(one) is int else next(found) for one in subjects]


def person_number(subject: Any, field: str = "user_id") -> int:
    """The number of a person whom statements on the caller's session are about to read.

    Raises:
        StoreUnavailable: also where a function of the application knows them, and does not answer.
    """
    number = number_of(subject, field)
    if current_app and number < APPLICATIONS:
        renew_people([number])
    return number


def own_ids(numbers: Iterable[int]) -> dict[int, Any]:
    """The application's own ids for these numbers, in order.

    People by their ids, programs as ``Application``, and ``PUBLIC``; numbers without an id are left
    out.
    """
    wanted, keys = list(numbers), current_keys()
    people = [number for number in wanted if number < APPLICATIONS]
    known: dict[int, Any] = dict(zip(people, people, strict=True))
    if keys is not None:
        known = keys.keys_of(people)
    known |= {
        number: Application(number - APPLICATIONS)
        for number in wanted
        if APPLICATIONS < number < PUBLIC_NUMBER
    }
    known[PUBLIC_NUMBER] = PUBLIC
    return {number: known[number] for number in wanted if number in known}


def actor_number(actor: SubjectId | None) -> int | None:
    """The number of a write's actor; None is the system itself."""
    return None if actor is None else person_number(actor, "actor_id")


def current_keys() -> SubjectKeys | None:
    """The numbers of the current application's people; None where their ids are numbers."""
    if not current_app:
        return None
    return keys_of(current_app._get_current_object())  # type: ignore[attr-defined]


def keys_of(app: Flask) -> SubjectKeys | None:
    """The numbers of the people of ``app``; None where their ids are numbers."""
    if EXTENSION not in app.extensions:
        declared = declarations_of(app).tables.get(USERS)
        keys: SubjectKeys | None = None
        if declared is not None and declared.numbers is not None:
            keys = SubjectKeys(app) if declared.asked is None else AskedKeys(app)
        app.extensions[EXTENSION] = keys
    found: SubjectKeys | None = app.extensions[EXTENSION]
    return found


def everybody_has_number() -> bool:
    """Whether a search by numbers finds all people of the current application.

    People without a number get one now, if they are few. False: there may be people without one,
    or, where a function knows them, people never asked about.

    The transaction of a session that has written nothing is ended where numbers are given.

    Raises:
        StoreUnavailable: the database did not answer.
    """
    declared = declarations_of(current_app).tables.get(USERS)
    if declared is None:
        return True
    if declared.asked is not None:
        return False
    keys = current_keys()
    return keys is None or keys.all_numbered(db.session())


def number_everybody(app: Flask) -> int:
    """Give numbers to all people of ``app`` without one, some at a time; returns how many.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: the database did not answer.
    """
    keys = keys_of(app)
    return 0 if keys is None else keys.number_all()


def number_some(most: int, *wanted: ColumnElement[bool]) -> bool:
    """Give numbers to people of the current application who have none; whether there were any. The
    transaction of a session that has written nothing is ended then.

    Args:
        most: how many people, at most 1,000.
        wanted: conditions on the application's table.

    Raises:
        StoreUnavailable: the database did not answer.
    """
    keys = current_keys()
    return keys is not None and keys.number_some(db.session(), most, *wanted)
