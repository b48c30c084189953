"""Status of Redis for operators: availability, kind and response time."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from yoto.errors import PlatformError, StoreUnavailable
from yoto.redis.clients import cluster_behind_url
from yoto.redis.connection import RedisConnection, RedisStore
from yoto.redis.link import pack_command
from yoto.redis.node import CONNECTION_ERRORS, Node
from yoto.redis.refusals import refusal_code
from yoto.redis.router import Router
from yoto.redis.script import load_script
from yoto.redis.settings import RedisSettings

_PING = pack_command((b"PING",))
_CLUSTER_INFO = pack_command((b"CLUSTER", b"INFO"))
_INFO = pack_command((b"INFO", b"server", b"memory", b"replication"))
_PROVE = load_script("yoto.redis.lua", "prove.lua")
# Keys that are tried to find one on each server; so many find one of 64 servers with equal shares.
_KEYS_TRIED = 1024

_ROLES = {"master": "primary", "slave": "replica"}


@dataclass(frozen=True)
class NodeInfo:
    """One server.

    Attributes:
        address: ``host:port``, or the path of a unix socket.
        available: whether it responded.
        role: ``"primary"`` or ``"replica"``.
        software: ``"redis"`` or ``"valkey"``.
        used_memory: bytes.
        latency_ms: time of a PING there and back, in milliseconds.
        error: why it did not respond, or took no write.
        writes: whether it took a script that writes; None for one that has no slots to write to.
        refuses: the code of its response if it rejects calls, or writes, such as ``"OOM"``.
    """

    address: str
    available: bool
    role: str | None = None
    software: str | None = None
    version: str | None = None
    used_memory: int | None = None
    latency_ms: float | None = None
    error: str | None = None
    writes: bool | None = None
    refuses: str | None = None


@dataclass(frozen=True)
class RedisInfo:
    """The whole of an application's Redis.

    Attributes:
        topology: ``"single"``, ``"cluster"``, ``"embedded"``; None while no server ever responded.
        available: whether scripts and commands go through, as fail-fast sees it.
        nodes: every server, primaries first.
        error: why there are no nodes.
    """

    topology: str | None
    available: bool
    nodes: tuple[NodeInfo, ...] = ()
    error: str | None = None


@dataclass(frozen=True)
class ConnectionTest:
    """Outcome of a test; true when it went well.

    Attributes:
        reason: the fault, or empty.
        latency_ms: time of a PING there and back, in milliseconds.
    """

    ok: bool
    reason: str = ""
    latency_ms: float | None = None

    def __bool__(self) -> bool:
        return self.ok


def create_redis_client(
    config: RedisSettings | Mapping[str, Any], instance_path: str | Path | None = None
) -> Any:
    """A client by the ``REDIS_*`` keys of ``config``: ``redis.RedisCluster`` or ``redis.Redis``.

    For programs without an application; an application has one already, ``redis_store.client``.

    Raises:
        ConfigurationError: a value is wrong.
        StoreUnavailable: it takes a connection to choose, and no server responded.
    """
    if not isinstance(config, RedisSettings):
        config = RedisSettings.from_config(config, instance_path)
    return RedisConnection(config).client


def test_redis_connection(connection: RedisConnection | None = None) -> ConnectionTest:
    """Ask a server of ``connection`` (default: the current application's) for a sign of life.

    Never raises because of Redis: faults are in the result.
    """
    connection = connection or RedisStore().current
    try:
        node = connection.topology.router.node_for(None)
        return ConnectionTest(True, latency_ms=_latency_ms(node))
    except (PlatformError, *CONNECTION_ERRORS) as error:
        return ConnectionTest(False, str(error))


# The name begins with "test", but pytest must not take it for a test.
test_redis_connection.__test__ = False  # type: ignore[attr-defined]


def every_server_responds(connection: RedisConnection) -> bool:
    """Whether all servers that take writes answer now; one that loads its data does not.

    Never raises because of Redis.
    """
    try:
        nodes = connection.topology.router.nodes()
        return not any(isinstance(node.call(_PING), Exception) for node in nodes)
    except (PlatformError, *CONNECTION_ERRORS):
        return False


def check_address(connection: RedisConnection) -> None:
    """Check once whether the server is of the kind in the settings; silence proves nothing.

    Raises:
        ConfigurationError: it is not; every later call would fail likewise.
    """
    try:
        topology = connection.topology
        cluster = topology.router.node_for(None).call(_CLUSTER_INFO)
    except (StoreUnavailable, *CONNECTION_ERRORS):
        return
    # A cluster of one server, or a proxy that hides the others, is used as one server.
    if topology.kind == "single" and int(_parse(cluster).get("cluster_size", 0)) > 1:
        raise cluster_behind_url()


def get_redis_info(connection: RedisConnection | None = None) -> RedisInfo:
    """Describe ``connection`` (default: the current application's), asking every server.

    Never raises because of Redis: a server that does not answer is described as such.
    """
    connection = connection or RedisStore().current
    try:
        topology = connection.topology
    except PlatformError as error:
        return RedisInfo(None, False, error=str(error))
    written = _write_everywhere(connection, topology.router)
    nodes = sorted(
        (_describe(node, written.get(node)) for node in topology.router.all_nodes()),
        key=lambda node: node.role != "primary",
    )
    return RedisInfo(topology.kind, connection.available, tuple(nodes))


def _write_everywhere(connection: RedisConnection, router: Router) -> dict[Node, Any]:
    """The response of each server that has slots to a script that writes."""
    keys: dict[Node, str] = {}
    wanted = len(router.nodes())
    for number in range(_KEYS_TRIED):
        key = connection.keys.tagged(("proof", number))
        with suppress(StoreUnavailable):
            keys.setdefault(router.node_for(key), key)
        if len(keys) == wanted:
            break
    calls = [(_PROVE, [key], ()) for key in keys.values()]
    try:
        replies = connection.scripts.run_many(calls, raise_errors=False)
    except StoreUnavailable as error:
        replies = [error] * len(calls)
    return dict(zip(keys, replies, strict=True))


def _describe(node: Node, written: Any) -> NodeInfo:
    failure = written if isinstance(written, Exception) else None
    writes = None if written is None else failure is None
    refuses = refusal_code(getattr(failure, "cause", None))
    try:
        latency = _latency_ms(node)
        facts = _parse(node.call(_INFO))
    except (StoreUnavailable, *CONNECTION_ERRORS) as error:
        refuses = refuses or refusal_code(getattr(error, "cause", None))
        return NodeInfo(node.name, False, error=str(error), writes=writes, refuses=refuses)
    software = "valkey" if "valkey_version" in facts else "redis"
    return NodeInfo(
        address=node.name,
        available=True,
        role=_ROLES.get(facts.get("role", "")),
        software=software,
        version=facts.get(f"{software}_version"),
        used_memory=int(facts["used_memory"]) if "used_memory" in facts else None,
        latency_ms=latency,
        error=None if failure is None else str(failure),
        writes=writes,
        refuses=refuses,
    )


def _latency_ms(node: Node) -> float:
    started = time.perf_counter()
    reply = node.call(_PING)
    if isinstance(reply, Exception):
        raise StoreUnavailable("redis", reply)
    return (time.perf_counter() - started) * 1000


def _parse(reply: Any) -> dict[str, str]:
    """``INFO`` as a mapping; empty when the server does not let us see it."""
    if isinstance(reply, Exception):
        return {}
    text = reply.decode() if isinstance(reply, bytes) else str(reply)
    pairs = (line.partition(":") for line in text.splitlines())
    return {key: value for key, separator, value in pairs if separator}
