"""Waits for news of streams on a connection of its own, from which it can be called away."""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

from redis import exceptions

from yoto.redis.clients import translated
from yoto.redis.link import Link, pack_command
from yoto.redis.node import CONNECTION_ERRORS, LINK_ERRORS, Node
from yoto.redis.refusals import ROUTING, refusal_code
from yoto.redis.registry import ASKING, redirected_to

if TYPE_CHECKING:
    from yoto.redis.connection import RedisConnection

# Times that one read goes where a server sent it; a map that is right needs one.
REDIRECTIONS = 3
ENDED = object()

RawEntry: TypeAlias = tuple[bytes, dict[bytes, bytes]]


class StreamReader:
    """Reads streams for one thread, again and again; any thread may end it.

    A thread that is to end would sit in its read until something happens or the time is over.
    ``end`` shuts the connection down, which every kind of socket and event loop notices at once.
    """

    def __init__(self, redis: RedisConnection) -> None:
        """Nothing connects before the first read."""
        self._redis = redis
        self._lock = threading.Lock()
        self._node: Node | None = None
        self._link: Link | None = None
        self._reading = False
        self._ended = False
        self._pid = os.getpid()

    def read(
        self, after: Mapping[str, str], limit: int, block_ms: int
    ) -> dict[str, list[RawEntry]] | None:
        """The entries of each stream after an id, oldest first; waits for the first one.

        Args:
            after: ids by key; all keys must be on the same server.
            limit: entries of each stream.
            block_ms: how long to wait.

        Returns:
            Entries by key, of those that have any; None: ``end`` was called.

        Raises:
            StoreUnavailable: the server did not answer, or cannot do this now.
            redis.exceptions.ResponseError: the call is wrong: a key holds something else.
        """
        if self._ended:
            return None
        options = (b"COUNT", limit, b"BLOCK", block_ms)
        command = pack_command((b"XREAD", *options, b"STREAMS", *after, *after.values()))
        router = self._redis.topology.router
        node = router.node_for(next(iter(after)))
        patience = block_ms / 1000 + self._redis.settings.socket_timeout
        try:
            reply = self._exchange(node, patience, [command])
            for _ in range(REDIRECTIONS):
                if not isinstance(reply, exceptions.AskError):
                    break
                there = router.node_at(*redirected_to(reply, node))
                # Moved for good is a kind of ASK for redis-py.
                if isinstance(reply, exceptions.MovedError):
                    router.moved(reply)
                    reply = self._exchange(there, patience, [command])
                else:
                    reply = self._exchange(there, patience, [ASKING, command])
        except CONNECTION_ERRORS as error:
            router.refresh(suspect=node)
            raise translated(error) from error
        if isinstance(reply, Exception):
            if isinstance(reply, ROUTING) or refusal_code(reply) is not None:
                raise translated(reply) from reply
            raise reply
        return None if reply is ENDED else _entries(reply)

    def end(self) -> None:
        """Make the read that waits, and all that follow, return at once with nothing."""
        if self._pid != os.getpid():
            # Shutting a socket down would end it for the parent too, which reads on.
            self._ended = True
            return
        with self._lock:
            self._ended = True
            if self._link is not None and self._reading:
                self._link.shut_down()
                return
        self._drop()

    def _exchange(self, node: Node, patience: float, commands: list[bytes]) -> Any:
        """The last reply of ``node``, or ``ENDED``."""
        link = self._link_to(node, patience)
        if link is None:
            return ENDED
        try:
            link.send(b"".join(commands))
            replies = [link.read() for _ in commands]
        except LINK_ERRORS as error:
            with self._lock:
                self._link, self._reading = None, False
                ended = self._ended
            if ended:
                node.discard(link)
                return ENDED
            raise node.lost(link, error) from error
        except BaseException:
            with self._lock:
                self._link, self._reading = None, False
            node.discard(link)
            raise
        with self._lock:
            self._reading = False
            ended = self._ended
        if ended:
            self._drop()
        elif node.circuit.failures:
            node.circuit.succeeded()
        return replies[-1]

    def _link_to(self, node: Node, patience: float) -> Link | None:
        """A connection to ``node`` that is being read from now on; None: ``end`` was called."""
        link = self._link
        if node is not self._node or link is None or node.circuit.tripped or link.is_stale():
            self._drop()
            link = node.take(check_idle=True)
            self._node = node
        with self._lock:
            ended = self._ended
            self._link, self._reading = link, not ended
        if ended:
            self._drop()
            return None
        link.wait_up_to(patience)
        return link

    def _drop(self) -> None:
        """Close the connection, unless a read is using it."""
        with self._lock:
            if self._reading:
                return
            node, link, self._link = self._node, self._link, None
        if node is not None and link is not None:
            node.discard(link)


def _entries(reply: Any) -> dict[str, list[RawEntry]]:
    """The entries by key of an XREAD reply, of RESP2 (pairs) or RESP3 (a mapping)."""
    if not reply:
        return {}
    pairs = reply.items() if isinstance(reply, dict) else reply
    return {key.decode(): [_entry(raw) for raw in entries] for key, entries in pairs}


def _entry(raw: Any) -> RawEntry:
    entry_id, flat = raw
    return entry_id, dict(zip(flat[::2], flat[1::2], strict=True))
