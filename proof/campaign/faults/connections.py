"""Thousands of clients that say nothing, and hundreds that say a byte now and then."""

from __future__ import annotations

import random
import socket
import ssl
from contextlib import suppress
from typing import TYPE_CHECKING, ClassVar
from urllib.parse import urlsplit

from proof.campaign.faults.base import Branch, InAThread
from proof.campaign.faults.seen import REST, answered, both, either, logged, noted

if TYPE_CHECKING:
    from proof.cluster import Cluster

# More than two workers take (``CONNECTIONS_MAX``).
MANY, DRIPPING = 4500, 200
CONNECT_WITHIN = 1.0  # s
DRIP_EVERY = 0.5  # s
HEAD = b"GET /livez HTTP/1.1\r\nHost: campaign\r\nX-Drip: "


class OpensConnections(InAThread):
    """Connections to nginx or to one node, which are closed at the end."""

    seconds = (4.0, 8.0)
    direct: ClassVar[bool]
    number: ClassVar[int]
    drips: ClassVar[bool]

    def __init__(self) -> None:
        super().__init__()
        self._open: list[socket.socket] = []

    def begin(self, cluster: Cluster, rng: random.Random) -> str:
        node = rng.choice(cluster.nodes)
        address = urlsplit(node.url if self.direct else cluster.url)
        self._where = (str(address.hostname), int(address.port or 0))
        self._tls = address.scheme == "https"
        self.start()
        return node.name if self.direct else "nginx"

    def work(self) -> None:
        while not self._over.is_set() and len(self._open) < self.number:
            with suppress(OSError):
                one = socket.create_connection(self._where, CONNECT_WITHIN)
                self._open.append(_secured(one) if self._tls and self.drips else one)
                if self.drips:
                    self._open[-1].sendall(HEAD)
        if self._open:
            self.notes["open"] = f"{len(self._open)} connections"
        while self.drips and not self._over.wait(DRIP_EVERY):
            for one in self._open:
                # Some have been ended.
                with suppress(OSError):
                    one.sendall(b"x")

    def end(self) -> None:
        super().end()
        while self._open:
            self._open.pop().close()


class ManyAtNginx(OpensConnections):
    """Thousands that say nothing."""

    name = "connections-nginx"
    direct, number, drips = False, MANY, False
    branches = (
        Branch(
            "nginx holds them, or refuses, and answers others",
            both(
                either(
                    logged(r"worker_connections are not enough|limiting connections[^,]*"),
                    noted("open"),
                ),
                answered(),
            ),
        ),
    )


class ManyAtANode(OpensConnections):
    """Thousands that say nothing, of one address."""

    name = "connections-node"
    direct, number, drips = True, MANY, False
    branches = (
        Branch(
            "a bound of connections holds",
            logged(r"\d+ connections (refused|ended|not accepted)" + REST),
        ),
    )


class SlowAtNginx(OpensConnections):
    """Two hundred headers that never end, a byte at a time."""

    name = "slow-clients-nginx"
    direct, number, drips = False, DRIPPING, True
    seconds = (12.0, 14.0)
    branches = (
        Branch(
            "dripping is bounded in all, others are answered",
            both(logged(r'" 408 \d+'), answered("row read")),
        ),
    )


class SlowAtANode(OpensConnections):
    """The same directly at a node."""

    name = "slow-clients-node"
    direct, number, drips = True, DRIPPING, True
    seconds = (12.0, 14.0)
    branches = (
        Branch(
            "the time for headers is bounded in all",
            logged(r"\d+ connections ended: the \S+ of a request took too long" + REST),
        ),
    )


def _secured(plain: socket.socket) -> socket.socket:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context.wrap_socket(plain)
