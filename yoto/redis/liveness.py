"""Whether an idle connection can still be used."""

from __future__ import annotations

import _socket
import os
import socket
from typing import Literal, TypeAlias

State: TypeAlias = Literal["silent", "has data", "closed"]


def state_of(sock: socket.socket) -> State:
    """The state of the socket's input, found without waiting, under every event loop.

    A patched ``select`` does not see that the peer hung up before its loop has run, and a socket
    with a time-out would wait for it; so this asks the kernel through a plain socket on the same
    file.
    """
    try:
        plain = _socket.socket(fileno=os.dup(sock.fileno()))
    except OSError:
        # No descriptor is left to look with; the caller then opens another connection.
        return "closed"
    try:
        return "has data" if plain.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) else "closed"
    except BlockingIOError:
        return "silent"
    except OSError:
        return "closed"
    finally:
        plain.close()
