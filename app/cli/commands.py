"""Every ``flask`` command of this application."""

from __future__ import annotations

from flask_migrate.cli import db

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
from app.cli.roles import roles
from app.cli.secrets import secrets
from app.cli.seed import seed
from app.cli.setup import setup
from app.cli.suggestions import suggestions
from app.cli.templates import add_templates
from app.cli.users import users

add_insight(permission)
add_review(permission)
add_templates(permission)

COMMANDS = (
    alerts,
    cache,
    control,
    db,
    emergency,
    locks,
    permission,
    policy,
    prefetch,
    queue,
    resilience,
    roles,
    secrets,
    seed,
    setup,
    suggestions,
    users,
)
