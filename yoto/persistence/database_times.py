"""Times every statement of an application's database, those that fail too."""

from __future__ import annotations

from time import perf_counter
from typing import Any

from flask import Flask
from sqlalchemy import event, exc
from sqlalchemy.engine import Engine, ExceptionContext

from yoto.monitor import Monitor, names
from yoto.store.db import on_engine

_BEGAN = "_yoto_began"
# MariaDB's numbers: a lock was waited for in vain, the statement took longer than it may (MySQL's
# last).
_TIMEOUTS = frozenset({1205, 1969, 3024})


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
            observe(perf_counter() - began)

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
    error = context.original_exception
    number = error.args[0] if error.args else None
    locked = isinstance(context.sqlalchemy_exception, exc.OperationalError) and (
        number == "database is locked"
    )
    return "timeout" if number in _TIMEOUTS or locked else "operation"
