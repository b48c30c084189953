"""Keeps N worker processes alive on one port."""

from __future__ import annotations

import logging
import os
import select
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from app.server.drain import CLOSE_SECONDS

log = logging.getLogger(__name__)

# A worker that dies younger than this did not start; its successor waits longer each time.
HEALTHY_SECONDS = 5.0
FIRST_PAUSE_SECONDS = 0.2
LONGEST_PAUSE_SECONDS = 10.0
# Beyond the drain: a worker that is not gone by itself by then is stopped or starved.
KILL_AFTER_SECONDS = CLOSE_SECONDS + 0.25


@dataclass(slots=True)
class _Worker:
    process: subprocess.Popen[bytes]
    lifeline: socket.socket
    started: float


class Supervisor:
    """Starts workers, replaces those that die, and stops all when asked to.

    Args:
        command: given the descriptor of a worker's lifeline, the command line that starts it.
        count: how many workers.
        drain_seconds: how long a worker may take to finish its requests.
        on_ready: called once, when the first worker has said that it accepts connections.
        on_end: called with process id and return code of a worker that ended, but for those that
            are stopped with the whole; in a thread of its own, since no replacement waits for it.
    """

    def __init__(
        self,
        command: Callable[[int], Sequence[str]],
        count: int,
        drain_seconds: float,
        on_ready: Callable[[], None],
        on_end: Callable[[int, int], None] = lambda pid, code: None,
    ) -> None:
        self._command = command
        self._on_ready = on_ready
        self._on_end = on_end
        self._ready = False
        self._drain_seconds = drain_seconds
        self._slots: list[_Worker | None] = [None] * count
        self._not_before = [0.0] * count
        self._pauses = [FIRST_PAUSE_SECONDS] * count
        self._ending = False
        self._exit_code = 0

    def run(self) -> int:
        """Supervise until SIGTERM or SIGINT; the exit code of the whole."""
        wake, waker = socket.socketpair()
        wake.setblocking(False)
        waker.setblocking(False)
        signal.set_wakeup_fd(waker.fileno(), warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._end)
        while not self._ending:
            self._reap()
            self._fill()
            starting = [] if self._ready else [w.lifeline for w in self._slots if w is not None]
            readable, _, _ = select.select([wake, *starting], [], [], self._seconds_to_next_start())
            for source in readable:
                received = source.recv(4096)
                if source is not wake and received and not self._ready:
                    self._ready = True
                    self._on_ready()
        self._stop_all()
        return self._exit_code

    def _end(self, *_: object) -> None:
        self._ending = True

    def _seconds_to_next_start(self) -> float:
        waits = [
            self._not_before[slot] - time.monotonic()
            for slot, worker in enumerate(self._slots)
            if worker is None
        ]
        # Without an empty slot only a signal can bring work; the cap is a safety net.
        return min(max(0.0, min(waits, default=5.0)), 5.0)

    def _fill(self) -> None:
        for slot, worker in enumerate(self._slots):
            if worker is None and not self._ending and self._not_before[slot] <= time.monotonic():
                self._slots[slot] = self._start()

    def _start(self) -> _Worker:
        ours, theirs = socket.socketpair()
        with theirs:
            process = subprocess.Popen(
                self._command(theirs.fileno()), pass_fds=[theirs.fileno()], env=dict(os.environ)
            )
        log.info("worker %d started", process.pid)
        return _Worker(process, ours, time.monotonic())

    def _reap(self) -> None:
        for slot, worker in enumerate(self._slots):
            if worker is None or worker.process.poll() is None:
                continue
            worker.lifeline.close()
            self._slots[slot] = None
            code = worker.process.returncode
            if code == os.EX_CONFIG:
                self._exit_code = os.EX_CONFIG
                self._ending = True
                continue
            lived = time.monotonic() - worker.started
            if lived >= HEALTHY_SECONDS:
                self._pauses[slot] = FIRST_PAUSE_SECONDS
            log.warning(
                "worker %d ended with %s after %.1f s; the next one starts in %.1f s",
                worker.process.pid,
                code,
                lived,
                self._pauses[slot],
            )
            ended = worker.process.pid, code
            threading.Thread(target=self._on_end, args=ended, daemon=True).start()
            self._not_before[slot] = time.monotonic() + self._pauses[slot]
            self._pauses[slot] = min(self._pauses[slot] * 2, LONGEST_PAUSE_SECONDS)

    def _stop_all(self) -> None:
        workers = [worker for worker in self._slots if worker is not None]
        for worker in workers:
            worker.process.terminate()
        deadline = time.monotonic() + self._drain_seconds + KILL_AFTER_SECONDS
        for worker in workers:
            try:
                worker.process.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                log.error("worker %d did not leave; killing it", worker.process.pid)
                worker.process.kill()
                worker.process.wait()
            worker.lifeline.close()
