"""The Redis keys of one lock."""

from __future__ import annotations

from typing import NamedTuple, Self

from yoto.redis import KeyBuilder


class LockKeys(NamedTuple):
    """The keys of one lock, all with one hash tag.

    Attributes:
        lock: holds the token and the owner while the lock is held.
        fence: the last fencing token.
        waiters: the queue.
        longer: the longest life of the holder's lease, where it was made longer than requested when
            the lock was taken.
    """

    lock: str
    fence: str
    waiters: str
    longer: str

    @classmethod
    def of(cls, keys: KeyBuilder, name: str) -> Self:
        """The keys of the lock ``name``."""
        return cls(keys.lock(name), *(keys.lock(name, one) for one in cls._fields[1:]))
