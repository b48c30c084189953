"""The Socket.IO namespace ``/control``: what happens in the platform, for operators."""

from app.blueprints.control_socket.hub import Hub, current_hub
from app.blueprints.control_socket.namespace import close_control_socket, init_control_socket

__all__ = ["Hub", "close_control_socket", "current_hub", "init_control_socket"]
