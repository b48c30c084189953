"""Sending to clients, none of which may delay others, or make memory grow."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask import Flask

from yoto.control_plane.socket.clients import Client, Clients
from yoto.control_plane.socket.limits import QUEUE_MAX

NAMESPACE = "/control"

log = logging.getLogger(__name__)


@dataclass
class SenderCounts:
    """Counts of messages and clients in this process.

    Attributes:
        sent: messages, counted once for each client.
        dropped: clients that were disconnected because they did not read.
        ended: clients that were disconnected for another reason.
    """

    sent: int = 0
    dropped: int = 0
    ended: int = 0


class Sender:
    """Sends messages; a client with too many waiting ones is disconnected.

    A client's messages wait in the queue of its transport. The writer takes all of them at once and
    writes one after the other, so up to twice ``QUEUE_MAX`` can be in memory.
    """

    def __init__(self, app: Flask, clients: Clients) -> None:
        self._app = app
        self._clients = clients
        self.counts = SenderCounts()

    @property
    def _server(self) -> Any:
        return self._app.extensions["socketio"].server

    def send(self, clients: Sequence[Client], name: str, data: Any) -> None:
        """Send one message to all clients, encoded once."""
        taking = []
        for client in clients:
            if self.waiting(client) < QUEUE_MAX:
                taking.append(client.sid)
            else:
                self.drop(client)
        if taking:
            self._server.emit(name, data, namespace=NAMESPACE, to=taking)
            self.counts.sent += len(taking)

    def waiting(self, client: Client) -> int:
        """Packets that wait for a client."""
        found = self._server.eio.sockets.get(client.eio_sid)
        return 0 if found is None else int(found.queue.qsize())

    def longest(self) -> int:
        """The largest number of packets that wait for one client."""
        return max(map(self.waiting, self._clients.all()), default=0)

    def end(self, client: Client, reason: str, detail: str) -> None:
        """Disconnect a client with a reason; it may connect again with another credential.

        Its own message and the periodic check of all clients may call this at the same moment.
        """
        if not self._clients.remove(client.sid):
            return
        self.counts.ended += 1
        self._say_goodbye(client, reason, detail)
        self._server.disconnect(client.sid, namespace=NAMESPACE)

    def send_away(self, reason: str, detail: str) -> None:
        """Ask every socket of the worker, of all namespaces, to connect again elsewhere.

        Their transport is closed, not their namespace, so they try again by themselves.
        """
        for client in self._clients.all():
            self._say_goodbye(client, reason, detail)
        engine = self._server.eio
        for found in list(engine.sockets.values()):
            # No disconnect packet is sent, because some clients do not try again after one.
            found.close(wait=False, abort=True, reason=engine.reason.SERVER_DISCONNECT)

    def _say_goodbye(self, client: Client, reason: str, detail: str) -> None:
        self._server.emit(
            "goodbye", {"reason": reason, "detail": detail}, namespace=NAMESPACE, to=client.sid
        )

    def drop(self, client: Client) -> None:
        """Close the connection of a client that does not read."""
        log.warning("a control socket that did not read was closed: %s", client.credential.user_id)
        self.counts.dropped += 1
        self._clients.remove(client.sid)
        self._app.extensions["socketio"].transports.cut(client.eio_sid)
