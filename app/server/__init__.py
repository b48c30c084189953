"""Serving the application: one listening socket a worker, workers under one supervisor."""

from app.server.contained import REQUEST_ID_KEY
from app.server.listener import bind, refuse_taken
from app.server.security import CONTENT_SECURITY_POLICY, SECURITY_HEADERS
from app.server.socketio import YotoSocketIO
from app.server.supervisor import Supervisor
from app.server.tracer import install_tracer
from app.server.wsgi import MEDIA_TYPE, TYPE_PREFIX, Wsgi, answer_problem, title_of

__all__ = [
    "CONTENT_SECURITY_POLICY",
    "MEDIA_TYPE",
    "REQUEST_ID_KEY",
    "TYPE_PREFIX",
    "SECURITY_HEADERS",
    "Supervisor",
    "Wsgi",
    "YotoSocketIO",
    "answer_problem",
    "bind",
    "install_tracer",
    "refuse_taken",
    "title_of",
]
