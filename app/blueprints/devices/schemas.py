"""Devices as the API shows them."""

from __future__ import annotations

import marshmallow as ma

from yoto.http.fields import Instant, Name

NAME_LENGTH = 100


class DeviceSchema(ma.Schema):
    """A registered device."""

    id = ma.fields.Integer(required=True)
    name = ma.fields.String(required=True)
    created_at = Instant(required=True)


class NewDeviceSchema(ma.Schema):
    """A device to register."""

    name = Name(NAME_LENGTH, required=True)


class RegisteredDeviceSchema(DeviceSchema):
    """A device just registered, with its secret, which nobody is told again."""

    token = ma.fields.String(
        required=True, metadata={"description": "To be sent as X-Device-Token by this device"}
    )


class DevicesSchema(ma.Schema):
    """The devices of somebody. They fit one page."""

    items = ma.fields.List(ma.fields.Nested(DeviceSchema), required=True)
