"""The extension instances, not initialised. ``create_app`` alone calls their ``init_app``."""

from __future__ import annotations

from flask import current_app
from flask_migrate import Migrate
from werkzeug.local import LocalProxy

from app.core.permission import PermissionSystem
from app.core.redis import RedisStore
from app.db import db
from app.server import YotoSocketIO

migrate = Migrate()
# Flask-SocketIO keeps its server on the object, so each application has an object of its own.
socketio: YotoSocketIO = LocalProxy(  # type: ignore[assignment]
    lambda: current_app.extensions["socketio"]
)
redis_store = RedisStore()
permissions = PermissionSystem()

__all__ = ["db", "migrate", "permissions", "redis_store", "socketio"]
