"""Routes of messages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import url_for

from app.blueprints.channels.listing import channels_with
from app.blueprints.messages import pins, posts, sending
from app.blueprints.messages.history import read_history, search
from app.blueprints.messages.posts import (
    HistoryQuery,
    MessageContentSchema,
    MessageSchema,
    Post,
    SearchQuery,
    read_post,
)
from app.blueprints.messages.sending import sender, speaker_in
from app.guards import MESSAGE_SEARCH, MESSAGE_SEARCH_OF_USER, MESSAGE_SEND
from yoto.auth.access import signed_in
from yoto.auth.identity import current_user_id, identity
from yoto.http.api import API_PREFIX
from yoto.http.idempotency import once
from yoto.http.paging import Page, page_of
from yoto.http.rest import RestBlueprint
from yoto.permission import require_permission
from yoto.persistence import STORE_FAILURES
from yoto.request.context import keeps_order
from yoto.resilience import guarded

messages = RestBlueprint(
    "messages", __name__, url_prefix=API_PREFIX, description="What people say in channels"
)
MessagePage = page_of(MessageSchema)

MESSAGES = "/channels/<int:channel_id>/messages"
MESSAGE = f"{MESSAGES}/<int:message_id>"

# Editing is telling everybody something too. Inside the permission check: callers who may not send
# must not use up the limit of a server.
# The breaker of a store counts its failures; these guards must not count them a second time.
guarded_sending = guarded(MESSAGE_SEND, key=sender, ignored=STORE_FAILURES)
guarded_search = guarded(
    MESSAGE_SEARCH, parts=("circuit_breaker", "bulkhead"), ignored=STORE_FAILURES
)
# Outside it: a caller waiting for a search of their own takes none of the places for all.
one_of_few = guarded(MESSAGE_SEARCH_OF_USER, parts=("bulkhead",), ignored=STORE_FAILURES)


# Reading takes the history permission alone: without channel.read nobody has it (docs/verdicts.md).
@messages.get(MESSAGES)
@require_permission("message.read_history", "channel", "channel_id")
@messages.arguments(HistoryQuery, location="query")
@messages.response(200, MessagePage)
def list_messages(query: Mapping[str, Any], channel_id: int) -> Page[Post]:
    """Read a channel, newest messages first"""
    return read_history(channel_id, **query)


@messages.post(MESSAGES)
@require_permission("message.send", "channel", "channel_id")
@guarded_sending
@once
@messages.arguments(MessageContentSchema)
@messages.response(201, MessageSchema)
@messages.alt_response(429, "TOO_MANY_REQUESTS")
def send_message(body: Mapping[str, Any], channel_id: int) -> tuple[Post, dict[str, str]]:
    """Send a message. An announcement channel also takes `message.manage`"""
    post = sending.send(speaker_in(channel_id), body["content"])
    location = url_for(".read_message", channel_id=channel_id, message_id=post.id)
    return post, {"Location": location}


@messages.get(MESSAGE)
@require_permission("message.read_history", "channel", "channel_id")
@messages.response(200, MessageSchema)
def read_message(channel_id: int, message_id: int) -> Post:
    """Read one message"""
    return read_post(channel_id, message_id)


@messages.patch(MESSAGE)
@require_permission("message.send", "channel", "channel_id")
@guarded_sending
@messages.arguments(MessageContentSchema)
@messages.response(200, MessageSchema)
@messages.alt_response(429, "TOO_MANY_REQUESTS")
def edit_message(body: Mapping[str, Any], channel_id: int, message_id: int) -> Post:
    """Edit a message that you wrote"""
    return sending.edit(speaker_in(channel_id), message_id, body["content"])


@messages.delete(MESSAGE)
@keeps_order
@require_permission("channel.read", "channel", "channel_id")
@messages.response(204)
def delete_message(channel_id: int, message_id: int) -> None:
    """Delete a message: your own, or anybody's with `message.manage`"""
    sending.delete(channel_id, message_id, current_user_id())


@messages.get(f"{MESSAGES}/search")
@require_permission("message.read_history", "channel", "channel_id")
@one_of_few
@guarded_search
@messages.arguments(SearchQuery, location="query")
@messages.response(200, MessagePage)
def search_channel(query: Mapping[str, Any], channel_id: int) -> Page[Post]:
    """Search one channel, newest hits first"""
    return search(
        posts.messages.c.channel_id == channel_id, query["q"], query["limit"], query["before"]
    )


@messages.get("/servers/<int:server_id>/messages/search")
@signed_in
@one_of_few
@guarded_search
@messages.arguments(SearchQuery, location="query")
@messages.response(200, MessagePage)
def search_server(query: Mapping[str, Any], server_id: int) -> Page[Post]:
    """Search all channels of a server whose history you may read, newest hits first"""
    found = channels_with(server_id, identity(), "message.read_history")
    return search(
        posts.messages.c.channel_id.in_(found), query["q"], query["limit"], query["before"]
    )


@messages.get("/channels/<int:channel_id>/pins")
@require_permission("message.read_history", "channel", "channel_id")
@messages.response(200, MessagePage)
def list_pins(channel_id: int) -> Page[Post]:
    """Read the pinned messages, the newest pin first. They fit one page"""
    return Page(pins.read_pins(channel_id), None)


@messages.put(f"{MESSAGE}/pin")
@require_permission("message.pin", "channel", "channel_id")
@messages.response(200, MessageSchema)
@messages.alt_response(409, "CONFLICT")
def pin_message(channel_id: int, message_id: int) -> Post:
    """Pin a message"""
    return pins.pin(channel_id, message_id, current_user_id())


@messages.delete(f"{MESSAGE}/pin")
@require_permission("message.pin", "channel", "channel_id")
@messages.response(204)
def unpin_message(channel_id: int, message_id: int) -> None:
    """Take a pin away"""
    pins.unpin(channel_id, message_id, current_user_id())
