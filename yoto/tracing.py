"""Spans of OpenTelemetry, through its API package alone: without an SDK nothing is recorded.

The layers below HTTP open spans only within one that is recorded, most often a request's
(``entry_span``). So a request that is not traced pays for one look at the current span, and
background work, which no caller waits for, leaves no traces of its own.

Scripts in Redis have no spans: that look alone would be a twentieth of a call.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextvars import ContextVar, Token
from typing import TypeAlias

from opentelemetry import context as otel_context
from opentelemetry import trace
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

SCOPE = "yoto"
ERROR_TYPE = "error.type"

Value: TypeAlias = str | bool | int | float
Attributes: TypeAlias = Mapping[str, Value]

# Baggage, the other half of W3C's propagation, would pass on text of strangers.
_w3c = TraceContextTextMapPropagator()


def configured() -> bool:
    """Whether there is an SDK that may record spans."""
    return not isinstance(trace.get_tracer_provider(), trace.ProxyTracerProvider)


def recording() -> bool:
    """Whether the caller is within a span that is recorded."""
    return trace.get_current_span().is_recording()


def ids() -> tuple[str, str] | None:
    """Trace and span as hex digits, 32 and 16, where one is recorded."""
    current = trace.get_current_span()
    if not current.is_recording():
        return None
    found = current.get_span_context()
    return trace.format_trace_id(found.trace_id), trace.format_span_id(found.span_id)


class Nothing:
    """A placeholder for a span where none is recorded."""

    __slots__ = ()

    def __enter__(self) -> Nothing:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing began, and nothing ends."""

    def set(self, attributes: Attributes) -> None:
        """Does nothing."""


NOTHING = Nothing()


class Scope:
    """A span that is the current one within the block.

    An exception marks it as failed by its class. Its text stays out, since it may hold private
    data, such as the values of a statement.
    """

    __slots__ = ("_span", "_token")

    def __init__(self, span: trace.Span) -> None:
        self._span = span

    def __enter__(self) -> Scope:
        self._token = otel_context.attach(trace.set_span_in_context(self._span))
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        otel_context.detach(self._token)
        _end(self._span, kind)

    def set(self, attributes: Attributes) -> None:
        """Add facts that were not known at the beginning."""
        self._span.set_attributes(attributes)

    def rename(self, name: str) -> None:
        """Give it a better name."""
        self._span.update_name(name)

    def fail(self, why: str) -> None:
        """Mark it as failed, where no exception says so."""
        self._span.set_attribute(ERROR_TYPE, why)
        self._span.set_status(trace.StatusCode.ERROR)


class LateScope:
    """A span that begins with the block, and is made only when something opens a span beneath it.

    For calls that are mostly served from memory, at once: then there is nothing to see, and making
    a span would cost more than the call.
    """

    __slots__ = ("_name", "_attributes", "_began", "_around", "_outer", "_token", "_span")

    def __init__(self, name: str, attributes: Attributes) -> None:
        self._name = name
        self._attributes = attributes
        self._span: trace.Span | None = None

    def __enter__(self) -> LateScope:
        self._began = time.time_ns()
        self._around = trace.get_current_span()
        self._outer = _late.get()
        self._token: Token[LateScope | None] = _late.set(self)
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        _late.reset(self._token)
        if self._span is not None:
            _end(self._span, kind)

    def set(self, attributes: Attributes) -> None:
        """Add facts that were not known at the beginning."""
        if self._span is not None:
            self._span.set_attributes(attributes)

    def parent(self, current: trace.Span) -> otel_context.Context | None:
        """The context for what begins under ``current``; None if that is beneath us already."""
        if current is not self._around:
            return None
        if self._span is None:
            above = self._outer.parent(current) if self._outer is not None else None
            self._span = _tracer().start_span(
                self._name, above, attributes=self._attributes, start_time=self._began
            )
        # It is not made the current span: attaching and detaching would happen in two places.
        return trace.set_span_in_context(self._span)


_late: ContextVar[LateScope | None] = ContextVar("yoto_late_span", default=None)


def span(name: str, attributes: Attributes | None = None) -> Scope | Nothing:
    """A span around the block, if the caller is within one that is recorded.

    Args:
        name: a constant, such as ``cache.load``; what differs belongs into the attributes.
        attributes: facts, without personal data and secrets.
    """
    current = trace.get_current_span()
    if not current.is_recording():
        return NOTHING
    late = _late.get()
    parent = late.parent(current) if late is not None else None
    return Scope(_tracer().start_span(name, parent, attributes=attributes))


def late_span(name: str, attributes: Attributes) -> LateScope | Nothing:
    """Like ``span``, but made only when a span beneath it is; see ``LateScope``."""
    return LateScope(name, attributes) if recording() else NOTHING


def entry_span(name: str, carrier: Mapping[str, str], attributes: Attributes) -> Scope:
    """The span of a call from outside. Where no SDK is configured it is not recorded.

    Args:
        carrier: ``traceparent`` and ``tracestate`` of the caller, as far as it sent them (W3C Trace
            Context); one that is malformed counts as none.
    """
    parent = _w3c.extract(carrier, otel_context.Context())
    kind = trace.SpanKind.SERVER
    return Scope(_tracer().start_span(name, parent, kind=kind, attributes=attributes))


def _end(ended: trace.Span, error: type[BaseException] | None) -> None:
    if error is not None:
        ended.set_attribute(ERROR_TYPE, error.__qualname__)
        ended.set_status(trace.StatusCode.ERROR)
    ended.end()


_known: tuple[trace.TracerProvider, trace.Tracer] | None = None


def _tracer() -> trace.Tracer:
    """Our tracer of the provider that is configured; SDKs make a new one at each call."""
    global _known
    known, provider = _known, trace.get_tracer_provider()
    if known is None or known[0] is not provider:
        known = _known = (provider, provider.get_tracer(SCOPE))
    return known[1]
