"""Serving the application: one listening socket a worker, workers under one supervisor."""

from app.server.listener import bind, refuse_taken
from app.server.socketio import YotoSocketIO
from app.server.supervisor import Supervisor
from app.server.tracer import install_tracer

__all__ = [
    "Supervisor",
    "YotoSocketIO",
    "bind",
    "install_tracer",
    "refuse_taken",
]
