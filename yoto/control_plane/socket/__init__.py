"""The Socket.IO namespace ``/control``: events and views of the platform for operators."""

from yoto.control_plane.socket.namespace import close_control_socket, init_control_socket
from yoto.control_plane.socket.registry import current_registry

__all__ = [
    "close_control_socket",
    "current_registry",
    "init_control_socket",
]
