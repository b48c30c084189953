"""``@locked("nightly")``: a function that runs once at a time in the whole fleet."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any, ParamSpec, TypeVar

from yoto.errors import LockNotAcquired
from yoto.optimization.extension import AdvancedOptimization

P = ParamSpec("P")
R = TypeVar("R")


def locked(
    key: str | Callable[..., str],
    timeout: float | None = None,
    wait: float | None = None,
    *,
    skip: bool = False,
    on_lost: Callable[[], None] | None = None,
    replicas: int = 0,
    replica_wait: float | None = None,
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Run a function under a lock of the current application.

    If you need the fencing token, take the lock by ``create_lock`` and ``with``.

    Args:
        key: name of the lock, or a callable that gives it for the arguments of a call.
        skip: a call that does not get the lock is left out, and returns None.
        timeout, wait, on_lost, replicas, replica_wait: as for ``create_lock``.

    The decorated function raises ``LockNotAcquired`` when another owner had the lock all the while,
    and ``LockLost`` when it was lost before the function ended.

    Raises:
        TypeError: a coroutine function, a generator or a class: a lock belongs to a thread, and
            ends with the call.
    """

    def decorate(fn: Callable[P, R]) -> Callable[P, R]:
        if not callable(fn) or inspect.isclass(fn):
            raise TypeError(f"locks are for functions and methods, not {fn!r}")
        if inspect.iscoroutinefunction(fn) or inspect.isasyncgenfunction(fn):
            raise TypeError(f"{fn!r} is asynchronous, and a lock belongs to a thread")
        if inspect.isgeneratorfunction(fn):
            raise TypeError(f"{fn!r} is a generator, which runs when the call has ended")

        @functools.wraps(fn)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            name = key if isinstance(key, str) else key(*args, **kwargs)
            lock = AdvancedOptimization().locks.create_lock(
                name, timeout, wait, True, on_lost, replicas, replica_wait
            )
            with ExitStack() as stack:
                try:
                    stack.enter_context(lock)
                except LockNotAcquired:
                    if skip:
                        return None
                    raise
                return fn(*args, **kwargs)

        return wrapper

    return decorate
