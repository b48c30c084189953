"""Routes of channels."""

from __future__ import annotations

from typing import Any

from flask import url_for
from sqlalchemy import Row

from app.blueprints.channels import listing, service
from app.blueprints.channels.schemas import (
    ChangeChannelSchema,
    ChannelSchema,
    MoveSchema,
    NewChannelSchema,
)
from app.models import Channel
from yoto.api.rows import existing
from yoto.auth.access import signed_in
from yoto.auth.identity import current_user_id, identity
from yoto.http.api import API_PREFIX
from yoto.http.idempotency import once
from yoto.http.paging import Page, page_of
from yoto.http.rest import RestBlueprint
from yoto.permission import require_permission

channels = RestBlueprint(
    "channels", __name__, url_prefix=API_PREFIX, description="Places for messages"
)

CHANNELS = "/servers/<int:server_id>/channels"
CHANNEL = "/channels/<int:channel_id>"


@channels.get(CHANNELS)
@signed_in
@channels.response(200, page_of(ChannelSchema))
def list_channels(server_id: int) -> Page[Row[Any]]:
    """The channels of a server that you may read, in their order. They fit one page"""
    return Page(listing.readable_channels(server_id, identity()), None)


@channels.post(CHANNELS)
@require_permission("channel.manage", "server", "server_id")
@once
@channels.arguments(NewChannelSchema)
@channels.response(201, ChannelSchema)
@channels.alt_response(409, "CONFLICT")
def create_channel(body: dict[str, Any], server_id: int) -> tuple[Channel, dict[str, str]]:
    """Make a channel"""
    channel = service.create_channel(server_id, current_user_id(), **body)
    return channel, {"Location": url_for(".read_channel", channel_id=channel.id)}


@channels.get(CHANNEL)
@require_permission("channel.read", "channel", "channel_id")
@channels.response(200, ChannelSchema)
def read_channel(channel_id: int) -> Channel:
    """A channel"""
    return existing(Channel, channel_id)


@channels.patch(CHANNEL)
@require_permission("channel.manage", "channel", "channel_id")
@channels.arguments(ChangeChannelSchema)
@channels.response(200, ChannelSchema)
@channels.alt_response(409, "CONFLICT")
def change_channel(body: dict[str, Any], channel_id: int) -> Channel:
    """Change name, kind, topic, position or external id"""
    return service.change_channel(channel_id, current_user_id(), body)


@channels.put(f"{CHANNEL}/category")
@require_permission("channel.manage", "channel", "channel_id")
@channels.arguments(MoveSchema)
@channels.response(200, ChannelSchema)
def move_channel(body: dict[str, Any], channel_id: int) -> Channel:
    """Move a channel into a category; to take its overwrites also takes `channel.overwrite`"""
    return service.move_channel(channel_id, current_user_id(), **body)


@channels.post(f"{CHANNEL}/sync")
@require_permission("channel.overwrite", "channel", "channel_id")
@once
@channels.response(200, ChannelSchema)
def sync_channel(channel_id: int) -> Channel:
    """Put the overwrites of its category into force in a channel"""
    return service.sync_channel(channel_id, current_user_id())


@channels.delete(CHANNEL)
@require_permission("channel.manage", "channel", "channel_id")
@channels.response(204)
def delete_channel(channel_id: int) -> None:
    """Delete a channel with its messages"""
    service.delete_channel(channel_id, current_user_id())
