"""Requests in the logs: the fields of lines within a request, and the line at its end."""

from __future__ import annotations

import logging
import random
from collections.abc import Iterator, Sequence
from http import HTTPStatus
from typing import Any

from flask import Flask, g, has_request_context, request

from yoto.auth.identity import caller_or_none
from yoto.logs import Line, write_lines
from yoto.request.context import shown_path
from yoto.request.records import RequestRecord

# Asked every few seconds by machines; they are of interest when they fail.
PROBES = frozenset({"/livez", "/readyz"})
EVENT = "request ended"

log = logging.getLogger(__name__)


def request_fields() -> dict[str, Any]:
    """The current request: id, method, ``shown_path``, and the caller where known.

    Handlers of sockets run in the request that opened the socket, and have the namespace instead.
    """
    if not has_request_context():
        return {}
    record: RequestRecord | None = g.get("request_record")
    if record is None:
        namespace = getattr(request, "namespace", None)
        return {} if namespace is None else {"socket": namespace}
    own, untrusted = _fields(record, caller_or_none())
    return own | untrusted


class RequestLog:
    """Writes a line for each request that ended."""

    def __init__(self, app: Flask) -> None:
        self._config = app.config

    def write(self, records: Sequence[RequestRecord]) -> None:
        """The lines of ``records``, all at once."""
        least = log.getEffectiveLevel()
        if least <= logging.INFO and not log.disabled:
            write_lines(log, EVENT, list(self._lines(records, least)))

    def _lines(self, records: Sequence[RequestRecord], least: int) -> Iterator[Line]:
        share: float = self._config.get("LOG_REQUEST_SAMPLE", 1.0)
        for record in records:
            status = record.status
            fine = status < HTTPStatus.BAD_REQUEST
            level = logging.DEBUG if fine and record.path in PROBES else logging.INFO
            if level < least or not _chosen(status, share):
                continue
            own, untrusted = _fields(record, record.user_id)
            own["status"], own["duration_ms"] = status, round(record.seconds * 1000, 3)
            if record.trace is not None:
                own["trace_id"], own["span_id"] = record.trace
            if record.address:
                untrusted["address"] = record.address
            yield Line(level, record.ended_at, own, untrusted | record.outcome)


def _fields(record: RequestRecord, user_id: int | None) -> tuple[dict[str, Any], dict[str, str]]:
    """Fields of our own, and fields that callers may have chosen."""
    own: dict[str, Any] = {} if user_id is None else {"user_id": user_id}
    untrusted = {"method": record.method, "path": shown_path(record)}
    if record.own_id == record.request_id:
        own["request_id"] = record.own_id
    else:
        own["own_request_id"], untrusted["request_id"] = record.own_id, record.request_id
    return own, untrusted


def _chosen(status: int, share: float) -> bool:
    """Whether a request is one of those that leave a line."""
    if share <= 0:
        return False
    noteworthy = status >= HTTPStatus.INTERNAL_SERVER_ERROR or status == HTTPStatus.FORBIDDEN
    return noteworthy or random.random() < share
