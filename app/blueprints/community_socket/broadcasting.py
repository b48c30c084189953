"""Broadcasts channel events to the sockets that listen to the channel."""

from __future__ import annotations

import logging
import time
from typing import Any, cast

from flask import current_app

from app.auth import identity_of
from app.blueprints.community_socket.fan_out import fan_out_of
from app.blueprints.community_socket.listeners import Connection, Listeners
from app.extensions import permissions, socketio
from yoto.errors import PlatformError, UnknownResource
from yoto.store.db import writing

NAMESPACE = "/community"
EXTENSION = "yoto.community"
READ = "channel.read"

log = logging.getLogger(__name__)


def listeners() -> Listeners:
    """The listeners of the current application."""
    return cast(Listeners, current_app.extensions[EXTENSION])


def broadcast(channel_id: int, event: str, payload: dict[str, Any]) -> None:
    """Send an event to every user who listens to the channel and may still read it.

    Sockets of this worker receive it at once, those of the others through Redis. The change behind
    the event is committed by now, so nothing here may fail its request.

    Args:
        event: ``message``, ``message_edited`` or ``message_deleted``.
        payload: JSON-ready, with the message's ``id``.
    """
    emit_here(channel_id, event, payload)
    fan_out_of(current_app).publish(channel_id, payload["id"], event)


def emit_here(channel_id: int, event: str, payload: dict[str, Any]) -> None:
    """Send an event to the sockets of this worker."""
    listening = _in_time(listeners().of_channel(channel_id))
    if not listening:
        return
    try:
        recipients = _readers(channel_id, listening)
    except PlatformError:
        # The readers cannot be determined now, and closed is the default: the event is not sent.
        log.exception("event %s of channel %d was not sent", event, channel_id)
        return
    if recipients:
        socketio.emit(event, payload, namespace=NAMESPACE, to=recipients)


def _in_time(listening: dict[str, Connection]) -> dict[str, Connection]:
    """Sockets whose token is still valid; the others are cut off, to come back with a new one."""
    now = time.time()
    for sid, connection in listening.items():
        if connection.expires_at <= now:
            _cut_off(sid)
    return {sid: found for sid, found in listening.items() if found.expires_at > now}


def _readers(channel_id: int, listening: dict[str, Connection]) -> list[str]:
    """The users who may read now, by one check for all; those who have lost the right are removed.

    Without a right to read the channel, having joined it is worth nothing.
    """
    users = {connection.user_id for connection in listening.values()}
    with writing(False):
        may_read = permissions.batch_check_permissions(users, READ, "channel", channel_id)
    recipients = []
    for sid, connection in listening.items():
        if may_read[connection.user_id]:
            recipients.append(sid)
        else:
            _remove(sid, channel_id)
    return recipients


def put_out(channel_id: int) -> None:
    """Remove those sockets of this worker from the channel's room whose user may no longer read it.

    Raises:
        StoreUnavailable, MaintenanceMode: the readers cannot be determined now.
    """
    listening = listeners().of_channel(channel_id)
    if not listening:
        return
    try:
        _readers(channel_id, listening)
    except UnknownResource:
        for sid in listening:
            _remove(sid, channel_id)


def judge_sockets(user_id: int) -> None:
    """Cut those sockets of the user in this worker off whose token is refused by now; the others
    hear ``rights``: what the user may do is to be read anew.

    Raises:
        StoreUnavailable, DBAPIError: this cannot be determined now.
    """
    for sid, connection in listeners().of_user(user_id).items():
        if identity_of(connection.token) is None:
            _cut_off(sid)
        else:
            socketio.emit("rights", {}, namespace=NAMESPACE, to=sid)


def _cut_off(sid: str) -> None:
    socketio.server.disconnect(sid, namespace=NAMESPACE)


def _remove(sid: str, channel_id: int) -> None:
    if listeners().leave(sid, channel_id):
        socketio.emit("removed", {"channel_id": channel_id}, namespace=NAMESPACE, to=sid)
