"""Serving the application: one listening socket, and workers under gunicorn's master."""

from app.server.listener import bind
from app.server.socketio import YotoSocketIO
from app.server.tracer import install_tracer

__all__ = ["YotoSocketIO", "bind", "install_tracer"]
