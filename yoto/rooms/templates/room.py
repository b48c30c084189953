"""Permission templates: sets of permissions in levels that roles are granted by one name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from flask import Flask

from yoto.component import Component
from yoto.room import Room

if TYPE_CHECKING:
    import click
    from flask_smorest import Blueprint

    from .applying import Templates


def _init(app: Flask, host: Any) -> None:
    from .applying import keep_library

    keep_library(app)


def _rest() -> Sequence[Blueprint]:
    from .acts import routes

    return (routes,)


def _commands() -> Mapping[str, Sequence[click.Command]]:
    from .commands import commands

    return {"permission": tuple(commands.commands.values())}


def _offers() -> Templates:
    from .applying import TEMPLATES

    return TEMPLATES


ROOM = Room(
    "templates",
    components=(Component("templates", init=_init),),
    rest=_rest,
    commands=_commands,
    offers=_offers,
)
