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
    from app import close_app, create_app

    application = create_app(config, instance_path=str(instance))
    try:
        yield application
    finally:
        close_app(application)
