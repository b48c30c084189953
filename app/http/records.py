"""What is kept of each request, and worked up after its answer: counts, activity, the log's line.

A request costs one append. A thread that lives while there are records works them up every tenth of
a second, many at once, which is cheaper than one by one. Whoever reads what is made of them calls
``flush`` first, so nobody ever sees less than was answered. An orderly end loses nothing; a kill
loses what came in that tenth of a second.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from time import perf_counter
from typing import Any

from flask import Flask
from werkzeug.routing import Rule

EXTENSION_KEY = "yoto.request_records"
DELAY = 0.1  # s that a record waits at most
# Records at once: between two lots others run.
LOT = 64
# Records that may wait; the request after that works them up itself.
MOST_WAITING = 1_000
# Rounds without a record after which the thread ends.
IDLE_ROUNDS = 20

log = logging.getLogger(__name__)


@dataclass(slots=True, eq=False)
class RequestRecord:
    """One request.

    Attributes:
        request_id: what it is called in answers and logs.
        own_id: what records call it; nobody chooses it.
        address: the client's.
        rule, view_args: where its path leads, if anywhere.
        began: by ``perf_counter``.
        changes: whether its view may change what is stored.
        outcome: why it ended as it did, see ``note_outcome``.
        status: of its answer; that of an error of ours while there is none.
        seconds: how long it took.
        ended_at: when it ended, epoch seconds.
        user_id: who asked, where that was checked.
        keeps_order: whether its view carries the mark of that name.
        trace: ids of its trace and span, where it is traced.
    """

    request_id: str
    own_id: str
    method: str
    path: str
    address: str | None
    rule: Rule | None
    view_args: dict[str, Any] | None
    began: float = field(default_factory=perf_counter)
    changes: bool = False
    outcome: dict[str, str] = field(default_factory=dict)
    status: int = int(HTTPStatus.INTERNAL_SERVER_ERROR)
    seconds: float = 0.0
    ended_at: float = 0.0
    user_id: int | None = None
    keeps_order: bool = False
    trace: tuple[str, str] | None = None


Work = Callable[[Sequence[RequestRecord]], None]


class RequestRecords:
    """The records of one application that wait. Safe for threads and greenlets.

    Attributes:
        work: what is done with records, each with a lot of them, in the order of the answers. It
            must be quick, since readers wait for it, and ask a server only where too much waits for
            ``store``. One that raises is logged and keeps nobody else from them.
    """

    def __init__(
        self,
        work: Sequence[Work],
        store: Callable[[], None] = lambda: None,
        delay: float = DELAY,
    ) -> None:
        """No thread is started yet.

        Args:
            work: see the attribute.
            store: brings what came of them to servers.
            delay: seconds that a record waits at most.
        """
        self.work = work
        self._store = store
        self._delay = delay
        self._waiting: deque[RequestRecord] = deque()
        self._append = self._waiting.append
        self._working = threading.Lock()
        # Held for as long as the thread lives.
        self._alive = threading.Lock()
        self._thread: threading.Thread | None = None
        self._closing = threading.Event()

    def add(self, record: RequestRecord) -> None:
        """Work it up soon."""
        self._append(record)
        if not self._alive.locked():
            self._start()
        elif len(self._waiting) > MOST_WAITING:
            self.flush()

    def flush(self) -> None:
        """Work up all that waits now, and return when it is done."""
        while self._work_up():
            pass

    def _work_up(self) -> bool:
        """One lot; whether there was any."""
        with self._working:
            take = self._waiting.popleft
            lot = [take() for _ in range(min(LOT, len(self._waiting)))]
            for work in self.work if lot else ():
                _contained(work, lot)
        return bool(lot)

    def close(self) -> None:
        """End the thread, and work up what is left; the next record starts another."""
        thread = self._thread
        if thread is not None:
            self._closing.set()
            thread.join()
            self._closing.clear()
        self.flush()
        _contained(self._store)

    def _start(self) -> None:
        if not self._alive.acquire(blocking=False):
            return
        self._thread = threading.Thread(target=self._run, name="yoto-requests", daemon=True)
        try:
            self._thread.start()
        except RuntimeError:
            # The system has no thread left.
            self._thread = None
            self._alive.release()
            self.flush()

    def _run(self) -> None:
        idle = 0
        while idle < IDLE_ROUNDS and not self._closing.wait(self._delay):
            idle += 1
            while self._work_up():
                idle = 0
                time.sleep(0)
            if not idle:
                _contained(self._store)
        self._alive.release()
        # Who added one just now may have seen the thread alive.
        if self._waiting and not self._closing.is_set():
            self._start()


def _contained(work: Callable[..., None], *lot: Sequence[RequestRecord]) -> None:
    try:
        work(*lot)
    except Exception:
        log.exception("%s failed after requests", getattr(work, "__qualname__", repr(work)))


def records_of(app: Flask) -> RequestRecords:
    """The records of ``app``."""
    found: RequestRecords = app.extensions[EXTENSION_KEY]
    return found
