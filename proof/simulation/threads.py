"""Stand-ins for ``threading``, for the threads of simulated workers."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

from proof.simulation.current import task, world
from proof.simulation.scheduler import Task


def _leave(waiting: deque[Task], me: Task) -> bool:
    """Wait no more; False: somebody has ended that already."""
    try:
        waiting.remove(me)
    except ValueError:
        return False
    return True


class Lock:
    """``threading.Lock``: free once it is given back, when the one that waits longest wakes."""

    def __init__(self) -> None:
        self._held = False
        self._waiting: deque[Task] = deque()

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        here = world()
        here.overtake()
        if not blocking:
            return self._take()
        deadline = None if timeout < 0 else here.now + timeout
        while not self._take():
            me = task()
            self._waiting.append(me)
            if not here.wait(None if deadline is None else deadline - here.now):
                _leave(self._waiting, me)
                return self._take()
        return True

    def _take(self) -> bool:
        if self._held:
            return False
        self._held = True
        return True

    def release(self) -> None:
        self._held = False
        if self._waiting:
            world().wake(self._waiting.popleft())

    def locked(self) -> bool:
        return self._held

    def __enter__(self) -> bool:
        return self.acquire()

    def __exit__(self, *_: object) -> None:
        self.release()


class RLock(Lock):
    """``threading.RLock``."""

    def __init__(self) -> None:
        super().__init__()
        self._owner: Task | None = None
        self._depth = 0

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        if self._owner is not task():
            if not super().acquire(blocking, timeout):
                return False
            self._owner = task()
        self._depth += 1
        return True

    def release(self) -> None:
        self._depth -= 1
        if not self._depth:
            self._owner = None
            super().release()


class Condition:
    """``threading.Condition``."""

    def __init__(self, lock: Lock | None = None) -> None:
        self._lock = lock or RLock()
        self._waiting: deque[Task] = deque()

    def __enter__(self) -> bool:
        return self._lock.acquire()

    def __exit__(self, *_: object) -> None:
        self._lock.release()

    def wait(self, timeout: float | None = None) -> bool:
        me = task()
        self._waiting.append(me)
        self._lock.release()
        try:
            woken = world().wait(timeout)
            # It may have been notified at the moment at which its time was over.
            woken = woken or not _leave(self._waiting, me)
        finally:
            if not me.worker.dead:
                self._lock.acquire()
        return woken

    def wait_for(self, predicate: Callable[[], Any], timeout: float | None = None) -> Any:
        deadline = None if timeout is None else world().now + timeout
        while not (found := predicate()):
            left = None if deadline is None else deadline - world().now
            if left is not None and left <= 0:
                break
            self.wait(left)
        return found

    def notify(self, n: int = 1) -> None:
        for _ in range(min(n, len(self._waiting))):
            world().wake(self._waiting.popleft())

    def notify_all(self) -> None:
        self.notify(len(self._waiting))


class Event:
    """``threading.Event``."""

    def __init__(self) -> None:
        self._set = False
        self._waiting: deque[Task] = deque()

    def is_set(self) -> bool:
        return self._set

    def set(self) -> None:
        self._set = True
        waiting, self._waiting = self._waiting, deque()
        for one in waiting:
            world().wake(one)

    def clear(self) -> None:
        self._set = False

    def wait(self, timeout: float | None = None) -> bool:
        if not self._set:
            me = task()
            self._waiting.append(me)
            if not world().wait(timeout):
                _leave(self._waiting, me)
        return self._set


class Thread:
    """``threading.Thread``, of the worker whose thread starts it."""

    def __init__(
        self,
        group: None = None,
        target: Callable[..., object] = bool,
        name: str = "thread",
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
        *,
        daemon: bool | None = None,
    ) -> None:
        self.name = name
        self.daemon = daemon
        self._call = lambda: target(*args, **(kwargs or {}))
        self._task: Task | None = None
        self._ended = Event()

    @property
    def ident(self) -> int | None:
        return None if self._task is None else id(self._task)

    def start(self) -> None:
        worker = task().worker
        self._task = worker.spawn(worker.thread_name(self.name), self._run)
        self._task.thread = self

    def _run(self) -> None:
        self._call()
        self._ended.set()

    def is_alive(self) -> bool:
        return self._task is not None and not self._task.done and not self._task.worker.dead

    def join(self, timeout: float | None = None) -> None:
        if self.is_alive():
            self._ended.wait(timeout)


def current_thread() -> Any:
    """The thread that runs; an operation, which is no ``Thread``, becomes one."""
    me = task()
    if me.thread is None:
        me.thread = Thread(name=me.name)
        me.thread._task = me
    return me.thread


def get_ident() -> int:
    return id(task())
