"""The addresses of the control plane."""

from __future__ import annotations

CONTROL_PREFIX = "/control"
# The address to which the pages' sockets connect.
SOCKETS_PATH = "/socket.io"
