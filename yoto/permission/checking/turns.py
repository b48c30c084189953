"""Long batches in a process that serves others meanwhile."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from typing import TypeVar

T = TypeVar("T")

# Items between two pauses: some 10 ms where policies judge each.
ITEMS_AT_ONCE = 50


def taking_turns(items: Iterable[T]) -> Iterator[T]:
    """Yield the items; after each ``ITEMS_AT_ONCE`` other requests of the process get their turn.

    Not for a transaction: the other requests may wait for its locks.
    """
    for number, item in enumerate(items, 1):
        yield item
        if not number % ITEMS_AT_ONCE:
            # Lets other greenlets run where ``time`` is patched, and other threads elsewhere.
            time.sleep(0)
