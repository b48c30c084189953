"""The one thread of an engine that touches regorus.

An object of the binding may be used, and dropped, only in the thread that made it, and it keeps
Python's lock while it evaluates. So one thread owns them all, which loses nothing. Under an event
loop whose threads share one thread of the operating system, that one owns them, and nothing is
handed over.
"""

from __future__ import annotations

import threading
import traceback
from _thread import get_native_id
from collections.abc import Callable
from dataclasses import dataclass, field
from queue import SimpleQueue
from typing import Any, Generic, TypeVar

from yoto.errors import PlatformError

R = TypeVar("R")

# The owner's state between jobs.
Kept = dict[str, Any]


@dataclass(slots=True)
class _Job(Generic[R]):
    run: Callable[[Kept], R]
    done: Any = field(default_factory=threading.Lock)
    result: R | None = None
    error: BaseException | None = None

    def perform(self, kept: Kept) -> None:
        try:
            self.result = self.run(kept)
        # A panic of the binding is no Exception, and the caller must hear of it.
        except BaseException as error:
            _let_go(error)
            self.error = error
        finally:
            self.done.release()


@dataclass(slots=True)
class _Thread:
    native_id: int = 0
    hands_over: bool = False
    kept: Kept = field(default_factory=dict)
    jobs: SimpleQueue[_Job[Any] | None] = field(default_factory=SimpleQueue)
    started: threading.Event = field(default_factory=threading.Event)

    def loop(self, starter: int) -> None:
        self.native_id = get_native_id()
        # A thread that is a greenlet runs in its starter's.
        self.hands_over = self.native_id != starter
        self.started.set()
        while self.hands_over and (job := self.jobs.get()) is not None:
            job.perform(self.kept)
            del job  # while it waits for the next one
        if self.hands_over:
            self.kept.clear()


def _let_go(error: BaseException) -> None:
    """Drop the objects in the frames of an exception here, before another thread gets it."""
    if not isinstance(error, PlatformError):
        error.add_note("".join(traceback.format_exception(error)))
    waiting: list[BaseException | None] = [error]
    seen: set[int] = set()
    while waiting:
        one = waiting.pop()
        if one is None or id(one) in seen:
            continue
        seen.add(id(one))
        one.__traceback__ = None
        waiting += (one.__cause__, one.__context__)
        if isinstance(one, BaseExceptionGroup):
            waiting += one.exceptions


class Owner:
    """Runs jobs one after the other in the thread that owns their objects.

    The thread starts with the first job. Safe for threads and greenlets.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._thread: _Thread | None = None

    def run(self, job: Callable[[Kept], R]) -> R:
        """The result of ``job``, which takes the owner's state; its errors are raised.

        A result must refer to no object of the owner, which the caller would drop.
        """
        thread = self._thread or self._start()
        if get_native_id() == thread.native_id:
            return job(thread.kept)
        if not thread.hands_over:
            # Another thread of the system, beside the event loop's: it owns its own objects.
            return job({})
        given = _Job(job)
        given.done.acquire()
        thread.jobs.put(given)
        given.done.acquire()
        if given.error is None:
            return given.result  # type: ignore[return-value]
        try:
            raise given.error
        finally:
            # The error would hold this frame, and this frame the error: a circle, which is dropped
            # by whichever thread collects garbage, with all that the frame knows.
            del given, thread, job

    def close(self) -> None:
        """End the thread once the jobs that were given are done."""
        with self._lock:
            thread, self._thread = self._thread, None
        if thread is None:
            return
        if thread.hands_over:
            thread.jobs.put(None)
        elif get_native_id() == thread.native_id:
            thread.kept.clear()

    def _start(self) -> _Thread:
        with self._lock:
            if self._thread is None:
                thread = _Thread()
                threading.Thread(
                    target=thread.loop, args=(get_native_id(),), name="yoto-rego", daemon=True
                ).start()
                thread.started.wait()
                self._thread = thread
            return self._thread
