"""Reading the audit log, newest first."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, false, or_, select

from yoto.api.people import PERSON_COLUMNS, Person
from yoto.http.paging import Page, cut
from yoto.nodes import node_held_at, shown_text, stored_text
from yoto.store.db import db
from yoto.store.models import AuditRecord, User

EXPORT_STEP = 500  # records a statement


@dataclass(frozen=True, slots=True)
class Record:
    """One act. ``actor`` None: the system itself."""

    id: int
    at: datetime
    actor: Person | None
    action: str
    subject: str
    server_id: int | None
    before: Any
    after: Any
    reason: str | None
    request_id: str | None
    address: str | None


def records(
    *,
    after: int | None,
    limit: int,
    since: datetime | None,
    until: datetime | None,
    action_prefix: str | None = None,
    families: Collection[str] | None = None,
    actor: str | None = None,
    **equal: Any,
) -> Page[Record]:
    """A page in one statement.

    Args:
        after: id of the last record of the previous page; older ones follow.
        since, until: ``since <= at < until``.
        action_prefix: a prefix of the action, such as ``alert.``.
        families: allowed prefixes of the action; None: any.
        actor: username of the actor.
        equal: columns with the value that they must have; None: any.
    """
    statement = _select().order_by(AuditRecord.id.desc()).limit(limit + 1)
    if after is not None:
        statement = statement.where(AuditRecord.id < after)
    if since is not None:
        statement = statement.where(AuditRecord.at >= since)
    if until is not None:
        statement = statement.where(AuditRecord.at < until)
    if action_prefix:
        statement = statement.where(_begins(action_prefix))
    if families is not None:
        statement = statement.where(or_(false(), *map(_begins, families)))
    if actor is not None:
        statement = statement.where(User.username == actor)
    for column, value in equal.items():
        if value is not None:
            value = stored_text(value) if column == "subject" else value
            statement = statement.where(getattr(AuditRecord, column) == value)
    rows = [_shown(row, person) for row, *person in db.session.execute(statement)]
    return cut(rows, limit, lambda record: record.id)


def record(id: int) -> Record | None:
    """The record with this id; None: there is none."""
    found = db.session.execute(_select().where(AuditRecord.id == id)).first()
    return None if found is None else _shown(found[0], list(found[1:]))


def all_records(**query: Any) -> Iterator[Record]:
    """All records, newest first, up to those written when the first was read; arguments as
    ``records`` without the page's.
    """
    after: int | None = None
    while True:
        page = records(after=after, limit=EXPORT_STEP, **query)
        # Reading changes nothing, and a long export must not keep an old snapshot open.
        db.session.rollback()
        yield from page.items
        if page.next is None:
            return
        after = page.next


def _select() -> Select[Any]:
    return select(AuditRecord, *PERSON_COLUMNS).outerjoin(User, User.id == AuditRecord.actor_id)


def _begins(prefix: str) -> ColumnElement[bool]:
    """A range condition, which the index on the action can serve; "_" is no wildcard in it."""
    behind = prefix[:-1] + chr(ord(prefix[-1]) + 1)
    return and_(AuditRecord.action >= prefix, AuditRecord.action < behind)


def _shown(row: AuditRecord, person: list[Any]) -> Record:
    return Record(
        id=row.id,
        at=row.at,
        actor=None if row.actor_id is None else Person(*person),
        action=row.action,
        subject=shown_text(row.subject),
        server_id=row.server_id,
        before=_nodes_shown(row.before),
        after=_nodes_shown(row.after),
        reason=row.reason,
        request_id=row.request_id,
        address=row.address,
    )


def _nodes_shown(value: Any) -> Any:
    """JSON data with nodes in their readable form."""
    if isinstance(value, str):
        return shown_text(value)
    if isinstance(value, list):
        return [_nodes_shown(one) for one in value]
    if isinstance(value, dict):
        shown = {key: _nodes_shown(one) for key, one in value.items()}
        node = value.get("node")
        if isinstance(node, str) and node_held_at(node) != node:
            shown |= {"node": shown_text(node_held_at(node)), "here_only": True}
        return shown
    return value
