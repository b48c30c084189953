"""Attempts in threads of their own, so that a caller need not wait for one that does not return.

Under eventlet and gevent these threads are greenlets, which are ended when nobody waits for them
any more. A real thread cannot be ended from outside. One that is given up works on under a deadline
that has passed: it ends at its next wait, or not at all, and keeps its place meanwhile. So there
are so many places, and who finds none is refused.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from contextvars import copy_context
from typing import Any

from yoto import deadlines
from yoto.deadlines import OWN_THREADS, Deadline

from .errors import TooManyThreads


class Threads:
    """The places for attempts of one process.

    Attributes:
        most: how many there are.
        taken: in use.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self.taken = 0
        self._lock = threading.Lock()

    def take(self, name: str) -> None:
        """Take a place; raises ``TooManyThreads`` where there is none."""
        with self._lock:
            if self.taken >= self.most:
                raise TooManyThreads(name, self.most)
            self.taken += 1

    def leave(self) -> None:
        """Give a place back."""
        with self._lock:
            self.taken -= 1


class Race:
    """Attempts of one call: the first that succeeds counts, else the last that failed."""

    def __init__(self, threads: Threads, name: str) -> None:
        self._threads = threads
        self._name = name
        self._changed = threading.Condition()
        self._running: dict[int, Deadline] = {}
        # The greenlets of those that have begun, where threads are greenlets.
        self._greenlets: dict[int, Any] = {}
        self._begun = 0
        # The number of the attempt that succeeded, and its result.
        self.won: tuple[int, Any] | None = None
        self.failed: BaseException | None = None

    def start(self, run: Callable[[], Any]) -> None:
        """Begin an attempt.

        Raises:
            TooManyThreads: there is no place for it.
        """
        self._threads.take(self._name)
        number, context = self._begun, copy_context()
        mine = context.run(deadlines.put_under)
        with self._changed:
            self._begun += 1
            self._running[number] = mine
        thread = threading.Thread(
            target=context.run,
            args=(self._run, number, run),
            name=f"{OWN_THREADS}call",
            daemon=True,
        )
        try:
            thread.start()
        except BaseException:
            self._end(number)
            raise

    def wait(self, seconds: float | None) -> bool:
        """Wait until one has succeeded or all have failed; False: not within ``seconds``."""
        with self._changed:
            return self._changed.wait_for(
                lambda: self.won is not None or not self._running, seconds
            )

    def give_up(self) -> None:
        """Wait for no attempt any more; those that still run find their deadline passed, or end."""
        with self._changed:
            left, greenlets = list(self._running.values()), list(self._greenlets.values())
        for one in left:
            deadlines.shorten(one, 0.0)
        for greenlet in greenlets:
            _kill(greenlet)

    def _run(self, number: int, run: Callable[[], Any]) -> None:
        greenlet = _greenlet()
        if greenlet is not None:
            self._greenlets[number] = greenlet
        try:
            deadlines.check_deadline()
            result = run()
            with self._changed:
                self.won = self.won or (number, result)
        except BaseException as error:
            # It is raised for the caller, unless another attempt succeeds.
            self.failed = error
        finally:
            self._end(number)

    def _end(self, number: int) -> None:
        self._threads.leave()
        with self._changed:
            del self._running[number]
            self._greenlets.pop(number, None)
            self._changed.notify_all()


def _greenlet() -> Any:
    """The greenlet at hand; None: this is a thread of the system."""
    loaded = sys.modules.get("greenlet")
    found = None if loaded is None else loaded.getcurrent()
    # That of a thread of the system has no loop above it.
    return None if found is None or found.parent is None else found


def _kill(greenlet: Any) -> None:
    eventlet: Any = sys.modules.get("eventlet.greenthread")
    if hasattr(greenlet, "kill"):
        # Of gevent. At its next turn: what it ends with must not hold us up.
        greenlet.kill(block=False)
    elif eventlet is not None:
        eventlet.kill(greenlet)
