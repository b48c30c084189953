"""Rules of servers and channels as the API shows them."""

from __future__ import annotations

import ipaddress
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import marshmallow as ma
from marshmallow.validate import Length, OneOf, Regexp

from yoto.http.fields import Flag, Whole
from yoto.http.reasons import ReasonSchema

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
LEVEL_MAX = 4
ZONE_LENGTH = 64
NETWORKS_MAX = 200
TIME = Regexp(
    r"(?:(?:[01][0-9]|2[0-3]):[0-5][0-9]|24:00)\Z", error="Must be like 08:30; 24:00 is the end."
)
END_OF_DAY = "24:00"


class Level(Whole):
    """A sensitivity or clearance, 0 (anybody) to 4."""

    def __init__(self, **options: Any) -> None:
        super().__init__(0, LEVEL_MAX, **options)


class TimeZone(ma.fields.String):
    """The name of a time zone, such as ``Europe/Berlin``."""

    def __init__(self, **options: Any) -> None:
        super().__init__(validate=Length(1, ZONE_LENGTH), **options)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> str:
        name: str = super()._deserialize(value, attr, data, **options)
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, OSError, ValueError):
            raise ma.ValidationError("There is no such time zone.") from None
        return name


class Network(ma.fields.String):
    """A network in CIDR notation, with no bits set behind its prefix."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> str:
        text: str = super()._deserialize(value, attr, data, **options)
        try:
            return str(ipaddress.ip_network(text))
        except ValueError as error:
            raise ma.ValidationError(f"Is no network: {error}.") from None


class WindowSchema(ma.Schema):
    """Hours of certain days. A window that ends before it begins goes on over midnight."""

    days = ma.fields.List(
        ma.fields.String(validate=OneOf(DAYS)), required=True, validate=Length(1, len(DAYS))
    )
    start = ma.fields.String(required=True, data_key="from", attribute="from", validate=TIME)
    end = ma.fields.String(required=True, data_key="to", attribute="to", validate=TIME)

    @ma.validates_schema
    def opens_at_some_time(self, data: dict[str, Any], **options: Any) -> None:
        if data["from"] == END_OF_DAY:
            raise ma.ValidationError("24:00 ends a day; one begins at 00:00.", "from")
        if data["from"] == data["to"]:
            raise ma.ValidationError("Must be another time than 'from'.", "to")


class ServerRulesSchema(ma.Schema):
    """Facts by which policies judge the management of a server."""

    time_zone = TimeZone(required=True)
    access_hours = ma.fields.Nested(
        WindowSchema,
        required=True,
        allow_none=True,
        metadata={"description": "When it may be managed; null: at any time"},
    )
    blocked_networks = ma.fields.List(
        Network(), required=True, allow_none=True, validate=Length(max=NETWORKS_MAX)
    )
    device_required = Flag(
        required=True, metadata={"description": "Whether managing takes a registered device"}
    )


class ChannelRulesSchema(ma.Schema):
    """Facts by which policies judge sending in a channel."""

    sensitivity = Level(required=True)
    hours = ma.fields.Nested(
        WindowSchema,
        required=True,
        allow_none=True,
        metadata={"description": "When messages may be sent, in the server's time zone"},
    )


class ClearanceSchema(ma.Schema):
    """The clearance of an account."""

    clearance = ma.fields.Integer(required=True)


class SetClearanceSchema(ReasonSchema):
    """A clearance to give an account."""

    clearance = Level(required=True)
