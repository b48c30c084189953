"""The list of workers in Redis."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from yoto.errors import UnknownResource
from yoto.redis import RedisConnection, load_script

from .member import Drain, Worker, WorkerState, place_of

# ms after which a worker that was not heard is silent: five heartbeats, or a long pause.
GONE_AFTER_MS = 10_000
# ms for which a worker that fell silent is a loss; afterwards it is history.
LOST_FOR_MS = 3600 * 1000
# ms for which a worker that is gone is remembered, so that operators see that it is.
REMEMBER_MS = 24 * 3600 * 1000
# What a worker says in its last heartbeat.
ENDED = "ended"
DRAINING = "draining"

_LUA = "yoto.fleet.lua"
_BEAT = load_script(_LUA, "beat.lua")
_ROSTER = load_script(_LUA, "roster.lua")
_ORDER = load_script(_LUA, "order.lua")


class Roster:
    """Reads and writes the list. Every call raises ``StoreUnavailable`` without Redis."""

    def __init__(self, redis: RedisConnection) -> None:
        """Nothing is asked yet."""
        self._redis = redis
        tag = redis.keys.tagged
        self._heard = tag("fleet")
        self._facts = tag("fleet", "facts")
        self._orders = tag("fleet", "orders")

    def beat(self, worker_id: str, facts: Mapping[str, Any]) -> tuple[Drain | None, int]:
        """Say that a worker lives.

        Returns:
            Its order to drain, and ms since 1970 by the clock of Redis.
        """
        order, now = self._redis.scripts.run(
            _BEAT,
            [self._heard, self._facts, self._orders],
            [worker_id, msgspec.json.encode(facts), REMEMBER_MS],
        )
        return _drain(order), int(now)

    def order(self, worker_id: str, seconds: float, by: str, reason: str) -> int:
        """Ask a worker to drain; 0 seconds take that back.

        Returns:
            When the order ends by itself, in ms since 1970; 0 if it was taken back.

        Raises:
            UnknownResource: nobody has heard of the worker within a day.
        """
        known, until = self._redis.scripts.run(
            _ORDER,
            [self._heard, self._orders],
            [worker_id, round(seconds * 1000), by, reason, REMEMBER_MS],
        )
        if not known:
            raise UnknownResource("instance", worker_id, "id")
        return int(until)

    def all(self) -> list[Worker]:
        """Every worker of the last day, those heard last first."""
        now, *flat = self._redis.scripts.run(_ROSTER, [self._heard, self._facts, self._orders], [])
        found = [
            _worker(raw_id.decode(), int(now) - int(heard), msgspec.json.decode(facts), order)
            for raw_id, heard, facts, order in zip(*[iter(flat)] * 4, strict=True)
        ]
        return sorted(found, key=lambda worker: worker.heard_ms)


def _worker(worker_id: str, heard_ms: int, facts: dict[str, Any], order: bytes) -> Worker:
    said = facts.pop("state", None)
    if said == ENDED:
        state = WorkerState.ENDED
    elif heard_ms > GONE_AFTER_MS:
        state = WorkerState.SILENT
    else:
        state = WorkerState.DRAINING if said == DRAINING else WorkerState.LIVE
    return Worker(worker_id, *place_of(worker_id), state, max(0, heard_ms), facts, _drain(order))


def _drain(order: bytes) -> Drain | None:
    return msgspec.json.decode(order, type=Drain) if order else None
