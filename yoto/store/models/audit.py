"""The audit log: each change with its actor, values before and after, and reason."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Index, String, event
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Mapped, Mapper, Session, mapped_column

from yoto.audit import AuditEntry
from yoto.errors import UnknownResource
from yoto.nodes import number_in
from yoto.store.columns import MYSQL_OPTIONS, Model, PrimaryKey, utcnow
from yoto.store.db import db
from yoto.store.models.declared import User
from yoto.store.models.role import SUBJECT_LENGTH, ScopeType

# The form of authors that are accounts; all others are programs or people at a terminal.
_ACCOUNT = re.compile(r"user:(\d{1,19})", re.ASCII)


class AuditRecord(Model):
    """One act. Rows are only ever added; the database itself refuses to change or delete one.

    ``subject`` is the target of the action, such as ``role:9``; ``server_id`` is no foreign key,
    because the record must outlive the server.
    """

    __tablename__ = "yoto_audit_records"
    __table_args__ = (
        Index(None, "server_id", "id"),
        Index(None, "actor_id", "id"),
        Index(None, "action", "id"),
        Index(None, "subject", "id"),
        MYSQL_OPTIONS,
    )

    id: Mapped[PrimaryKey]
    at: Mapped[datetime] = mapped_column(default=utcnow, index=True)
    actor_id: Mapped[int | None]
    action: Mapped[str] = mapped_column(String(64))
    subject: Mapped[str] = mapped_column(String(SUBJECT_LENGTH))
    server_id: Mapped[int | None]
    before: Mapped[Any | None] = mapped_column(JSON(none_as_null=True))
    after: Mapped[Any | None] = mapped_column(JSON(none_as_null=True))
    reason: Mapped[str | None] = mapped_column(String(500))
    request_id: Mapped[str | None] = mapped_column(String(64))
    address: Mapped[str | None] = mapped_column(String(64))


def record_audit(
    action: str,
    subject: str,
    *,
    by: int | str | None,
    home: str | None = None,
    before: Any = None,
    after: Any = None,
    reason: str | None = None,
    session: Session | None = None,
    **origin: str | None,
) -> None:
    """Add a record to a transaction: it is stored, or not, together with the change itself.

    Every record comes from here; ``yoto.http.acts`` adds the request and the credential.

    Args:
        action: the action, such as ``"role.update"``.
        subject: its target, such as ``"role:9"``; cut at the width of the column.
        by: the actor: the id of an account, an author such as ``user:42``, ``break_glass`` or the
            name of a worker or of a user at a terminal, who then stands in ``after`` as well; None
            is the system itself.
        home: the node that people belong to in which it is done, as text; its members who may
            audit there read the record.
        before, after: the changed values, as JSON data.
        reason: the actor's own words.
        session: by default the one of the application's context.
        origin: ``request_id`` and ``address``, where another thread records it for the request.
    """
    if isinstance(by, str):
        after = {**(after or {}), "author": by}
        by = account_of(by)
    (db.session() if session is None else session).add(
        AuditRecord(
            actor_id=by,
            action=action,
            subject=subject[:SUBJECT_LENGTH],
            server_id=number_in(home, ScopeType.SERVER),
            before=before,
            after=after,
            reason=reason,
            **origin,
        )
    )


def record_entry(entry: AuditEntry, session: Session, **details: Any) -> None:
    """Record the action of a layer that knows no database; its details stand beside the values
    that it sets.
    """
    record_audit(
        entry.action,
        entry.subject,
        by=entry.by,
        before=entry.before,
        after={"subject": entry.subject, "values": entry.after, **details},
        reason=entry.reason or None,
        session=session,
    )


def account_of(author: str) -> int | None:
    """The id of the account that ``author`` names; None for programs and people at a terminal."""
    match = _ACCOUNT.fullmatch(author)
    return int(match[1]) if match is not None else None


def require_account(session: Session, author: str) -> None:
    """Raise ``UnknownResource`` where ``author`` is an account that is not there."""
    account = account_of(author)
    if account is not None and session.get(User, account) is None:
        raise UnknownResource("user", account, field="by")


@event.listens_for(AuditRecord, "before_update")
@event.listens_for(AuditRecord, "before_delete")
def refuse_change(mapper: Mapper[Any], connection: Connection, target: AuditRecord) -> None:
    """An early, readable refusal; the triggers of the first migration are the real guard."""
    raise TypeError("audit records are append-only")
