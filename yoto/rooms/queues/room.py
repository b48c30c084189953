"""Work in the background: the batch queue, and the queue of invalidations for floods of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from flask import Flask

from yoto.component import Component
from yoto.room import Room

from .settings import LIVE, Invalidation, Queue

if TYPE_CHECKING:
    import click

    from yoto.control_plane.navigation import Page
    from yoto.http.operation import Subject


def _init(app: Flask, host: object) -> None:
    from .wiring import wire

    wire(app)


def _start(app: Flask) -> None:
    from .wiring import start

    start(app)


def _close(app: Flask) -> None:
    from .wiring import close

    close(app)


def _acts() -> Sequence[Subject]:
    from .operating import queues

    return (queues,)


def _pages() -> Sequence[Page]:
    from yoto.control_plane.navigation import Page

    return (Page("queues", on="queues", after="headline", texts=("help",)),)


def _commands() -> Mapping[str, Sequence[click.Command]]:
    from yoto.cli.operations import group_of

    from .commands import cache, queue
    from .operating import queues

    return {
        "cache": (*cache.commands.values(), group_of(queues).commands["strategy"]),
        "": (queue,),
    }


def _series() -> Mapping[str, str]:
    from .series import HELP

    return HELP


def _causes() -> Mapping[str, Callable[[Any], Iterable[Any]]]:
    from .headline import causes

    return {"queues": causes}


_QUEUES: Component[Any] = Component("queues", init=_init, start=_start, close=_close)
ROOM = Room(
    "queues",
    settings=(Invalidation, Queue),
    live=LIVE,
    components=(_QUEUES,),
    acts=_acts,
    pages=_pages,
    commands=_commands,
    series=_series,
    causes=_causes,
)
