"""Spans of the core."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import pytest
from opentelemetry.trace import SpanKind, StatusCode

from tests.support.spans import Spans
from tests.support.together import together
from yoto import tracing

ROOT = Path(__file__).parents[3]
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
CALLER = {"traceparent": f"00-{TRACE}-00f067aa0ba902b7-01", "tracestate": "vendor=1"}
UNSAMPLED = {"traceparent": f"00-{TRACE}-00f067aa0ba902b7-00"}
REQUEST: dict[str, str] = {}


def test_what_is_inside_a_recorded_span_is_its_child(spans: Spans) -> None:
    with tracing.entry_span("request", REQUEST, {"a": 1}):
        with tracing.span("outer", {"b": "2"}) as outer:
            with tracing.span("inner"):
                pass
            outer.set({"c": True})
    assert spans.parents("inner") == ["outer", "request"]
    assert spans.attributes("outer") == {"b": "2", "c": True}
    assert spans.one("request").kind is SpanKind.SERVER


def test_outside_of_one_nothing_is_recorded(spans: Spans) -> None:
    assert not tracing.recording() and tracing.ids() is None
    with tracing.span("alone") as alone, tracing.late_span("late", {}) as late:
        alone.set({"a": 1})
        late.set({"a": 1})
    assert spans.all() == []


def test_the_callers_trace_goes_on(spans: Spans) -> None:
    with tracing.entry_span("request", CALLER, {}):
        assert tracing.ids() == (TRACE, f"{spans_id(spans)}")
    request = spans.one("request")
    assert request.parent is not None and request.parent.is_remote
    assert f"{request.parent.span_id:016x}" == "00f067aa0ba902b7"


def spans_id(spans: Spans) -> str:
    found = tracing.ids()
    assert found is not None and spans.all() == []
    return found[1]


@pytest.mark.parametrize(
    "header", ["", "nonsense", f"00-{TRACE}-{'0' * 16}-01", f"ff-{TRACE}-1-01"]
)
def test_a_malformed_one_begins_a_trace_of_its_own(spans: Spans, header: str) -> None:
    with tracing.entry_span("request", {"traceparent": header}, {}):
        pass
    assert spans.one("request").parent is None


def test_a_trace_that_its_caller_does_not_record_is_not_recorded_here(spans: Spans) -> None:
    with tracing.entry_span("request", UNSAMPLED, {}), tracing.span("child"):
        assert tracing.ids() is None
    assert spans.all() == []


def test_an_error_marks_its_spans_by_its_class_alone(spans: Spans) -> None:
    with pytest.raises(KeyError), tracing.entry_span("request", REQUEST, {}):
        with tracing.span("child"):
            raise KeyError("a secret")
    for name in ("child", "request"):
        assert spans.one(name).status.status_code is StatusCode.ERROR
        assert spans.attributes(name) == {"error.type": "KeyError"}
        assert spans.one(name).events == () and spans.one(name).status.description is None


def test_what_is_answered_at_once_leaves_no_late_span(spans: Spans) -> None:
    with tracing.entry_span("request", REQUEST, {}):
        with tracing.late_span("late", {"a": 1}) as late:
            late.set({"b": 2})
    assert spans.names() == ["request"]


def test_a_late_span_is_made_for_its_first_child_and_began_before(spans: Spans) -> None:
    with tracing.entry_span("request", REQUEST, {}):
        with tracing.late_span("late", {"a": 1}) as late:
            with tracing.span("first"), tracing.span("deeper"):
                pass
            with tracing.span("second"):
                pass
            late.set({"b": 2})
        with tracing.span("after"):
            pass
    assert spans.parents("first") == spans.parents("second") == ["late", "request"]
    assert spans.parents("deeper") == ["first", "late", "request"]
    assert spans.parents("after") == ["request"]
    assert spans.attributes("late") == {"a": 1, "b": 2}
    began, first = spans.one("late").start_time, spans.one("first").start_time
    assert began is not None and first is not None and began <= first


def test_late_spans_are_nested_too(spans: Spans) -> None:
    with tracing.entry_span("request", REQUEST, {}), tracing.late_span("outer", {}):
        with tracing.late_span("inner", {}):
            with tracing.span("child"):
                pass
        with tracing.late_span("unseen", {}):
            pass
    assert spans.parents("child") == ["inner", "outer", "request"]
    assert "unseen" not in spans.names()


def test_a_late_span_beneath_another_span_is_beneath_it(spans: Spans) -> None:
    with tracing.entry_span("request", REQUEST, {}), tracing.late_span("outer", {}):
        with tracing.span("middle"), tracing.late_span("inner", {}), tracing.span("child"):
            pass
    assert spans.parents("child") == ["inner", "middle", "outer", "request"]


def test_an_error_marks_a_late_span(spans: Spans) -> None:
    with pytest.raises(KeyError), tracing.entry_span("request", REQUEST, {}):
        with tracing.late_span("late", {}), tracing.span("child"):
            raise KeyError
    assert spans.attributes("late") == {"error.type": "KeyError"}


def test_a_thread_that_is_started_within_a_span_is_outside_of_it(spans: Spans) -> None:
    heard: list[bool] = []
    with tracing.entry_span("request", REQUEST, {}), tracing.late_span("late", {}):
        thread = threading.Thread(target=lambda: heard.append(tracing.recording()))
        thread.start()
        thread.join()
    assert heard == [False]


def test_requests_at_once_keep_their_spans_apart(spans: Spans) -> None:
    meeting = threading.Barrier(6)

    def request(number: int) -> None:
        with tracing.entry_span(f"request{number}", REQUEST, {}):
            with tracing.late_span(f"late{number}", {}):
                meeting.wait(10)
                with tracing.span(f"child{number}"):
                    meeting.wait(10)

    together([lambda number=number: request(number) for number in range(6)])  # type: ignore[misc]
    for number in range(6):
        assert spans.parents(f"child{number}") == [f"late{number}", f"request{number}"]


def test_without_an_sdk_nothing_is_recorded_and_nothing_fails() -> None:
    child = """
import sys
sys.modules["opentelemetry.sdk"] = None  # as where it is not installed
from yoto import tracing
with tracing.entry_span("request", {"traceparent": "00-%s-00f067aa0ba902b7-01"}, {}) as request:
    request.set({"a": 1})
    request.rename("other")
    request.fail("500")
    with tracing.late_span("late", {}) as late, tracing.span("child") as span:
        assert late is span is tracing.NOTHING
        late.set({"a": 1})
        span.set({"a": 1})
    assert tracing.ids() is None
"""
    ended = subprocess.run(
        [sys.executable, "-W", "error", "-c", child % TRACE],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert (ended.returncode, ended.stderr) == (0, "")
