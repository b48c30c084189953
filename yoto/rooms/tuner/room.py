"""Suggestions to change settings, from measurements of all workers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from flask import Flask, current_app

from yoto.component import Component
from yoto.room import CONTROL_PLANE, Room

from .settings import Tuning

if TYPE_CHECKING:
    import click

    from yoto.control_plane.navigation import Page
    from yoto.http.operation import Subject
    from yoto.operate.live.views import SuggestionReport

    from .tuner import Tuner


def _init(app: Flask, host: Any) -> None:
    from .wiring import tune

    tune(app, never=host.untuned)


def _of(app: Flask) -> Tuner:
    from .wiring import tuner_of

    return tuner_of(app)


def _offers() -> Tuner:
    return _of(current_app._get_current_object())  # type: ignore[attr-defined]


def _suggestions() -> Sequence[SuggestionReport]:
    return [one.to_plain() for one in _offers().suggestions()]


def _acts() -> Sequence[Subject]:
    from .operating import suggestions

    return (suggestions,)


def _pages() -> Sequence[Page]:
    from yoto.control_plane.navigation import Page

    return (Page("suggestions", on="suggestions", after="headline"),)


def _commands() -> Mapping[str, Sequence[click.Command]]:
    from yoto.cli.operations import group_of

    from .operating import suggestions

    return {"": (group_of(suggestions),)}


ROOM = Room(
    "tuner",
    settings=(Tuning,),
    components=(
        Component(
            "tuner",
            init=_init,
            start=lambda app: _of(app).start(),
            close=lambda app: _of(app).close(),
        ),
    ),
    needs=CONTROL_PLANE,
    acts=_acts,
    pages=_pages,
    commands=_commands,
    offers=_offers,
    suggestions=_suggestions,
)
