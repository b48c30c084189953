"""The Redis layer: one client an application, keys, scripts, fail-fast, the embedded server."""

from app.core.redis import keys
from app.core.redis.connection import RedisConnection
from app.core.redis.keys import KeyBuilder
from app.core.redis.registry import ScriptRegistry
from app.core.redis.script import Script, load_script
from app.core.redis.settings import RedisSettings
from app.core.redis.store import RedisState, RedisStore

__all__ = [
    "KeyBuilder",
    "RedisConnection",
    "RedisSettings",
    "RedisState",
    "RedisStore",
    "Script",
    "ScriptRegistry",
    "keys",
    "load_script",
]
