"""Access requests of one application: what the core asks of them, and their part that runs."""

from __future__ import annotations

from flask import Flask

from yoto.events import Events
from yoto.permission.registry.scopes import Place
from yoto.permission.state import get_state_in_maintenance, state_of
from yoto.settings import settings_of

from .deciders import is_requestable
from .requesting import REQUESTING
from .settings import RequestSettings
from .settling import EXTENSION, RequestDesk


def lend_in(app: Flask) -> None:
    """Let people of ``app`` ask where they are denied; nothing is read or started yet."""
    state = state_of(app)
    state.may_ask = _may_ask
    app.extensions[EXTENSION] = RequestDesk(
        app,
        RequestSettings.from_config(settings_of(app)),
        REQUESTING.settle,
        Events.of(app).stream.publish,
        state.clock,
    )


def _may_ask(user_id: int, permission: str, place: Place | None, reason: str) -> bool:
    return is_requestable(get_state_in_maintenance(), user_id, permission, place, reason)
