"""Background work of one process: two threads, and a listener to the log."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Sequence
from time import monotonic

from yoto import cache as cache_layer
from yoto.cache import Position, TieredCache
from yoto.errors import PlatformError
from yoto.housekeeping import Housekeeper
from yoto.rooms.policies.adaptive import AdaptivePart, Tunables
from yoto.rooms.policies.decision_cache import DecisionCache
from yoto.rooms.policies.engine import PolicyEngine
from yoto.rooms.policies.metrics import EngineMetrics
from yoto.rooms.policies.overrun import Overrun, Overruns
from yoto.rooms.policies.recent import RecentInputs, SharedInputs
from yoto.rooms.policies.service.loader import PolicyLoader
from yoto.rooms.policies.shadow import Shadow
from yoto.rooms.policies.store import Overtaken, PolicyWriter, ShadowCountStore, StoredCounts

log = logging.getLogger(__name__)

SHARE_SECONDS = 1.0
ADAPT_SECONDS = 5.0
# Factor of the time between two looks at the record while the log is heard.
HEARD_POLL_FACTOR = 5
# s between two writes of a candidate's counts.
COUNT_SECONDS = 1.0
SWEEP_SECONDS = 30.0


class LoadTask:
    """Keeps a process up to date with the record: on notification, and at intervals in any case."""

    def __init__(
        self,
        loader: PolicyLoader,
        end_overruns: Callable[[], None],
        poll_seconds: float,
        hears: Callable[[], bool],
    ) -> None:
        """Nothing is read yet.

        Args:
            end_overruns: takes sets out of service that the record forbids to evaluate.
            poll_seconds: between two looks while no event would be heard.
            hears: whether others' changes of the record would be heard, so that few looks suffice.
        """
        self._hears = hears
        self._loader = loader
        self._end_overruns = end_overruns
        self._poll_seconds = poll_seconds

    def work(self) -> float:
        """Load a newer revision, if there is one; seconds until the next time."""
        self._loader.refresh()
        self._end_overruns()
        return self._poll_seconds * (HEARD_POLL_FACTOR if self._hears() else 1)


class OverrunCollector:
    """Records evaluations that had to end with their process on this host."""

    def __init__(self, overruns: Overruns, writer: PolicyWriter, instance: str) -> None:
        """``instance``: the writing process."""
        self._overruns = overruns
        self._writer = writer
        self._instance = instance

    def collect(self) -> None:
        """Write the overruns found; those that cannot be written are found again.

        A folder that this account may not read, such as one that root has made, stops no decision.
        """
        try:
            for one in self._overruns.found():
                self._write(one)
        except OSError as error:
            log.warning("evaluations that took too long cannot be looked for: %s", error)

    def _write(self, one: Overrun) -> None:
        log.error(
            "an evaluation of policies %s ended process %d: it took too long\n%s",
            one.version,
            one.pid,
            one.stack,
        )
        try:
            reason = f"an evaluation ended process {one.pid}"
            self._writer.write_overrun(one.version, self._instance, reason)
        except (Overtaken, PlatformError) as error:
            log.warning("that policies %s run too long is not written: %s", one.version, error)
            return
        one.path.unlink(missing_ok=True)


class ShadowTask:
    """Evaluates the candidate on inputs seen, and writes its counts."""

    def __init__(self, loader: PolicyLoader, counts: ShadowCountStore) -> None:
        self._loader = loader
        self._counts = counts
        self._written: tuple[int, StoredCounts] | None = None
        self._written_at = float("-inf")
        self._writing = threading.Lock()

    def work(self) -> float:
        """Compare the waiting inputs; seconds until the next time."""
        shadow = self._shadow()
        if shadow is None:
            return COUNT_SECONDS
        shadow.work()
        if monotonic() - self._written_at >= COUNT_SECONDS:
            self._written_at = monotonic()
            self.flush()
        return COUNT_SECONDS

    def flush(self) -> None:
        """Write the counts, unless they are written."""
        with self._writing:
            shadow = self._shadow()
            if shadow is None:
                return
            now = (shadow.version_id, shadow.counts())
            if now == self._written or not now[1].evaluated:
                return
            try:
                self._counts.write(*now)
                self._written = now
            except PlatformError as error:
                log.warning("what a candidate did is not written yet: %s", error)

    def read(self, version_id: int) -> Sequence[StoredCounts]:
        """Each process's counts for a candidate, this one's up to now; nothing is written.

        Raises:
            StoreUnavailable: the database did not answer.
        """
        shadow = self._shadow()
        if shadow is None or shadow.version_id != version_id:
            return self._counts.read(version_id)
        return self._counts.read(version_id, shadow.counts())

    def _shadow(self) -> Shadow | None:
        newest = self._loader.serving.newest
        return newest.shadow if newest is not None else None


class SweepTask:
    """Removes data that an engine keeps of unused sets."""

    def __init__(self, engine: PolicyEngine) -> None:
        self._engine = engine

    def work(self) -> float:
        """Remove it; seconds until the next time."""
        self._engine.sweep()
        return SWEEP_SECONDS


class InputTask:
    """Shares the inputs that this process took with the others."""

    def __init__(self, recent: RecentInputs, shared: SharedInputs) -> None:
        self._recent = recent
        self._shared = shared

    def work(self) -> float:
        """Share new inputs; seconds until the next time."""
        try:
            self._shared.keep(self._recent.take_unshared())
        except PlatformError as error:
            log.debug("recent inputs were not shared: %s", error)
        return SHARE_SECONDS


class AdaptTask:
    """Shows the adaptive part the latest measurements, and makes the changes that it returns."""

    def __init__(
        self,
        adaptive: AdaptivePart,
        metrics: EngineMetrics,
        cache: DecisionCache,
        recent: RecentInputs,
    ) -> None:
        self._adaptive = adaptive
        self._metrics = metrics
        self._cache = cache
        self._recent = recent
        self._latencies = metrics.latency.snapshot()

    def work(self) -> float:
        """Look once; seconds until the next time."""
        before, self._latencies = self._latencies, self._metrics.latency.snapshot()
        p95_us = self._latencies.since(before).quantile(0.95)
        tunables = self._adaptive.review(
            self._metrics.read(), p95_us, Tunables(self._cache.seconds, self._recent.share)
        )
        self._cache.seconds = tunables.cache_seconds
        self._recent.share = tunables.explanation_share
        return ADAPT_SECONDS


class Background:
    """The threads of one process: they start with its first decision, also after a fork."""

    def __init__(self, cache: TieredCache | None) -> None:
        """No thread is started yet.

        Without ``cache`` changes are not published, and polling finds them.

        Attributes:
            light: work that must not wait long, such as loading.
            heavy: work that may take seconds, such as measuring.
        """
        self.light = Housekeeper("yoto-policy")
        self.heavy = Housekeeper("yoto-policy-heavy")
        self._cache = cache
        self._lock = threading.Lock()
        self._pid: int | None = None
        self._end: Callable[[], None] | None = None

    def start(self, wake_load: Callable[[], None]) -> None:
        """Start the threads that do not run in this process."""
        if self._pid == os.getpid():
            return
        with self._lock:
            if self._pid == os.getpid():
                return
            if self._cache is not None:
                if self._end is None:
                    self._end = self._cache.tailer.subscribe(_listener(wake_load))
                self._cache.start(0)
            self.light.start()
            self.heavy.start()
            self._pid = os.getpid()

    def hears(self) -> bool:
        """Whether a change of the record would be heard."""
        return self._end is not None and self._cache is not None and self._cache.tailer.fresh

    def stop(self) -> None:
        """End the threads; they may start again."""
        with self._lock:
            end, self._end = self._end, None
            self._pid = None
        if end is not None:
            end()
        self.light.stop()
        self.heavy.stop()


def _listener(wake: Callable[[], None]) -> Callable[[Sequence[str], Position], None]:
    def heard(dirty: Sequence[str], position: Position) -> None:
        if cache_layer.tags.POLICY in dirty or cache_layer.tags.GLOBAL in dirty:
            wake()

    return heard
