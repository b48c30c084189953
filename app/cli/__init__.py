"""The ``flask`` command groups."""

from __future__ import annotations

import click
from flask import Flask
from flask.cli import AppGroup, ScriptInfo

from yoto.logs import configure_app


class Commands(AppGroup):
    """Imports the commands when one is looked for: a worker never asks, and would keep them."""

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """As click's."""
        self._import()
        return super().get_command(ctx, cmd_name)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """As click's."""
        self._import()
        return super().list_commands(ctx)

    def _import(self) -> None:
        from app.cli.commands import COMMANDS

        for command in COMMANDS:
            self.add_command(command)


def init_logs(app: Flask) -> None:
    """Log as the configuration says, if it is a ``flask`` command that makes ``app``.

    Before the extensions, some of which bring handlers of their own where they find none.
    """
    context = click.get_current_context(silent=True)
    if context is not None and context.find_object(ScriptInfo) is not None:
        configure_app(app)


def init_app(app: Flask) -> None:
    """Add the command groups to the application."""
    app.cli = Commands(app.name, commands=app.cli.commands)
