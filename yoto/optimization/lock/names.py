"""The Redis keys of one lock."""

from __future__ import annotations

from typing import NamedTuple, Self

from yoto.redis import KeyBuilder


class LockKeys(NamedTuple):
    """All with one hash tag.

    Attributes:
        lock: holds the token and the owner while the lock is held.
        fence: the last fencing token.
        waiters: the queue.
    """

    lock: str
    fence: str
    waiters: str

    @classmethod
    def of(cls, keys: KeyBuilder, name: str) -> Self:
        """The keys of the lock ``name``."""
        return cls(keys.lock(name), keys.lock(name, "fence"), keys.lock(name, "waiters"))
