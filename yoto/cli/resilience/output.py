"""Lines for entries, changes and breakers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import click

from yoto.cli.resilience.group import Plain
from yoto.resilience import REDIS_BREAKER, BreakerState, Receipt, State


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
