"""Errors that no layer of the application caught: logged with the request's id, sent as problem."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Iterable
from typing import Any

from app.server.connections import ENVIRON_KEY
from yoto.http.wsgi import answer_problem
from yoto.request import REQUEST_ID_KEY

log = logging.getLogger(__name__)


def answer_error(
    environ: dict[str, Any], error: Exception, start_response: Callable[..., Any]
) -> Iterable[bytes]:
    """The response to an error that the application raised; servers would send an empty 500."""
    connection = environ.get(ENVIRON_KEY)
    if connection is not None and connection.is_websocket:
        connection.end_websocket(error)
        # Servers want a response, which reaches no client.
        return answer_failure(secrets.token_hex(16), start_response)
    request_id = log_error(environ, "a request ended by an error outside of the application")
    return answer_failure(request_id, start_response)


def log_error(environ: dict[str, Any], what: str) -> str:
    """Log the current error as one of a request; the request's id."""
    request_id: str = environ.setdefault(REQUEST_ID_KEY, secrets.token_hex(16))
    facts = {
        "request_id": request_id,
        "method": environ.get("REQUEST_METHOD"),
        "path": environ.get("PATH_INFO"),
    }
    log.exception(what, extra=facts)
    return request_id


def answer_failure(request_id: str, start_response: Callable[..., Any]) -> Iterable[bytes]:
    """The client's view of an error that was logged."""
    return answer_problem(
        start_response,
        "500 Internal Server Error",
        "internal-error",
        "Something went wrong on our side.",
        ("X-Request-ID", request_id),
        request_id=request_id,
    )
