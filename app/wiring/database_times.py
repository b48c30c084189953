"""Times every statement of an application's database."""

from __future__ import annotations

from time import perf_counter
from typing import Any

from flask import Flask
from sqlalchemy import event
from sqlalchemy.engine import Engine, ExceptionContext

from app.core.monitor import Monitor, names
from app.db import on_engine

_BEGAN = "_yoto_began"


def time_database(app: Flask) -> None:
    """Have the monitor of ``app`` take the time of each statement; nothing is opened yet."""
    recorder = Monitor.of(app).recorder
    observe = recorder.histogram(names.DATABASE_TIME).observe
    broken = recorder.counter(names.DATABASE_ERRORS)

    def before(*arguments: Any) -> None:
        setattr(arguments[4], _BEGAN, perf_counter())

    def after(*arguments: Any) -> None:
        observe(perf_counter() - getattr(arguments[4], _BEGAN))

    def failed(context: ExceptionContext) -> None:
        if context.is_disconnect:
            broken.add()

    def watch(engine: Engine) -> None:
        event.listen(engine, "before_cursor_execute", before)
        event.listen(engine, "after_cursor_execute", after)
        event.listen(engine, "handle_error", failed)

    on_engine(app, watch)
