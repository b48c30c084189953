"""Counting the round trips that the caller's thread makes to Redis servers."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from redis.connection import AbstractConnection

from yoto.redis.link import Link
from yoto.redis.node import Node


@contextmanager
def count_round_trips(nodes: Sequence[Node] | None = None) -> Iterator[list[str]]:
    """Collects the names of the servers that are asked inside by the short path, once a round trip.

    A sender takes a link first, and gives it back when the replies are there. Requests of other
    threads, such as the one that follows the log, are left out.

    Args:
        nodes: those of the connection that counts; by default all of this process count.
    """
    trips: list[str] = []
    caller = threading.get_ident()
    take = Node.take

    def counted(node: Node, check_idle: bool = False) -> Link:
        if threading.get_ident() == caller and (nodes is None or node in nodes):
            trips.append(node.name)
        return take(node, check_idle)

    with patch.object(Node, "take", counted):
        yield trips


@contextmanager
def count_client_round_trips() -> Iterator[list[str]]:
    """Collects what redis-py sends inside for the calling thread; a pipeline is one."""
    trips: list[str] = []
    caller = threading.get_ident()
    send = AbstractConnection.send_packed_command

    def counted(connection: Any, command: Any, *arguments: Any, **named: Any) -> Any:
        if threading.get_ident() == caller:
            trips.append(repr(command)[:80])
        return send(connection, command, *arguments, **named)

    with patch.object(AbstractConnection, "send_packed_command", counted):
        yield trips
