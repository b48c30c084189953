"""The operators' pages, their JSON routes and their sockets."""

from yoto.control_plane.pages import as_pages, init_control
from yoto.control_plane.socket import close_control_socket
from yoto.operate.application import ControlPlane

__all__ = [
    "ControlPlane",
    "as_pages",
    "close_control_socket",
    "init_control",
]
