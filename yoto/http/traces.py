"""A span for each request, where an OpenTelemetry SDK is configured.

Names and attributes follow the semantic conventions of OpenTelemetry for HTTP servers.
"""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from flask import request

from yoto import tracing
from yoto.auth.identity import caller_or_none
from yoto.http.wsgi import Wsgi
from yoto.request.context import shown_path
from yoto.request.records import RequestRecord

SPAN = "yoto.request_span"
# The name of a method outside RFC 9110 and RFC 5789: the names of spans are few.
OTHER_METHOD = "_OTHER"
METHODS = frozenset(
    {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"}
)


def traced(wsgi: Wsgi, environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
    """The response of ``wsgi``; a span is open for as long as it works at it."""
    given = environ.get("REQUEST_METHOD", "")
    method = given if given in METHODS else OTHER_METHOD
    carrier = {
        name: environ[variable]
        for name, variable in (
            ("traceparent", "HTTP_TRACEPARENT"),
            ("tracestate", "HTTP_TRACESTATE"),
        )
        if variable in environ
    }
    attributes = {
        "http.request.method": method,
        "url.scheme": environ.get("wsgi.url_scheme", "http"),
    }
    with tracing.entry_span(method, carrier, attributes) as span:
        environ[SPAN] = span, method
        return wsgi(environ, _noting_status(span, start_response))


def _noting_status(span: tracing.Scope, start_response: Callable[..., Any]) -> Callable[..., Any]:
    def start(status: str, *arguments: Any) -> Any:
        code = int(status.split(" ", 1)[0])
        span.set({"http.response.status_code": code})
        if code >= HTTPStatus.INTERNAL_SERVER_ERROR:
            span.fail(str(code))
        return start_response(status, *arguments)

    return start


def describe_span(record: RequestRecord) -> None:
    """Add Flask's facts to the request's span, if it has one, and its ids to ``record``."""
    if SPAN not in request.environ:
        return
    span, method = request.environ[SPAN]
    record.trace = tracing.ids()
    facts: dict[str, tracing.Value] = {"url.path": shown_path(record)}
    rule = record.rule
    if rule is not None:
        facts["http.route"] = rule.rule
        span.rename(f"{method} {rule.rule}")
    user_id = caller_or_none()
    if user_id is not None:
        facts["yoto.user_id"] = user_id
    facts |= {f"yoto.{name}": value for name, value in record.outcome.items()}
    span.set(facts)
