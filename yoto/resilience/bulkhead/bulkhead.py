"""The bulkhead that applications use."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from yoto.deadlines import check_deadline, cut, ending, left_of, spending
from yoto.errors import BulkheadFull
from yoto.redis import REDIS_UNAVAILABLE

from ..exits import Call
from ..leases import Slot
from ..outcome import Outcome
from ..runtime import Runtime
from ..settings import (
    BulkheadConfig,
    BulkheadStrategy,
    GuardMode,
    MultiDimensionalKey,
    OnStoreError,
)
from ..store_error import StoreWatch
from ..trail import REFUSED, Trail
from .local import LocalBulkhead
from .remote import RemoteBulkhead
from .spares import Spares

log = logging.getLogger(__name__)

# Seconds after which a refused caller may try again. How long the holders will take is unknown.
RETRY_AFTER = 1.0
# Seconds between two polls of a waiter: the first of the queue polls often, the others less;
# a holder that leaves in the same process wakes it earlier.
FIRST_LOOK, LAST_LOOK = 0.005, 0.05


@dataclass(frozen=True)
class BulkheadStats:
    """A snapshot of one partition of a bulkhead.

    Attributes:
        name, partition: the bulkhead, and its partition.
        limit: holders over all workers.
        held, waiting: over all workers; of this process while Redis is unavailable.
        held_here: in this process.
        spare_here: slots, among ``held``, that this process keeps for its next callers, of all
            partitions.
        rejected: callers that this process refused.
        lost: slots that this process lost because their lease ended.
        degraded, store_errors, answered_locally: see ``StoreHealth``.
    """

    name: str
    partition: str
    limit: int
    held: int
    waiting: int
    held_here: int
    spare_here: int
    rejected: int
    lost: int
    degraded: bool
    store_errors: int
    answered_locally: int


class Bulkhead:
    """At most so many callers inside at once, over all workers. Safe for threads and greenlets."""

    def __init__(
        self, name: str, get_config: Callable[[], BulkheadConfig], runtime: Runtime
    ) -> None:
        """``get_config`` gives the configuration of now and costs no round trip."""
        self.name = name
        self.rejected = 0
        self.passed = 0
        self.lost = 0
        self.trail = Trail()
        self.busy = 0.0
        self.store = StoreWatch(f"bulkhead {name}", runtime.clock)
        self.remote = RemoteBulkhead(name, runtime)
        self.local = LocalBulkhead(runtime.clock)
        self.spares = Spares(self.remote, runtime, get_config)
        self.get_config = get_config
        self._runtime = runtime

    def acquire(self, timeout: float | None = None, partition: str = "") -> Slot:
        """A slot, to be released; waits up to ``timeout`` seconds in the order of coming.

        Args:
            timeout: ``None`` takes the configured wait; 0 does not wait.
            partition: the partition of the slot; see ``partition_of``.

        Raises:
            BulkheadFull: none was free in time.
            DeadlineExceeded: nor before the caller's deadline.
        """
        config = self.get_config()
        wait = left_of(config.wait if timeout is None else timeout)
        request, clock = self._runtime.request_id(), self._runtime.clock
        came = since = clock()
        deadline = since + wait
        if config.max_concurrent == 0:
            raise self.refused(config, partition, came)
        spare = self.spares.take(config, partition) if config.mode is GuardMode.LEASED else None
        if spare is not None:
            return self.reuse(spare, came)
        try:
            inside = self.remote.enter(partition, request, config.max_concurrent, config.lease)
            if not inside and self._runtime.exits.settle():
                inside = self.remote.enter(partition, request, config.max_concurrent, config.lease)
            if not inside and wait > 0:
                with spending("bulkhead"):
                    inside, since = self._wait(partition, request, deadline)
        except REDIS_UNAVAILABLE as error:
            self.store.lost(error)
            left = max(0.0, deadline - clock())
            return self.acquire_without_store(config, partition, request, left)
        self.store.found()
        if not inside:
            check_deadline()
            raise self.refused(config, partition, came)
        return self.entered(config, partition, request, since, waited=since - came)

    def stats(self, partition: str = "") -> BulkheadStats:
        """The state now."""
        try:
            reply = self._runtime.scripts.run(*self.remote.look(partition))
        except REDIS_UNAVAILABLE as error:
            reply = error
        return self.snapshot(reply, partition)

    def look(self) -> Call:
        """The call that asks Redis for ``snapshot``, for all slots outside of partitions."""
        return self.remote.look("")

    def snapshot(self, reply: Any, partition: str = "") -> BulkheadStats:
        """The state from the reply to ``look``, which may be the error of an unavailable store."""
        if isinstance(reply, Exception):
            self.store.lost(reply)
            held, waiting = self.local.held(partition), self.local.waiting(partition)
        else:
            self.store.found()
            held, waiting = reply
        health = self.store.health()
        return BulkheadStats(
            name=self.name,
            partition=partition,
            limit=self.get_config().max_concurrent,
            held=held,
            waiting=waiting,
            held_here=self.local.held(partition),
            spare_here=len(self.spares),
            rejected=self.rejected,
            lost=self.lost,
            degraded=health.degraded,
            store_errors=health.store_errors,
            answered_locally=health.answered_locally,
        )

    def release_dead(self, living: Sequence[str], partition: str = "") -> int:
        """Give back the slots of instances that are gone, before their leases end.

        An instance that was only silent reports its holders again at its next heartbeat.

        Args:
            living: ids of the instances that live.

        Returns:
            How many slots came back.

        Raises:
            StoreUnavailable: Redis is unavailable.
        """
        return self.remote.release(partition, living)

    def verify(self, slot: Slot) -> bool:
        """Ask Redis now whether a slot is still its holder's, and renew it if so.

        Raises:
            StoreUnavailable: the holder is unknown.
        """
        if not slot.lost and not slot.local:
            self._renew_now(slot.partition, [slot])
        return not slot.lost

    def renew(self, slots: Sequence[Slot]) -> None:
        """Renew leases, for the heartbeat; raises nothing."""
        by_partition: dict[str, list[Slot]] = {}
        for slot in slots:
            by_partition.setdefault(slot.partition, []).append(slot)
        for partition, members in by_partition.items():
            try:
                self._enrol(partition, [slot for slot in members if slot.local])
                self._renew_now(partition, [slot for slot in members if not slot.local])
            except REDIS_UNAVAILABLE as error:
                self.store.lost(error)
                return
        self.store.found()

    # Shared with the guard, which admits through several parts in one script.

    def entered(
        self,
        config: BulkheadConfig,
        partition: str,
        request: str,
        since: float,
        local: bool = False,
        waited: float = 0.0,
    ) -> Slot:
        """The slot of an admitted caller; ``since``: a moment before its lease began."""
        clock = self._runtime.clock
        slot = Slot(self._give_back, clock, request, partition, config.lease, local, since, waited)
        self.passed += 1
        if not local:
            slot.cap = config.max_concurrent
            self.local.note(partition, request)
        self._runtime.heartbeat.add(slot, self)
        return slot

    def reuse(self, spare: Slot, since: float) -> Slot:
        """The slot of a caller who came at ``since``, on one that was spare."""
        clock, partition = self._runtime.clock, spare.partition
        slot = Slot(
            self._give_back, clock, spare.id, partition, spare.lease, False, spare.renewed_at
        )
        slot.since, slot.reused, slot.cap = since, True, spare.cap
        self.passed += 1
        self.local.note(partition, slot.id)
        self._runtime.heartbeat.add(slot, self)
        return slot

    def refused(self, config: BulkheadConfig, partition: str, came: float) -> BulkheadFull:
        """Counts a refusal of a caller who came then, and gives the exception for it."""
        self.count_refusal(partition, came)
        return self.full(config)

    def count_refusal(self, partition: str, came: float) -> None:
        """A caller who came then was refused."""
        self.rejected += 1
        self._crowd(partition)
        self.trail.note((came, 0.0, 0.0, partition, REFUSED, None, 1))

    def full(self, config: BulkheadConfig) -> BulkheadFull:
        """The exception for a caller who found no slot, and may yet wait for one."""
        return BulkheadFull(self.name, config.max_concurrent, RETRY_AFTER)

    def acquire_without_store(
        self, config: BulkheadConfig, partition: str, request: str, wait: float
    ) -> Slot:
        """The decision of ``on_store_error``; raises as ``acquire``."""
        self.store.answered_locally += 1
        came = self._runtime.clock()
        match config.on_store_error:
            case OnStoreError.CLOSED:
                raise self.refused(config, partition, came)
            case OnStoreError.OPEN:
                self.local.note(partition, request)
            case OnStoreError.LOCAL:
                share = self._runtime.share(config.max_concurrent)
                if not self.local.enter(partition, request, share, cut(wait)):
                    check_deadline()
                    raise self.refused(config, partition, came)
        now = self._runtime.clock()
        return self.entered(config, partition, request, now, local=True, waited=now - came)

    def left(self, slot: Slot) -> bool:
        """A holder left; whether the slot is kept for the next caller of this worker. If not,
        Redis is to be notified."""
        # Without Redis a caller who waits in this process takes this one's place: if the slot were
        # kept too, one more would be admitted.
        # This must come first, too: once the slot is spare, another holder may be inside under its
        # id.
        wanted = self.local.leave(slot.partition, slot.id)
        self.busy += self._runtime.clock() - slot.since
        config = self.get_config()
        if config.mode is GuardMode.LEASED and not (slot.local or wanted):
            if self.spares.keep(config, slot):
                return True
        self._runtime.heartbeat.remove(slot)
        return False

    def _crowd(self, partition: str) -> None:
        if self.get_config().mode is GuardMode.LEASED:
            self.spares.crowd(partition)

    def _wait(self, partition: str, request: str, deadline: float) -> tuple[bool, float]:
        """Queue until inside or until the deadline; also a moment before the lease began."""
        inside, clock = False, self._runtime.clock
        try:
            while True:
                config, asked = self.get_config(), clock()
                self._crowd(partition)
                before = self.remote.wait(partition, request, config.max_concurrent, config.lease)
                inside = before < 0
                left = deadline - clock()
                if inside or left <= 0:
                    return inside, asked
                look = min(LAST_LOOK, FIRST_LOOK * (1 + before))
                self.local.sleep(min(left, look))
        finally:
            if not inside:
                self._leave_queue(partition, request)

    def _leave_queue(self, partition: str, request: str) -> None:
        try:
            with ending():
                self.remote.leave(partition, request)
        except REDIS_UNAVAILABLE as error:
            log.debug("bulkhead %s: a waiter's place ends with its lease: %s", self.name, error)

    def _give_back(self, slot: Slot) -> bool:
        kept = self.left(slot)
        inside = self._runtime.clock() - slot.since
        self.trail.note((slot.since, slot.waited, inside, slot.partition, Outcome.SUCCESS, None, 1))
        if slot.local or kept:
            return True
        try:
            held = self.remote.leave(slot.partition, slot.id)
        except REDIS_UNAVAILABLE as error:
            self.store.lost(error)
            log.warning("bulkhead %s: a slot comes back with its lease only", self.name)
            return not slot.lost
        self.store.found()
        self.local.wake_up()
        return held and not slot.lost

    def _renew_now(self, partition: str, slots: Sequence[Slot]) -> None:
        if not slots:
            return
        lease, now = self.get_config().lease, self._runtime.clock()
        unknown = self.remote.renew(partition, [slot.id for slot in slots], lease)
        forgotten = []
        for slot in slots:
            if slot.id not in unknown:
                slot.renewed_at, slot.lease = now, lease
            elif self.spares.drop(slot):
                continue  # it has no holder
            elif slot.released and slot.id in self._runtime.heartbeat:
                continue  # it has a new holder, with a renewal of its own
            elif slot.lost and not slot.released:
                self._lose(slot)
            else:
                forgotten.append(slot)
        # By our own clock the lease had not ended, so no other has it: Redis lost its data.
        self._enrol(partition, forgotten)

    def _lose(self, slot: Slot) -> None:
        self.lost += 1
        self._runtime.heartbeat.remove(slot)
        log.warning("bulkhead %s: a slot was lost, its lease had ended", self.name)

    def _enrol(self, partition: str, slots: Sequence[Slot]) -> None:
        """Report holders that Redis does not know."""
        if not slots:
            return
        lease, now = self.get_config().lease, self._runtime.clock()
        self.remote.enrol(partition, [slot.id for slot in slots], lease)
        for slot in slots:
            slot.renewed_at, slot.lease, slot.local = now, lease, False
            # Unless it is spare, or has a new holder by now.
            if slot.released and slot.id not in self._runtime.heartbeat:
                self.remote.leave(partition, slot.id)


def partition_of(
    strategy: BulkheadStrategy, key: MultiDimensionalKey | None, request_type: str = ""
) -> str:
    """The partition of a call; callers whose part is unknown share one."""
    match strategy:
        case BulkheadStrategy.USER:
            return f"user:{'' if key is None or key.user_id is None else key.user_id}"
        case BulkheadStrategy.SERVER:
            return f"server:{'' if key is None or key.server_id is None else key.server_id}"
        case BulkheadStrategy.REQUEST_TYPE:
            return f"request:{request_type}"
    return ""
