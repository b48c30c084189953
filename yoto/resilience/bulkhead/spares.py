"""Idle slots, kept for the next callers of this worker.

Each is a holder in Redis still, so that all workers together never hold more than there are.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Any

from yoto.redis import REDIS_UNAVAILABLE

from .. import scripts
from ..leases import Slot
from ..process import current_pid
from ..runtime import Runtime
from ..settings import BulkheadConfig
from .remote import RemoteBulkhead

log = logging.getLogger(__name__)

# Seconds for which an idle slot is kept.
IDLE = 0.5
# Seconds between checks of how full the bulkhead is: for so long another worker's caller may be
# refused although only spare slots are left, or wait while callers here come in.
LOOK_EVERY = 0.1
# Seconds for which no slot is kept after a caller waited, was refused or found it nearly full.
CROWDED_FOR = 1.0
# One part in so many of all slots may be kept by all workers together.
SPARE_PART = 4
# Share of the slots that are held, spare or not, from which the bulkhead is nearly full.
NEARLY_FULL = 0.75
# Partitions that are remembered; beyond them, those that can be are forgotten.
MOST_PARTITIONS = 1_000


class Spares:
    """The spare slots of one bulkhead in one worker, by partition. Safe for threads and greenlets.

    Their number follows the callers of this worker that come and go at once; none is kept for
    callers who come seldom.

    Attributes:
        kept: how often a slot was kept.
        returned: how often a kept slot was given back unused.
        wasted: how often a slot ran out while it was kept.
    """

    def __init__(
        self,
        remote: RemoteBulkhead,
        runtime: Runtime,
        get_config: Callable[[], BulkheadConfig],
    ) -> None:
        self._remote = remote
        self._runtime = runtime
        self._get_config = get_config
        self._look_soon = runtime.deferred.job(self.look)
        self._reset()

    def _reset(self) -> None:
        self.kept = self.returned = self.wasted = 0
        self._pid = current_pid()
        self._lock = threading.Lock()
        # The last one kept is taken first, so that those at the beginning are idle for longest.
        self._pools: dict[str, list[tuple[Slot, float]]] = {}
        self._crowded: dict[str, float] = {}
        self._left_at: dict[str, float] = {}
        self._config: BulkheadConfig | None = None

    def _notice_fork(self) -> None:
        if self._pid != current_pid():
            self._reset()  # the parent's slots are the parent's

    def __len__(self) -> int:
        """Slots that are spare now."""
        self._notice_fork()
        with self._lock:
            return sum(map(len, self._pools.values()))

    def counts(self) -> dict[str, int]:
        """The fate of the slots, as ``Leases.counts``; empty while none was kept."""
        if not self.kept:
            return {}
        return {"leased": self.kept, "returned": self.returned, "wasted": self.wasted}

    def take(self, config: BulkheadConfig, partition: str) -> Slot | None:
        """A slot for a new caller; ``None``: ask Redis.

        Its last holder released it; ``Bulkhead.reuse`` makes it usable again.
        """
        if config is not self._config or self._pid != current_pid():
            return None
        with self._lock:
            pool = self._pools.get(partition)
            while pool:
                slot, _ = pool.pop()
                if not slot.lost:
                    return slot
                self._waste(slot)
        return None

    def keep(self, config: BulkheadConfig, slot: Slot) -> bool:
        """Keep the slot of a holder that left; False: it must be given back.

        A slot that was taken under a higher cap than now's, or without Redis, is never kept: more
        may be inside than the cap, and Redis must refuse the next caller.
        """
        self._notice_fork()
        if config is not self._config:
            self._configure(config)
        room = self._room(config)
        if not room or slot.cap > config.max_concurrent:
            return False
        now, partition = self._runtime.clock(), slot.partition
        before = self._left_at.get(partition)
        if before is None and len(self._left_at) >= MOST_PARTITIONS:
            self._left_at.clear()
        self._left_at[partition] = now
        # Unless callers come so often that one can be expected before the slot is idle, looking
        # after it would cost Redis more than it saves.
        if before is None or now - before >= IDLE or not self._put(slot, now, room):
            return False
        self.kept += 1
        return True

    def put_back(self, config: BulkheadConfig, slot: Slot) -> None:
        """Take a slot back that was taken and is not needed after all."""
        room = self._room(config)
        if config is not self._config or not self._put(slot, self._runtime.clock(), room):
            self._give_back([slot])

    def crowd(self, partition: str) -> None:
        """A caller found no slot here, or waits for one: keep none for a while."""
        self._notice_fork()
        now = self._runtime.clock()
        with self._lock:
            if len(self._crowded) >= MOST_PARTITIONS:
                self._crowded = {who: until for who, until in self._crowded.items() if until > now}
            self._crowded[partition] = now + CROWDED_FOR
            pool = self._pools.pop(partition, [])
        self._give_back([slot for slot, _ in pool])

    def drop(self, slot: Slot) -> bool:
        """Redis does not know this slot any more; False when it is not spare."""
        with self._lock:
            pool = self._pools.get(slot.partition, [])
            for place, (spare, _) in enumerate(pool):
                if spare is slot:
                    del pool[place]
                    self._waste(slot)
                    return True
        return False

    def clear(self) -> None:
        """Give all back: the bulkhead has other numbers, or the process ends."""
        self._notice_fork()
        with self._lock:
            pools, self._pools = self._pools, {}
        self._give_back([slot for pool in pools.values() for slot, _ in pool])

    def _put(self, slot: Slot, now: float, room: int) -> bool:
        partition = slot.partition
        if slot.lost or self._crowded.get(partition, now) > now:
            return False
        with self._lock:
            pool = self._pools.setdefault(partition, [])
            if len(pool) >= room:
                return False
            pool.append((slot, now))
        self._look_soon(LOOK_EVERY)
        return True

    def _configure(self, config: BulkheadConfig) -> None:
        self.clear()
        self._config = config

    def _room(self, config: BulkheadConfig) -> int:
        """The number of spare slots allowed in each partition; below 1: none."""
        return config.max_concurrent // SPARE_PART // max(1, self._runtime.instances())

    def look(self) -> float | None:
        """Give back slots that are idle or needed elsewhere; seconds until the next look."""
        if self._pid != current_pid():
            return None
        config = self._get_config()
        if config is not self._config:
            self._configure(config)
            return None
        self._give_back(self._idle())
        with self._lock:
            partitions = list(self._pools)
        if not partitions:
            return None
        for partition, (held, waiting) in self._ask(partitions).items():
            if waiting or held > NEARLY_FULL * config.max_concurrent:
                self.crowd(partition)
        return LOOK_EVERY

    def _idle(self) -> list[Slot]:
        """Takes out the slots that are spare for too long."""
        before = self._runtime.clock() - IDLE
        idle: list[Slot] = []
        with self._lock:
            for partition, pool in list(self._pools.items()):
                idle += [slot for slot, since in pool if since <= before]
                pool[:] = [(slot, since) for slot, since in pool if since > before]
                if not pool:
                    del self._pools[partition]
        return idle

    def _ask(self, partitions: list[str]) -> dict[str, tuple[int, int]]:
        """Holders and waiters of each partition that Redis knows."""
        calls = []
        for partition in partitions:
            holders, _, alive = self._remote.keys(partition)
            calls.append((scripts.BULKHEAD_LOOK, (holders, alive), ()))
        try:
            replies = self._runtime.exits.run_many(calls)
        except REDIS_UNAVAILABLE as error:
            log.debug("nobody knows how full a bulkhead is: %s", error)
            return {}
        return {
            partition: (reply[0], reply[1])
            for partition, reply in zip(partitions, replies, strict=True)
            if not isinstance(reply, Exception)
        }

    def _give_back(self, slots: list[Slot]) -> None:
        for slot in slots:
            self._runtime.heartbeat.remove(slot)
            keys = self._remote.keys(slot.partition)
            self._runtime.exits.add((scripts.BULKHEAD_LEAVE, keys, (slot.id,)), self._given)

    def _given(self, reply: Any) -> None:
        if isinstance(reply, Exception) or not reply:
            self.wasted += 1
        else:
            self.returned += 1

    def _waste(self, slot: Slot) -> None:
        self.wasted += 1
        self._runtime.heartbeat.remove(slot)
