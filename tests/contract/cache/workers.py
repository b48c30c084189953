"""Worker processes for tests that have caches.

The truth that workers load from is a folder: a file a user with the mask, and ``loads`` to which
each load adds a line.
"""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Any

from tests.support.nursery import Nursery
from tests.support.workers import WorkerProcess, Workers, as_options, from_options
from yoto.cache import CacheSettings, Loaded, TieredCache, place_key
from yoto.optimization import DistributedLocks
from yoto.redis import RedisConnection, RedisSettings

SERVER_7 = place_key("server", 7)


class Truth:
    """The folder that stands in for the database of several processes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._loads = folder / "loads"

    def write(self, user_id: int, mask: int) -> None:
        """Commit a user's mask."""
        draft = self._folder / f".{user_id}"
        draft.write_text(str(mask))
        draft.rename(self._folder / str(user_id))

    def read(self, user_id: int, seconds: float = 0.0) -> Loaded:
        """Load a user's mask, slowly if asked."""
        with open(self._loads, "a") as loads:
            loads.write(f"{user_id}\n")
        path = self._folder / str(user_id)
        mask = int(path.read_text()) if path.exists() else 0
        time.sleep(seconds)
        return Loaded(mask, roles=frozenset({9}))

    @property
    def loads(self) -> int:
        """How often somebody has loaded."""
        return len(self._loads.read_text().splitlines()) if self._loads.exists() else 0


class Worker:
    """The worker's side."""

    def __init__(self, given: dict[str, Any]) -> None:
        redis = RedisConnection(from_options(given))
        settings = CacheSettings.from_config(given["config"])
        self.cache = TieredCache(redis, DistributedLocks(redis), settings)
        self.truth = Truth(Path(given["folder"]))

    def ready(self) -> bool:
        """Whether the cache follows the log."""
        return self.cache.start(10)

    def get(self, user_id: int, at_least: str | None = None, seconds: float = 0.0) -> Any:
        """Tier and mask."""
        entry, tier = self.cache.get_or_load(
            user_id, SERVER_7, lambda: self.truth.read(user_id, seconds), at_least
        )
        return tier, entry.mask

    def get_many(self, user_ids: list[int], at_least: str | None = None) -> Any:
        """The masks of many users, one by one."""
        return [self.get(user_id, at_least)[1] for user_id in user_ids]

    def stampede(self, user_id: int, threads: int, at: float, seconds: float) -> Any:
        """The masks that ``threads`` threads get which all ask at wall time ``at``."""
        masks: list[int] = []

        def ask() -> None:
            time.sleep(max(0.0, at - time.time()))
            masks.append(self.get(user_id, seconds=seconds)[1])

        all_threads = [threading.Thread(target=ask) for _ in range(threads)]
        for thread in all_threads:
            thread.start()
        for thread in all_threads:
            thread.join()
        return masks

    def change(self, user_id: int, mask: int) -> str:
        """Commit a mask, then tell; returns the position."""
        self.truth.write(user_id, mask)
        return str(self.cache.invalidate_user(user_id))

    def watch(self, user_id: int, mask: int, limit: float) -> float:
        """The last wall time at which somebody here got another mask than ``mask``."""
        last = 0.0
        until = time.time() + limit
        while time.time() < until:
            if self.get(user_id)[1] != mask:
                last = time.time()
            time.sleep(0.001)
        return last

    def stats(self) -> Any:
        """The cache's counters."""
        return self.cache.stats().counts


class CacheWorkers(Workers):
    """Starts workers that have a cache."""

    def __init__(self, nursery: Nursery) -> None:
        super().__init__(nursery, __name__)

    def start_at(
        self, reach: RedisSettings, folder: Path, count: int, **config: Any
    ) -> list[WorkerProcess]:
        """``count`` workers that share one Redis and one truth."""
        return self.start(count, as_options(reach) | {"folder": str(folder), "config": config})
