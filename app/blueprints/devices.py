"""Devices that people register as their own. A device is known by a secret that it alone keeps."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Annotated, TypedDict

import marshmallow as ma
from sqlalchemy import func, select
from werkzeug.exceptions import Conflict

from app.models import User
from yoto.api.rows import locked
from yoto.auth.access import signed_in
from yoto.errors import UnknownResource
from yoto.http.fields import Name
from yoto.http.operation import Actor, Subject
from yoto.http.shapes import parts_of, schema_named
from yoto.request.context import token_hash
from yoto.store.counting import counted_now
from yoto.store.db import db
from yoto.store.models import Device, record_audit

NAME_LENGTH = 100
DEVICES_MAX = 20
TOKEN_BYTES = 32


class Shown(TypedDict):
    """A registered device."""

    id: int
    name: str
    created_at: datetime


class RegisteredDevice(Shown):
    """A device just registered, with its secret, which nobody is told again."""

    token: Annotated[str, "To be sent as X-Device-Token by this device"]


class Devices(TypedDict):
    """The devices of somebody. They fit one page."""

    items: Sequence[Device]


DeviceSchema = schema_named("Device", ma.Schema, True, *parts_of(Shown))
devices = Subject("devices", "/devices", "Your devices", "device", names={Device: DeviceSchema})


@devices.operation("GET", "", signed_in)
def list_devices(actor_id: Actor) -> Devices:
    """The devices that you have registered"""
    return {"items": devices_of(actor_id)}


def devices_of(user_id: int) -> Sequence[Device]:
    """The devices of a user, by id."""
    statement = select(Device).where(Device.user_id == user_id).order_by(Device.id)
    return db.session.scalars(statement).all()


@devices.operation(
    "POST", "", signed_in, body="NewDevice", once=True, secret=True, status=201, also=(409,)
)
def register_device(
    actor_id: Actor, name: Annotated[str, partial(Name, NAME_LENGTH)]
) -> RegisteredDevice:
    """Register the device that you use; it sends the secret as `X-Device-Token` from now on"""
    locked(User, actor_id)  # registrations of one user come one by one, so that the limit holds
    count = select(func.count()).select_from(Device).where(Device.user_id == actor_id)
    if counted_now(count)[0] >= DEVICES_MAX:
        raise Conflict(f"A user cannot have more than {DEVICES_MAX} devices.")
    token = secrets.token_urlsafe(TOKEN_BYTES)
    device = Device(user_id=actor_id, name=name, token_hash=token_hash(token))
    db.session.add(device)
    db.session.flush()
    record_audit("device.register", f"device:{device.id}", by=actor_id, after={"name": name})
    db.session.commit()
    return {"id": device.id, "name": name, "created_at": device.created_at, "token": token}


@devices.operation("DELETE", "/<int:device_id>", signed_in)
def forget_device(actor_id: Actor, device_id: int) -> None:
    """Forget one of your devices"""
    device = db.session.get(Device, device_id, with_for_update=True)
    if device is None or device.user_id != actor_id:
        raise UnknownResource("device", device_id)
    db.session.delete(device)
    record_audit("device.forget", f"device:{device_id}", by=actor_id, before={"name": device.name})
    db.session.commit()
