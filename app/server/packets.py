"""Packets of Socket.IO as clients may send them: text alone, and whole."""

from __future__ import annotations

from socketio import packet

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
