"""A request's span."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask, g
from opentelemetry.trace import StatusCode

from tests.support.log_lines import written
from tests.support.spans import Spans
from yoto import tracing
from yoto.errors import CircuitOpen, PermissionDenied

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


@pytest.fixture
def app(bare_app: Flask) -> Flask:
    def view(number: int) -> str:
        g.identity = SimpleNamespace(user_id=7)
        with tracing.span("work"):
            return "done"

    bare_app.add_url_rule("/things/<int:number>", "thing", view)
    return bare_app


def failing(app: Flask, error: BaseException) -> Any:
    def fail() -> str:
        raise error

    app.add_url_rule("/fail", "fail", fail)
    return app.test_client().get("/fail")


def test_it_says_what_was_asked_and_answered(app: Flask, spans: Spans) -> None:
    app.test_client().get("/things/3?token=secret")
    assert spans.attributes("GET /things/<int:number>") == {
        "http.request.method": "GET",
        "http.route": "/things/<int:number>",
        "http.response.status_code": 200,
        "url.path": "/things/3",
        "url.scheme": "http",
        "yoto.user_id": 7,
    }
    assert spans.parents("work") == ["GET /things/<int:number>"]


def test_it_goes_on_with_the_callers_trace(app: Flask, spans: Spans) -> None:
    parent = f"00-{TRACE}-00f067aa0ba902b7-01"
    app.test_client().get("/ping", headers={"traceparent": parent})
    context = spans.one("GET /ping").context
    assert context is not None and f"{context.trace_id:032x}" == TRACE


def test_methods_and_paths_of_strangers_make_no_names(app: Flask, spans: Spans) -> None:
    client = app.test_client()
    client.open("/nowhere/17", method="BREW")
    client.get("/nowhere/18")
    assert spans.names() == ["_OTHER", "GET"]


def test_a_refusal_is_no_failure_and_says_why(app: Flask, spans: Spans) -> None:
    failing(app, PermissionDenied(SimpleNamespace(reason="timed_out"), "message.send"))
    span = spans.one("GET /fail")
    assert span.status.status_code is StatusCode.UNSET
    facts = {"yoto.reason": "timed_out", "yoto.permission": "message.send"}
    assert facts.items() <= spans.attributes("GET /fail").items()


@pytest.mark.parametrize(
    ("error", "status"), [(CircuitOpen("billing", 3.0), 503), (RuntimeError("a secret"), 500)]
)
def test_a_failure_is_one(app: Flask, spans: Spans, error: Exception, status: int) -> None:
    failing(app, error)
    assert spans.one("GET /fail").status.status_code is StatusCode.ERROR
    found = spans.attributes("GET /fail")
    assert (found["http.response.status_code"], found["error.type"]) == (status, str(status))
    assert "a secret" not in repr(found)


class Cut(BaseException):
    """An end that comes from outside, such as a time-out of eventlet."""


def test_a_request_that_is_cut_off_is_a_failure(app: Flask, spans: Spans) -> None:
    with pytest.raises(Cut):
        failing(app, Cut())
    assert spans.all()[0].status.status_code is StatusCode.ERROR


def test_the_lines_of_a_request_lead_to_its_trace(app: Flask, spans: Spans) -> None:
    with written("INFO") as lines:
        lines.app = app
        app.test_client().get("/ping")
    context = spans.one("GET /ping").context
    (ended,) = lines.parsed()
    assert context is not None
    assert (ended["trace_id"], ended["span_id"]) == (
        f"{context.trace_id:032x}",
        f"{context.span_id:016x}",
    )


def test_without_an_sdk_there_is_neither(app: Flask) -> None:
    with written("INFO") as lines:
        lines.app = app
        parent = f"00-{TRACE}-00f067aa0ba902b7-01"
        assert app.test_client().get("/ping", headers={"traceparent": parent}).text == "pong"
    assert "trace_id" not in lines.parsed()[0]
