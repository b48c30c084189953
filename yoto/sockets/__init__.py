"""Shared parts of the Socket.IO namespaces."""

from yoto.sockets.admission import init_door
from yoto.sockets.answers import acknowledged
from yoto.sockets.requests import socket_id
from yoto.sockets.revocation import RevocationWatcher

__all__ = [
    "RevocationWatcher",
    "acknowledged",
    "init_door",
    "socket_id",
]
