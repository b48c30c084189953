"""Private names of libraries: each is still there, and is what we take it for."""

from __future__ import annotations

import inspect

import engineio
import socketio
from eventlet.websocket import RFC6455WebSocket


def test_engine_io_makes_websockets_by_what_we_wrap() -> None:
    engine = engineio.Server(async_mode="threading")
    make = engine._async["websocket"]
    assert list(inspect.signature(make).parameters)[:2] == ["handler", "server"]
    assert "_async['websocket']" in inspect.getsource(engineio.socket.Socket)


def test_eventlet_gathers_messages_by_what_we_count() -> None:
    assert list(inspect.signature(RFC6455WebSocket._recv_frame).parameters) == ["self", "message"]
    assert "self._recv_frame(message=" in inspect.getsource(RFC6455WebSocket)


def test_engine_io_has_the_handlers_of_socket_io() -> None:
    handlers = socketio.Server(async_mode="threading").eio.handlers
    parameters = [list(inspect.signature(one).parameters) for one in handlers.values()]
    assert dict(zip(handlers, parameters)) == {
        "connect": ["eio_sid", "environ"],
        "message": ["eio_sid", "data"],
        "disconnect": ["eio_sid", "reason"],
    }
