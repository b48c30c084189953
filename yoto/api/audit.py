"""The audit log, newest first: its routes for people, and its records for operators."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Annotated, Any, TypedDict, Unpack

import marshmallow as ma
from marshmallow.validate import Length
from sqlalchemy import ColumnElement, Select, and_, false, or_, select

from yoto.api.people import PERSON_COLUMNS, Person, PersonSchema
from yoto.errors import ValidationFailed
from yoto.http.fields import Instant
from yoto.http.operation import After, Limit, Subject
from yoto.http.paging import PAGE_DEFAULT, Page, cut
from yoto.http.shapes import Between
from yoto.nodes import MAX_ID, node_held_at, shown_text, stored_text
from yoto.permission import require_permission
from yoto.store.columns import longest
from yoto.store.db import db
from yoto.store.models import AuditRecord, User

EXPORT_STEP = 500  # records a statement


COLUMNS = AuditRecord.__table__.c
ACTION_LENGTH = longest(COLUMNS.action)
SUBJECT_LENGTH = longest(COLUMNS.subject)

audit_log = Subject("audit", "", "Who changed what, and why", "record")


@dataclass(frozen=True, slots=True)
class ServerRecord:
    """One act, as moderators of a server see it. ``actor`` None: the system itself."""

    id: int
    at: datetime
    actor: Annotated[Person | None, partial(ma.fields.Nested, PersonSchema)]
    action: str
    subject: str
    server_id: int | None
    before: Any | None
    after: Any | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class Record(ServerRecord):
    """One act, with its origin."""

    request_id: str | None
    address: str | None


class ServerAuditFilter(TypedDict):
    """A filter on acts. Times are half open: from <= at < to."""

    actor_id: Annotated[int | None, Between(1, MAX_ID)]
    action: Annotated[str | None, Length(1, ACTION_LENGTH)]
    subject: Annotated[str | None, Length(1, SUBJECT_LENGTH)]
    since: Annotated[datetime | None, partial(Instant, data_key="from")]
    until: Annotated[datetime | None, partial(Instant, data_key="to")]


class AuditFilter(ServerAuditFilter):
    """A filter on the acts of the whole platform."""

    server_id: Annotated[int | None, Between(1, MAX_ID)]


@audit_log.operation("GET", "/admin/audit", require_permission("admin.audit"))
def read_audit_log(
    after: After = None, limit: Limit = PAGE_DEFAULT, **wanted: Unpack[AuditFilter]
) -> Page[Record]:
    """The audit log of the platform, newest first"""
    check_span(wanted)
    return records(after=after, limit=limit, **wanted)


@audit_log.operation(
    "GET",
    "/servers/<int:server_id>/audit",
    require_permission("server.audit", "server", "server_id"),
    also=(404,),
)
def read_server_audit_log(
    server_id: int,
    after: After = None,
    limit: Limit = PAGE_DEFAULT,
    **wanted: Unpack[ServerAuditFilter],
) -> Page[ServerRecord]:
    """The audit log of a server, newest first; without addresses"""
    check_span(wanted)
    return records(server_id=server_id, after=after, limit=limit, **wanted)


def check_span(wanted: Mapping[str, Any]) -> None:
    """Raises ``ValidationFailed`` for a span of time that ends before it begins."""
    since, until = wanted["since"], wanted["until"]
    if since is not None and until is not None and until <= since:
        raise ValidationFailed({"to": "Must be after 'from'."})


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
