"""The living instances of the application, by their heartbeats."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from yoto.redis import RedisConnection, load_script

from ..store_error import STORE_ERRORS

log = logging.getLogger(__name__)

# s between heartbeats.
ANNOUNCE_INTERVAL = 2.0
# ms after which a silent instance is taken for dead: five heartbeats, or a long pause of a process.
GONE_AFTER_MS = 10_000

_LUA = "yoto.resilience.instances.lua"
_ANNOUNCE = load_script(_LUA, "announce.lua")
_LEAVE = load_script(_LUA, "leave.lua")


@dataclass(frozen=True, slots=True)
class Instance:
    """A process of the application.

    Attributes:
        id: its id, which events name as their source.
        host, pid: where it runs.
        silent_for: seconds since its last heartbeat.
    """

    id: str
    host: str
    pid: int
    silent_for: float


class Instances:
    """Tells of this instance, and counts and lists all of them."""

    def __init__(self, redis: RedisConnection, own_id: str) -> None:
        self._redis = redis
        self._key = redis.keys.tagged("instances")
        self._own_id = own_id
        self._count = 1

    def count(self) -> int:
        """How many there were at the last heartbeat, this one included; no round trip.

        It stays so while Redis is away: that many share a limit then.
        """
        return self._count

    def announce(self) -> float:
        """Send a heartbeat; returns seconds until the next."""
        try:
            self._count = max(1, len(self._ask(self._own_id)))
        except STORE_ERRORS as error:
            log.debug("no heartbeat: %s", error)
        return ANNOUNCE_INTERVAL

    def all(self) -> list[Instance]:
        """Every living instance; raises ``StoreUnavailable`` without Redis."""
        return self._ask("")

    def leave(self) -> None:
        """Say that this instance ends, so that nobody waits for its heartbeat."""
        try:
            self._redis.scripts.run(_LEAVE, [self._key], [self._own_id])
        except STORE_ERRORS as error:
            log.debug("the others learn by its silence that this instance ended: %s", error)

    def _ask(self, own_id: str) -> list[Instance]:
        flat = self._redis.scripts.run(_ANNOUNCE, [self._key], [own_id, GONE_AFTER_MS])
        return [_instance(*pair) for pair in zip(flat[::2], flat[1::2], strict=True)]


def _instance(raw_id: bytes, silent_ms: int) -> Instance:
    instance_id = raw_id.decode()
    host, pid, _ = instance_id.rsplit("-", 2)
    return Instance(instance_id, host, int(pid), silent_ms / 1000)
