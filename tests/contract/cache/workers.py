"""Worker processes for tests: each has a cache of its own and does what it is told.

Run as a program, this module is the worker: JSON commands come in by line, answers go out by line.
The truth that workers load from is a folder: a file a user with the mask, and ``loads`` to which
each load adds a line.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from app.core.cache import CacheSettings, Loaded, TieredCache, place_key
from app.core.optimization import DistributedLocks
from app.core.redis import RedisConnection, RedisSettings

ROOT = Path(__file__).parents[3]
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

    def __init__(self, options: dict[str, Any]) -> None:
        settings = RedisSettings(
            url=options["url"],
            nodes=tuple((host, port) for host, port in options["nodes"]),
            key_prefix=options["prefix"],
        )
        redis = RedisConnection(settings)
        cache_settings = CacheSettings.from_config(options["config"])
        self.cache = TieredCache(redis, DistributedLocks(redis), cache_settings)
        self.truth = Truth(Path(options["folder"]))

    def get(self, user_id: int, at_least: str | None = None, seconds: float = 0.0) -> Any:
        """Tier and mask."""
        entry, tier = self.cache.get_or_load(
            user_id, SERVER_7, lambda: self.truth.read(user_id, seconds), at_least
        )
        return tier, entry.mask

    def stampede(self, user_id: int, threads: int, at: float, seconds: float) -> Any:
        """The masks that ``threads`` threads get which all ask at wall time ``at``."""
        self.cache.get_or_load(10**9, SERVER_7, lambda: Loaded(0))
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

    def run(self) -> None:
        """Obey until the input ends."""
        for line in sys.stdin:
            name, arguments = json.loads(line)
            print(json.dumps(getattr(self, name)(*arguments)), flush=True)


class WorkerProcess:
    """The test's side of a worker."""

    def __init__(self, reach: RedisSettings, folder: Path, config: dict[str, Any]) -> None:
        options = {
            "url": reach.url,
            "nodes": reach.nodes,
            "prefix": reach.key_prefix,
            "folder": str(folder),
            "config": config,
        }
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.contract.cache.workers", json.dumps(options)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def ask(self, name: str, *arguments: Any) -> None:
        """Send a command and do not wait for the answer."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps([name, arguments]) + "\n")
        self._process.stdin.flush()

    def answer(self) -> Any:
        """Wait for the answer to the oldest command that was not answered yet."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, "the worker ended"
        return json.loads(line)

    def do(self, name: str, *arguments: Any) -> Any:
        """Send a command and wait for its answer."""
        self.ask(name, *arguments)
        return self.answer()

    def kill(self) -> None:
        """SIGKILL."""
        self._process.kill()
        self._process.wait()

    def pause(self) -> None:
        """SIGSTOP."""
        os.kill(self._process.pid, signal.SIGSTOP)

    def resume(self) -> None:
        """SIGCONT."""
        os.kill(self._process.pid, signal.SIGCONT)

    def close(self) -> None:
        """End it for good."""
        self.kill()
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            pipe.close()


class Workers:
    """Starts workers and ends them."""

    def __init__(self) -> None:
        self._started: list[WorkerProcess] = []

    def start(
        self, reach: RedisSettings, folder: Path, count: int, **config: Any
    ) -> list[WorkerProcess]:
        """``count`` workers that follow the log already."""
        new = [WorkerProcess(reach, folder, config) for _ in range(count)]
        self._started += new
        for worker in new:
            worker.ask("get", 10**9)
        for worker in new:
            worker.answer()
        return new

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for worker in self._started:
            worker.close()


if __name__ == "__main__":
    Worker(json.loads(sys.argv[1])).run()
