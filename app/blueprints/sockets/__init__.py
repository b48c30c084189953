"""What the namespaces of Socket.IO share."""

from app.blueprints.sockets.answers import acknowledged
from app.blueprints.sockets.door import Door, init_door
from app.blueprints.sockets.requests import socket_id
from app.blueprints.sockets.warden import Warden

__all__ = ["Door", "Warden", "acknowledged", "init_door", "socket_id"]
