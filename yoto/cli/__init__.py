"""The ``flask`` command groups of the platform."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any

import click
from flask import Flask
from flask.cli import AppGroup, ScriptInfo


class Commands(AppGroup):
    """Imports the commands when one is looked for: a worker never asks, and would keep them."""

    def __init__(
        self,
        *args: Any,
        load: Callable[[], Iterable[click.Command]],
        apart: Mapping[str, Callable[[], click.Command]] = MappingProxyType({}),
        **options: Any,
    ):
        """``load`` imports the commands but those ``apart``, each of which has its own import."""
        super().__init__(*args, **options)
        self._load, self._apart = load, apart

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """As click's."""
        if cmd_name in self._apart:
            return self._apart[cmd_name]()
        self._import()
        return super().get_command(ctx, cmd_name)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """As click's."""
        self._import()
        return sorted({*super().list_commands(ctx), *self._apart})

    def _import(self) -> None:
        for command in self._load():
            self.add_command(command)


def in_command() -> bool:
    """Whether a ``flask`` command runs, and not a server."""
    context = click.get_current_context(silent=True)
    return context is not None and context.find_object(ScriptInfo) is not None


def async_mode_here(app: Flask) -> str:
    """How this process serves: a command has plain threads, whatever the server is to have.

    To import eventlet would be a tenth of its time.
    """
    return "threading" if in_command() else str(app.config["ASYNC_MODE"])


def init_logs(app: Flask) -> None:
    """Log as the configuration says, if it is a ``flask`` command that makes ``app``.

    Before the extensions, some of which bring handlers of their own where they find none.
    """
    if in_command():
        # It takes structlog, which the commands on the tables do without.
        from yoto.logs import configure_app

        configure_app(app)


def platform_commands(app: Flask) -> Iterable[click.Command]:
    """The commands of the platform in ``app``."""
    from yoto.cli.commands import commands_in

    return commands_in(app)


def guest_commands(app: Flask) -> Iterable[click.Command]:
    """Those on permissions, policies and guards, for an application that Yoto is a guest in."""
    from yoto.cli.commands import GUARDS, questions_in
    from yoto.cli.policy import policy
    from yoto.cli.subjects import applications, teams

    return (GUARDS, questions_in(app), applications, policy, teams)


def init_cli(
    app: Flask,
    load: Callable[[Flask], Iterable[click.Command]] = platform_commands,
    apart: Mapping[str, Callable[[], click.Command]] = MappingProxyType({}),
) -> None:
    """Add the commands that ``load`` imports, and those ``apart``, to the application."""
    known = app.cli.commands
    app.cli = Commands(app.name, commands=known, load=lambda: load(app), apart=apart)
