"""``flask control maintenance`` and ``flask control log-level``."""

from __future__ import annotations

from typing import Any

import click
from flask.cli import AppGroup

from yoto.cli.options import Duration, as_json, echo_json, says_why
from yoto.control_plane.log_level import service as log_level
from yoto.control_plane.maintenance import service as maintenance
from yoto.logs import LEVELS

from .telling import ending, telling, time

for_option = click.option(
    "--for", "seconds", type=Duration(), help="How long, such as 2h; then it ends by itself."
)


def add_switches(group: AppGroup) -> None:
    """Add them to ``flask control``."""
    group.add_command(maintenance_group)
    group.add_command(level_group)


maintenance_group = AppGroup("maintenance", help="Close the platform for a while.")


@maintenance_group.command("show")
@as_json
def show_maintenance(as_json: bool) -> None:
    """Show whether the platform is in maintenance."""
    with telling():
        _tell_maintenance(maintenance.state(), as_json)


@maintenance_group.command("on")
@for_option
@says_why
@as_json
def begin_maintenance(seconds: float | None, reason: str, actor: str, as_json: bool) -> None:
    """Turn everybody away but operators; the reason is shown to them."""
    with telling():
        state = maintenance.turn(True, until=ending(seconds), by=actor, reason=reason)
        _tell_maintenance(state, as_json)


@maintenance_group.command("off")
@says_why
@as_json
def end_maintenance(reason: str, actor: str, as_json: bool) -> None:
    """Let everybody in again."""
    with telling():
        state = maintenance.turn(False, until=None, by=actor, reason=reason)
        _tell_maintenance(state, as_json)


level_group = AppGroup("log-level", help="Set how much all workers log.")


@level_group.command("show")
@as_json
def show_level(as_json: bool) -> None:
    """Show what is set for all workers."""
    with telling():
        _tell_level(log_level.state(), as_json)


@level_group.command("set")
@click.argument("level", type=click.Choice(LEVELS, case_sensitive=False))
@for_option
@says_why
@as_json
def set_level(level: str, seconds: float | None, reason: str, actor: str, as_json: bool) -> None:
    """Have every worker log from LEVEL on, also those that start later."""
    with telling():
        state = log_level.set_level(level, until=ending(seconds), by=actor, reason=reason)
        _tell_level(state, as_json)


@level_group.command("reset")
@says_why
@as_json
def reset_level(reason: str, actor: str, as_json: bool) -> None:
    """Have every worker log as it is configured."""
    with telling():
        state = log_level.set_level(None, until=None, by=actor, reason=reason)
        _tell_level(state, as_json)


def _tell_maintenance(state: dict[str, Any], as_json: bool) -> None:
    if as_json:
        echo_json(state)
    elif not state["enabled"]:
        click.echo("The platform is open.")
    else:
        until = "until somebody ends it" if state["until"] is None else time(state["until"])
        by = f", by {state['changed_by']}" if state["changed_by"] else ""
        click.echo(f"The platform is in maintenance, {until}{by}: {state['reason']}")


def _tell_level(state: dict[str, Any], as_json: bool) -> None:
    if as_json:
        echo_json(state)
    elif state["level"] is None:
        click.echo(f"Each worker logs as it is configured; here {state['configured']}.")
    else:
        until = "" if state["until"] is None else f" until {time(state['until'])}"
        click.echo(
            f"All workers log from {state['level']} on{until}, by {state['changed_by']}: "
            f"{state['reason']}"
        )
