"""The extension instances, not initialised. ``create_app`` alone calls their ``init_app``."""

from __future__ import annotations

from flask_migrate import Migrate
from flask_socketio import SocketIO

from app.core.permission import PermissionSystem
from app.core.redis import RedisStore
from app.db import db

migrate = Migrate()
socketio = SocketIO()
redis_store = RedisStore()
permissions = PermissionSystem()

__all__ = ["db", "migrate", "permissions", "redis_store", "socketio"]
