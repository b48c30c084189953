"""The keys of the monitor in Redis: one hash tag, so that a batch is taken whole or not at all."""

from __future__ import annotations

from collections.abc import Iterable

from yoto.redis import KeyBuilder

from ..history import Resolution


class MonitorKeys:
    """Builds the keys."""

    def __init__(self, keys: KeyBuilder) -> None:
        self._key = keys.monitor
        self.numbers = keys.monitor("numbers")
        self.workers = keys.monitor("workers")
        self.heard = keys.monitor("heard")

    def totals(self, host: str) -> str:
        """The sums of a host since the store began."""
        return self._key("totals", host)

    def point(self, resolution: Resolution, number: int) -> str:
        """One point of a resolution."""
        return self._key(resolution.seconds, number)

    def points(self, resolution: Resolution, numbers: Iterable[int]) -> list[str]:
        """Several points of a resolution."""
        return [self.point(resolution, number) for number in numbers]

    def of_worker(self, worker: str) -> list[str]:
        """The script's arguments before the points."""
        return [self.numbers, self.workers, self.heard, self.totals(host_of(worker))]


def host_of(worker: str) -> str:
    """The host in the id of an instance."""
    return worker.rsplit("-", 2)[0]


def pid_of(worker: str) -> int:
    """The process number in the id of an instance."""
    return int(worker.rsplit("-", 2)[1])
