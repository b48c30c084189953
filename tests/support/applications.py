"""Applications beside the ``app`` fixture, and what becomes of one when its test is done."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from flask import Flask

from yoto.store.declarations import declarations_of


@contextmanager
def another_app(config: dict[str, Any], instance: Path) -> Iterator[Flask]:
    """An application made from ``config``; its connections end with the block."""
    from app import close_app, create_app

    application = create_app(config, instance_path=str(instance))
    try:
        yield application
    finally:
        close_app(application)
        let_go(application)


def let_go(application: Flask) -> None:
    """Let an application that was closed be collected: a run makes thousands.

    Two things keep it that live as long as the process: the extension has its engine, which knows
    it, and statements that all share were compiled by the dialect of that engine.
    """
    from app.extensions import db

    db._app_engines.pop(application, None)
    declarations_of(application).app = None
