"""The time until which the database was searched for known moments, kept in Redis."""

from __future__ import annotations

import secrets
from typing import NamedTuple

from yoto.redis import RedisConnection, load_script

# ms, refreshed by each use.
TTL_MS = 7 * 24 * 3600 * 1000
_WINDOW = load_script("yoto.permission.boundaries.lua", "window.lua")


class SearchWindow(NamedTuple):
    """The time until which was searched, in ms of Redis's time.

    Attributes:
        epoch: a change of it means that Redis has lost its data.
        looked_ms: None: unknown.
    """

    now_ms: int
    epoch: str
    looked_ms: int | None


class SearchedUntil:
    """Shared by all workers. Every method raises ``StoreUnavailable``."""

    def __init__(self, redis: RedisConnection) -> None:
        """Nothing connects before the first call."""
        self._redis = redis

    def read(self) -> SearchWindow:
        """The time until which was searched, and Redis's time."""
        return self._run()

    def note(self, epoch: str, looked_ms: int) -> None:
        """Note that time; nothing is noted if Redis has lost its data since ``epoch`` was read."""
        self._run(epoch, looked_ms)

    def _run(self, *noted: str | int) -> SearchWindow:
        args = [secrets.token_hex(8), TTL_MS, *noted]
        key = self._redis.keys.invalidation_queue("state")
        now_ms, epoch, looked = self._redis.scripts.run(_WINDOW, [key], args)
        return SearchWindow(now_ms, epoch.decode(), None if looked is None else int(looked))
