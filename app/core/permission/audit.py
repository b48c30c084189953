"""The audit log: what is written for each change and for each use of super-admin power."""

from __future__ import annotations

from typing import Any

from sqlalchemy import exc, select
from sqlalchemy.orm import Session

from app.core.errors import StoreUnavailable
from app.core.permission.scopes import Place
from app.core.permission.state import SuperAdminUse
from app.core.permission.transactions import has_written
from app.db import db, writing
from app.models import AuditRecord, Channel, ScopeType

SUPER_ADMIN_USE = "super_admin.use"


def record_audit(
    session: Session,
    action: str,
    subject: str,
    *,
    actor_id: int | None,
    server_id: int | None = None,
    before: Any = None,
    after: Any = None,
    reason: str | None = None,
) -> None:
    """Add a record to ``session``: it is stored, or not, together with what it is about.

    Args:
        action: what was done, such as ``"role.update"``.
        subject: what it was done to, such as ``"role:9"``.
        actor_id: who did it; None is the system itself.
        before, after: the changed values, as JSON data.
        reason: the actor's own words.
    """
    session.add(
        AuditRecord(
            actor_id=actor_id,
            action=action,
            subject=subject,
            server_id=server_id,
            before=before,
            after=after,
            reason=reason,
        )
    )


def record_super_admin_use(use: SuperAdminUse) -> None:
    """Store one use of super-admin power, before it takes effect.

    It is committed at once, so that it stays whatever becomes of the caller's work. Only where the
    running transaction has written already it joins that: on SQLite a second writer would wait for
    it. Rolled back, it goes together with all that the power did.

    Raises:
        StoreUnavailable: it could not be stored; the power is then not to be used.
    """
    session = db.session()
    if has_written(session):
        _add_use(session, use)
        return
    try:
        if db.engine.dialect.name == "sqlite":
            session.commit()  # nothing but the one write lock, which it may hold
        with writing(), Session(db.engine) as own, own.begin():
            _add_use(own, use)
    except (exc.OperationalError, exc.InterfaceError, exc.TimeoutError) as error:
        raise StoreUnavailable("database", error) from error


def _add_use(session: Session, use: SuperAdminUse) -> None:
    record_audit(
        session,
        SUPER_ADMIN_USE,
        f"user:{use.user_id}",
        actor_id=use.user_id,
        server_id=_server_of(session, use.place),
        after={"permission": use.permission, "scope": str(use.place)},
    )


def _server_of(session: Session, place: Place) -> int | None:
    if place.kind == ScopeType.CHANNEL:
        return session.scalar(select(Channel.server_id).where(Channel.id == place.id))
    return place.id
