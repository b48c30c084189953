"""The circuit breaker ``database``: while the server is unavailable no caller waits for it.

Opening connections goes through the breaker, and connections that break in the middle of a
statement count as failures. Statements on open connections skip the breaker, so it costs nothing
while all is well; and an error that the database returns (a duplicate, a deadlock) is no failure.
SQLite is a file: it is never unavailable.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from time import perf_counter
from typing import Any

from flask import Flask
from sqlalchemy import event
from sqlalchemy.engine import Dialect, Engine, ExceptionContext
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from yoto.deadlines import has_passed, note_spent
from yoto.errors import CircuitOpen, StoreUnavailable
from yoto.monitor import Monitor, names
from yoto.resilience import CircuitBreaker, CircuitBreakerConfig, Outcome, Resilience
from yoto.store.db import on_engine
from yoto.store.failures import took_too_long
from yoto.store.servers import has_server

DATABASE = "database"
# Errors where it is unavailable, or has no connection free.
STORE_FAILURES = (DBAPIError, PoolTimeout, StoreUnavailable)

DATABASE_BREAKER = CircuitBreakerConfig(
    # Connections that could not be opened, with none that could between them.
    consecutive_failures=3,
    # Seconds. A connection is tried in no time, so that a restart is noticed soon...
    recovery_timeout=1.0,
    # ... and, after a long outage, within so many.
    recovery_timeout_max=10.0,
    # Instances. One that is cut off by itself must not keep the others from their database.
    min_instances=2,
)

_bypassing: ContextVar[bool] = ContextVar("yoto_passing_database_breaker", default=False)


def guard_database(app: Flask) -> None:
    """Put the breaker before the connections of ``app``; nothing is opened or asked yet."""

    def breaker() -> CircuitBreaker:
        return Resilience.of(app).circuit_breaker(DATABASE)

    def watch(engine: Engine) -> None:
        if has_server(engine.dialect):
            event.listen(engine, "do_connect", _connector(breaker))
            event.listen(engine, "handle_error", _observer(breaker))

    on_engine(app, watch)


@contextmanager
def bypassing_breaker() -> Iterator[None]:
    """Connect even while the breaker is open: its settings are read from the record, and acts of
    operators are recorded in every state of it."""
    token = _bypassing.set(True)
    try:
        yield
    finally:
        _bypassing.reset(token)


def _connector(breaker: Callable[[], CircuitBreaker]) -> Callable[..., Any]:
    def connect(dialect: Dialect, record: Any, cargs: Any, cparams: Any) -> Any:
        if _bypassing.get():
            return None  # SQLAlchemy connects by itself
        try:
            return breaker().call(dialect.connect, *cargs, **cparams)
        except CircuitOpen as error:
            raise StoreUnavailable(DATABASE, error, error.retry_after) from error

    return connect


def _observer(breaker: Callable[[], CircuitBreaker]) -> Callable[[ExceptionContext], None]:
    def observe(context: ExceptionContext) -> None:
        if _bypassing.get() or not context.is_disconnect or has_passed():
            return
        # A connection that was found dead before its use is replaced, which goes through connect.
        if context.connection is not None and not context.is_pre_ping:
            _count_failure(breaker())

    return observe


def _count_failure(breaker: CircuitBreaker) -> None:
    try:
        breaker.allow().exit(Outcome.FAILURE)
    except CircuitOpen:
        pass  # it is known already


_BEGAN = "_yoto_began"


def time_database(app: Flask) -> None:
    """Have the monitor of ``app`` take the time of each statement; nothing is opened yet."""
    recorder = Monitor.of(app).recorder
    observe = recorder.histogram(names.DATABASE_TIME).observe
    errors = {
        kind: recorder.counter(names.DATABASE_ERRORS, kind=kind)
        for kind in ("connection", "timeout", "operation")
    }

    def before(*arguments: Any) -> None:
        setattr(arguments[4], _BEGAN, perf_counter())

    def after(*arguments: Any) -> None:
        ended(arguments[4])

    def ended(execution: Any) -> None:
        """Count the time since ``before``, once."""
        began = execution.__dict__.pop(_BEGAN, None)
        if began is not None:
            seconds = perf_counter() - began
            observe(seconds)
            note_spent(DATABASE, seconds)

    def failed(context: ExceptionContext) -> None:
        if context.execution_context is not None:
            ended(context.execution_context)
        # A connection that was found dead before its use is replaced, and no caller notices.
        if not context.is_pre_ping:
            errors[_kind(context)].add()

    def watch(engine: Engine) -> None:
        event.listen(engine, "before_cursor_execute", before)
        event.listen(engine, "after_cursor_execute", after)
        event.listen(engine, "handle_error", failed)

    on_engine(app, watch)


def _kind(context: ExceptionContext) -> str:
    """``operation``: the database answered, and refused the statement."""
    if context.is_disconnect or context.connection is None:
        return "connection"
    return "timeout" if took_too_long(context.original_exception) else "operation"
