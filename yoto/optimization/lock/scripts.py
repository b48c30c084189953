"""The Redis keys of one lock, and the Lua scripts that work on them."""

from __future__ import annotations

from typing import NamedTuple, Self

from yoto.redis import KeyBuilder, load_script

_PACKAGE = "yoto.optimization.lock.lua"

ACQUIRE = load_script(_PACKAGE, "acquire.lua")
ABANDON = load_script(_PACKAGE, "abandon.lua")
EXTEND = load_script(_PACKAGE, "extend.lua")
FENCED = load_script(_PACKAGE, "fenced.lua")
FORCE = load_script(_PACKAGE, "force.lua")
LISTING = load_script(_PACKAGE, "listing.lua")
LOOK = load_script(_PACKAGE, "look.lua")
PUBLISH = load_script(_PACKAGE, "publish.lua")
RELEASE = load_script(_PACKAGE, "release.lua")


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
