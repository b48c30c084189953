"""The simulation that runs, and its thread that runs: code under test asks for them."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from proof.simulation.scheduler import Task, World

_worlds: list[World] = []


def world() -> World:
    """The simulation that runs."""
    return _worlds[-1]


def is_running() -> bool:
    """Whether a simulation runs in this thread; others of the process keep what is real."""
    return bool(_worlds) and threading.get_ident() == world().thread


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
