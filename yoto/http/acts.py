"""Acts of operators are in the audit log before they take effect."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any

from yoto.http.audit import audit
from yoto.http.context import origin
from yoto.http.operators import Via, known_operator, operator
from yoto.resilience import AuditEntry
from yoto.store.db import db, writing
from yoto.wiring import STORE_FAILURES

SUBJECT_LENGTH = 64  # characters, as wide as the column

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
    server_id: int | None = None,
) -> None:
    """Record the action that this request's operator is about to take, and the credential; commit.

    In a break-glass session the database itself may be down: then the record goes to the log of the
    process, at the highest level.

    Args:
        action: the action's name, such as ``breaker.isolate``.
        subject: its object, such as ``breaker:payments``; cut at 64 characters.
        reason: why, in the operator's words.
        before: values that it replaces.
        after: values that it sets.

    Raises:
        sqlalchemy.exc.DBAPIError: there is no record, so the action must not be taken.
    """
    who = operator()
    try:
        with writing():
            audit(
                action,
                subject[:SUBJECT_LENGTH],
                actor_id=None if who.account is None else who.account.user_id,
                server_id=server_id,
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


def audit_of_guards(durable: Callable[[AuditEntry], None]) -> Callable[[AuditEntry], None]:
    """The ``Audit`` of the guards, which break-glass actions pass when the database is down."""

    def record(entry: AuditEntry) -> None:
        try:
            durable(entry)
        except STORE_FAILURES:
            who = known_operator()
            if who is None or who.via is not Via.BREAK_GLASS:
                raise
            _log_instead(entry.action, entry.subject, entry.after, entry.reason)

    return record


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
