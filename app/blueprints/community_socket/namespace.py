"""The events that a client may send.

Every response is an acknowledgement: ``{"ok": true, ...}``, or ``{"ok": false, "error": problem}``
with the problem that the REST API would have given.
"""

from __future__ import annotations

from typing import Any

from flask import Flask, current_app
from flask_jwt_extended import decode_token
from flask_socketio import ConnectionRefusedError, Namespace
from werkzeug.exceptions import Unauthorized

from app.auth import identity_of
from app.blueprints.community_socket.broadcasting import (
    EXTENSION,
    NAMESPACE,
    READ,
    emit_here,
    judge_sockets,
    listeners,
    put_out,
)
from app.blueprints.community_socket.fan_out import EXTENSION as FAN_OUT
from app.blueprints.community_socket.fan_out import FanOut, Load, fan_out_of
from app.blueprints.community_socket.listeners import Listeners
from app.blueprints.rights import demand
from app.extensions import cache
from yoto.api.visibility import demand_sight
from yoto.errors import PermissionDenied, ValidationFailed
from yoto.nodes import MAX_ID
from yoto.permission import Place
from yoto.sockets import RevocationWatcher, acknowledged, socket_id


def init_community(app: Flask, load: Load) -> None:
    """Serve the namespace on the application's Socket.IO server.

    Args:
        load: reads a message for sockets, when another worker publishes it.
    """
    app.extensions[EXTENSION] = known = Listeners()
    app.extensions[FAN_OUT] = FanOut(app, known, load, emit_here)
    tailer = cache.of(app).tailer
    tailer.subscribe(RevocationWatcher(app, "channel", known.channels_about, put_out).heard)
    tailer.subscribe(RevocationWatcher(app, "user", known.users_about, judge_sockets).heard)
    app.extensions["socketio"].on_namespace(CommunityNamespace(NAMESPACE))


class CommunityNamespace(Namespace):
    """Signed-in people listen to channels that they may read."""

    def on_connect(self, auth: Any = None) -> None:
        """Accept ``auth={"token": access token}``, for as long as the token is good.

        Raises:
            ConnectionRefusedError: there is no valid access token.
        """
        if listeners().get(socket_id()) is not None:
            return  # no connection, but an event that a client called "connect"
        token = auth.get("token") if isinstance(auth, dict) else None
        found = identity_of(token) if isinstance(token, str) else None
        if found is None:
            raise ConnectionRefusedError("a valid access token is needed")
        listeners().connect(socket_id(), found.user_id, token, decode_token(token)["exp"])
        fan_out_of(current_app).start()

    def on_disconnect(self, *_: Any) -> None:
        listeners().disconnect(socket_id())

    @acknowledged("error")
    def on_join(self, *args: Any) -> dict[str, Any]:
        """Listen to a channel: ``{"channel_id": 3}``; needs ``channel.read`` there."""
        channel_id = _channel_id(args)
        connection = listeners().get(socket_id())
        if connection is None or identity_of(connection.token) is None:
            raise Unauthorized("Connect again, with a token that is good now.")
        try:
            demand(connection.user_id, READ, "channel", channel_id)
        except PermissionDenied:
            demand_sight(connection.user_id, [Place("channel", channel_id)])
            raise
        listeners().join(socket_id(), channel_id)
        return {"channel_id": channel_id}

    @acknowledged("error")
    def on_leave(self, *args: Any) -> dict[str, Any]:
        """Listen to a channel no more."""
        channel_id = _channel_id(args)
        listeners().leave(socket_id(), channel_id)
        return {"channel_id": channel_id}


def _channel_id(args: tuple[Any, ...]) -> int:
    """The channel that an event names.

    Raises:
        ValidationFailed: the event's data is not ``{"channel_id": <id>}``.
    """
    if len(args) != 1 or not isinstance(args[0], dict):
        raise ValidationFailed({"body": 'must be one object, {"channel_id": 3}'})
    unknown = sorted(str(name) for name in args[0].keys() - {"channel_id"})
    if unknown:
        raise ValidationFailed({name: "Unknown field." for name in unknown})
    channel_id = args[0].get("channel_id")
    if type(channel_id) is not int or not 1 <= channel_id <= MAX_ID:
        raise ValidationFailed({"channel_id": "must be an id"})
    return channel_id
