"""The map from a key to the server that holds it."""

from __future__ import annotations

from typing import Protocol

import redis
from redis.exceptions import MovedError

from yoto.redis.clients import cluster_behind_url
from yoto.redis.node import Node


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
