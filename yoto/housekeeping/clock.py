"""The one clock of a process: the due work of all, and a thread that does it."""

from __future__ import annotations

import os
import threading
from math import inf
from time import monotonic
from typing import Protocol

# s that work is late at most because another's takes long: then another thread steps in.
GRACE = 0.02
# Threads that wait for what is due next: one that does it, and one that steps in.
WATCHING = 2
NAME = "yoto-clock"


class Work(Protocol):
    """The tasks that the clock runs; never twice at once."""

    @property
    def name(self) -> str:
        """The name of the thread that runs it meanwhile."""

    def due(self) -> float:
        """The monotonic time at which there is something to do; waits for nothing."""

    def run(self, part: ClockPart) -> None:
        """Do what is due, for as long as ``part`` has not ended; raises nothing."""


class ClockPart:
    """Some work's part in a clock, from ``Clock.begin`` to ``Clock.end``.

    Attributes:
        clock: its clock.
        ended: whether nothing more is to be done.
    """

    __slots__ = ("clock", "due", "ended", "runner", "work")

    def __init__(self, clock: Clock, work: Work) -> None:
        self.clock = clock
        self.work = work
        self.ended = False
        # Used by the clock alone: when a thread may take it, and which one has.
        self.due = work.due()
        self.runner: int | None = None


class Clock:
    """Runs the work of one process, each piece of it in whichever thread has time.

    One thread waits for what is due next and does it. A second one wakes a little later, which
    finds nothing to do unless the first is held up; then it takes what waits, and a third one
    watches. So a task that hangs delays the others by ``GRACE`` and costs a thread as long as it
    hangs, and an orderly process has two. No thread is left when there is no work.
    """

    def __init__(self) -> None:
        """No thread is started yet."""
        self.pid = os.getpid()
        self._lock = threading.Lock()
        self._news = threading.Condition(self._lock)
        self._finished = threading.Condition(self._lock)
        self._parts: list[ClockPart] = []
        # When each thread that waits will look again.
        self._due_times: dict[int, float] = {}
        # Threads that were started and do not wait yet.
        self._coming = 0

    def begin(self, work: Work) -> ClockPart:
        """Do ``work`` whenever it is due, from now on.

        Raises:
            RuntimeError: the system has no thread for it; nothing has begun.
        """
        with self._lock:
            part = ClockPart(self, work)
            self._parts.append(part)
            try:
                self._see_to(part.due)
            except BaseException:
                self._parts.remove(part)
                raise
        return part

    @property
    def parts(self) -> tuple[ClockPart, ...]:
        """A part for each work that it runs now."""
        with self._lock:
            return tuple(self._parts)

    def end(self, part: ClockPart, timeout: float) -> None:
        """Do no more of it, and wait at most ``timeout`` seconds for what is being done."""
        with self._lock:
            if part.ended:
                return
            part.ended = True
            self._parts.remove(part)
            if not self._parts:
                self._news.notify_all()
            if part.runner != threading.get_ident():
                self._finished.wait_for(lambda: part.runner is None, timeout)

    def look(self, part: ClockPart) -> None:
        """Its work may be due earlier than it was."""
        with self._lock:
            if part.runner is None and not part.ended:
                part.due = part.work.due()
                self._see_to(part.due)

    def _see_to(self, due: float, after: float = 0.0) -> None:
        """Have some thread look in time for what is due then; one that has to be started for it
        looks ``after`` seconds."""
        if not self._due_times and not self._coming:
            self._coming += 1
            try:
                threading.Thread(target=self._run, args=(after,), name=NAME, daemon=True).start()
            except BaseException as error:
                self._coming -= 1
                # A thread that is at work does this next, where no other can be had.
                at_work = any(part.runner is not None for part in self._parts)
                if not at_work or not isinstance(error, RuntimeError):
                    raise
        elif due + GRACE < min(self._due_times.values(), default=inf):
            self._news.notify()

    def _run(self, after: float) -> None:
        me = threading.current_thread()
        part = self._next(None, after)
        while part is not None:
            me.name = part.work.name
            try:
                part.work.run(part)
            except BaseException:
                # The thread ends here; the work is others' from now on.
                with self._lock:
                    self._done(part)
                raise
            finally:
                me.name = NAME
            part = self._next(part)

    def _done(self, part: ClockPart) -> None:
        part.runner, part.due = None, part.work.due()
        if part.ended:
            self._finished.notify_all()

    def _next(self, done: ClockPart | None, after: float = 0.0) -> ClockPart | None:
        """The calling thread's next activity; None: it is not needed any more.

        All at once, so that others see it come, at work or waiting, and never as none of them.

        Args:
            done: its previous activity; None: it has come just now, and looks in ``after`` seconds.
        """
        with self._lock:
            if done is not None:
                self._done(done)
            else:
                self._coming -= 1
                if after and self._parts:
                    self._wait_until(monotonic() + after)
            while self._parts:
                now = monotonic()
                part = min(self._parts, key=_due)
                due = part.due
                if due <= now:
                    part.runner, part.due = threading.get_ident(), inf
                    self._see_to(min(map(_due, self._parts)), after=GRACE)
                    return part
                if min(self._due_times.values(), default=inf) > due:
                    self._wait_until(due)
                elif sum(look <= due + GRACE for look in self._due_times.values()) < WATCHING:
                    self._wait_until(due + GRACE)
                else:
                    return None
        return None

    def _wait_until(self, moment: float) -> None:
        me = threading.get_ident()
        self._due_times[me] = moment
        self._news.wait(min(max(0.0, moment - monotonic()), threading.TIMEOUT_MAX))
        del self._due_times[me]


def _due(part: ClockPart) -> float:
    return part.due


_clock: Clock | None = None


def the_clock() -> Clock:
    """The clock of this process; a fork keeps no threads, and so begins with a new one."""
    global _clock
    if _clock is None or _clock.pid != os.getpid():
        _clock = Clock()
    return _clock
