"""``flask control forecast``."""

from __future__ import annotations

from typing import Any

import click
from flask.cli import AppGroup, with_appcontext

from yoto.cli.acts import acting
from yoto.cli.options import as_json, echo_json
from yoto.control_plane.forecasts import service
from yoto.moments import moment

# Why nothing is known, and why of one metric nothing is said.
UNKNOWN = {
    service.NOBODY: "no worker has forecast anything within a day",
    service.OLD: "the worker that forecast has said nothing new",
}
SILENT = {
    "history": "too little was measured yet",
    "naive": "nothing is better than its last value",
    service.UNMEASURED: "it is not measured now",
}
LATEST = 10  # anomalies, and drifts


def add_forecast(group: AppGroup) -> None:
    """Add it to ``flask control``."""
    group.add_command(forecast)


@click.command("forecast")
@as_json
@with_appcontext
def forecast(as_json: bool) -> None:
    """Show what is expected of the next minutes, and what was not as expected."""
    with acting():
        found = service.state()
    if as_json:
        echo_json(found)
        return
    if found["reason"] is not None:
        click.echo(f"Forecasts are unknown: {UNKNOWN[found['reason']]}.")
    if found["said_at"] is not None:
        click.echo(f"Said {moment(found['said_at'])} by {found['instance']}.")
    for one in found["metrics"]:
        click.echo(f"{one['metric']:<16} {_level(one):<22} {_expected(one)}")
    for one in found["anomalies"][:LATEST]:
        click.echo(
            f"anomaly  {moment(one['at'])}  {one['metric']} was {_value(one, 'value')}, expected "
            f"{_value(one, 'expected')} ({one['score']:.1f} standard deviations)"
        )
    for one in found["drifts"][:LATEST]:
        click.echo(f"drift    {moment(one['at'])}  {one['metric']}")


def _level(one: dict[str, Any]) -> str:
    return "unknown" if one["level"] is None else _value(one, "level")


def _expected(one: dict[str, Any]) -> str:
    if one["silent"] is not None:
        return f"silent: {SILENT.get(one['silent'], one['silent'])}"
    last = one["minutes"][-1]
    unit = one["unit"]
    return (
        f"{last['value']:.4g} {unit} at {moment(last['at'])} ({last['lower']:.4g} to "
        f"{last['upper']:.4g}), {one['trend']:+.3g} {unit} a minute; error {one['ratio']:.0%} of "
        f"the naive one's"
    )


def _value(one: dict[str, Any], name: str) -> str:
    return f"{one[name]:.4g} {one['unit']}"
