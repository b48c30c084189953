"""The ``flask`` command groups."""

from __future__ import annotations

import click
from flask import Flask
from flask.cli import ScriptInfo

from app.cli.alerts import alerts
from app.cli.cache import cache
from app.cli.control import control
from app.cli.emergency import emergency
from app.cli.insight import add_insight
from app.cli.locks import locks
from app.cli.permission import permission
from app.cli.policy import policy
from app.cli.prefetch import prefetch
from app.cli.queue import queue
from app.cli.resilience import resilience
from app.cli.review import add_review
from app.cli.secrets import secrets
from app.cli.seed import seed
from app.cli.startup import setup
from app.cli.suggestions import suggestions
from app.cli.templates import add_templates
from app.cli.users import users
from app.logs import configure_app


def init_logs(app: Flask) -> None:
    """Log as the configuration says, if it is a ``flask`` command that makes ``app``.

    Before the extensions, some of which bring handlers of their own where they find none.
    """
    if _is_flask_command():
        configure_app(app)


def init_app(app: Flask) -> None:
    """Add the command groups to the application."""
    add_insight(permission)
    add_review(permission)
    add_templates(permission)
    for group in (
        alerts,
        cache,
        control,
        emergency,
        locks,
        permission,
        policy,
        prefetch,
        queue,
        resilience,
        secrets,
        seed,
        setup,
        suggestions,
        users,
    ):
        app.cli.add_command(group)
    if _is_flask_command():
        # It brings alembic along, which a worker would keep.
        from flask_migrate.cli import db

        app.cli.add_command(db)


def _is_flask_command() -> bool:
    context = click.get_current_context(silent=True)
    return context is not None and context.find_object(ScriptInfo) is not None
