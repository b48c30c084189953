"""Fail-fast: after repeated connection errors, calls fail at once instead of waiting.

A ``Circuit`` counts consecutive errors of one server: connections that could not be opened and
answers that did not come in time. A server that answers, and goes on saying that it does not serve,
trips it at once. When it trips, calls raise ``StoreUnavailable`` without touching the network, and
a ``Prober`` thread asks the server until it answers. The thread lives only while something is
tripped; a call that finds it gone (a fork keeps no threads) starts it again, so that a tripped
circuit never stays tripped for want of a prober.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from redis import exceptions

from yoto.errors import StoreUnavailable

log = logging.getLogger(__name__)

# One failed attempt may be bad luck; three in a row with no success between them are an outage.
FAILURES_TO_TRIP = 3

PROBE_INTERVAL = 0.1  # s, after a circuit tripped
MAX_PROBE_INTERVAL = 1.0  # s, when the outage lasts
PROBE_BACKOFF = 1.5


class Circuit:
    """The state of fail-fast about one server.

    Attributes:
        failures: consecutive errors.
        tripped: whether calls are refused.
    """

    __slots__ = ("_cause", "_prober", "failures", "name", "probe", "tripped")

    def __init__(self, name: str, prober: Prober, probe: Callable[[], object]) -> None:
        """``probe`` returns when the server responds and raises when it does not."""
        self.name = name
        self.probe = probe
        self.failures = 0
        self.tripped = False
        self._cause: BaseException | None = None
        self._prober = prober

    def check(self) -> None:
        """Return when calls may go through.

        Raises:
            StoreUnavailable: the server is known to be unavailable.
        """
        if self.tripped:
            self._prober.watch(self)
            raise StoreUnavailable("redis", self._cause, retry_after=MAX_PROBE_INTERVAL)

    def failed(self, cause: BaseException) -> None:
        """Count an error; the third in a row trips the circuit."""
        self.noted(cause)
        self.failures += 1
        self._cause = cause
        if self.failures >= FAILURES_TO_TRIP:
            self._trip("is away", cause)

    def refused(self, cause: BaseException) -> None:
        """The server responds, and has rejected its work for as long as a caller may wait: trip."""
        # A response to a call that was on its way is no success then.
        self.failures = 0
        self._cause = cause
        self._trip("does not serve", cause)

    def _trip(self, how: str, cause: BaseException) -> None:
        if not self.tripped:
            self.tripped = True
            log.warning("redis %s %s: %s", self.name, how, cause)
            self._prober.watch(self)

    def noted(self, cause: BaseException) -> None:
        """Count an error for the metrics; it says nothing about the server yet."""
        timed_out = isinstance(cause, (exceptions.TimeoutError, TimeoutError))
        self._prober.errors["timeout" if timed_out else "connection"] += 1

    def succeeded(self) -> None:
        """The server responded: it starts with a clean slate."""
        self.failures = 0
        self.tripped = False
        self._cause = None


class Prober:
    """Probes tripped circuits in one daemon thread, and notifies listeners when one opens again.

    Attributes:
        errors: those of all circuits, of removed servers too: time-outs, and connections that
            could not be opened or broke.
    """

    def __init__(self) -> None:
        self.errors = {"timeout": 0, "connection": 0}
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._watched: dict[Circuit, None] = {}
        self._thread: threading.Thread | None = None
        self._listeners: list[Callable[[], None]] = []

    def on_recovered(self, listener: Callable[[], None]) -> None:
        """Call ``listener()`` in the probe's thread each time a server came back."""
        self._listeners.append(listener)

    def watch(self, circuit: Circuit) -> None:
        """Probe ``circuit`` until it responds; cheap when that is going on already."""
        thread = self._thread
        if circuit in self._watched and thread is not None and thread.is_alive():
            return
        with self._lock:
            self._watched[circuit] = None
            if self._thread is None or not self._thread.is_alive():
                self._wake = threading.Event()
                self._thread = threading.Thread(
                    target=self._run, args=(self._wake,), name="yoto-redis-probe", daemon=True
                )
                self._thread.start()
            else:
                self._wake.set()

    def close(self) -> None:
        """Forget all circuits and end the thread."""
        with self._lock:
            self._watched.clear()
            thread, self._thread = self._thread, None
            wake, self._wake = self._wake, threading.Event()
        wake.set()
        if thread is not None and thread.ident != threading.get_ident():
            thread.join(timeout=MAX_PROBE_INTERVAL)

    def _run(self, wake: threading.Event) -> None:
        delay = PROBE_INTERVAL
        while True:
            if wake.wait(delay):
                wake.clear()
                delay = PROBE_INTERVAL
            else:
                delay = min(delay * PROBE_BACKOFF, MAX_PROBE_INTERVAL)
            recovered = [circuit for circuit in list(self._watched) if self._responds(circuit)]
            with self._lock:
                for circuit in recovered:
                    self._watched.pop(circuit, None)
            for circuit in recovered:
                circuit.succeeded()
                log.info("calls to redis %s go through again", circuit.name)
            if recovered:
                # Others may wait for what this one knows, such as the map of a cluster.
                delay = PROBE_INTERVAL
                self._notify()
            with self._lock:
                if self._wake is not wake:
                    # Closed; the next caller starts another thread.
                    return
                if not self._watched:
                    self._thread = None
                    return

    def _responds(self, circuit: Circuit) -> bool:
        try:
            circuit.probe()
        except Exception as error:
            log.debug("redis %s is still away: %s", circuit.name, error)
            return False
        return True

    def _notify(self) -> None:
        for listener in list(self._listeners):
            try:
                listener()
            except Exception:
                log.exception("a listener to the recovery of redis failed")
