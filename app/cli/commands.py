"""Every ``flask`` command of this application."""

from __future__ import annotations

import click
from flask import Flask

from app.cli.emergency import emergency
from app.cli.operators import operators
from app.cli.roles import roles
from app.cli.seed import seed
from app.cli.setup import setup
from app.cli.tokens import make_break_glass_token, tokens
from app.cli.users import users
from yoto.cli.commands import commands_in
from yoto.cli.control import control
from yoto.room import has_room

control.add_command(make_break_glass_token)
control.add_command(operators)
control.add_command(tokens)


def commands_of(app: Flask) -> list[click.Command]:
    """The platform's commands, with those that this application adds."""
    # Policies alone read emergency accesses and emergencies.
    beside = [emergency] if has_room(app, "policies") else []
    return [*commands_in(app), *beside, roles, seed, setup, users]
