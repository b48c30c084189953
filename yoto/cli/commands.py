"""Every ``flask`` command of the platform."""

from __future__ import annotations

from collections.abc import Sequence

import click
from flask import Flask
from flask.cli import AppGroup

from yoto.cli.cache import cache
from yoto.cli.control import control
from yoto.cli.model import models
from yoto.cli.operations import group_of
from yoto.cli.permission import add_insight, permission
from yoto.cli.resilience import resilience
from yoto.cli.routes import guards as guards_of_routes
from yoto.cli.secrets import secrets
from yoto.cli.subjects import applications, teams
from yoto.cli.tables import yoto
from yoto.operate.guards import guards
from yoto.operate.locks import locks
from yoto.room import of_rooms, rooms_of

ASKING = ("check", "explain", "list", "test")

add_insight(permission)
permission.add_command(models.commands["test"])

# Guests without a control plane have the groups of guards, models and tables, too, but not these
# commands.
GUARDS = AppGroup(
    guards_of_routes.name,
    help=guards_of_routes.help,
    commands={**guards_of_routes.commands, **group_of(guards).commands},
)
_TABLES = {name: one for name, one in yoto.commands.items() if one is not models}
YOTO = AppGroup(yoto.name, help=yoto.help, commands={**_TABLES, "guards": GUARDS})

_COMMANDS: tuple[click.Command, ...] = (
    applications,
    cache,
    control,
    group_of(locks),
    permission,
    resilience,
    secrets,
    teams,
    YOTO,
)


def commands_in(app: Flask) -> list[click.Command]:
    """All commands of the platform in ``app``: those of the core, and those of its rooms."""
    added: dict[str, list[click.Command]] = {str(permission.name): _questions_of(app)}
    for room in rooms_of(app):
        for group, commands in room.commands().items():
            added.setdefault(group, []).extend(commands)
    groups: dict[str, click.Command] = {str(one.name): one for one in _COMMANDS}
    alone = added.pop("", [])
    return [
        *(groups | {name: _with(groups[name], more) for name, more in added.items()}).values(),
        *alone,
    ]


def questions_in(app: Flask) -> AppGroup:
    """The commands of ``flask permission`` that change nothing."""
    asked = [*(permission.commands[name] for name in ASKING), *_questions_of(app)]
    return _group(str(permission.name), "Ask for verdicts.", asked)


def _questions_of(app: Flask) -> list[click.Command]:
    """The commands of ``flask permission`` that rooms add."""
    return of_rooms(app, lambda room: room.questions)


def _with(one: click.Command, more: Sequence[click.Command]) -> click.Command:
    """A copy of a group with more commands, since other applications share the group."""
    if not more:
        return one
    assert isinstance(one, click.Group)
    return _group(str(one.name), one.help, [*one.commands.values(), *more])


def _group(name: str, help_: str | None, commands: Sequence[click.Command]) -> AppGroup:
    return AppGroup(name, help=help_, commands={str(one.name): one for one in commands})
