"""Whom a sent message is counted for."""

from __future__ import annotations

from typing import Any

from flask import g

from app.blueprints.rows import existing
from app.core.resilience import MultiDimensionalKey
from app.http.auth import current_user_id
from app.models import Channel


def sender(*_: Any, channel_id: int, **__: Any) -> MultiDimensionalKey:
    """The caller, and the server of the channel.

    Raises:
        UnknownResource: there is no such channel (any more).
    """
    # The session forgets a row that nobody holds; held, it is the row that sending reads anyway.
    g.message_channel = existing(Channel, channel_id)
    return MultiDimensionalKey(user_id=current_user_id(), server_id=g.message_channel.server_id)
