"""Operators' acts on guards in the application's audit log."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Flask

from yoto.resilience import AuditEntry
from yoto.store.models import AuditRecord, account_of

from .sessions import recording

LONGEST_SUBJECT = 64  # characters, as wide as the column


def sql_audit(app: Flask) -> Callable[[AuditEntry], None]:
    """An ``Audit`` that is durable on return, so that no act takes effect unrecorded.

    It raises ``StoreUnavailable`` when the database cannot be reached.
    """

    def audit(entry: AuditEntry) -> None:
        with recording(app) as session:
            session.add(audit_record(entry))

    return audit


def audit_record(entry: AuditEntry, **details: Any) -> AuditRecord:
    """An action as a row; its details, and an author who is no account, stand beside the values."""
    return AuditRecord(
        actor_id=account_of(entry.author),
        action=entry.action,
        subject=entry.subject[:LONGEST_SUBJECT],
        before=entry.before,
        after={
            "subject": entry.subject,
            "author": entry.author,
            "values": entry.after,
            **details,
        },
        reason=entry.reason or None,
    )
