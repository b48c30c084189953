"""Routes of overwrites."""

from __future__ import annotations

from typing import Any

from app.blueprints.channels.overwrites import service
from app.blueprints.channels.overwrites.schemas import (
    ChangeOverwriteSchema,
    OverwriteSchema,
    OverwritesSchema,
)
from app.blueprints.channels.targets import Overwrite, Target
from yoto.auth.identity import current_user_id
from yoto.http.api import API_PREFIX
from yoto.http.rest import RestBlueprint
from yoto.permission import require_permission

overwrites = RestBlueprint(
    "overwrites",
    __name__,
    url_prefix=API_PREFIX,
    description="What roles and users may do differently in a channel or category",
)

TARGET = "<any(role, user):target_type>/<int:target_id>"
IN_CHANNEL = "/channels/<int:channel_id>/overwrites"
IN_CATEGORY = "/servers/<int:server_id>/categories/<int:category_id>/overwrites"


@overwrites.get(IN_CHANNEL)
@require_permission("channel.overwrite", "channel", "channel_id")
@overwrites.response(200, OverwritesSchema)
def list_channel_overwrites(channel_id: int) -> dict[str, Any]:
    """The overwrites in force in a channel"""
    return service.overwrites_of_channel(channel_id)


@overwrites.put(f"{IN_CHANNEL}/{TARGET}")
@require_permission("channel.overwrite", "channel", "channel_id")
@overwrites.arguments(ChangeOverwriteSchema)
@overwrites.response(200, OverwriteSchema)
@overwrites.alt_response(409, "CONFLICT")
def set_channel_overwrite(
    body: dict[str, Any], channel_id: int, target_type: str, target_id: int
) -> Overwrite:
    """Set the overwrites of a role or user in a channel, which ends its sync"""
    target = Target(target_type, target_id)
    return service.set_in_channel(channel_id, target, current_user_id(), **body)


@overwrites.delete(f"{IN_CHANNEL}/{TARGET}")
@require_permission("channel.overwrite", "channel", "channel_id")
@overwrites.response(204)
def clear_channel_overwrite(channel_id: int, target_type: str, target_id: int) -> None:
    """Remove the overwrites of a role or user in a channel, which ends its sync"""
    service.clear_in_channel(channel_id, Target(target_type, target_id), current_user_id())


@overwrites.get(IN_CATEGORY)
@require_permission("channel.overwrite", "server", "server_id")
@overwrites.response(200, OverwritesSchema)
def list_category_overwrites(server_id: int, category_id: int) -> dict[str, Any]:
    """The overwrites of a category"""
    return {
        "synced": False,
        "items": service.overwrites_of_category(server_id, category_id),
    }


@overwrites.put(f"{IN_CATEGORY}/{TARGET}")
@require_permission("channel.overwrite", "server", "server_id")
@overwrites.arguments(ChangeOverwriteSchema)
@overwrites.response(200, OverwriteSchema)
@overwrites.alt_response(409, "CONFLICT")
def set_category_overwrite(
    body: dict[str, Any], server_id: int, category_id: int, target_type: str, target_id: int
) -> Overwrite:
    """Set the overwrites of a role or user in a category and the channels in sync with it"""
    target = Target(target_type, target_id)
    return service.set_in_category(server_id, category_id, target, current_user_id(), **body)


@overwrites.delete(f"{IN_CATEGORY}/{TARGET}")
@require_permission("channel.overwrite", "server", "server_id")
@overwrites.response(204)
def clear_category_overwrite(
    server_id: int, category_id: int, target_type: str, target_id: int
) -> None:
    """Remove the overwrites of a role or user in a category"""
    target = Target(target_type, target_id)
    service.clear_in_category(server_id, category_id, target, current_user_id())
