"""Every ``flask`` command of the platform."""

from __future__ import annotations

from flask.cli import AppGroup

from yoto.cli.alerts import alerts
from yoto.cli.cache import cache
from yoto.cli.control import control
from yoto.cli.insight import add_insight
from yoto.cli.model import models
from yoto.cli.operations import group_of
from yoto.cli.permission import permission
from yoto.cli.policy import policy
from yoto.cli.prefetch import prefetch
from yoto.cli.queue import queue
from yoto.cli.resilience import resilience
from yoto.cli.review import add_review
from yoto.cli.routes import guards as guards_of_routes
from yoto.cli.secrets import secrets
from yoto.cli.subjects import applications, teams
from yoto.cli.tables import yoto
from yoto.cli.templates import add_templates
from yoto.cli.what_if import add_what_if
from yoto.operate.guards import guards
from yoto.operate.locks import locks
from yoto.operate.permissions.requests import access_requests
from yoto.operate.suggestions import suggestions

ASKING = (
    *("check", "compare", "decision-trends", "decisions", "explain", "list", "replay", "review"),
    *("test", "what-if"),
)

add_insight(permission)
add_review(permission)
add_templates(permission)
add_what_if(permission)
permission.add_command(group_of(access_requests))
permission.add_command(models.commands["test"])

# What changes nothing.
QUESTIONS = AppGroup(
    permission.name,
    help="Ask for verdicts.",
    commands={name: permission.commands[name] for name in ASKING},
)

# Guests without a control plane have the groups of guards, models and tables, too, and not these
# commands.
GUARDS = AppGroup(
    guards_of_routes.name,
    help=guards_of_routes.help,
    commands={**guards_of_routes.commands, **group_of(guards).commands},
)
_TABLES = {name: one for name, one in yoto.commands.items() if one is not models}
YOTO = AppGroup(yoto.name, help=yoto.help, commands={**_TABLES, "guards": GUARDS})

COMMANDS = (
    alerts,
    applications,
    cache,
    control,
    group_of(locks),
    permission,
    policy,
    prefetch,
    queue,
    resilience,
    secrets,
    group_of(suggestions),
    teams,
    YOTO,
)
