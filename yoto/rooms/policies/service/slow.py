"""Notices that evaluations turn slow: an alert, and in the end the set is taken out of service."""

from __future__ import annotations

import enum
import logging
import threading
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from time import monotonic

from yoto.errors import ConfigurationError, PlatformError
from yoto.events import Event
from yoto.rooms.policies.engine.embedded.deadline import EVALUATION_SECONDS, overruns_in
from yoto.rooms.policies.facts import PolicyPutBack, PolicySlow, PolicyTakenOut
from yoto.rooms.policies.service.costs import PolicyCosts, costliest, latency_us, measure_costs
from yoto.rooms.policies.service.loader import PolicyLoader
from yoto.rooms.policies.service.serving import Loaded, Serving
from yoto.rooms.policies.settings import PolicySettings
from yoto.rooms.policies.store.writing import Overtaken, PolicyWriter

log = logging.getLogger(__name__)

# Evaluations in the median, and the least for a conclusion: a single one that the machine held up
# says nothing about the policies.
WINDOW = 21
MINIMUM = 7


class Speed(enum.Enum):
    """The speed of evaluations."""

    FINE = "fine"
    SLOW = "slow"
    TOO_SLOW = "too_slow"


class SlowWatch:
    """The median of the last evaluations against two bounds. Safe for threads."""

    def __init__(self, alert_ms: float, limit_ms: float) -> None:
        self._alert_us, self._limit_us = alert_ms * 1000, limit_ms * 1000
        self._lock = threading.Lock()
        self._window: deque[float] = deque(maxlen=WINDOW)

    def add(self, latency_us: float) -> Speed:
        """Note an evaluation; how fast they are by now."""
        with self._lock:
            self._window.append(latency_us)
            # Everything is below the bound: the usual case, without sorting anything.
            if latency_us < self._alert_us or len(self._window) < MINIMUM:
                return Speed.FINE
        return self.speed()

    def speed(self) -> Speed:
        """The speed of evaluations."""
        with self._lock:
            if len(self._window) < MINIMUM:
                return Speed.FINE
            middle = median(self._window)
        if middle < self._alert_us:
            return Speed.FINE
        return Speed.SLOW if middle < self._limit_us else Speed.TOO_SLOW

    def median_ms(self) -> float:
        """The median that is judged; 0.0 before the first evaluation."""
        with self._lock:
            return median(self._window) / 1000 if self._window else 0.0

    def forget(self) -> None:
        """Judge only later evaluations."""
        with self._lock:
            self._window.clear()


# s between two alerts about one set.
ALERT_PAUSE = 60.0
# s until a set that was taken out is tried again.
RETRY_SECONDS = 30.0
# Limits of the measurement that names the slow policy.
COST_INPUTS = 10
COST_SECONDS = 5.0


