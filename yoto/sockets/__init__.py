"""What the namespaces of Socket.IO share."""

from yoto.sockets.answers import acknowledged
from yoto.sockets.door import init_door
from yoto.sockets.requests import socket_id
from yoto.sockets.warden import Warden

__all__ = [
    "Warden",
    "acknowledged",
    "init_door",
    "socket_id",
]
