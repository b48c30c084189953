"""The map from a key to the server that holds it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import redis
from redis.exceptions import MovedError

from yoto.errors import StoreUnavailable
from yoto.redis.clients import cluster_behind_url
from yoto.redis.link import Link
from yoto.redis.node import CONNECTION_ERRORS, LINK_ERRORS, Node


class Router(Protocol):
    """Maps keys to servers, and learns when the map is wrong."""

    def node_for(self, key: str | bytes | None) -> Node:
        """The server that takes writes of ``key``; any such server for ``None``."""

    def node_at(self, host: str, port: int) -> Node:
        """The server at an address that another server gave."""

    def moved(self, error: MovedError) -> None:
        """A server said that a slot lives somewhere else now."""

    def refresh(self, suspect: Node | None = None) -> None:
        """Read the map again, from a node other than ``suspect`` if possible."""

    def nodes(self) -> list[Node]:
        """All known servers that take writes."""

    def all_nodes(self) -> list[Node]:
        """All known servers, those that only hold copies too."""

    def close(self) -> None:
        """Close every connection; one that a call is using is closed when the call ends."""


class SingleRouter:
    """One server has all keys."""

    def __init__(self, node: Node, client: redis.Redis) -> None:
        """``client`` is of the same server."""
        self.node = node
        self._client = client

    def node_for(self, key: str | bytes | None) -> Node:
        """The one server."""
        return self.node

    def node_at(self, host: str, port: int) -> Node:
        """Refused: a server that redirects is part of a cluster."""
        raise cluster_behind_url()

    def moved(self, error: MovedError) -> None:
        """Refused, as ``node_at``."""
        raise cluster_behind_url()

    def refresh(self, suspect: Node | None = None) -> None:
        """New connections only: the name may lead to another server now."""
        self.node.close_idle()

    def nodes(self) -> list[Node]:
        """The one server."""
        return [self.node]

    def all_nodes(self) -> list[Node]:
        """The one server."""
        return [self.node]

    def close(self) -> None:
        """Close every connection, those of the client too."""
        self._client.connection_pool.close()
        self.node.close()


def exchange_all(
    batches: Mapping[Node, Sequence[bytes]], check_idle: bool
) -> dict[Node, list[Any]]:
    """The replies of each node to its commands, in their order.

    Nothing is raised for a server that fails: an exception stands for each reply that did not come,
    as it does for each error reply.

    Args:
        batches: packed commands by the node that they are for.
        check_idle: as in ``Node.call``.
    """
    links: dict[Node, Link | Exception] = {}
    replies: dict[Node, list[Any]] = {}
    # Always in the same order, so that callers with one link each never wait for each other's.
    nodes = sorted(batches, key=lambda node: node.name)
    try:
        for node in nodes:
            links[node] = _send(node, b"".join(batches[node]), check_idle)
        for node in nodes:
            replies[node] = _read(node, links.pop(node), len(batches[node]))
    except BaseException:
        for node, link in links.items():
            if isinstance(link, Link):
                node.discard(link)
        raise
    return replies


def _send(node: Node, data: bytes, check_idle: bool) -> Link | Exception:
    try:
        link = node.take(check_idle)
    except (StoreUnavailable, *CONNECTION_ERRORS) as error:
        return error
    try:
        link.send(data)
    except OSError as error:
        return node.lost(link, error)
    except BaseException:
        node.discard(link)
        raise
    return link


def _read(node: Node, link: Link | Exception, count: int) -> list[Any]:
    if isinstance(link, Exception):
        return [link] * count
    replies: list[Any] = []
    try:
        while len(replies) < count:
            replies.append(link.read())
    except LINK_ERRORS as error:
        failure = node.lost(link, error)
        return replies + [failure] * (count - len(replies))
    except BaseException:
        node.discard(link)
        raise
    node.give(link)
    return replies
