"""The list of live workers, by heartbeats in Redis, with the facts that each reports."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, NamedTuple

import msgspec

from yoto.errors import UnknownResource
from yoto.redis import RedisConnection, load_script

from .member import Drain, End, Worker, WorkerState, place_of

# s between heartbeats.
BEAT_SECONDS = 2.0
# ms without a heartbeat after which a worker is silent: five heartbeats, or a long pause.
GONE_AFTER_MS = 10_000
# ms for which a worker that fell silent is a loss; afterwards it is history.
LOST_FOR_MS = 3600 * 1000
# ms for which a worker that is gone is remembered, so that operators see that it is.
REMEMBER_MS = 24 * 3600 * 1000
# The content of a worker's last heartbeat.
ENDED = "ended"
DRAINING = "draining"

_LUA = "yoto.fleet.lua"
_BEAT = load_script(_LUA, "beat.lua")
_ROSTER = load_script(_LUA, "roster.lua")
_ORDER = load_script(_LUA, "order.lua")
_LEAVE = load_script(_LUA, "leave.lua")
_END = load_script(_LUA, "end.lua")


class Beat(NamedTuple):
    """The reply to a worker's heartbeat.

    Attributes:
        order: its order to drain.
        now_ms: ms since 1970 by the clock of Redis.
        alive: how many workers are remembered, this one included.
    """

    order: Drain | None
    now_ms: int
    alive: int


class Roster:
    """A list of workers. Every call raises ``StoreUnavailable`` without Redis."""

    def __init__(
        self,
        redis: RedisConnection,
        key: Callable[..., str] | None = None,
        remember_ms: int = REMEMBER_MS,
    ) -> None:
        """Makes no request yet.

        Args:
            key: builds the keys of the list from suffixes; by default those of the fleet.
            remember_ms: for how long a silent worker is listed.
        """
        self._redis = redis
        key = key or partial(redis.keys.tagged, "fleet")
        self._heard = key()
        self._orders = key("orders")
        self._ends = key("ends")
        self._keys = [self._heard, key("facts"), self._orders, self._ends]
        self._remember_ms = remember_ms

    def beat(self, worker_id: str, facts: Mapping[str, Any] | None = None) -> Beat:
        """Report that a worker lives, and its facts."""
        state_text = msgspec.json.encode(facts) if facts else b""
        order, now, alive = self._redis.scripts.run(
            _BEAT, self._keys, [worker_id, state_text, self._remember_ms]
        )
        return Beat(_drain(order), int(now), int(alive))

    def leave(self, worker_id: str) -> None:
        """Forget a worker that ends."""
        self._redis.scripts.run(_LEAVE, self._keys, [worker_id])

    def order(self, worker_id: str, seconds: float, by: str, reason: str) -> int:
        """Ask a worker to drain; 0 seconds take that back.

        Returns:
            When the order ends by itself, in ms since 1970; 0 if it was taken back.

        Raises:
            UnknownResource: the worker is not listed.
        """
        known, until = self._redis.scripts.run(
            _ORDER,
            [self._heard, self._orders],
            [worker_id, round(seconds * 1000), by, reason, self._remember_ms],
        )
        if not known:
            raise UnknownResource("instance", worker_id, "id")
        return int(until)

    def end(self, worker_id: str, end: End) -> None:
        """Keep how a worker ended for as long as it is listed."""
        self._redis.scripts.run(
            _END,
            [self._heard, self._ends],
            [worker_id, msgspec.json.encode(end), self._remember_ms],
        )

    def all(self) -> list[Worker]:
        """Every remembered worker, most recently heard first."""
        now, *flat = self._redis.scripts.run(_ROSTER, self._keys, [self._remember_ms])
        found = [
            _worker(raw_id.decode(), int(now) - int(heard), msgspec.json.decode(facts), order, end)
            for raw_id, heard, facts, order, end in zip(*[iter(flat)] * 5, strict=True)
        ]
        return sorted(found, key=lambda worker: worker.heard_ms)


def _worker(
    worker_id: str, heard_ms: int, facts: dict[str, Any], order: bytes, end: bytes
) -> Worker:
    state_text = facts.pop("state", None)
    if state_text == ENDED:
        state = WorkerState.ENDED
    elif heard_ms > GONE_AFTER_MS:
        state = WorkerState.SILENT
    else:
        state = WorkerState.DRAINING if state_text == DRAINING else WorkerState.LIVE
    place, drain = place_of(worker_id), _drain(order)
    how = msgspec.json.decode(end, type=End) if end else None
    return Worker(worker_id, *place, state, max(0, heard_ms), facts, drain, how)


def _drain(order: bytes) -> Drain | None:
    return msgspec.json.decode(order, type=Drain) if order else None
