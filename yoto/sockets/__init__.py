"""Shared parts of the Socket.IO namespaces."""

from yoto.sockets.acknowledgements import acknowledged, socket_id
from yoto.sockets.admission import init_admission
from yoto.sockets.revocation import RevocationWatcher

__all__ = [
    "RevocationWatcher",
    "acknowledged",
    "init_admission",
    "socket_id",
]
