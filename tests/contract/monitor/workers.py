"""Worker processes for tests that record."""

from __future__ import annotations

import threading
from typing import Any

from tests.support.nursery import Nursery
from tests.support.workers import WorkerProcess, Workers, as_options, from_options
from yoto.events import new_instance_id
from yoto.monitor import RedisBackend
from yoto.monitor.monitoring import Monitoring
from yoto.redis import RedisConnection, RedisSettings

THREADS = 4


class Worker:
    """The worker's side: threads that record, and a flush as often as in an application."""

    def __init__(self, given: dict[str, Any]) -> None:
        self.backend = RedisBackend(RedisConnection(from_options(given)), new_instance_id(), 0.1)
        self.monitoring = Monitoring(self.backend, 0.1)
        self.counter = self.monitoring.recorder.counter("sent_total")
        self.times = self.monitoring.recorder.histogram("sent_seconds")

    def ready(self) -> bool:
        """Answer, once imports are done."""
        return True

    def start(self) -> bool:
        """Flush from now on."""
        self.monitoring.start()
        return True

    def stop(self) -> str:
        """Flush once more and then no more, as if the rest were within an interval; the id of this
        worker."""
        self.monitoring._thread.stop()
        self.monitoring.flush()
        return self.backend.worker_id

    def send(self, each: int) -> int:
        """Record ``each`` times in each of the threads; how often in all."""

        def record() -> None:
            for _ in range(each):
                self.counter.add()
                self.times.observe(0.001)

        threads = [threading.Thread(target=record) for _ in range(THREADS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return each * THREADS

    def flush(self) -> bool:
        """Deliver now."""
        self.monitoring.flush()
        return True

    def close(self) -> bool:
        """Deliver the rest and say that this worker ends."""
        self.monitoring.close()
        return True


class RecordingWorkers(Workers):
    """Starts workers that record."""

    def __init__(self, nursery: Nursery) -> None:
        super().__init__(nursery, __name__)

    def start_at(self, reach: RedisSettings, count: int) -> list[WorkerProcess]:
        """``count`` workers that share one Redis."""
        return self.start(count, as_options(reach))
