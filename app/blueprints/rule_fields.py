"""Fields of rules: time zones, networks, and hours of certain days."""

from __future__ import annotations

import ipaddress
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import marshmallow as ma
from marshmallow.validate import Length, OneOf, Regexp

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
ZONE_LENGTH = 64
TIME = Regexp(
    r"(?:(?:[01][0-9]|2[0-3]):[0-5][0-9]|24:00)\Z", error="Must be like 08:30; 24:00 is the end."
)
END_OF_DAY = "24:00"


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
