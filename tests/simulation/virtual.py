"""Gives the code under test the time, the threads and the chance of the simulation that runs.

``substituted`` puts stand-ins where modules of ``yoto`` name the real things. Nothing else in the
process is touched.
"""

from __future__ import annotations

import logging
import os
import random
import secrets
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from types import FunctionType, ModuleType, SimpleNamespace
from typing import Any

from tests.simulation.scheduler import Task, World
from yoto.housekeeping import clock as housekeeping_clock
from yoto.store import columns

# s since 1970 at the beginning of each run, and of the monotonic clock.
EPOCH = 1_800_000_000.0
STARTED = 1_000.0

_worlds: list[World] = []


def world() -> World:
    """The simulation that runs."""
    return _worlds[-1]


@contextmanager
def running(one: World) -> Iterator[None]:
    """Code under test that is called within is of that simulation."""
    _worlds.append(one)
    try:
        yield
    finally:
        _worlds.pop()


def task() -> Task:
    """The thread that runs."""
    current = world().current
    assert current is not None, "the code under test runs in threads of workers only"
    return current


# Time.


def monotonic() -> float:
    return STARTED + world().now


def wall() -> float:
    return EPOCH + world().now


def utcnow() -> datetime:
    return datetime.fromtimestamp(EPOCH, UTC) + timedelta(seconds=world().now)


def sleep(seconds: float) -> None:
    world().sleep(seconds)


# Threads.


def _leave(waiting: deque[Task], me: Task) -> bool:
    """Wait no more; False: somebody has ended that already."""
    try:
        waiting.remove(me)
    except ValueError:
        return False
    return True


class Lock:
    """``threading.Lock``: free again as soon as it is given back, to whom waits longest."""

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
    """The thread that runs; what is no ``Thread`` (an operation) becomes one."""
    me = task()
    if me.thread is None:
        me.thread = Thread(name=me.name)
        me.thread._task = me
    return me.thread


def get_ident() -> int:
    return id(task())


# What is of one process.


def getpid() -> int:
    current = world().current
    return current.worker.pid if current else 1


def token_hex(size: int = 32) -> str:
    return task().worker.secret(2 * size)


def the_clock() -> Any:
    """The housekeeping clock, of which a process has one."""
    worker = task().worker
    if worker.clock is None:
        worker.clock = housekeeping_clock.Clock()
    return worker.clock


class Dice:
    """``random``, which always draws the middle: what it spreads, perturbations spread."""

    def __init__(self, seed: object = None) -> None:
        """The seed is of no use."""

    def random(self) -> float:
        return 0.5

    def uniform(self, low: float, high: float) -> float:
        return (low + high) / 2


class _Proxy:
    """A module, some of whose functions are others."""

    def __init__(self, module: ModuleType, **others: Any) -> None:
        self.__dict__.update(others)
        self._module = module

    def __getattr__(self, name: str) -> Any:
        return getattr(self._module, name)


_TIME = {
    "monotonic": monotonic,
    "perf_counter": monotonic,
    "time": wall,
    "sleep": sleep,
}
_THREADS = {
    "Lock": Lock,
    "RLock": RLock,
    "Condition": Condition,
    "Event": Event,
    "Thread": Thread,
    "current_thread": current_thread,
    "get_ident": get_ident,
}
_DICE = Dice()


def _stand_ins(more: Iterable[tuple[Any, Any]]) -> dict[int, Any]:
    """By the identity of what they stand for."""
    found: list[tuple[Any, Any]] = [
        *more,
        (time, _Proxy(time, **_TIME)),
        (threading, _Proxy(threading, **_THREADS)),
        (os, _Proxy(os, getpid=getpid)),
        (secrets, SimpleNamespace(token_hex=token_hex)),
        (random, SimpleNamespace(Random=Dice, random=_DICE.random, uniform=_DICE.uniform)),
        (housekeeping_clock.the_clock, the_clock),
        (columns.utcnow, utcnow),
    ]
    found += [(getattr(time, name), one) for name, one in _TIME.items()]
    found += [(getattr(threading, name), one) for name, one in _THREADS.items()]
    return {id(real): one for real, one in found}


def _functions(module: ModuleType) -> Iterator[FunctionType]:
    """The functions that a module defines, those of its classes too."""
    for value in list(vars(module).values()):
        members = list(vars(value).values()) if issubclass(type(value), type) else [value]
        for member in members:
            match member:
                case classmethod() | staticmethod():
                    function: object = member.__func__
                case property():
                    function = member.fget
                case _:
                    function = member
            if isinstance(function, FunctionType) and function.__module__ == module.__name__:
                yield function


@contextmanager
def substituted(*more: tuple[Any, Any]) -> Iterator[None]:
    """Let every module of ``yoto`` that is imported by now name the stand-ins.

    Args:
        more: further pairs of something and what stands for it.
    """
    stand_ins = _stand_ins(more)
    undo: list[Callable[[], None]] = []

    def put(owner: Any, name: str, value: Any) -> None:
        before = getattr(owner, name)
        undo.append(lambda: setattr(owner, name, before))
        setattr(owner, name, value)

    modules = [one for name, one in list(sys.modules.items()) if name.startswith("yoto.")]
    for module in modules:
        for name, value in list(vars(module).items()):
            if id(value) in stand_ins:
                put(module, name, stand_ins[id(value)])
            elif type(value) is random.Random:
                put(module, name, _DICE)
        for function in _functions(module):
            defaults = function.__defaults__ or ()
            if any(id(one) in stand_ins for one in defaults):
                put(
                    function,
                    "__defaults__",
                    tuple(stand_ins.get(id(one), one) for one in defaults),
                )
            for cell in function.__closure__ or ():
                with suppress(ValueError):  # it is empty
                    if id(cell.cell_contents) in stand_ins:
                        put(cell, "cell_contents", stand_ins[id(cell.cell_contents)])
    # What it warns of is what is done to it.
    log = logging.getLogger("yoto")
    put(log, "disabled", True)
    silence = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(silence)
        for one in reversed(undo):
            one()
