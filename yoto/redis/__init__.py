"""The Redis layer: one client an application, keys, scripts, fail-fast, the embedded server."""

from yoto.redis.clock import ServerClock
from yoto.redis.connection import RedisConnection, RedisStore
from yoto.redis.embedded import EmbeddedServer
from yoto.redis.following import READ_LIMIT, Following
from yoto.redis.info import (
    NodeInfo,
    RedisInfo,
    check_address,
    create_redis_client,
    every_server_responds,
    get_redis_info,
    test_redis_connection,
)
from yoto.redis.keys import KeyBuilder, escape
from yoto.redis.refusals import EXPECTED_FAILURES, REDIS_UNAVAILABLE
from yoto.redis.registry import ScriptRegistry
from yoto.redis.script import Script, load_lua, load_script
from yoto.redis.settings import RedisSettings
from yoto.redis.stream_reader import RawEntry, StreamReader

__all__ = [
    "EXPECTED_FAILURES",
    "READ_LIMIT",
    "REDIS_UNAVAILABLE",
    "EmbeddedServer",
    "Following",
    "KeyBuilder",
    "NodeInfo",
    "RawEntry",
    "RedisConnection",
    "RedisInfo",
    "RedisSettings",
    "RedisStore",
    "Script",
    "ScriptRegistry",
    "ServerClock",
    "StreamReader",
    "check_address",
    "create_redis_client",
    "escape",
    "every_server_responds",
    "get_redis_info",
    "load_lua",
    "load_script",
    "test_redis_connection",
]
