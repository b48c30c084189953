"""The extension instances, not initialised. ``create_app`` alone calls their ``init_app``."""

from __future__ import annotations

from functools import partial

from flask import current_app
from werkzeug.local import LocalProxy

from app.db import db
from app.server import YotoSocketIO
from yoto import extensions as platform
from yoto.extensions import (
    cache,
    events,
    fleet,
    monitor,
    optimization,
    permissions,
    redis_store,
    resilience,
)

# Flask-SocketIO keeps its server on the object, so each application has an object of its own.
socketio: YotoSocketIO = LocalProxy(  # type: ignore[assignment]
    lambda: current_app.extensions["socketio"]
)

# Finds the extensions of rooms, which are imported when they are first used.
__getattr__ = partial(getattr, platform)

__all__ = [  # noqa: F822  # those of rooms are found by __getattr__
    "behaviour",
    "cache",
    "db",
    "events",
    "fleet",
    "monitor",
    "optimization",
    "permissions",
    "policy",
    "prefetch",
    "redis_store",
    "resilience",
    "socketio",
]
