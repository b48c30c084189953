"""A second application beside the ``app`` fixture, closed when the test is done with it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from flask import Flask


@contextmanager
def another_app(config: dict[str, Any], instance: Path) -> Iterator[Flask]:
    """An application made from ``config``; its connections end with the block."""
    from app import create_app
    from app.extensions import db, events, redis_store, resilience

    application = create_app(config, instance_path=str(instance))
    try:
        yield application
    finally:
        resilience.of(application).close()
        events.of(application).tailer.stop()
        redis_store.of(application).close()
        with application.app_context():
            db.engine.dispose()
