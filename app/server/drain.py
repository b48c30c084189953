"""Graceful shutdown: stop accepting, finish what runs and what comes on connections that are here,
then exit.
"""

from __future__ import annotations

import contextlib
import faulthandler
import logging
import os
import signal
import socket
import threading
import time
from collections.abc import Callable

log = logging.getLogger(__name__)

# s beyond the drain in which a process closes what it has open. Then it is ended, wherever it is:
# its stacks, on standard error, say where.
CLOSE_SECONDS = 1.5


class InFlight:
    """Knows how many requests run, or connections are open. Safe for threads and greenlets, without
    a lock: each adds and takes away its own token, which sets do in one step.
    """

    def __init__(self) -> None:
        self._running: set[object] = set()
        self._none: threading.Event | None = None

    def __len__(self) -> int:
        return len(self._running)

    def begin(self) -> object:
        """One runs until ``finish`` gets what this returns."""
        token = object()
        self._running.add(token)
        return token

    def finish(self, token: object) -> None:
        """One has ended; again changes nothing."""
        self._running.discard(token)
        if self._none is not None and not self._running:
            self._none.set()

    def wait_until_none(self, seconds: float) -> bool:
        """Wait for those that run; False when some still do after ``seconds``."""
        self._none = threading.Event()
        return not self._running or self._none.wait(seconds)


class Drain:
    """Runs ``stop_accepting`` and ends the process when it is asked to stop.

    The request is SIGTERM or SIGINT, or the end of ``lifeline``, a socket whose other end the
    supervisor holds: a worker never outlives its supervisor. From then on it has ``seconds`` and
    ``CLOSE_SECONDS`` to end.
    """

    def __init__(self, in_flight: InFlight, seconds: float, lifeline: socket.socket | None) -> None:
        self._in_flight = in_flight
        self._seconds = seconds
        self._lifeline = lifeline
        self._notified = threading.Event()
        self._limited = False

    def watch(
        self,
        stop_accepting: Callable[[], None],
        end_connections: Callable[[float], None],
        leave: Callable[[], None],
    ) -> None:
        """Start watching; returns at once. ``end_connections`` may take the seconds that it gets;
        ``leave`` runs last and must end the server's loop.
        """
        # A signal handler runs inside whatever the process does just then, and wakes no event
        # loop that sleeps. A byte in a socket wakes threads and event loops alike.
        wake, waker = socket.socketpair()
        waker.setblocking(False)
        signal.set_wakeup_fd(waker.fileno(), warn_on_full_buffer=False)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self._limit())
        self._waker = waker
        for source in (wake, self._lifeline):
            if source is not None:
                threading.Thread(target=self._wait_for_end, args=(source,), daemon=True).start()
        steps = (stop_accepting, end_connections, leave)
        threading.Thread(target=self._go, args=steps, daemon=True).start()

    def _wait_for_end(self, source: socket.socket) -> None:
        # A supervisor that is killed with a word of ours unread resets the socket.
        with contextlib.suppress(ConnectionError):
            source.recv(1)
        self._notified.set()

    def _limit(self) -> None:
        if self._limited:
            return  # a repeated request grants no more time
        self._limited = True
        # Its thread needs neither the interpreter nor an event loop: they may be what hangs.
        faulthandler.dump_traceback_later(self._seconds + CLOSE_SECONDS, exit=True)

    def _go(
        self,
        stop_accepting: Callable[[], None],
        end_connections: Callable[[float], None],
        leave: Callable[[], None],
    ) -> None:
        self._notified.wait()
        self._limit()
        started = time.monotonic()
        log.info("draining")
        stop_accepting()
        end_connections(self._seconds)
        rest = started + self._seconds - time.monotonic()
        finished = self._in_flight.wait_until_none(max(0.0, rest))
        log.info(
            "%s after %.2f s (pid %d)",
            "drained" if finished else "gave up on running requests",
            time.monotonic() - started,
            os.getpid(),
        )
        leave()
