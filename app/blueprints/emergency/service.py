"""Taking and ending emergency access; declaring an emergency. All of it is audited."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import marshmallow as ma
from sqlalchemy import select

from app.models import User
from yoto.errors import UnknownResource, ValidationFailed
from yoto.http.fields import Text
from yoto.http.reasons import REASON_LENGTH
from yoto.store.columns import utcnow
from yoto.store.db import db
from yoto.store.models import EMERGENCY_SWITCH, EmergencyAccess, PlatformSwitch, record_audit

MINUTES_MAX = 60
REASON_MIN = 10  # characters; "test" is no reason
SHOWN = 50


def take(user_id: int, reason: str, minutes: int, actor_id: int | None) -> EmergencyAccess:
    """Grant emergency access for so many minutes from now on.

    Args:
        actor_id: the actor; None is the operator at a terminal.

    Raises:
        ValidationFailed: no reason of 10 to 500 characters, or more minutes than allowed.
        UnknownResource: there is no such account.
    """
    reason = _checked_reason(reason)
    if not 1 <= minutes <= MINUTES_MAX:
        raise ValidationFailed({"minutes": f"must be 1 to {MINUTES_MAX}"})
    if db.session.get(User, user_id) is None:
        raise UnknownResource("user", user_id)
    now = utcnow()
    taken = EmergencyAccess(
        user_id=user_id, reason=reason, taken_at=now, until=now + timedelta(minutes=minutes)
    )
    db.session.add(taken)
    db.session.flush()
    record_audit(
        "emergency_access.take",
        f"user:{user_id}",
        by=actor_id,
        after={"id": taken.id, "until": taken.until.isoformat()},
        reason=reason,
    )
    db.session.commit()
    return taken


def end(access_id: int, actor_id: int | None) -> EmergencyAccess:
    """End emergency access before its time; one that is over stays as it was.

    Raises:
        UnknownResource: there was none.
    """
    taken = db.session.get(EmergencyAccess, access_id, with_for_update=True)
    if taken is None:
        raise UnknownResource("emergency_access", access_id)
    now = utcnow()
    if taken.ended_at is None and now < taken.until:
        taken.ended_at = now
        record_audit(
            "emergency_access.end",
            f"user:{taken.user_id}",
            by=actor_id,
            before={"id": taken.id, "until": taken.until.isoformat()},
        )
    db.session.commit()
    return taken


def recent(limit: int = SHOWN) -> Sequence[EmergencyAccess]:
    """The latest, newest first."""
    statement = select(EmergencyAccess).order_by(EmergencyAccess.id.desc()).limit(limit)
    return db.session.scalars(statement).all()


def declared() -> PlatformSwitch:
    """The switch as it is; off if it was never turned on."""
    return _switch() or PlatformSwitch(name=EMERGENCY_SWITCH, enabled=False, reason=None)


def declare(enabled: bool, reason: str, actor_id: int | None) -> PlatformSwitch:
    """Declare an emergency, or that it is over.

    Args:
        actor_id: the actor; None is the operator at a terminal.

    Raises:
        ValidationFailed: no reason of 10 to 500 characters.
    """
    reason = _checked_reason(reason)
    switch = _switch(for_update=True)
    before = {"enabled": bool(switch and switch.enabled)}
    if switch is None:
        switch = PlatformSwitch(name=EMERGENCY_SWITCH)
        db.session.add(switch)
    switch.enabled, switch.reason = enabled, reason
    switch.changed_by, switch.changed_at = actor_id, utcnow()
    record_audit(
        "emergency.declare",
        "platform",
        by=actor_id,
        before=before,
        after={"enabled": enabled},
        reason=reason,
    )
    db.session.commit()
    return switch


def _checked_reason(reason: str) -> str:
    """The reason as it is kept; a terminal gets no further with a bad one than a request."""
    try:
        return str(Text(REASON_LENGTH, min_length=REASON_MIN).deserialize(reason))
    except ma.ValidationError as error:
        assert isinstance(error.messages, list)
        raise ValidationFailed({"reason": error.messages}) from None


def _switch(for_update: bool = False) -> PlatformSwitch | None:
    statement = select(PlatformSwitch).where(PlatformSwitch.name == EMERGENCY_SWITCH)
    return db.session.scalar(statement.with_for_update() if for_update else statement)
