"""The events that a client may send; docs/control-socket.md describes them.

Every response is an acknowledgement: ``{"ok": true, ...}``, or ``{"ok": false, "problem": {...}}``
with the problem that the REST API would have given.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import wraps
from typing import Any

from flask import Flask, current_app
from flask_socketio import ConnectionRefusedError, Namespace
from werkzeug.exceptions import RequestEntityTooLarge, ServiceUnavailable, Unauthorized

from yoto.auth.operators import VIEW, has_right
from yoto.control_plane.socket.clients import Client
from yoto.control_plane.socket.limits import MESSAGE_BYTES, PATIENCE
from yoto.control_plane.socket.registry import (
    DETAILS,
    DRAINING,
    EXTENSION,
    SIGNED_OUT,
    ClientRegistry,
    current_registry,
)
from yoto.control_plane.socket.sender import NAMESPACE
from yoto.control_plane.socket.snapshots import event_topics, state_of
from yoto.control_plane.socket.topics import STATE_TOPICS, STATUS, parse, parse_topics
from yoto.errors import PermissionDenied, RateLimited, ValidationFailed
from yoto.extensions import cache, fleet, monitor
from yoto.http.application import Application
from yoto.operate.application import of_application
from yoto.sockets import RevocationWatcher, acknowledged, init_admission, socket_id
from yoto.store.db import writing

Handler = Callable[..., dict[str, Any]]
NOT_GRANTED = "not_granted"
TOO_FAST = "too_many_messages"


def init_control_socket(app: Application) -> None:
    """Serve the namespace on the application's Socket.IO server."""
    app.extensions[EXTENSION] = made = ClientRegistry(app)
    tailer = cache.of(app).tailer
    tailer.subscribe(
        RevocationWatcher(app, "operator", made.clients.users_about, made.check_account).heard
    )
    fleet.of(app).on_change(made.drain)
    monitor.of(app).add_source("control_sockets", made.samples)
    app.extensions["socketio"].on_namespace(ControlNamespace(NAMESPACE))
    init_admission(app)


def close_control_socket(app: Flask) -> None:
    """End the threads of the namespace."""
    app.extensions[EXTENSION].close()


def heard(handler: Handler) -> Handler:
    """Pass a client's message to the handler, unless it is too large or came too fast."""

    @acknowledged("problem")
    @wraps(handler)
    def wrapped(self: ControlNamespace, *args: Any) -> dict[str, Any]:
        client = current_registry().clients.get(socket_id())
        if client is None:
            raise Unauthorized("Connect again.")
        if client.credential.over():
            current_registry().sender.end(client, SIGNED_OUT, DETAILS[SIGNED_OUT])
            raise Unauthorized(DETAILS[SIGNED_OUT])
        try:
            client.pace.admit()
        except RateLimited:
            if client.pace.refused > PATIENCE:
                current_registry().sender.end(
                    client, TOO_FAST, "Messages came too fast for too long."
                )
            raise
        if len(json.dumps(args)) > MESSAGE_BYTES:
            raise RequestEntityTooLarge(f"A message may have {MESSAGE_BYTES} bytes.")
        with writing(False):
            return handler(self, client, *args)

    return wrapped


class ControlNamespace(Namespace):
    """The namespace in which operators follow the platform."""

    def on_connect(self, auth: Any = None) -> None:
        """Accept the session's cookie, or ``auth={"token": API token}``, if the operator may view.

        Raises:
            ConnectionRefusedError: with the problem that the REST API would have given.
        """
        if current_registry().clients.get(socket_id()) is not None:
            return  # no connection, but an event that a client called "connect"
        try:
            with writing(False):
                self._admit(auth)
        except Exception as error:
            problem: Any = current_app.handle_user_exception(error)
            found = problem.get_json()
            raise ConnectionRefusedError(found["title"], found) from error

    def on_disconnect(self, *_: Any) -> None:
        current_registry().clients.remove(socket_id())

    @heard
    def on_subscribe(self, client: Client, *args: Any) -> dict[str, Any]:
        """Follow topics, instead of the previous ones: see ``topics.parse``."""
        wanted = parse(_only(args), event_topics())
        current_registry().subscribe(client, wanted)
        return {"topics": sorted(wanted.topics)}

    @heard
    def on_unsubscribe(self, client: Client, *args: Any) -> dict[str, Any]:
        """Stop following these topics: ``{"topics": [...]}``; without data, all topics."""
        leaving = parse_topics(_only(args), event_topics()) if args else None
        current_registry().leave(client, leaving)
        return {"topics": sorted(client.subscription.topics)}

    @heard
    def on_request_status(self, client: Client, *args: Any) -> dict[str, Any]:
        """Send ``system_status`` to this client now."""
        if args and args != (None,):
            raise ValidationFailed({"body": "takes no data"})
        current_registry().sender.send([client], STATE_TOPICS[STATUS][0], state_of(STATUS))
        return {}

    def _admit(self, auth: Any) -> None:
        if fleet.current.draining is not None:
            raise ServiceUnavailable(DETAILS[DRAINING])
        identify = of_application().socket_credential
        if identify is None:
            raise Unauthorized("Nobody may connect here.")
        credential = identify(auth)
        if not has_right(credential.look(), VIEW):
            raise PermissionDenied(NOT_GRANTED, VIEW)
        current_registry().connect(Client(socket_id(), self._transport_id(), credential))

    def _transport_id(self) -> str:
        manager = current_app.extensions["socketio"].server.manager
        return str(manager.eio_sid_from_sid(socket_id(), NAMESPACE))


def _only(args: tuple[Any, ...]) -> Any:
    """The one object of a message.

    Raises:
        ValidationFailed: the message has another number of arguments, or it is no object.
    """
    if len(args) != 1 or not isinstance(args[0], dict):
        raise ValidationFailed({"body": "must be one object"})
    return args[0]
