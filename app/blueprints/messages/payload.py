"""A message as sockets receive it: the same as in the REST API."""

from __future__ import annotations

from typing import Any

from app.blueprints.messages.posts import Post, read_post
from app.blueprints.messages.schemas import MessageSchema
from yoto.errors import UnknownResource
from yoto.http.dumping import prepared

_dump = prepared(MessageSchema())


def payload_of(post: Post) -> dict[str, Any]:
    """A message that was read."""
    payload: dict[str, Any] = _dump(post)
    return payload


def message_payload(channel_id: int, message_id: int) -> dict[str, Any] | None:
    """The message as it is now; None when it was deleted meanwhile."""
    try:
        return payload_of(read_post(channel_id, message_id))
    except UnknownResource:
        return None
