"""Emergency access, and the emergency of the whole platform."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import marshmallow as ma
from sqlalchemy import select

from app.models import User
from yoto.auth.identity import current_user_id
from yoto.errors import UnknownResource, ValidationFailed
from yoto.http.api import API_PREFIX
from yoto.http.fields import REASON_LENGTH, Flag, Instant, Text, Whole
from yoto.http.idempotency import once
from yoto.http.rest import RestBlueprint
from yoto.permission import require_permission
from yoto.store.columns import utcnow
from yoto.store.db import db
from yoto.store.models import EMERGENCY_SWITCH, EmergencyAccess, PlatformSwitch, record_audit

MINUTES_MAX = 60
REASON_MIN = 10  # characters; "test" is no reason
SHOWN = 50


class EmergencyAccessSchema(ma.Schema):
    """One time that somebody took emergency access."""

    id = ma.fields.Integer(required=True)
    user_id = ma.fields.Integer(required=True)
    reason = ma.fields.String(required=True)
    taken_at = Instant(required=True)
    until = Instant(required=True)
    ended_at = Instant(required=True, allow_none=True)


class TakeSchema(ma.Schema):
    """Why, and for how long."""

    reason = Text(REASON_LENGTH, min_length=REASON_MIN, required=True)
    minutes = Whole(1, MINUTES_MAX, required=True)


class EmergencyAccessesSchema(ma.Schema):
    """The latest, newest first."""

    items = ma.fields.List(ma.fields.Nested(EmergencyAccessSchema), required=True)


class EmergencySchema(ma.Schema):
    """Whether the platform is in an emergency."""

    enabled = Flag(required=True)
    reason = Text(REASON_LENGTH, min_length=REASON_MIN, required=True)


class EmergencyStateSchema(ma.Schema):
    """The same as it is now."""

    enabled = ma.fields.Boolean(required=True)
    reason = ma.fields.String(required=True, allow_none=True)


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


emergency = RestBlueprint(
    "emergency", __name__, url_prefix=API_PREFIX, description="When the rules must give way"
)

TAKE = "platform.emergency"
OPERATE = "platform.operate"


@emergency.get("/emergency-access")
@require_permission(TAKE)
@emergency.response(200, EmergencyAccessesSchema)
def list_emergency_access() -> dict[str, Any]:
    """Who took emergency access lately, and why"""
    return {"items": recent()}


@emergency.post("/emergency-access")
@require_permission(TAKE)
@once
@emergency.arguments(TakeSchema)
@emergency.response(201, EmergencyAccessSchema)
def take_emergency_access(body: dict[str, Any]) -> EmergencyAccess:
    """Take emergency access for yourself. The reason, and each use, is audited"""
    user_id = current_user_id()
    return take(user_id, actor_id=user_id, **body)


@emergency.delete("/emergency-access/<int:access_id>")
@require_permission(TAKE)
@emergency.response(200, EmergencyAccessSchema)
def end_emergency_access(access_id: int) -> EmergencyAccess:
    """End emergency access, yours or somebody else's"""
    return end(access_id, current_user_id())


@emergency.get("/emergency")
@require_permission(OPERATE)
@emergency.response(200, EmergencyStateSchema)
def read_emergency() -> PlatformSwitch:
    """Whether the platform is in an emergency"""
    return declared()


@emergency.put("/emergency")
@require_permission(OPERATE)
@emergency.arguments(EmergencySchema)
@emergency.response(200, EmergencyStateSchema)
def declare_emergency(body: dict[str, Any]) -> PlatformSwitch:
    """Declare an emergency, or that it is over: policies refuse what can wait meanwhile"""
    return declare(actor_id=current_user_id(), **body)
