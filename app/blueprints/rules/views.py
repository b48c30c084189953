"""Routes of what policies judge by."""

from __future__ import annotations

from typing import Any

from app.blueprints.rules import service
from app.blueprints.rules.schemas import (
    ChannelRulesSchema,
    ClearanceSchema,
    ServerRulesSchema,
    SetClearanceSchema,
)
from app.blueprints.servers.gate import needs_management
from app.models import Channel, Server, User
from yoto.api.rows import existing
from yoto.auth.identity import current_user_id, identity
from yoto.http.api import API_PREFIX
from yoto.http.rest import RestBlueprint
from yoto.permission import require_permission

rules = RestBlueprint(
    "rules", __name__, url_prefix=API_PREFIX, description="What policies judge by"
)

SERVER_RULES = "/servers/<int:server_id>/rules"
CHANNEL_RULES = "/channels/<int:channel_id>/rules"
CLEARANCE = "/admin/users/<int:user_id>/clearance"


@rules.get(SERVER_RULES)
@needs_management
@rules.response(200, ServerRulesSchema)
@rules.alt_response(404, "NOT_FOUND")
def read_server_rules(server_id: int) -> Server:
    """When, from where and with what a server may be managed"""
    return existing(Server, server_id)


@rules.put(SERVER_RULES)
@needs_management
@rules.arguments(ServerRulesSchema)
@rules.response(200, ServerRulesSchema)
@rules.alt_response(404, "NOT_FOUND")
def set_server_rules(body: dict[str, Any], server_id: int) -> Server:
    """Say when, from where and with what a server that you own may be managed

    Rules that would lock the owner out are refused: networks that you come from yourself, or that
    hold every address, and a device while the owner has registered none.
    """
    return service.set_server_rules(server_id, identity(), body)


@rules.get(CHANNEL_RULES)
@require_permission("channel.manage", "channel", "channel_id")
@rules.response(200, ChannelRulesSchema)
def read_channel_rules(channel_id: int) -> Channel:
    """When messages may be sent in a channel, and how sensitive it is"""
    return existing(Channel, channel_id)


@rules.put(CHANNEL_RULES)
@require_permission("channel.manage", "channel", "channel_id")
@rules.arguments(ChannelRulesSchema)
@rules.response(200, ChannelRulesSchema)
def set_channel_rules(body: dict[str, Any], channel_id: int) -> Channel:
    """Say when messages may be sent in a channel, and how sensitive it is

    A sensitivity above your own clearance can neither be set nor lifted by you.
    """
    return service.set_channel_rules(channel_id, current_user_id(), body)


@rules.get(CLEARANCE)
@require_permission("admin.users")
@rules.response(200, ClearanceSchema)
def read_clearance(user_id: int) -> User:
    """The clearance of an account"""
    return existing(User, user_id)


@rules.put(CLEARANCE)
@require_permission("admin.users")
@rules.arguments(SetClearanceSchema)
@rules.response(200, ClearanceSchema)
def set_clearance(body: dict[str, Any], user_id: int) -> User:
    """Say what an account is trusted with

    A clearance above your own can neither be given nor taken by you.
    """
    return service.set_clearance(current_user_id(), user_id, **body)
