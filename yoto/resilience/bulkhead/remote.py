"""A bulkhead in Redis: the calls of its scripts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from .. import scripts
from ..exits import Call
from ..runtime import Runtime

MICRO = 1_000_000
# Seconds for which a waiter counts as alive after a poll; it polls every 50 ms at least.
WAITER_LEASE = 1.0


class HolderKeys(NamedTuple):
    """The keys of one partition, all in one slot."""

    holders: str
    queue: str
    alive: str


class RemoteBulkhead:
    """Every method raises what script calls raise (``REDIS_UNAVAILABLE``)."""

    def __init__(self, name: str, runtime: Runtime) -> None:
        self._name = name
        self._runtime = runtime
        self._whole = self._make_keys("")

    def keys(self, partition: str) -> HolderKeys:
        """The keys of a partition."""
        return self._make_keys(partition) if partition else self._whole

    def enter(self, partition: str, request: str, cap: int, lease: float) -> bool:
        """Take a slot if one is free and no caller waits."""
        args = (request, cap, int(lease * MICRO))
        reply = self._runtime.scripts.run(scripts.BULKHEAD_ENTER, self.keys(partition), args)
        return bool(reply)

    def wait(self, partition: str, request: str, cap: int, lease: float) -> int:
        """Join or stay in the queue: -1 once inside, else how many go first."""
        args = (request, cap, int(lease * MICRO), int(WAITER_LEASE * MICRO))
        reply: int = self._runtime.scripts.run(scripts.BULKHEAD_WAIT, self.keys(partition), args)
        return reply

    def leave(self, partition: str, request: str) -> bool:
        """Give a slot back, or leave the queue; whether the slot was still held."""
        keys = self.keys(partition)
        return bool(self._runtime.scripts.run(scripts.BULKHEAD_LEAVE, keys, (request,)))

    def renew(self, partition: str, requests: Sequence[str], lease: float) -> set[str]:
        """Renew leases; the ids of those that are lost."""
        args: list[str | int] = [int(lease * MICRO), *requests]
        holders = self.keys(partition).holders
        lost = self._runtime.scripts.run(scripts.BULKHEAD_RENEW, (holders,), args)
        return {request.decode() for request in lost}

    def enrol(self, partition: str, requests: Sequence[str], lease: float) -> None:
        """Report holders that came in without Redis."""
        args: list[str | int] = [int(lease * MICRO), *requests]
        holders = self.keys(partition).holders
        self._runtime.scripts.run(scripts.BULKHEAD_ENROL, (holders,), args)

    def release(self, partition: str, living: Sequence[str]) -> int:
        """Give back the slots of instances that no longer live; returns their number."""
        holders = self.keys(partition).holders
        reply: int = self._runtime.scripts.run(scripts.BULKHEAD_RELEASE, (holders,), living)
        return reply

    def look(self, partition: str) -> Call:
        """The call that asks for the numbers of holders and waiters."""
        holders, _, alive = self.keys(partition)
        return scripts.BULKHEAD_LOOK, (holders, alive), ()

    def _make_keys(self, partition: str) -> HolderKeys:
        keys = self._runtime.keys
        if not partition:
            name = self._name
            return HolderKeys(
                keys.bulkhead(name), keys.bulkhead(name, "q"), keys.bulkhead(name, "qa")
            )
        tag = ("bh", self._name, partition)
        return HolderKeys(keys.tagged(tag), keys.tagged(tag, "q"), keys.tagged(tag, "qa"))
