"""The extension instances, not initialised. ``create_app`` alone calls their ``init_app``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import current_app
from werkzeug.local import LocalProxy

from app.core.cache import HybridPermissionCache
from app.core.events import Events
from app.core.fleet import Fleet
from app.core.monitor import Alerts, Monitor
from app.core.optimization import AdvancedOptimization
from app.core.permission import PermissionSystem
from app.core.policy import BehaviourWatch, PolicyManager
from app.core.prefetch import Prefetch
from app.core.redis import RedisStore
from app.core.resilience import Resilience
from app.db import db
from app.server import YotoSocketIO

if TYPE_CHECKING:
    from flask_migrate import Migrate

# A process that only serves has none: see ``app.migrations``.
migrate: Migrate = LocalProxy(  # type: ignore[assignment]
    lambda: current_app.extensions["migrate"].migrate
)
# Flask-SocketIO keeps its server on the object, so each application has an object of its own.
socketio: YotoSocketIO = LocalProxy(  # type: ignore[assignment]
    lambda: current_app.extensions["socketio"]
)
redis_store = RedisStore()
events = Events()
monitor = Monitor()
resilience = Resilience()
optimization = AdvancedOptimization()
alerts = Alerts()
cache = HybridPermissionCache()
policy = PolicyManager()
behaviour = BehaviourWatch()
permissions = PermissionSystem()
prefetch = Prefetch()
fleet = Fleet()

__all__ = [
    "alerts",
    "behaviour",
    "cache",
    "db",
    "events",
    "fleet",
    "migrate",
    "monitor",
    "optimization",
    "permissions",
    "policy",
    "prefetch",
    "redis_store",
    "resilience",
    "socketio",
]
