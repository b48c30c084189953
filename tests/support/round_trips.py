"""Counting the round trips that the caller's thread makes to Redis servers by the short path."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from unittest.mock import patch

from app.core.redis.link import Link
from app.core.redis.node import Node


@contextmanager
def count_round_trips(nodes: Sequence[Node]) -> Iterator[list[str]]:
    """Collects the names of the servers that are asked inside, once a round trip.

    Whoever sends takes a link first, and gives it back when the replies are there. What other
    threads send, such as the one that follows the log, is left out.
    """
    trips: list[str] = []
    caller = threading.get_ident()
    take = Node.take

    def counted(node: Node, check_idle: bool = False) -> Link:
        if threading.get_ident() == caller and node in nodes:
            trips.append(node.name)
        return take(node, check_idle)

    with patch.object(Node, "take", counted):
        yield trips
