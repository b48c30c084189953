"""Forecasts of the next minutes, and anomalies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from flask import Flask, current_app

from yoto.component import Component
from yoto.room import CONTROL_PLANE, Room

if TYPE_CHECKING:
    import click

    from yoto.control_plane.navigation import Page
    from yoto.http.operation import Subject

    from .election import ElectedForecasting


def _init(app: Flask, host: object) -> None:
    from .election import elect_forecaster

    elect_forecaster(app)


def _of(app: Flask) -> ElectedForecasting:
    from .election import elected_forecaster

    return elected_forecaster(app)


def _learn() -> Mapping[str, Any]:
    return _of(current_app._get_current_object()).learn()  # type: ignore[attr-defined]


def _acts() -> Sequence[Subject]:
    from .operating import forecasts

    return (forecasts,)


def _pages() -> Sequence[Page]:
    from yoto.control_plane.navigation import Page

    return (Page("forecasts", on="suggestions", after="headline"),)


def _commands() -> Mapping[str, Sequence[click.Command]]:
    from yoto.cli.operations import group_of

    from .operating import forecasts

    return {"control": tuple(group_of(forecasts).commands.values())}


ROOM = Room(
    "forecast",
    extra="forecast",
    components=(
        Component(
            "forecaster",
            init=_init,
            start=lambda app: _of(app).start(),
            close=lambda app: _of(app).close(),
        ),
    ),
    needs=CONTROL_PLANE,
    acts=_acts,
    pages=_pages,
    commands=_commands,
    warm_up={"ml_warmup": _learn},
)
