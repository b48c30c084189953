"""Registering devices and forgetting them. A device is known by a secret that it alone keeps."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from werkzeug.exceptions import Conflict

from app.models import User
from yoto.api.rows import locked
from yoto.errors import UnknownResource
from yoto.request.current import token_hash
from yoto.store.db import db
from yoto.store.models import Device, record_audit

DEVICES_MAX = 20
TOKEN_BYTES = 32


@dataclass(frozen=True, slots=True)
class Registered:
    """A new device and its secret."""

    id: int
    name: str
    created_at: datetime
    token: str


def devices_of(user_id: int) -> Sequence[Device]:
    """The devices of a user, by id."""
    statement = select(Device).where(Device.user_id == user_id).order_by(Device.id)
    return db.session.scalars(statement).all()


def register(user_id: int, name: str) -> Registered:
    """Register a device for its user.

    Raises:
        Conflict: the user has the most that are allowed.
    """
    locked(User, user_id)  # registrations of one user come one by one, so that the limit holds
    count = select(func.count()).select_from(Device).where(Device.user_id == user_id)
    if (db.session.scalar(count.with_for_update(read=True)) or 0) >= DEVICES_MAX:
        raise Conflict(f"A user cannot have more than {DEVICES_MAX} devices.")
    token = secrets.token_urlsafe(TOKEN_BYTES)
    device = Device(user_id=user_id, name=name, token_hash=token_hash(token))
    db.session.add(device)
    db.session.flush()
    record_audit("device.register", f"device:{device.id}", by=user_id, after={"name": name})
    db.session.commit()
    return Registered(device.id, device.name, device.created_at, token)


def forget(user_id: int, device_id: int) -> None:
    """Forget a device of the user; its secret is worth nothing from now on.

    Raises:
        UnknownResource: the user has no such device.
    """
    device = db.session.get(Device, device_id, with_for_update=True)
    if device is None or device.user_id != user_id:
        raise UnknownResource("device", device_id)
    db.session.delete(device)
    record_audit("device.forget", f"device:{device_id}", by=user_id, before={"name": device.name})
    db.session.commit()
