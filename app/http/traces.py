"""A span for each request, where an OpenTelemetry SDK is configured.

Names and attributes follow the semantic conventions of OpenTelemetry for HTTP servers.
"""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from flask import Flask, Response, request

from app.core import tracing
from app.http.auth import caller_or_none
from app.http.context import outcome, shown_path
from app.server import Wsgi

SPAN = "yoto.request_span"
# What a method is called that RFC 9110 and RFC 5789 do not know: the names of spans are few.
OTHER_METHOD = "_OTHER"
METHODS = frozenset(
    {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"}
)


def init_traces(app: Flask) -> None:
    """Put a span around each request of ``app``. To be called right after ``init_context``."""
    app.wsgi_app = _Traced(app.wsgi_app)  # type: ignore[method-assign]
    app.after_request(_describe)


class _Traced:
    """WSGI middleware: the span is open for as long as Flask works at the answer."""

    def __init__(self, wsgi: Wsgi) -> None:
        self._wsgi = wsgi

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        if not tracing.configured():
            return self._wsgi(environ, start_response)
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
            return self._wsgi(environ, _noting_status(span, start_response))


def _noting_status(span: tracing.Scope, start_response: Callable[..., Any]) -> Callable[..., Any]:
    def start(status: str, *arguments: Any) -> Any:
        code = int(status.split(" ", 1)[0])
        span.set({"http.response.status_code": code})
        if code >= HTTPStatus.INTERNAL_SERVER_ERROR:
            span.fail(str(code))
        return start_response(status, *arguments)

    return start


def _describe(response: Response) -> Response:
    """Add what only Flask knows."""
    if SPAN not in request.environ:
        return response
    span, method = request.environ[SPAN]
    facts: dict[str, tracing.Value] = {"url.path": shown_path()}
    rule = request.url_rule
    if rule is not None:
        facts["http.route"] = rule.rule
        span.rename(f"{method} {rule.rule}")
    user_id = caller_or_none()
    if user_id is not None:
        facts["yoto.user_id"] = user_id
    facts |= {f"yoto.{name}": value for name, value in outcome().items()}
    span.set(facts)
    return response
