"""The group, and the functions that its commands share."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Annotated, Any, TypeAlias

import click
from flask.cli import AppGroup

from yoto.cli.options import Duration
from yoto.resilience import (
    REDIS_BREAKER,
    BreakerState,
    Receipt,
    ResilienceController,
    State,
    get_resilience_controller,
)

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


def fields_of(entry: Plain) -> str:
    """The active values, and their authors if not the code."""
    origins = entry["origins"]
    return ", ".join(
        f"{field}={json.dumps(value)}"
        + ("" if origins[field] == "code" else f" ({origins[field]})")
        for field, value in entry["values"].items()
    )


def layers_of(entry: Plain) -> str:
    """The layers over the code's values."""
    layers = [
        f"{origin} {json.dumps(change['values'])}" + (" expiring" if change["expires_at"] else "")
        for origin, change in entry["layers"].items()
    ]
    return "; ".join(layers) or "code defaults"


def change_line(change: Plain) -> str:
    """One change of a history."""
    return (
        f"  v{change['version']} {change['action']} by {change['author']} "
        f"({change['origin']}): {json.dumps(change['values'])} {change['reason']}"
    ).rstrip()


def changed(receipt: Receipt) -> Plain:
    """The result of a change."""
    return {**receipt.entry.to_plain(), "live": receipt.live}


def receipt_lines(found: Plain, **given: Any) -> Iterator[str]:
    """The result of a change."""
    yield f"{found['kind']} {found['name']} is at version {found['version']}: {layers_of(found)}"
    if not found["live"]:
        click.echo(
            "Redis is unavailable: the change is recorded and spreads from the record.", err=True
        )


def state_of(state: BreakerState) -> str:
    """The state of a breaker, its duration, and the reason."""
    until = f" for {state.until:.0f} s" if state.until else ""
    why = f" ({state.reason})" if state.reason else ""
    probes = ""
    if state.state is State.HALF_OPEN and state.success_threshold > 1:
        probes = f", {state.probes_succeeded} of {state.success_threshold} probes succeeded"
    return f"{state.state}{until}{why}{probes}"


def state_lines(state: BreakerState, **given: Any) -> Iterator[str]:
    """The state of a breaker."""
    yield f"circuit breaker {state.name} is {state_of(state)}"
    if state.degraded and state.name != REDIS_BREAKER:
        click.echo("Redis is unavailable: this takes effect when it is back.", err=True)
