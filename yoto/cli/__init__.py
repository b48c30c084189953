"""The ``flask`` command groups of the platform."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from importlib.util import find_spec
from types import MappingProxyType
from typing import Any

import click
from flask import Flask
from flask.cli import AppGroup, ScriptInfo

from yoto.room import rooms_of


class Commands(AppGroup):
    """Imports the commands at the first look-up, since workers need none and would keep them."""

    def __init__(
        self,
        *args: Any,
        load: Callable[[], Iterable[click.Command]],
        apart: Mapping[str, Callable[[], click.Command]] = MappingProxyType({}),
        **options: Any,
    ):
        """``load`` imports all commands except ``apart``, each of which has its own import."""
        super().__init__(*args, **options)
        self._load, self._apart = load, apart

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """As in click."""
        if cmd_name in self._apart:
            return self._apart[cmd_name]()
        self._import()
        return super().get_command(ctx, cmd_name)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """As in click."""
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
    """The async mode of this process: a command has plain threads, whatever the server's mode.

    Importing eventlet would take a tenth of a command's time.
    """
    return "threading" if in_command() else str(app.config["ASYNC_MODE"])


def init_logs(app: Flask) -> None:
    """Set up logs by the configuration, if a ``flask`` command makes ``app``.

    This comes before the extensions, some of which add handlers of their own if there are none.
    """
    if in_command():
        # Imported here, since it needs structlog, and the commands on tables do not.
        from yoto.logs import configure_app

        configure_app(app)


def platform_commands(app: Flask) -> Iterable[click.Command]:
    """The commands of the platform in ``app``."""
    from yoto.cli.commands import commands_in

    return commands_in(app)


def guest_commands(app: Flask) -> Iterable[click.Command]:
    """The commands for an application that Yoto is a guest in."""
    from yoto.cli.commands import GUARDS, questions_in
    from yoto.cli.subjects import applications, teams

    return (GUARDS, questions_in(app), applications, teams, *groups_of_rooms(app))


def groups_of_rooms(app: Flask) -> Iterable[click.Command]:
    """The groups of commands that the rooms of ``app`` add; none without the extra for them."""
    if find_spec("marshmallow") is None:
        return ()
    return [one for room in rooms_of(app) for one in room.commands().get("", ())]


def init_cli(
    app: Flask,
    load: Callable[[Flask], Iterable[click.Command]] = platform_commands,
    apart: Mapping[str, Callable[[], click.Command]] = MappingProxyType({}),
) -> None:
    """Add the commands that ``load`` imports, and those ``apart``, to the application."""
    known = app.cli.commands
    app.cli = Commands(app.name, commands=known, load=lambda: load(app), apart=apart)
