"""The group, and the functions that its commands share."""

from __future__ import annotations

from typing import Annotated, Any, TypeAlias

import click
from flask.cli import AppGroup

from yoto.cli.options import Duration
from yoto.resilience import ResilienceController, get_resilience_controller

resilience = AppGroup("resilience", help="See and steer guards, configuration and switches.")

Values: TypeAlias = dict[str, Any]
Plain: TypeAlias = dict[str, Any]
HowLong = Annotated[float | None, Duration(), "How long, such as 15m; else for good."]


def controller() -> ResilienceController:
    """The controller, for one command."""
    found = get_resilience_controller()
    if not found.enabled:
        click.echo("RESILIENCE_ENABLED is false: every guard lets all in.", err=True)
    return found
