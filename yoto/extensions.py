"""The platform's extension instances, not initialised: the application calls their ``init_app``.

Each is made with its first use, so that an application with guards alone imports ``resilience``
without what permissions need.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from yoto.cache import HybridPermissionCache
    from yoto.events import Events
    from yoto.fleet import Fleet
    from yoto.monitor import Monitor
    from yoto.optimization import AdvancedOptimization
    from yoto.permission import PermissionSystem
    from yoto.redis import RedisStore
    from yoto.resilience import Resilience

    redis_store = RedisStore()
    events = Events()
    monitor = Monitor()
    resilience = Resilience()
    optimization = AdvancedOptimization()
    cache = HybridPermissionCache()
    permissions = PermissionSystem()
    # Extensions of rooms: the core does not import their types either.
    behaviour: Any
    policy: Any
    prefetch: Any
    fleet = Fleet()
else:
    _CLASSES = {
        "redis_store": "yoto.redis:RedisStore",
        "events": "yoto.events:Events",
        "monitor": "yoto.monitor:Monitor",
        "resilience": "yoto.resilience:Resilience",
        "optimization": "yoto.optimization:AdvancedOptimization",
        "cache": "yoto.cache:HybridPermissionCache",
        "policy": "yoto.rooms.policies.manager:policy",
        "behaviour": "yoto.rooms.policies:BehaviourWatch",
        "permissions": "yoto.permission:PermissionSystem",
        "prefetch": "yoto.rooms.prefetch.extension:Prefetch",
        "fleet": "yoto.fleet:Fleet",
    }

    def _made(name: str) -> Any:
        if name not in _CLASSES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        module, _, kind = _CLASSES[name].partition(":")
        found = getattr(import_module(module), kind)
        made = globals()[name] = found() if isinstance(found, type) else found
        return made

    __getattr__ = _made
