"""Where the control plane is."""

from __future__ import annotations

CONTROL_PREFIX = "/control"
# Where the sockets of the pages connect.
SOCKETS_PATH = "/socket.io"
