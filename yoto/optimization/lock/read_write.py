"""A lock that one writes under, or many read under."""

from __future__ import annotations

from dataclasses import replace

from yoto.optimization.lock.attempt import Terms
from yoto.optimization.lock.holding import Holding, Owner
from yoto.optimization.lock.lock import NOTHING, OptimizedDistributedLock
from yoto.optimization.lock.names import ReadWriteKeys
from yoto.optimization.lock.owned import OwnedLocks

READ, WRITE = "r", "w"
_CALLED = {READ: "read", WRITE: "write"}


class ReadWriteLock:
    """``with lock.reading():`` among other readers, ``with lock.writing():`` alone.

    Waiters enter in the order of coming: a reader waits for the writers who came before, a
    writer for everybody who did, so neither starves the other. Each holder, reader or writer, has a
    fencing token that is larger than all before.
    """

    def __init__(self, owned: OwnedLocks, key: str, keys: ReadWriteKeys, terms: Terms) -> None:
        self._reading = Side(owned, key, keys, replace(terms, mode=READ))
        self._writing = Side(owned, key, keys, replace(terms, mode=WRITE))

    def reading(self) -> OptimizedDistributedLock:
        """The lock as readers take it: any number at once, while there is no writer."""
        return self._reading

    def writing(self) -> OptimizedDistributedLock:
        """The lock as writers take it: one, while there are no readers."""
        return self._writing


class Side(OptimizedDistributedLock):
    """The side of readers, or of writers.

    Its ``locked`` is about both sides. It cannot be detached.
    """

    keys: ReadWriteKeys

    def __init__(self, owned: OwnedLocks, key: str, keys: ReadWriteKeys, terms: Terms) -> None:
        super().__init__(owned, f"{key} ({_CALLED[terms.mode]})", keys, terms)

    def _take(self, owner: Owner, wait: float) -> Holding | None:
        other = WRITE if self.terms.mode == READ else READ
        if self._owned.find(self.keys.lock + other, owner) is not None:
            raise RuntimeError(
                f"lock '{self.key}': this thread has it to {_CALLED[other]}; give that back first"
            )
        return super()._take(owner, wait)

    def detach(self, within: float | None = None) -> str:
        """Not for these.

        Raises:
            RuntimeError: always.
        """
        raise RuntimeError(f"lock '{self.key}' is a read-write lock, which has no ticket")

    def locked(self) -> bool:
        writes, reads, _ = self._owned.look_at(self.keys, "")
        return writes or reads > 0

    def owned(self) -> bool:
        holding, _ = self._taken.get(self._who(), NOTHING)
        return holding is not None and self._owned.look_at(self.keys, holding.value)[2]
