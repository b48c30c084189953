"""The extension instances, not initialised. ``create_app`` alone calls their ``init_app``."""

from __future__ import annotations

from flask import current_app
from werkzeug.local import LocalProxy

from app.server import YotoSocketIO
from yoto.cache import HybridPermissionCache
from yoto.events import Events
from yoto.fleet import Fleet
from yoto.monitor import Alerts, Monitor
from yoto.optimization import AdvancedOptimization
from yoto.permission import PermissionSystem
from yoto.policy import BehaviourWatch, PolicyManager
from yoto.prefetch import Prefetch
from yoto.redis import RedisStore
from yoto.resilience import Resilience
from yoto.store.db import db

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
    "monitor",
    "optimization",
    "permissions",
    "policy",
    "prefetch",
    "redis_store",
    "resilience",
    "socketio",
]
