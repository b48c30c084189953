"""Warm-up: what is requested most is counted, and brought into the cache before anybody asks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from flask import Flask

from yoto.component import Component
from yoto.room import CONTROL_PLANE, Room

from .settings import LIVE, WarmUp

if TYPE_CHECKING:
    import click

    from yoto.control_plane.navigation import Page
    from yoto.http.operation import Subject

    from .extension import Warming


def _init(app: Flask, host: object) -> None:
    from .wiring import wire

    wire(app)


def _start(app: Flask) -> None:
    from .wiring import start

    start(app)


def _close(app: Flask) -> None:
    from .wiring import close

    close(app)


def _offers() -> Warming:
    from .extension import current_warming

    return current_warming()


def _acts() -> Sequence[Subject]:
    from .operating import upkeep, warming
    from .tasks import tasks

    return (warming, upkeep, tasks)


def _pages() -> Sequence[Page]:
    from yoto.control_plane.navigation import Page

    return (Page("warm_up", on="cache", after="lines"),)


def _commands() -> Mapping[str, Sequence[click.Command]]:
    from .commands import cache

    return {"cache": tuple(cache.commands.values())}


def _series() -> Mapping[str, str]:
    from .series import HELP

    return HELP


_WARM_UP: Component[Any] = Component("warm-up", init=_init, start=_start, close=_close)
ROOM = Room(
    "warm_up",
    settings=(WarmUp,),
    live=LIVE,
    components=(_WARM_UP,),
    needs=CONTROL_PLANE,
    acts=_acts,
    pages=_pages,
    commands=_commands,
    series=_series,
    offers=_offers,
)
