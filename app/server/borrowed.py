"""Private names of libraries that sockets need, all in this file: none has a public way.

``tests/unit/server/test_borrowed.py`` fails when a library changes one of them.

| name | why |
|---|---|
| ``engineio.Server._async`` | what makes a websocket, to bound it and to know its connection |
| ``eventlet.websocket.WebSocket._recv_frame`` | eventlet bounds frames, and no message of many |
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from app.server.connections import ENVIRON_KEY

# Is given the Engine.IO transport that the websocket of this request carries.
Opened = Callable[[Any, Mapping[str, Any]], None]


def bound_websockets(engine: Any, limit: int, opened: Opened) -> None:
    """Have an Engine.IO server make websockets that end when a message is too long.

    Args:
        limit: bytes of one message; the libraries count only frames, or nothing.
        opened: called as soon as a websocket begins, also one that was polling before.
    """
    make = engine._async["websocket"]

    def websocket(handler: Callable[[Any], Any], server: Any) -> Callable[..., Any]:
        transport = handler.__self__  # type: ignore[attr-defined]

        def handle(found: Any) -> Any:
            if hasattr(found, "_recv_frame"):
                _bound_fragments(found, limit)
            return handler(found)

        made = make(handle, server)
        if hasattr(made, "server_args"):
            made.server_args["max_message_size"] = limit
        else:
            # The drafts before RFC 6455, which no client needs, have no limit at all.
            made.support_legacy_versions = False

        def begin(environ: Mapping[str, Any], start_response: Callable[..., Any]) -> Any:
            if ENVIRON_KEY in environ:
                environ[ENVIRON_KEY].begin_websocket()
            opened(transport, environ)
            return made(environ, start_response)

        return begin

    engine._async = {**engine._async, "websocket": websocket}


def _bound_fragments(found: Any, limit: int) -> None:
    """Count what eventlet gathers of a message that comes in pieces."""
    from eventlet.websocket import FailedConnectionError

    receive = found._recv_frame
    size = 0

    def counted(message: Any = None) -> Any:
        nonlocal size
        before = 0 if message is None else len(message.data)
        frame = receive(message=message)
        if frame.opcode & 8:
            return frame
        # An empty piece takes memory too.
        size = (0 if message is None else size) + 1 + sum(map(len, frame.data[before:]))
        if size > limit + 1:
            raise FailedConnectionError(1009, f"A message may have {limit} bytes.")
        return frame

    found._recv_frame = counted
