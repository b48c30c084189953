"""The Redis layer: one client an application, keys, scripts, fail-fast, the embedded server."""

from app.core.redis import keys
from app.core.redis.connection import RedisConnection
from app.core.redis.embedded import EmbeddedServer
from app.core.redis.following import READ_LIMIT, Following
from app.core.redis.info import (
    ConnectionTest,
    NodeInfo,
    RedisInfo,
    check_address,
    create_redis_client,
    every_server_answers,
    get_redis_info,
    test_redis_connection,
)
from app.core.redis.keys import KeyBuilder, escape
from app.core.redis.registry import ScriptRegistry
from app.core.redis.script import Script, load_script
from app.core.redis.settings import RedisSettings
from app.core.redis.store import RedisState, RedisStore
from app.core.redis.stream_reader import RawEntry, StreamReader

__all__ = [
    "READ_LIMIT",
    "ConnectionTest",
    "EmbeddedServer",
    "Following",
    "KeyBuilder",
    "NodeInfo",
    "RawEntry",
    "RedisConnection",
    "RedisInfo",
    "RedisSettings",
    "RedisState",
    "RedisStore",
    "Script",
    "ScriptRegistry",
    "StreamReader",
    "check_address",
    "create_redis_client",
    "escape",
    "every_server_answers",
    "get_redis_info",
    "keys",
    "load_script",
    "test_redis_connection",
]
