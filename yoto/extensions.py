"""The platform's extension instances, not initialised: the application calls their ``init_app``."""

from __future__ import annotations

from yoto.alerts import Alerts
from yoto.cache import HybridPermissionCache
from yoto.events import Events
from yoto.fleet import Fleet
from yoto.monitor import Monitor
from yoto.optimization import AdvancedOptimization
from yoto.permission import PermissionSystem
from yoto.policy import BehaviourWatch, PolicyManager
from yoto.prefetch import Prefetch
from yoto.redis import RedisStore
from yoto.resilience import Resilience

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