class SlowGuard:
    """Watches over one process's evaluations. Safe for threads.

    Decisions only report; ``work`` does the slow part in the background.

    Attributes:
        costs: the last measured cost of each policy; None: never measured.
    """

    def __init__(
        self,
        loader: PolicyLoader,
        inputs: Callable[[], Sequence[str]],
        publish: Callable[[Event], object],
        wake: Callable[[], None],
        settings: PolicySettings,
    ) -> None:
        """Nothing is watched yet.

        Args:
            inputs: recent inputs as JSON.
            publish: publishes an event.
            wake: has ``work`` called soon.
            settings: the bounds, and the fallback for a set that is too slow.
        """
        self._loader = loader
        self._watch = SlowWatch(settings.slow_alert_ms, settings.slow_limit_ms)
        self._inputs = inputs
        self._publish = publish
        self._wake = wake
        self._alert_ms, self._limit_ms = settings.slow_alert_ms, settings.slow_limit_ms
        self._instead = settings.instead_of_slow
        self._lock = threading.Lock()
        self._alerted: dict[str, float] = {}
        self._alerts: deque[tuple[Loaded, float]] = deque()
        self._taken_out: deque[PolicyTakenOut] = deque()
        self._retry_at = 0.0
        self.costs: PolicyCosts | None = None

    def note(self, loaded: Loaded, latency_us: float) -> None:
        """Note an evaluation of a set, and that they are slow, or too slow."""
        speed = self._watch.add(latency_us)
        if speed is Speed.FINE:
            return
        median_ms = self._watch.median_ms()
        with self._lock:
            now = monotonic()
            if now - self._alerted.get(loaded.version, float("-inf")) >= ALERT_PAUSE:
                self._alerted = {loaded.version: now}
                self._alerts.append((loaded, median_ms))
                self._wake()
        if speed is Speed.TOO_SLOW:
            self._take_out(loaded, median_ms)

    def forget(self) -> None:
        """Judge only later evaluations."""
        self._watch.forget()

    def end_overruns(self) -> None:
        """Take sets out of service that the record forbids to evaluate."""
        loaded = self._loader.serving.loaded
        if loaded is not None and loaded.version in self._loader.overruns:
            self._take_out(loaded, EVALUATION_SECONDS * 1000)

    def work(self) -> float:
        """Publish events, and retry sets taken out of service; seconds until the next time."""
        while self._taken_out:
            self._publish(self._taken_out.popleft())
        while self._alerts:
            self._alert(*self._alerts.popleft())
        out = self._loader.serving.taken_out
        if out is None or out.version in self._loader.overruns:
            return RETRY_SECONDS
        wait = self._retry_at - monotonic()
        if wait > 0:
            return wait
        self._try_again(out)
        return RETRY_SECONDS

    def measure(self) -> PolicyCosts | None:
        """Measure the cost of each policy; None without a set, inputs, or an engine to do it by.

        Raises:
            PolicyError: the set does not compile in this process.
        """
        loaded = self._loader.serving.newest
        inputs = list(self._inputs())[-COST_INPUTS:]
        if loaded is None or not inputs:
            return None
        try:
            self.costs = measure_costs(loaded.bundle, inputs, COST_SECONDS)
        except ConfigurationError:
            # Policies run on a server, and nothing is installed that could run them here.
            return None
        return self.costs

    def _take_out(self, loaded: Loaded, median_ms: float) -> None:
        instead = "deny"

        def without(serving: Serving) -> Serving:
            nonlocal instead
            if serving.loaded is not loaded:
                return serving
            good = serving.previous if self._instead == "last_good" else None
            if good is not None and good.version in self._loader.overruns:
                good = None
            instead = "deny" if good is None else "last_good"
            out = serving.taken_out or loaded
            return Serving(loaded=good, taken_out=out, previous=None if good else serving.previous)

        before = self._loader.serving
        self._loader.replace_serving(without)
        if self._loader.serving is before:
            return
        self._watch.forget()
        self._retry_at = monotonic() + RETRY_SECONDS
        log.error("policies %s are too slow (%.0f ms): %s", loaded.version, median_ms, instead)
        self._taken_out.append(
            PolicyTakenOut(
                bundle=loaded.version,
                median_ms=median_ms,
                limit_ms=self._limit_ms,
                instead=instead,
            )
        )
        self._wake()

    def _alert(self, loaded: Loaded, median_ms: float) -> None:
        suspects: dict[str, float] = {}
        try:
            costs = self.measure()
            if costs is not None and costs.bundle == loaded.version:
                suspects = costliest(costs)
        except PlatformError as error:
            log.warning("what the policies cost could not be measured: %s", error)
        log.warning("policies %s are slow: %.1f ms %s", loaded.version, median_ms, suspects)
        self._publish(
            PolicySlow(
                bundle=loaded.version,
                median_ms=median_ms,
                bound_ms=self._alert_ms,
                suspects=suspects,
            )
        )

    def _try_again(self, out: Loaded) -> None:
        """Put a set back that is fast enough on recent inputs; without any, live ones decide."""
        timing = SlowWatch(self._alert_ms, self._limit_ms)
        for text in list(self._inputs())[-MINIMUM:]:
            try:
                timing.add(latency_us(out.compiled, text))
            except PlatformError as error:
                log.warning("policies %s stay out of service: %s", out.version, error)
                self._retry_at = monotonic() + RETRY_SECONDS
                return
        if timing.speed() is Speed.TOO_SLOW:
            self._retry_at = monotonic() + RETRY_SECONDS
            return

        def back(serving: Serving) -> Serving:
            if serving.taken_out is not out:
                return serving
            return Serving(loaded=out, previous=serving.loaded or serving.previous)

        self._loader.replace_serving(back)
        self._watch.forget()
        self._publish(PolicyPutBack(bundle=out.version, median_ms=timing.median_ms()))


def record_overruns(folder: Path, writer: PolicyWriter, instance: str) -> None:
    """Record evaluations that ended their process on this host; the rest are found again.

    A folder that this account may not read, such as one that root has made, stops no decision.

    Args:
        instance: the process that writes.
    """
    try:
        for one in overruns_in(folder):
            log.error(
                "an evaluation of policies %s ended process %d: it took too long\n%s",
                one.version,
                one.pid,
                one.stack,
            )
            reason = f"an evaluation ended process {one.pid}"
            try:
                writer.write_overrun(one.version, instance, reason)
            except (Overtaken, PlatformError) as error:
                log.warning("that policies %s run too long is not written: %s", one.version, error)
            else:
                one.path.unlink(missing_ok=True)
    except OSError as error:
        log.warning("evaluations that took too long cannot be looked for: %s", error)
