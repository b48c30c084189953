"""Doing several things at the same moment."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import TypeVar

T = TypeVar("T")


def together(acts: Sequence[Callable[[], T]]) -> list[T]:
    """Run all of ``acts`` in threads that start at once; their results in the order given.

    Raises: an error that one of them raised.
    """
    barrier = threading.Barrier(len(acts))
    results: dict[int, T] = {}
    errors: list[BaseException] = []

    def run(index: int, act: Callable[[], T]) -> None:
        try:
            barrier.wait(timeout=10)
            results[index] = act()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=item) for item in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
    return [results[index] for index in range(len(acts))]
