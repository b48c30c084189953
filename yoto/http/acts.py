"""Records acts of operators in the audit log before they take effect, and each record's origin."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from flask import Flask
from sqlalchemy import event
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Mapper

from yoto.audit import Audit, AuditEntry
from yoto.auth.operators import Via, known_operator, operator
from yoto.persistence import STORE_FAILURES, bypassing_breaker
from yoto.request.context import credential, note_record, origin
from yoto.store.db import db, writing
from yoto.store.models import AuditRecord, record_audit, record_entry
from yoto.store.sessions import recording

log = logging.getLogger(__name__)


def author() -> str:
    """The operator of this request, as records name authors: ``user:42``, or ``break_glass``."""
    who = operator()
    return who.credential if who.account is None else f"user:{who.account.user_id}"


def record_act(
    action: str,
    subject: str,
    *,
    reason: str,
    before: Any = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    """Record the action that this request's operator is about to take, and the credential; commit.

    In a break-glass session the database itself may be down: then the record goes to the log of the
    process, at the highest level.

    Args:
        action: the action's name, such as ``breaker.isolate``.
        subject: its object, such as ``breaker:payments``; cut at the width of the column.
        reason: why, in the operator's words.
        before: values that it replaces.
        after: values that it sets.

    Raises:
        sqlalchemy.exc.DBAPIError: there is no record, so the action must not be taken.
    """
    who = operator()
    try:
        with writing():
            record_audit(
                action,
                subject,
                by=None if who.account is None else who.account.user_id,
                before=before,
                after=None if after is None else dict(after),
                reason=reason,
            )
            db.session.commit()
    except STORE_FAILURES:
        if who.via is not Via.BREAK_GLASS:
            raise
        db.session.rollback()
        _log_instead(action, subject, after, reason)


def audit_of_guards(app: Flask) -> Audit:
    """The audit of the guards: durable on return, so that no action takes effect unrecorded.

    It raises ``StoreUnavailable`` when the database cannot be reached, except for break-glass
    actions, which go to the log of the process then.
    """

    def record(entry: AuditEntry) -> None:
        try:
            with bypassing_breaker(), recording(app) as session:
                record_entry(entry, session)
        except STORE_FAILURES:
            who = known_operator()
            if who is None or who.via is not Via.BREAK_GLASS:
                raise
            _log_instead(entry.action, entry.subject, entry.after, entry.reason)

    return record


@event.listens_for(AuditRecord, "before_insert")
def add_origin(mapper: Mapper[Any], connection: Connection, record: AuditRecord) -> None:
    """Note the request that a record came from, whichever layer wrote it, and in the control plane
    the credential: an operator without an account is known by nothing else.
    """
    note_record(connection)
    source, via = origin(), credential()
    if via is not None and (record.after is None or isinstance(record.after, dict)):
        record.after = {**(record.after or {}), "via": via}
    record.request_id = record.request_id or source.request_id
    record.address = record.address or source.address


def _log_instead(action: str, subject: str, after: Any, reason: str | None) -> None:
    source = origin()
    log.critical(
        "break-glass act without audit record: %s %s, reason: %s, values: %s, request %s from %s",
        action,
        subject,
        reason,
        after,
        source.request_id,
        source.address,
    )
