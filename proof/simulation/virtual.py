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
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from types import FunctionType, ModuleType
from typing import Any

from proof.simulation import threads
from proof.simulation.current import is_running, task, world
from yoto.housekeeping import clock as housekeeping_clock
from yoto.store import columns

# s since 1970 at the beginning of each run, and of the monotonic clock.
EPOCH = 1_800_000_000.0
STARTED = 1_000.0


# Time.


def monotonic() -> float:
    return STARTED + world().now


def wall() -> float:
    return EPOCH + world().now


def utcnow() -> datetime:
    return datetime.fromtimestamp(EPOCH, UTC) + timedelta(seconds=world().now)


def sleep(seconds: float) -> None:
    world().sleep(seconds)


# State that a process has once.


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
    """A module, some of whose functions are others in the simulation's thread.

    Threads of the process that are not simulated keep the real ones: a clock that another test left
    goes on while a simulation runs.
    """

    def __init__(self, module: ModuleType, **others: Any) -> None:
        self._module = module
        self._others = others

    def __getattr__(self, name: str) -> Any:
        if name in self._others and is_running():
            return self._others[name]
        return getattr(self._module, name)


def _beside(real: Callable[..., Any], own: Callable[..., Any]) -> Callable[..., Any]:
    """``own`` in the simulation's thread, and ``real`` in others."""

    def chosen(*args: Any, **kwargs: Any) -> Any:
        return (own if is_running() else real)(*args, **kwargs)

    return chosen


_TIME = {
    "monotonic": monotonic,
    "perf_counter": monotonic,
    "time": wall,
    "sleep": sleep,
}
_THREADS = {
    name: getattr(threads, name)
    for name in ("Lock", "RLock", "Condition", "Event", "Thread", "current_thread", "get_ident")
}
_DICE = Dice()


def _stand_ins(more: Iterable[tuple[Any, Any]]) -> dict[int, Any]:
    """By the identity of what they stand for."""
    found: list[tuple[Any, Any]] = [
        *more,
        (time, _Proxy(time, **_TIME)),
        (threading, _Proxy(threading, **_THREADS)),
        (os, _Proxy(os, getpid=getpid)),
        (secrets, _Proxy(secrets, token_hex=token_hex)),
        (random, _Proxy(random, Random=Dice, random=_DICE.random, uniform=_DICE.uniform)),
    ]
    named = [(housekeeping_clock.the_clock, the_clock), (columns.utcnow, utcnow)]
    named += [(getattr(time, name), one) for name, one in _TIME.items()]
    named += [(getattr(threading, name), one) for name, one in _THREADS.items()]
    found += [(real, _beside(real, own)) for real, own in named]
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
    # Its warnings are about the incidents of the simulation.
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
