"""Setting what policies judge by."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from app.blueprints.servers.service import owned
from app.extensions import permissions
from app.models import Channel, Server, User
from yoto.api.rows import change, locked
from yoto.auth.identity import Identity
from yoto.errors import PermissionDenied, ValidationFailed
from yoto.request.current import current_request
from yoto.store.db import db
from yoto.store.models import Device, record_audit

CLEARANCE_TOO_LOW = "clearance_too_low"


def set_server_rules(server_id: int, actor: Identity, values: Mapping[str, Any]) -> Server:
    """Set all rules of a server; only its owner (or a super-admin) may.

    Raises:
        PermissionDenied: the actor does not own the server.
        UnknownResource: there is no such server.
        ValidationFailed: they would lock the owner out.
    """
    server = owned(server_id, actor, "server.rules")
    _refuse_shutting_out(server.owner_id, values)
    about = f"server:{server_id}"
    _set(server, values, "server.rules", about, by=actor.user_id, server_id=server_id)
    return server


def set_channel_rules(channel_id: int, actor_id: int, values: Mapping[str, Any]) -> Channel:
    """Set all rules of a channel.

    Raises:
        UnknownResource: there is no such channel.
        PermissionDenied: its sensitivity, old or new, is above the actor's clearance.
    """
    channel = locked(Channel, channel_id)
    actor = db.session.get_one(User, actor_id)
    highest = max(channel.sensitivity, values["sensitivity"])
    if values["sensitivity"] != channel.sensitivity and highest > actor.clearance:
        if not actor.super_admin:
            raise PermissionDenied(CLEARANCE_TOO_LOW, "channel.manage")
    about = f"channel:{channel_id}"
    _set(channel, values, "channel.rules", about, by=actor_id, server_id=channel.server_id)
    return channel


def set_clearance(actor_id: int, user_id: int, clearance: int, reason: str | None) -> User:
    """Set what an account is trusted with.

    Raises:
        UnknownResource: there is no such account.
        ValidationFailed: it is the actor's own.
        PermissionDenied: the clearance, old or new, is above the actor's, or the account's global
            roles stand above theirs.
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
