"""The ``flask`` command groups."""

from __future__ import annotations

from flask import Flask

from app.cli.alerts import alerts
from app.cli.cache import cache
from app.cli.emergency import emergency
from app.cli.insight import add_insight
from app.cli.permission import permission
from app.cli.policy import policy
from app.cli.prefetch import prefetch
from app.cli.queue import queue
from app.cli.resilience import resilience
from app.cli.review import add_review
from app.cli.seed import seed
from app.cli.templates import add_templates
from app.cli.users import users


def init_app(app: Flask) -> None:
    """Add the command groups to the application."""
    add_insight(permission)
    add_review(permission)
    add_templates(permission)
    for group in (
        alerts,
        cache,
        emergency,
        permission,
        policy,
        prefetch,
        queue,
        resilience,
        seed,
        users,
    ):
        app.cli.add_command(group)
