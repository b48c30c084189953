"""Slots of a bulkhead: never more holders than the cap, none that was lost is given to a next
caller, and the slots of the dead come back."""

from __future__ import annotations

import random
from typing import Any

from proof.simulation import virtual
from proof.simulation.protocols.protocol import Protocol
from proof.simulation.scheduler import Item, Worker, World
from yoto.errors import BulkheadFull
from yoto.events import EventStream
from yoto.redis import RedisConnection
from yoto.resilience.bulkhead import Bulkhead, Slot
from yoto.resilience.runtime import Runtime
from yoto.resilience.settings import BulkheadConfig, GuardMode, OnStoreError

# So many that a worker keeps a spare one, its part of a quarter of all, and so few that they are
# all taken now and then.
CAP = 12
LEASE = 1.0
LONGEST = 3.0  # s that a slot is held


class Leases(Protocol):
    """Threads of all workers take slots, hold them for a while, and give them back.

    Each worker admits by Redis alone, or keeps slots for its next callers; none does without Redis.
    """

    name = "leases"
    operations = 10.0

    def __init__(self, world: World) -> None:
        super().__init__(world)
        # Slots that are held, with the losses of the server when they were taken.
        self._held: dict[Slot, tuple[Worker, int]] = {}

    def boot(self, redis: RedisConnection, worker: Worker) -> Any:
        config = BulkheadConfig(
            max_concurrent=CAP,
            lease=LEASE,
            mode=GuardMode.LEASED if worker.number % 2 else GuardMode.STRICT,
            on_store_error=OnStoreError.CLOSED,
        )
        stream = EventStream(redis, worker.name)
        return Bulkhead("b", lambda: config, Runtime(redis, stream, instances=lambda: self.workers))

    @classmethod
    def draw(cls, dice: random.Random) -> Item:
        wait = dice.choice((0.0, 0.2, 1.0))
        return {"do": "hold", "wait": wait, "long": round(dice.random() ** 2 * LONGEST, 3)}

    def do(self, worker: Worker, item: Item) -> None:
        losses, asked = self.server.lost, virtual.monotonic()
        try:
            slot = worker.state.acquire(item["wait"])
        except BulkheadFull:
            return
        # Holders need not look, so a slot must be good when it is given.
        if not slot.local and slot.renewed_at + slot.lease <= asked:
            raise self.world.violate(
                "a slot was given whose lease had ended before it was asked for"
            )
        self._held[slot] = (worker, losses)
        end = self.world.now + item["long"]
        while not slot.lost and self.world.now < end:
            self._count()
            self.world.sleep(min(0.1, end - self.world.now))
        self._held.pop(slot, None)
        slot.release()

    def finish(self, worker: Worker) -> None:
        for _ in range(CAP):
            try:
                worker.state.acquire(2 * LEASE + LONGEST)
            except BulkheadFull:
                raise self.world.violate("slots of the dead do not come back") from None

    def _count(self) -> None:
        held = self._held.items()
        inside = {slot: of for slot, of in held if not slot.lost and not of[0].dead}
        self._held = inside
        # Holders from before a loss are counted again, above the cap if others came in meanwhile.
        if len(inside) > CAP and all(of[1] == self.server.lost for of in inside.values()):
            raise self.world.violate(f"{len(inside)} holders of {CAP} slots")
