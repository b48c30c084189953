"""Learning from what people do, and loading what they need next before they ask."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from flask import Flask

from yoto.component import Component
from yoto.room import CONTROL_PLANE, Room

from .settings import LIVE, Prefetching

if TYPE_CHECKING:
    import click
    from flask_smorest import Blueprint

    from yoto.control_plane.navigation import Page
    from yoto.http.operation import Subject

    from .prefetching import PrefetchService


def _init(app: Flask, host: object) -> None:
    from .wiring import wire

    wire(app)


def _of(app: Flask) -> PrefetchService:
    from .extension import Prefetch

    return Prefetch.of(app)


def _rest() -> Sequence[Blueprint]:
    from .views import behaviour

    return (behaviour,)


def _acts() -> Sequence[Subject]:
    from .operating import prefetch

    return (prefetch,)


def _pages() -> Sequence[Page]:
    from yoto.control_plane.navigation import Page

    return (Page("prefetch", on="cache", after="settings"),)


def _commands() -> Mapping[str, Sequence[click.Command]]:
    from .commands import prefetch

    return {"": (prefetch,)}


def _series() -> Mapping[str, str]:
    from .series import HELP

    return HELP


_PREFETCHING: Component[Any] = Component(
    "prefetching",
    init=_init,
    start=lambda app: _of(app).start(),
    close=lambda app: _of(app).close(),
)
ROOM = Room(
    "prefetch",
    settings=(Prefetching,),
    live=LIVE,
    components=(_PREFETCHING,),
    needs=CONTROL_PLANE,
    rest=_rest,
    acts=_acts,
    pages=_pages,
    commands=_commands,
    series=_series,
)
