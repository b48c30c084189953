"""Audit records of what the HTTP API does itself, and the origin of every record."""

from __future__ import annotations

from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Mapper

from yoto.http.context import credential, note_record, origin
from yoto.store.db import db
from yoto.store.models import AuditRecord, record_audit


def audit(
    action: str,
    subject: str,
    *,
    actor_id: int | None,
    server_id: int | None = None,
    before: Any = None,
    after: Any = None,
    reason: str | None = None,
) -> None:
    """Add a record to the current transaction: it is committed with the change, or not at all. See
    ``yoto.store.models.record_audit`` for the arguments.
    """
    record_audit(
        db.session(),
        action,
        subject,
        actor_id=actor_id,
        server_id=server_id,
        before=before,
        after=after,
        reason=reason,
    )


@event.listens_for(AuditRecord, "before_insert")
def add_origin(mapper: Mapper[Any], connection: Connection, record: AuditRecord) -> None:
    """Note which request a record came from, whichever layer wrote it, and in the control plane by
    which credential: an operator without an account is known by nothing else.
    """
    note_record(connection)
    source, via = origin(), credential()
    if via is not None and (record.after is None or isinstance(record.after, dict)):
        record.after = {**(record.after or {}), "via": via}
    record.request_id = record.request_id or source.request_id
    record.address = record.address or source.address
