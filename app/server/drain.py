"""Graceful shutdown of a process without a worker of gunicorn's: stop accepting, finish what runs
and what comes on connections that are here, then exit.
"""

from __future__ import annotations

import faulthandler
import logging
import os
import signal
import socket
import threading
import time
from collections.abc import Callable

from app.server.connections import SWEEP_SECONDS, Connections

log = logging.getLogger(__name__)

# s beyond the drain in which a process closes what it has open. Then it is ended, wherever it is:
# its stacks, on standard error, say where.
CLOSE_SECONDS = 1.5


class Ending:
    """Waits until this process is asked to end: by SIGTERM or SIGINT, or by the end of
    ``lifeline``, a socket whose other end the master holds. From then on it has ``seconds`` and
    ``CLOSE_SECONDS``.
    """

    def __init__(self, seconds: float, lifeline: socket.socket | None) -> None:
        """It listens from now on; only the main thread can make it."""
        self._seconds = seconds
        self._asked = threading.Event()
        self._limited = False
        # A signal handler runs inside whatever the process does just then, and wakes no event
        # loop that sleeps. A byte in a socket wakes threads and event loops alike.
        wake, self._waker = socket.socketpair()
        self._waker.setblocking(False)
        signal.set_wakeup_fd(self._waker.fileno(), warn_on_full_buffer=False)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self._limit())
        for source in (wake, lifeline):
            if source is not None:
                threading.Thread(target=self._wait_for, args=(source,), daemon=True).start()

    def _wait_for(self, source: socket.socket) -> None:
        source.recv(1)
        self._limit()
        self._asked.set()

    def _limit(self) -> None:
        if self._limited:
            return  # a repeated request grants no more time
        self._limited = True
        # Its thread needs neither the interpreter nor an event loop: they may be what hangs.
        faulthandler.dump_traceback_later(self._seconds + CLOSE_SECONDS, exit=True)

    def drain(self, connections: Connections, stop_accepting: Callable[[], None]) -> None:
        """Wait, end what is late meanwhile, and return when nothing runs any more."""
        while not self._asked.wait(SWEEP_SECONDS):
            connections.sweep()
        started = time.monotonic()
        log.info("draining")
        stop_accepting()
        finished = connections.end(self._seconds)
        log.info(
            "%s after %.2f s (pid %d)",
            "drained" if finished else "gave up on running requests",
            time.monotonic() - started,
            os.getpid(),
        )
