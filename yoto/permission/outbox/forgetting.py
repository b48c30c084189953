"""Deletes the rights at nodes, and of people, that are gone: others may get their ids.

The same holds for roles, teams and groups. Their foreign keys define what is deleted with them; but
SQLite obeys these only on connections that ask for it, which an application's need not.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Column, ColumnElement, Table, delete, select, update
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session

from yoto import cache
from yoto.nodes import here_only
from yoto.permission.database.statements import (
    assignments,
    grants,
    group_grants,
    overwrites,
    provided,
    roles,
    roles_asked,
    table,
    team_members,
)
from yoto.permission.outbox.deletion_records import kept_of_people
from yoto.permission.outbox.dirty_tags import DirtyTags, chunks
from yoto.store.columns import Model, utcnow
from yoto.store.models import (
    ApiToken,
    Device,
    EmergencyAccess,
    IdempotencyKey,
    Resource,
    record_audit,
)

emergencies, resources = table(EmergencyAccess), table(Resource)
# Tables whose rows belong to one person each. Revoked tokens stay, for they deny.
OF_PEOPLE: Sequence[Table] = (
    assignments,
    overwrites,
    provided,
    team_members,
    table(ApiToken),
    table(Device),
    table(IdempotencyKey),
)


def forget_gone(session: Session, dirty: DirtyTags) -> None:
    """Delete grants at nodes and to people that are gone for good.

    A row that is back, by a savepoint that was rolled back or because it was written anew, keeps
    all that it had.
    """
    connection = session.connection()
    for column, nodes in dirty.gone.items():
        _forget_nodes(connection, dirty, missing(connection, column, nodes))
    for column, people in dirty.gone_people.items():
        dirty.add(*_forget_people(session, missing(connection, column, people)))


def forget_rows(connection: Connection, dirty: DirtyTags) -> None:
    """Apply foreign-key actions at once for platform rows that are being deleted."""
    while dirty.gone_rows:
        parent, ids = dirty.gone_rows.popitem()
        for column, rule in _references(parent):
            for some in chunks(ids):
                theirs = column.in_(some)
                if rule == "CASCADE":
                    connection.execute(delete(column.table).where(theirs))
                else:
                    connection.execute(update(column.table).where(theirs).values({column: None}))


def _references(parent: Table) -> list[tuple[Column[Any], str]]:
    """The columns that refer to rows of ``parent``, and the action on delete."""
    return [
        (column, key.ondelete)
        for source in Model.metadata.tables.values()
        for column in source.c
        for key in column.foreign_keys
        if key.ondelete and key.column is parent.c.id
    ]


def missing(
    connection: Connection, column: ColumnElement[Any], found: Mapping[Any, Any]
) -> list[Any]:
    """The values of those ids that no row of the column's table has now."""
    there: set[Any] = set()
    for ids in chunks(found):
        there.update(connection.scalars(select(column).where(column.in_(ids))))
    gone = [id_ for id_ in found if id_ not in there]
    if not there <= found.keys():
        # The database may take differently spelt values for equal: it alone can compare.
        gone = [
            id_
            for id_ in gone
            if connection.execute(select(column).where(column == id_)).first() is None
        ]
    return [found[id_] for id_ in gone]


def _forget_nodes(connection: Connection, dirty: DirtyTags, nodes: Iterable[str]) -> None:
    for texts in chunks(nodes):
        for source in (grants, group_grants):
            connection.execute(delete(source).where(source.c.scope_key.in_(texts)))
        connection.execute(delete(overwrites).where(overwrites.c.place.in_(texts)))
        everyone = assignments.c.subject.in_([f"everyone:{text}" for text in texts])
        held_at = assignments.c.node.in_([*texts, *map(here_only, texts)])
        connection.execute(delete(assignments).where(held_at))
        connection.execute(delete(assignments).where(everyone))
        connection.execute(delete(provided).where(provided.c.node.in_(texts)))
        theirs = roles.c.home.in_(texts)
        dirty.gone_rows[roles] = set(connection.scalars(select(roles.c.id).where(theirs)))
        forget_rows(connection, dirty)
        connection.execute(delete(roles).where(theirs))


def _forget_people(session: Session, people: Collection[int]) -> list[str]:
    """Delete people's rows by their numbers; the audit log keeps their rights.

    Returns:
        The registered resources that they owned, which have no owner now.
    """
    owned: list[str] = []
    for numbers in chunks(people):
        for number, before in kept_of_people(session, numbers).items():
            record_audit("user.delete", f"user:{number}", by=None, before=before, session=session)
    session.flush()
    connection = session.connection()
    for numbers in chunks(people):
        for source in OF_PEOPLE:
            connection.execute(delete(source).where(source.c.user_id.in_(numbers)))
        connection.execute(delete(roles_asked).where(roles_asked.c.id.in_(numbers)))
        # That emergency access was taken stays known.
        taken = emergencies.c.user_id.in_(numbers), emergencies.c.ended_at.is_(None)
        connection.execute(update(emergencies).where(*taken).values(ended_at=utcnow()))
        theirs = resources.c.owner_id.in_(numbers)
        for type_name, id_ in connection.execute(
            select(resources.c.type, resources.c.id).where(theirs)
        ):
            owned.append(cache.tags.node(type_name, id_))
        connection.execute(update(resources).where(theirs).values(owner_id=None))
    return owned
