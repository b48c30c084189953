"""The threads of a process that take items and call handlers."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from math import inf
from time import monotonic
from typing import Any

from yoto.redis import EXPECTED_FAILURES, StreamReader
from yoto.rooms.queues.batch.call import RunningCall, run
from yoto.rooms.queues.batch.items import Handler
from yoto.rooms.queues.batch.settling import PAUSE, Outage, Settling
from yoto.rooms.queues.batch.store import Nothing, QueueStore, Taken
from yoto.rooms.queues.settings import QueueSettings

log = logging.getLogger(__name__)

# s after which a waiting worker checks for items that others left behind, and for new handlers.
LOOK_AGAIN = 1.0
# The longest time, in s, for which a kind is left alone when its handler cannot work now.
REST = 5.0
# s between checks of a gathering batch, so that other kinds need not wait for it.
GATHER_LOOK = 0.1


class QueueWorkerPool:
    """Workers take turns at Redis: one waits there, the others wait for their turn or work.

    Each worker has at most one call, so a process works on all items that it takes.

    Attributes:
        settling: reports the outcome of calls to Redis.
    """

    def __init__(
        self,
        store: QueueStore,
        settings: QueueSettings,
        handlers: Mapping[str, Handler],
        app_context_factory: Callable[[], AbstractContextManager[Any]],
    ) -> None:
        self._store = store
        self._settings = settings
        self._handlers = handlers
        self._app_context_factory = app_context_factory
        self._outage = Outage()
        self.settling = Settling(store, self._outage)
        self._lock = threading.Lock()
        self._turn = threading.Lock()
        self._turns = 0
        self._stop = threading.Event()
        self._reader = store.reader()
        self._workers: set[threading.Thread] = set()
        self._abandoned: set[threading.Thread] = set()
        self._calls: dict[threading.Thread, RunningCall] = {}
        # Kinds whose handler cannot work now, and until when (monotonic s) they are left alone.
        self._rests: dict[str, float] = {}
        # When an item that this process put off is due (monotonic s); the waiting worker checks.
        self._put_off = inf

    def start(self) -> None:
        """Start the workers that do not run."""
        with self._lock:
            if self._stop.is_set():
                # Earlier workers, should any still run, keep the event that stops them.
                self._stop = threading.Event()
                self._reader = self._store.reader()
            self._fill()

    def stop(self, timeout: float) -> bool:
        """Take nothing more, and wait at most ``timeout`` seconds for running calls.

        Returns:
            Whether there were any workers.
        """
        deadline = monotonic() + timeout
        with self._lock:
            workers, self._workers = self._workers, set()
            self._stop.set()
            self._reader.end()
        for worker in workers:
            if worker is not threading.current_thread():
                worker.join(max(0.0, deadline - monotonic()))
        return bool(workers)

    @property
    def workers(self) -> int:
        """Threads that take items."""
        with self._lock:
            return sum(worker.is_alive() for worker in self._workers)

    @property
    def abandoned(self) -> int:
        """Threads whose handler is beyond its limit and has not returned."""
        with self._lock:
            return sum(worker.is_alive() for worker in self._abandoned)

    def calls(self) -> dict[threading.Thread, RunningCall]:
        """The calls that run now, by worker."""
        with self._lock:
            return dict(self._calls)

    def abandon(self, worker: threading.Thread) -> None:
        """Go on without ``worker``, whose handler does not return."""
        with self._lock:
            if worker not in self._workers:
                return
            self._workers.discard(worker)
            self._abandoned = {one for one in self._abandoned if one.is_alive()} | {worker}
            self._fill()
            left, hanging = len(self._workers), len(self._abandoned)
        if left < self._settings.workers:
            log.error("%d handlers hang; %d workers are left in this process", hanging, left)

    def _fill(self) -> None:
        self._workers = {worker for worker in self._workers if worker.is_alive()}
        hanging = sum(worker.is_alive() for worker in self._abandoned)
        wanted = self._settings.workers - max(0, hanging - self._settings.abandoned)
        while len(self._workers) < wanted and not self._stop.is_set():
            worker = threading.Thread(
                target=self._work,
                args=(self._stop, self._reader),
                name="yoto-queue-worker",
                daemon=True,
            )
            self._workers.add(worker)
            worker.start()

    def _work(self, stop: threading.Event, reader: StreamReader) -> None:
        me = threading.current_thread()
        while not stop.is_set():
            try:
                call = self._next(stop, reader)
                if call is not None:
                    self._serve(call, stop)
            except Exception:
                log.exception("a worker of the queue failed; it goes on")
                stop.wait(PAUSE)
            if not self._goes_on(me, stop):
                return

    def _goes_on(self, me: threading.Thread, stop: threading.Event) -> bool:
        """Whether this worker is still, or again, wanted."""
        with self._lock:
            if me in self._workers or stop.is_set():
                return True
            self._abandoned.discard(me)
            if len(self._workers) < self._settings.workers:
                self._workers.add(me)
                return True
            return False

    def _next(self, stop: threading.Event, reader: StreamReader) -> RunningCall | None:
        """The next call; None when there is nothing yet."""
        with self._turn:
            kinds = self._order()
            if not kinds:
                stop.wait(GATHER_LOOK)
                return None
            if stop.is_set():
                return None
            self._put_off = inf
            try:
                taken = self._store.take(kinds, tried_first=self._turns % 2 == 0)
                if isinstance(taken, Taken):
                    call = RunningCall(taken)
                    with self._lock:
                        self._calls[threading.current_thread()] = call
                else:
                    self._wait(taken, stop, reader)
                    call = None
            except EXPECTED_FAILURES as error:
                self._outage.failed(error)
                stop.wait(PAUSE)
                return None
            self._outage.succeeded()
            return call

    def _order(self) -> list[str]:
        """The kinds, beginning with another one each time."""
        now = monotonic()
        kinds = [kind for kind in self._handlers if self._rests.get(kind, 0.0) <= now]
        self._turns += 1
        # Every second turn takes items that were tried before: all kinds have both.
        first = self._turns // 2 % len(kinds) if kinds else 0
        return kinds[first:] + kinds[:first]

    def _wait(self, nothing: Nothing, stop: threading.Event, reader: StreamReader) -> None:
        until = monotonic() + min(nothing.due_in, GATHER_LOOK if nothing.gathering else LOOK_AGAIN)
        while not stop.is_set() and (left := min(until, self._put_off) - monotonic()) > 0:
            if nothing.gathering:
                stop.wait(left)
            elif self._store.wait(reader, nothing.seen, left):
                return

    def _serve(self, call: RunningCall, stop: threading.Event) -> None:
        me = threading.current_thread()
        try:
            handler = self._handlers[call.taken.kind]
            result = run(call.taken, handler, self._app_context_factory(), self._settings)
            call.returned = True
            if result.outcome == "later":
                # Others of its kind would fail in the same way.
                self._rests[call.taken.kind] = monotonic() + min(REST, *result.delays)
            self.settling.until_heard(call.taken, result, stop)
            if result.delays:
                self._put_off = min(self._put_off, monotonic() + min(result.delays))
        finally:
            with self._lock:
                if self._calls.get(me) is call:
                    del self._calls[me]

    def mend(self) -> None:
        """Replace workers that have ended without being stopped."""
        with self._lock:
            self._fill()
