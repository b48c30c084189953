"""Flask-SocketIO, without the client of a message queue that nothing here uses.

python-socketio imports each that it finds. The one of Valkey, which comes with the package of the
embedded server, is 3 MB and a twentieth of a worker's start.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def _missing(module: str) -> Iterator[None]:
    """Hide the module within the block, unless it is imported already."""
    if module in sys.modules:
        yield
        return
    sys.modules[module] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        del sys.modules[module]


with _missing("valkey"):
    from flask_socketio import SocketIO

__all__ = ["SocketIO"]
