"""How entries, changes and breakers are printed."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

import click

from yoto.cli.options import echo_json
from yoto.resilience import REDIS_BREAKER, BreakerState, Entry, Receipt, State


def fields_of(entry: Entry) -> str:
    """The active values, and who set them if not the code."""
    origins = entry.origins
    return ", ".join(
        f"{field}={json.dumps(value)}"
        + ("" if origins[field] == "code" else f" ({origins[field]})")
        for field, value in entry.config.to_mapping().items()
    )


def layers_of(entry: Entry) -> str:
    """What lies over the code."""
    if not entry.layers:
        return "code defaults"
    return "; ".join(
        f"{change.origin} {json.dumps(change.values)}" + (" expiring" if change.expires_at else "")
        for change in entry.layers
    )


def change_line(change: dict[str, Any]) -> str:
    """One change of a history."""
    return (
        f"  v{change['version']} {change['action']} by {change['author']} "
        f"({change['origin']}): {json.dumps(change['values'])} {change['reason']}"
    ).rstrip()


def echo_receipt(receipt: Receipt, as_json: bool) -> None:
    """What a change led to."""
    entry = receipt.entry
    if as_json:
        echo_json({**entry.to_plain(), "live": receipt.live})
        return
    click.echo(f"{entry.kind} {entry.name} is at version {entry.version}: {layers_of(entry)}")
    if not receipt.live:
        click.echo(
            "Redis is unavailable: the change is recorded and spreads from the record.", err=True
        )


def state_of(state: BreakerState) -> str:
    """How a breaker is, for how long, and why."""
    until = f" for {state.until:.0f} s" if state.until else ""
    why = f" ({state.reason})" if state.reason else ""
    probes = ""
    if state.state is State.HALF_OPEN and state.success_threshold > 1:
        probes = f", {state.probes_succeeded} of {state.success_threshold} probes succeeded"
    return f"{state.state}{until}{why}{probes}"


def echo_state(state: BreakerState, as_json: bool) -> None:
    """How a breaker is."""
    if as_json:
        echo_json(asdict(state))
        return
    click.echo(f"circuit breaker {state.name} is {state_of(state)}")
    if state.degraded and state.name != REDIS_BREAKER:
        click.echo("Redis is unavailable: this takes effect when it is back.", err=True)
