"""Calls out of the application: deadlines, retries within a budget of the fleet, hedges."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Flask

from yoto.component import Component
from yoto.room import GUARDS, Room

from .settings import Calls


def _init(app: Flask, host: object) -> None:
    from .spending import wire

    wire(app)


def _series() -> Mapping[str, str]:
    from .spending import HELP

    return HELP


ROOM = Room(
    "calls",
    settings=(Calls,),
    components=(Component("calls", init=_init),),
    needs=GUARDS,
    series=_series,
)
