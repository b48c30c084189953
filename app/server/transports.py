"""The transports below the namespaces: their numbers by client, rate limits, and their end."""

from __future__ import annotations

import contextlib
import logging
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from socketio import packet

from app.server import borrowed
from app.server.connections import ENVIRON_KEY
from yoto.housekeeping import Housekeeper
from yoto.message_bucket import MessageBucket
from yoto.resilience import network_of

log = logging.getLogger(__name__)

# Packets of one transport a second, and at once, whatever namespace they are for, if any. Beyond
# this it ends; namespaces answer with a problem long before.
RATE, BURST = 50.0, 200.0
# Packets that a request to join a namespace counts for: it asks the database.
COST_OF_CONNECT = 10.0
# s between checks for clients that joined no namespace, and while there are no clients.
LOOK_SECONDS, IDLE = 0.5, 3600.0
# Packets that clients may send.
ALLOWED = frozenset({packet.CONNECT, packet.DISCONNECT, packet.EVENT, packet.ACK})


class Malformed(ValueError):
    """The received data is no packet that a client may send."""


class TextPacket(packet.Packet):  # type: ignore[misc]
    """A packet without attachments.

    The library gathers those that a packet announces, however many and large, before it asks
    anybody. No event here has any.
    """

    def decode(self, encoded_packet: str) -> int:
        """Read a packet; returns its attachments, none.

        Raises:
            Malformed: it is no packet, or announces attachments.
        """
        try:
            attachments = super().decode(encoded_packet)
        except (ValueError, RecursionError) as error:
            raise Malformed(str(error)) from error
        if self.packet_type not in ALLOWED or attachments:
            raise Malformed("of a kind that clients may not send")
        if self.packet_type in (packet.EVENT, packet.ACK) and not isinstance(self.data, list):
            raise Malformed("without a list of data")
        if self.packet_type == packet.EVENT and not (self.data and isinstance(self.data[0], str)):
            raise Malformed("an event without a name")
        return 0


@dataclass(slots=True)
class Transport:
    """One connection of Engine.IO.

    Attributes:
        network: where it comes from; see ``network_of``.
        unjoined_since: since when it is in no namespace, monotonic; None: it is in one.
        connection: the TCP connection of its websocket; None: it polls, or that is not known.
    """

    network: str | None
    bucket: MessageBucket = field(default_factory=lambda: MessageBucket(RATE, BURST))
    unjoined_since: float | None = field(default_factory=time.monotonic)
    connection: Any = None


class Transports:
    """Those of one server, which they are hooked into before it serves."""

    def __init__(self, server: Any, message_bytes: int, join_seconds: float) -> None:
        """No thread is started.

        Args:
            server: of Socket.IO.
            message_bytes: of one message at most.
            join_seconds: after which a transport that has joined no namespace ends.
        """
        self._server = server
        self._engine = server.eio
        self._join_seconds = join_seconds
        self._known: dict[str, Transport] = {}
        self._housekeeper = Housekeeper("yoto-sockets")
        self._wake = self._housekeeper.add("unjoined", self._end_unjoined)
        borrowed.bound_websockets(self._engine, message_bytes, self._opened)
        # Those of Socket.IO, which hear what we let through.
        handlers = self._engine.handlers
        self._connect, self._message, self._disconnect = (
            handlers[event] for event in ("connect", "message", "disconnect")
        )
        self._engine.on("connect", self._began)
        self._engine.on("message", self._heard)
        self._engine.on("disconnect", self._ended)

    def __len__(self) -> int:
        return len(self._engine.sockets)

    def of(self, address: str | None) -> int:
        """The number of transports from the network of an address."""
        network = network_of(address)
        return sum(one.network == network for one in list(self._known.values()))

    def cut(self, eio_sid: str) -> None:
        """End a transport at once, with all of its namespaces, also if its client does not read.

        The library's own end waits until the client has taken what is queued, and its writer until
        the kernel takes what it writes. So the TCP connection is shut down too, which wakes the
        writer: that of the websocket, since the one of a handshake by polling may be another's now.
        """
        found = self._engine.sockets.get(eio_sid)
        if found is None:
            return
        known = self._known.get(eio_sid)
        found.close(wait=False, abort=True, reason=self._engine.reason.SERVER_DISCONNECT)
        if known is None or known.connection is None or not (found.upgraded or found.upgrading):
            return
        # A client that disconnected at this very moment has no connection any more.
        with contextlib.suppress(OSError):
            known.connection.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """End the thread; the next transport starts it again."""
        self._housekeeper.stop()

    def _began(self, eio_sid: str, environ: Mapping[str, Any]) -> Any:
        self._known[eio_sid] = Transport(network_of(environ.get("REMOTE_ADDR")))
        if len(self._known) == 1:
            self._wake()
        self._housekeeper.start()
        return self._connect(eio_sid, environ)

    def _opened(self, found: Any, environ: Mapping[str, Any]) -> None:
        known = self._known.get(found.sid)
        if known is not None:
            ours = environ.get(ENVIRON_KEY)
            known.connection = ours.socket if ours else environ.get("gunicorn.socket")

    def _heard(self, eio_sid: str, data: Any) -> None:
        known = self._known.get(eio_sid)
        if known is None:
            return  # it was ended by what came before
        if not isinstance(data, str) or not data:
            self._refuse(eio_sid, known, "a message was no packet")
            return
        if known.bucket.take(COST_OF_CONNECT if data.startswith("0") else 1.0):
            self._refuse(eio_sid, known, "packets came too fast")
            return
        try:
            self._message(eio_sid, data)
        except Malformed as error:
            self._refuse(eio_sid, known, f"a packet was malformed: {error}")

    def _ended(self, eio_sid: str, reason: str) -> None:
        self._known.pop(eio_sid, None)
        self._disconnect(eio_sid, reason)
        # With some servers the library forgets it only some time later, and it counts till then.
        self._engine.sockets.pop(eio_sid, None)

    def _refuse(self, eio_sid: str, known: Transport, why: str) -> None:
        log.info("a socket of %s was closed: %s", known.network, why)
        self.cut(eio_sid)

    def _end_unjoined(self) -> float:
        now = time.monotonic()
        for eio_sid, known in list(self._known.items()):
            if self._has_joined(eio_sid):
                known.unjoined_since = None
            elif known.unjoined_since is None:
                known.unjoined_since = now
            elif now - known.unjoined_since >= self._join_seconds:
                self._refuse(eio_sid, known, "it joined no namespace")
        return LOOK_SECONDS if self._known else IDLE

    def _has_joined(self, eio_sid: str) -> bool:
        manager = self._server.manager
        return any(
            manager.sid_from_eio_sid(eio_sid, namespace)
            for namespace in list(manager.get_namespaces())
        )
