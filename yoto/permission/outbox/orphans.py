"""Finds rights at nodes and of people that no table of the application's has any more.

Nodes and people that a session deletes are forgotten with them. These are the others: deleted by
foreign keys of the application's, or by another program.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Table, select
from sqlalchemy.orm import Session

from yoto.nodes import APPLICATIONS, HERE_ONLY, parse_text
from yoto.permission.database.statements import assignments, grants, group_grants, overwrites, roles
from yoto.permission.outbox.dirty_tags import CHUNK, DirtyTags
from yoto.permission.outbox.forgetting import OF_PEOPLE, missing, resources
from yoto.permission.outbox.watching import DIRTY_TAGS
from yoto.store.declarations import Declaration
from yoto.store.resources import ResourceType, ResourceTypes

EVERYONE = "everyone:"
# The columns that name nodes, each with the prefix of the name.
_NODES: Sequence[tuple[ColumnElement[Any], str]] = (
    (grants.c.scope_key, ""),
    (group_grants.c.scope_key, ""),
    (overwrites.c.place, ""),
    (assignments.c.node, ""),
    (assignments.c.node, HERE_ONLY),
    (assignments.c.subject, EVERYONE),
    (roles.c.home, ""),
)


class Orphan(NamedTuple):
    """A node of a type by its id, or (of no type) a person by the application's id."""

    type: str | None
    id: Any


class Orphans:
    """The orphans of one application.

    Args:
        people: the table of its people; None where deleted people cannot be known.
    """

    def __init__(self, types: ResourceTypes, people: Declaration | None) -> None:
        self._types = types
        # A function may know a person again tomorrow.
        self._people = None if people is None or people.asked is not None else people

    def found(self, session: Session) -> Iterator[Orphan]:
        """All of them; it reads in slices, and holds no connection between two."""
        for declared in self._types:
            for column, before in _NODES:
                yield from self._nodes(session, declared, column, before)
        if self._people is not None:
            for column in (*(one.c.user_id for one in OF_PEOPLE), resources.c.owner_id):
                yield from self._missing_people(session, self._people, column)

    def forget(self, session: Session, orphans: Iterable[Orphan]) -> None:
        """Have the running transaction forget those that are gone when it is committed."""
        dirty = DirtyTags()
        for type_name, id_ in orphans:
            if type_name is not None:
                dirty.node(type_name, id_, self._types.get(type_name).id)
            elif self._people is not None:
                ids = ids_of(self._people)
                if self._people.numbers is None:
                    dirty.person(id_, ids)
                else:
                    dirty.key(self._people.numbers, id_, ids)
        session.info[DIRTY_TAGS] = dirty

    def _nodes(
        self, session: Session, declared: ResourceType, column: ColumnElement[Any], before: str
    ) -> Iterator[Orphan]:
        start = f"{before}{declared.name}:"
        # The character that follows ":".
        end = f"{before}{declared.name};"
        for texts in _slices(session, column, start, end):
            found = (parse_text(text.removeprefix(before)) for text in texts)
            ids = {one[1]: one[1] for one in found if one and isinstance(one[1], declared.id_type)}
            gone = missing(session.connection(), declared.id, ids)
            session.rollback()
            yield from (Orphan(declared.name, id_) for id_ in gone)

    def _missing_people(
        self, session: Session, people: Declaration, column: ColumnElement[Any]
    ) -> Iterator[Orphan]:
        for numbers in _slices(session, column, 0, APPLICATIONS):
            keys = numbers if people.numbers is None else _keys(session, people.numbers, numbers)
            gone = missing(session.connection(), ids_of(people), {key: key for key in keys})
            session.rollback()
            yield from (Orphan(None, key) for key in gone)


def ids_of(people: Declaration) -> ColumnElement[Any]:
    """The column of the application's own ids of people."""
    return people.columns["id"] if people.ids is None else people.ids


def _slices(
    session: Session, column: ColumnElement[Any], start: Any, end: Any
) -> Iterator[Sequence[Any]]:
    """The values of a column between two, in their order, none of them twice."""
    while True:
        between = select(column).where(column > start, column < end)
        found = session.scalars(between.distinct().order_by(column).limit(CHUNK)).all()
        session.rollback()
        if found:
            yield found
        if len(found) < CHUNK:
            return
        start = found[-1]


def _keys(session: Session, numbers: Table, some: Sequence[int]) -> Sequence[Any]:
    return session.scalars(select(numbers.c.key).where(numbers.c.id.in_(some))).all()
