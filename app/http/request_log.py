"""Requests in the logs: what lines within one say about it, and the line at its end."""

from __future__ import annotations

import logging
import random
from http import HTTPStatus
from time import perf_counter
from typing import Any

from flask import Flask, Response, current_app, g, has_request_context, request

from app.http.auth import caller_or_none
from app.http.context import outcome, shown_path
from app.logs import describe_requests

# Asked every few seconds by machines; they are of interest when they fail.
PROBES = frozenset({"/livez", "/readyz"})

log = logging.getLogger(__name__)


def init_request_log(app: Flask) -> None:
    """Describe the requests of ``app`` in its logs.

    To be called right after ``init_context``: Flask runs what is done after a request backwards,
    so that what this sees is how the request ends.
    """
    describe_requests(app, request_fields)
    app.before_request(_begin)
    app.after_request(_keep_status)
    app.teardown_request(_log_end)


def request_fields() -> dict[str, Any]:
    """The current request: id, method, ``shown_path``, and the caller where known.

    The handlers of sockets run in the request that opened the socket; theirs is the namespace.
    """
    if not has_request_context():
        return {}
    if "request_id" not in g:
        namespace = getattr(request, "namespace", None)
        return {} if namespace is None else {"socket": namespace}
    fields = {"request_id": g.request_id, "method": request.method, "path": shown_path()}
    if g.own_request_id != g.request_id:
        fields["own_request_id"] = g.own_request_id
    user_id = caller_or_none()
    return fields if user_id is None else fields | {"user_id": user_id}


def _begin() -> None:
    g.request_began = perf_counter()
    # Of a request that hangs there is no other line.
    log.debug("request begins")


def _keep_status(response: Response) -> Response:
    g.response_status = response.status_code
    return response


def _log_end(_: BaseException | None) -> None:
    # Nothing of ours ran for the handler of a socket.
    if "request_began" not in g:
        return
    duration = perf_counter() - g.pop("request_began")
    status = g.pop("response_status", int(HTTPStatus.INTERNAL_SERVER_ERROR))
    fine = status < HTTPStatus.BAD_REQUEST
    level = logging.DEBUG if fine and request.path in PROBES else logging.INFO
    if not log.isEnabledFor(level) or not _chosen(status):
        return
    facts = {"status": status, "duration_ms": round(duration * 1000, 3)} | outcome()
    if request.remote_addr:
        facts["address"] = request.remote_addr
    log.log(level, "request ended", extra=facts)


def _chosen(status: int) -> bool:
    """Whether this request is one of those that leave a line."""
    share: float = current_app.config.get("LOG_REQUEST_SAMPLE", 1.0)
    if share <= 0:
        return False
    telling = status >= HTTPStatus.INTERNAL_SERVER_ERROR or status == HTTPStatus.FORBIDDEN
    return telling or random.random() < share
