"""Facts that policies check: rules of servers and channels, and the clearance of accounts."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from functools import partial
from typing import Annotated, Any, TypedDict
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import marshmallow as ma
from marshmallow.validate import Length, OneOf, Regexp
from sqlalchemy import select

from app.blueprints.servers.gate import needs_management
from app.blueprints.servers.servers import owned
from app.extensions import permissions
from app.models import Channel, Server, User
from yoto.api.rows import change, existing, locked
from yoto.auth.identity import identity
from yoto.errors import PermissionDenied, ValidationFailed
from yoto.http.operation import Actor, Subject, Why
from yoto.http.shapes import Between, schema_of
from yoto.permission import require_permission
from yoto.request.context import current_request
from yoto.store.db import db
from yoto.store.models import Device, record_audit

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


LEVEL_MAX = 4
NETWORKS_MAX = 200
CLEARANCE_TOO_LOW = "clearance_too_low"
SERVER_RULES = "/servers/<int:server_id>/rules"
CHANNEL_RULES = "/channels/<int:channel_id>/rules"
CLEARANCE = "/admin/users/<int:user_id>/clearance"
MANAGES_CHANNEL = require_permission("channel.manage", "channel", "channel_id")
MANAGES_USERS = require_permission("admin.users")
# A sensitivity or clearance, 0 (anybody) to 4.
Level = Annotated[int, Between(0, LEVEL_MAX)]
Hours = Annotated[dict[str, Any] | None, partial(ma.fields.Nested, WindowSchema)]

rules = Subject("rules", "", "What policies judge by", "rule")


class ServerRules(TypedDict):
    """Facts by which policies judge the management of a server."""

    time_zone: Annotated[str, partial(TimeZone)]
    access_hours: Annotated[Hours, "When it may be managed; null: at any time"]
    blocked_networks: Annotated[
        list[Annotated[str, partial(Network)]] | None, Length(max=NETWORKS_MAX)
    ]
    device_required: Annotated[bool, "Whether managing takes a registered device"]


class ChannelRules(TypedDict):
    """Facts by which policies judge sending in a channel."""

    sensitivity: Level
    hours: Annotated[Hours, "When messages may be sent, in the server's time zone"]


class Clearance(TypedDict):
    """The clearance of an account."""

    clearance: int


@rules.operation("GET", SERVER_RULES, needs_management, also=(404,))
def read_server_rules(server_id: int) -> ServerRules:
    """When, from where and with what a server may be managed"""
    return existing(Server, server_id)


@rules.operation("PUT", SERVER_RULES, needs_management, body=schema_of(ServerRules), also=(404,))
def set_server_rules(server_id: int, **values: Any) -> ServerRules:
    """Say when, from where and with what a server that you own may be managed

    Rules that would lock the owner out are refused: networks that you come from yourself, or that
    hold every address, and a device while the owner has registered none.
    """
    actor = identity()
    server = owned(server_id, actor, "server.rules")
    _refuse_shutting_out(server.owner_id, values)
    about = f"server:{server_id}"
    _set(server, values, "server.rules", about, by=actor.user_id, home=about)
    return server


@rules.operation("GET", CHANNEL_RULES, MANAGES_CHANNEL)
def read_channel_rules(channel_id: int) -> ChannelRules:
    """When messages may be sent in a channel, and how sensitive it is"""
    return existing(Channel, channel_id)


@rules.operation("PUT", CHANNEL_RULES, MANAGES_CHANNEL, body=schema_of(ChannelRules))
def set_channel_rules(actor_id: Actor, channel_id: int, **values: Any) -> ChannelRules:
    """Say when messages may be sent in a channel, and how sensitive it is

    A sensitivity above your own clearance can neither be set nor lifted by you.
    """
    channel = locked(Channel, channel_id)
    actor = db.session.get_one(User, actor_id)
    highest = max(channel.sensitivity, values["sensitivity"])
    if values["sensitivity"] != channel.sensitivity and highest > actor.clearance:
        if not actor.super_admin:
            raise PermissionDenied(CLEARANCE_TOO_LOW, "channel.manage")
    about = f"channel:{channel_id}"
    _set(channel, values, "channel.rules", about, by=actor_id, home=f"server:{channel.server_id}")
    return channel


@rules.operation("GET", CLEARANCE, MANAGES_USERS)
def read_clearance(user_id: int) -> Clearance:
    """The clearance of an account"""
    return existing(User, user_id)


@rules.operation("PUT", CLEARANCE, MANAGES_USERS, body="SetClearance")
def set_clearance(actor_id: Actor, user_id: int, clearance: Level, reason: Why = None) -> Clearance:
    """Say what an account is trusted with

    A clearance above your own can neither be given nor taken by you.
    """
    if user_id == actor_id:
        raise ValidationFailed({"clearance": "cannot be changed on one's own account"})
    user = locked(User, user_id)
    permissions.check_not_above(actor_id, user_id)
    actor = db.session.get_one(User, actor_id)
    if max(user.clearance, clearance) > actor.clearance and not actor.super_admin:
        raise PermissionDenied(CLEARANCE_TOO_LOW, "admin.users")
    about = f"user:{user_id}"
    values = {"clearance": clearance}
    _set(user, values, "user.clearance", about, by=actor_id, reason=reason)
    return user


def _set(row: Any, values: Mapping[str, Any], action: str, about: str, **recorded: Any) -> None:
    """Change a locked row, record what changed, and commit."""
    before, after = change(row, values)
    if after:
        record_audit(action, about, before=before, after=after, **recorded)
    db.session.commit()


def _refuse_shutting_out(owner_id: int, values: Mapping[str, Any]) -> None:
    """Hours are let through: they come again within a week, and the owner may change them before.

    Raises:
        ValidationFailed: naming the rule.
    """
    has_none = select(Device.id).where(Device.user_id == owner_id).limit(1)
    if values["device_required"] and db.session.scalar(has_none) is None:
        raise ValidationFailed(
            {"device_required": "would lock the owner out, who has registered no device"}
        )
    networks = values["blocked_networks"] or ()
    if any(ipaddress.ip_network(network).prefixlen == 0 for network in networks):
        raise ValidationFailed({"blocked_networks": "would lock everybody out"})
    here = current_request()
    if here is None or here.ip is None:
        return
    address = ipaddress.ip_address(here.ip)
    if any(address in ipaddress.ip_network(network) for network in networks):
        raise ValidationFailed({"blocked_networks": f"would lock you out, who come from {address}"})
