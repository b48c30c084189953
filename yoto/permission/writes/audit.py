"""The audit log: records of each change and of each use of super-admin power."""

from __future__ import annotations

from flask import current_app
from sqlalchemy.orm import Session

from yoto.permission.database.transactions import has_written
from yoto.permission.loading import load_sites
from yoto.permission.registry.scopes import Place
from yoto.permission.state import EmergencyUse, SuperAdminUse
from yoto.store.db import db, engine_beside, one_writer, writing
from yoto.store.models import record_audit
from yoto.store.translation import translated

SUPER_ADMIN_USE = "super_admin.use"
EMERGENCY_USE = "emergency_access.use"


def record_super_admin_use(use: SuperAdminUse) -> None:
    """Store one use of super-admin power, before it takes effect.

    Raises:
        StoreUnavailable: it could not be stored; the power is then not to be used.
    """
    _record(use, SUPER_ADMIN_USE)


def record_emergency_use(use: EmergencyUse) -> None:
    """As ``record_super_admin_use``, for an action under emergency access."""
    _record(use, EMERGENCY_USE)


def _record(use: SuperAdminUse | EmergencyUse, action: str) -> None:
    """Store one use.

    It is committed at once, so that it stays even if the caller's work is rolled back. Only where
    the running transaction has written already it joins that: on SQLite a second writer would wait
    for it. A rollback then takes the record with all that was done.
    """
    session = db.session()
    if has_written(session):
        _add_use(session, use, action)
        return
    app = current_app._get_current_object()  # type: ignore[attr-defined]
    with translated():
        if one_writer():
            session.commit()  # nothing but the one write lock, which it may hold
        with writing(), Session(engine_beside(app)) as own, own.begin():
            _add_use(own, use, action)


def _add_use(session: Session, use: SuperAdminUse | EmergencyUse, action: str) -> None:
    record_audit(
        action,
        f"user:{use.user_id}",
        by=use.user_id,
        home=_home_of(session, use.place),
        after={"permission": use.permission, "scope": str(use.place)},
        session=session,
    )


def _home_of(session: Session, place: Place) -> str | None:
    site = load_sites(session.connection(), [place]).get(place)
    return None if site is None else site.home
