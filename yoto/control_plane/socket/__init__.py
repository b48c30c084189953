"""The Socket.IO namespace ``/control``: what happens in the platform, for operators."""

from yoto.control_plane.socket.hub import current_hub
from yoto.control_plane.socket.namespace import close_control_socket, init_control_socket

__all__ = [
    "close_control_socket",
    "current_hub",
    "init_control_socket",
]
