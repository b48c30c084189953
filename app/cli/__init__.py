"""The ``flask`` commands: the application's, and the platform's."""

from __future__ import annotations

from collections.abc import Iterable

import click
from flask import Flask

from yoto.cli import init_cli


def init_app(app: Flask) -> None:
    """Add the commands to the application."""
    # To import alembic takes all others longer than what they do.
    init_cli(app, _load, {"db": _migrations})


def _load(app: Flask) -> Iterable[click.Command]:
    from app.cli.commands import commands_of

    return commands_of(app)


def _migrations() -> click.Command:
    from flask_migrate.cli import db

    return db
